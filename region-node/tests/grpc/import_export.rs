//! Imports and exports over gRPC.

use crate::support::network::{filter, some};
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::import_export_service_client::ImportExportServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CancelConversionRequest, CancelExportTaskRequest, CancelImportTaskRequest, ConversionTask,
    CreateInstanceExportTaskRequest, DescribeConversionTasksRequest, DescribeExportImageTasksRequest,
    DescribeExportTasksRequest, DescribeImagesRequest, DescribeImportImageTasksRequest,
    DescribeImportSnapshotTasksRequest, DescribeInstancesRequest, DescribeSnapshotsRequest, DescribeVolumesRequest,
    DiskImage, DiskImageDetail, ExportImageRequest, ExportTaskS3LocationRequest, ExportToS3TaskSpecification,
    ImageDiskContainer, ImportImageRequest, ImportImageTask, ImportInstanceLaunchSpecification, ImportInstanceRequest,
    ImportSnapshotRequest, ImportVolumeRequest, Instance, RunInstancesRequest, SnapshotDiskContainer,
    StartInstancesRequest, TerminateInstancesRequest, UserBucket, VolumeDetail,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

type Client = ImportExportServiceClient<Channel>;

fn client(sandbox: &Sandbox) -> Client {
    Client::new(sandbox.channel.clone())
}

fn slow() -> Lifecycle {
    Lifecycle::instant().with(Transition::Import, 100_000).with(Transition::Export, 100_000)
}

fn disk(gib: i64) -> DiskImage {
    let image = DiskImageDetail {
        format: some("VMDK"),
        bytes: Some(1_179_593_728),
        import_manifest_url: some("https://s3.amazonaws.com/bucket/disk.vmdkmanifest.xml?Signature=x"),
    };
    DiskImage { description: some("C"), image: Some(image), volume: Some(VolumeDetail { size: Some(gib) }) }
}

fn windows() -> ImportInstanceRequest {
    let launch = ImportInstanceLaunchSpecification {
        architecture: some("x86_64"),
        instance_type: some("m1.xlarge"),
        ..Default::default()
    };
    ImportInstanceRequest {
        description: some("a server"),
        launch_specification: Some(launch),
        disk_images: vec![disk(12), disk(40)],
        platform: some("Windows"),
        ..Default::default()
    }
}

async fn conversion(sandbox: &Sandbox, id: &str) -> ConversionTask {
    let request = DescribeConversionTasksRequest { conversion_task_ids: vec![id.to_owned()], ..Default::default() };
    let answer = client(sandbox).describe_conversion_tasks(sandbox.ask(request)).await.unwrap().into_inner();
    answer.conversion_tasks.into_iter().next().unwrap()
}

async fn instances(sandbox: &Sandbox) -> Vec<Instance> {
    let mut client = InstancesServiceClient::new(sandbox.channel.clone());
    let answer = client.describe_instances(sandbox.ask(DescribeInstancesRequest::default())).await.unwrap();
    answer.into_inner().reservations.into_iter().flat_map(|reservation| reservation.instances).collect()
}

#[tokio::test]
async fn an_imported_instance_is_there_when_its_task_ends_and_can_be_started_and_exported() {
    let sandbox = Sandbox::with(slow(), Store::Memory).await;
    let mut client = client(&sandbox);
    let begun = client.import_instance(sandbox.ask(windows())).await.unwrap().into_inner().conversion_task.unwrap();
    let import = begun.import_instance.clone().unwrap();
    assert_eq!(
        (begun.state(), import.volumes.len(), import.volumes[1].volume.clone().unwrap().size()),
        ("active", 2, 40)
    );
    assert!(begun.expiration_time().starts_with("2026-01-08T00:00:00"));
    assert!(instances(&sandbox).await.is_empty());

    sandbox.region.advance(50_000).await;
    let halfway = conversion(&sandbox, begun.conversion_task_id()).await;
    let converted = halfway.import_instance.unwrap().volumes[0].bytes_converted();
    assert_eq!((halfway.state.as_deref(), converted * 2 / 1_000_000), (Some("active"), 1_179));

    sandbox.region.advance(50_000).await;
    assert_eq!(conversion(&sandbox, begun.conversion_task_id()).await.state(), "completed");
    let made = instances(&sandbox).await.remove(0);
    assert_eq!(made.instance_id(), import.instance_id());
    assert_eq!((made.state.clone().unwrap().name(), made.platform()), ("stopped", "windows"));
    assert_eq!((made.block_device_mappings.len(), made.public_ip_address.as_deref()), (2, None));
    let mut of_instances = InstancesServiceClient::new(sandbox.channel.clone());
    let start = StartInstancesRequest { instance_ids: vec![import.instance_id().to_owned()], ..Default::default() };
    of_instances.start_instances(sandbox.ask(start)).await.unwrap();
    assert!(instances(&sandbox).await[0].public_ip_address.is_some());

    let target = ExportToS3TaskSpecification {
        disk_image_format: some("VMDK"),
        container_format: some("ova"),
        s3_bucket: some("bucket"),
        s3_prefix: some("exports/"),
    };
    let export = CreateInstanceExportTaskRequest {
        instance_id: some(import.instance_id()),
        target_environment: some("vmware"),
        export_to_s3_task: Some(target),
        ..Default::default()
    };
    let exported = client
        .create_instance_export_task(sandbox.ask(export.clone()))
        .await
        .unwrap()
        .into_inner()
        .export_task
        .unwrap();
    let key = exported.export_to_s3_task.clone().unwrap().s3_key.unwrap();
    assert_eq!((exported.state(), key), ("active", format!("exports/{}.ova", exported.export_task_id())));
    sandbox.region.advance(100_000).await;
    let described = client.describe_export_tasks(sandbox.ask(DescribeExportTasksRequest::default())).await.unwrap();
    assert_eq!(described.into_inner().export_tasks[0].state(), "completed");
    let late = CancelExportTaskRequest { export_task_id: exported.export_task_id.clone() };
    assert_eq!(code(client.cancel_export_task(sandbox.ask(late)).await), "IncorrectState");

    let end = TerminateInstancesRequest { instance_ids: vec![import.instance_id().to_owned()], ..Default::default() };
    of_instances.terminate_instances(sandbox.ask(end)).await.unwrap();
    let volumes = VolumesServiceClient::new(sandbox.channel.clone())
        .describe_volumes(sandbox.ask(DescribeVolumesRequest::default()))
        .await
        .unwrap();
    assert!(volumes.into_inner().volumes.is_empty());
}

#[tokio::test]
async fn only_imported_instances_are_exported() {
    let sandbox = Sandbox::new().await;
    let images = ImagesServiceClient::new(sandbox.channel.clone())
        .describe_images(
            sandbox.ask(DescribeImagesRequest { filters: filter("name", "al2023*"), ..Default::default() }),
        )
        .await
        .unwrap();
    let image = images.into_inner().images.into_iter().find(|image| image.architecture() == "x86_64").unwrap();
    let run = RunInstancesRequest {
        image_id: image.image_id,
        instance_type: some("t3.micro"),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    };
    let mut of_instances = InstancesServiceClient::new(sandbox.channel.clone());
    let launched = of_instances.run_instances(sandbox.ask(run)).await.unwrap().into_inner();
    let export = CreateInstanceExportTaskRequest {
        instance_id: launched.instances[0].instance_id.clone(),
        target_environment: some("vmware"),
        export_to_s3_task: Some(ExportToS3TaskSpecification { s3_bucket: some("bucket"), ..Default::default() }),
        ..Default::default()
    };
    assert_eq!(code(client(&sandbox).create_instance_export_task(sandbox.ask(export)).await), "NotExportable");
}

fn volume() -> ImportVolumeRequest {
    let disk = disk(8);
    ImportVolumeRequest {
        availability_zone: some("us-east-1c"),
        image: disk.image,
        volume: disk.volume,
        ..Default::default()
    }
}

#[tokio::test]
async fn an_import_that_was_under_way_goes_on_after_a_crash() {
    let (at, copy) = (folder("import"), folder("import-crashed"));
    let sandbox = Sandbox::with(slow(), Store::open(&at).unwrap()).await;
    let mut before = client(&sandbox);
    let task = before.import_instance(sandbox.ask(windows())).await.unwrap().into_inner().conversion_task.unwrap();
    let image = import_image(&sandbox).await;
    sandbox.region.advance(30_000).await;
    copy_folder(&at, &copy);
    let sandbox = Sandbox::with(slow(), Store::open(&copy).unwrap()).await;
    sandbox.region.advance(100_000).await;
    assert_eq!(conversion(&sandbox, task.conversion_task_id()).await.state(), "completed");
    assert_eq!(instances(&sandbox).await.len(), 1);
    assert_eq!(described(&sandbox, image.import_task_id()).await.status(), "completed");
}

#[tokio::test]
async fn a_cancelled_import_makes_nothing() {
    let sandbox = Sandbox::with(slow(), Store::Memory).await;
    let mut client = client(&sandbox);
    let task = client.import_volume(sandbox.ask(volume())).await.unwrap().into_inner().conversion_task.unwrap();
    let cancel = CancelConversionRequest {
        conversion_task_id: task.conversion_task_id.clone(),
        reason_message: some("no room"),
        ..Default::default()
    };
    client.cancel_conversion_task(sandbox.ask(cancel.clone())).await.unwrap();
    let cancelled = conversion(&sandbox, task.conversion_task_id()).await;
    assert_eq!((cancelled.state(), cancelled.status_message()), ("cancelled", "no room"));
    assert_eq!(code(client.cancel_conversion_task(sandbox.ask(cancel)).await), "IncorrectState");
    sandbox.region.advance(100_000).await;
    let volumes = VolumesServiceClient::new(sandbox.channel.clone())
        .describe_volumes(sandbox.ask(DescribeVolumesRequest::default()))
        .await
        .unwrap();
    assert!(volumes.into_inner().volumes.is_empty());
}

#[tokio::test]
async fn an_imported_volume_has_the_id_and_size_that_were_told() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let task = client.import_volume(sandbox.ask(volume())).await.unwrap().into_inner().conversion_task.unwrap();
    let told = task.import_volume.unwrap().volume.unwrap();
    let volumes = VolumesServiceClient::new(sandbox.channel.clone())
        .describe_volumes(sandbox.ask(DescribeVolumesRequest::default()))
        .await
        .unwrap();
    let made = volumes.into_inner().volumes.remove(0);
    assert_eq!((made.volume_id(), made.size(), made.availability_zone()), (told.id(), 8, "us-east-1c"));
    assert_eq!(conversion(&sandbox, task.conversion_task_id.as_deref().unwrap()).await.state(), "completed");

    let huge = ImportVolumeRequest { volume: Some(VolumeDetail { size: Some(20_000) }), ..volume() };
    assert_eq!(code(client.import_volume(sandbox.ask(huge)).await), "DiskImageSizeTooLarge");
    let unknown = DescribeConversionTasksRequest {
        conversion_task_ids: vec!["import-i-0123456789abcdef0".into()],
        ..Default::default()
    };
    assert_eq!(code(client.describe_conversion_tasks(sandbox.ask(unknown)).await), "InvalidConversionTaskId");
}

async fn import_image(sandbox: &Sandbox) -> ImportImageTask {
    let container = |url| ImageDiskContainer { url: some(url), format: some("vmdk"), ..Default::default() };
    let request = ImportImageRequest {
        description: some("a machine"),
        platform: some("Linux"),
        encrypted: Some(true),
        disk_containers: vec![container("s3://bucket/root.vmdk"), container("s3://bucket/data.vmdk")],
        client_token: some("once"),
        ..Default::default()
    };
    let answer = client(sandbox).import_image(sandbox.ask(request)).await.unwrap().into_inner();
    described(sandbox, answer.import_task_id()).await
}

async fn described(sandbox: &Sandbox, id: &str) -> ImportImageTask {
    let request = DescribeImportImageTasksRequest { import_task_ids: vec![id.to_owned()], ..Default::default() };
    let answer = client(sandbox).describe_import_image_tasks(sandbox.ask(request)).await.unwrap().into_inner();
    answer.import_image_tasks.into_iter().next().unwrap()
}

#[tokio::test]
async fn an_imported_image_has_a_snapshot_for_each_disk() {
    let sandbox = Sandbox::with(slow(), Store::Memory).await;
    let begun = import_image(&sandbox).await;
    assert_eq!((begun.status(), begun.status_message(), begun.progress()), ("active", "pending", "0"));
    sandbox.region.advance(60_000).await;
    let told = described(&sandbox, begun.import_task_id()).await;
    assert_eq!((told.status_message(), told.progress(), told.image_id.is_none()), ("updating", "60", true));
    sandbox.region.advance(40_000).await;
    let told = described(&sandbox, begun.import_task_id()).await;
    assert_eq!((told.status(), told.snapshot_details.len()), ("completed", 2));

    let request = DescribeImagesRequest { image_ids: vec![told.image_id().to_owned()], ..Default::default() };
    let mut images = ImagesServiceClient::new(sandbox.channel.clone());
    let image = images.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images.remove(0);
    assert_eq!((image.state(), image.name(), image.description()), ("available", begun.import_task_id(), "a machine"));
    assert!(image.block_device_mappings.iter().all(|device| device.ebs.as_ref().unwrap().encrypted()));

    let active = DescribeImportImageTasksRequest { filters: filter("task-state", "active"), ..Default::default() };
    let found = client(&sandbox).describe_import_image_tasks(sandbox.ask(active)).await.unwrap().into_inner();
    assert!(found.import_image_tasks.is_empty());

    let location = ExportTaskS3LocationRequest { s3_bucket: some("bucket"), s3_prefix: some("out/") };
    let export = ExportImageRequest {
        image_id: told.image_id.clone(),
        disk_image_format: some("VHD"),
        s3_export_location: Some(location),
        ..Default::default()
    };
    let exported = client(&sandbox).export_image(sandbox.ask(export)).await.unwrap().into_inner();
    assert_eq!((exported.status(), exported.role_name()), ("active", "vmimport"));
    sandbox.region.advance(100_000).await;
    let all = DescribeExportImageTasksRequest::default();
    let all = client(&sandbox).describe_export_image_tasks(sandbox.ask(all)).await.unwrap().into_inner();
    assert_eq!(all.export_image_tasks[0].status(), "completed");
}

#[tokio::test]
async fn an_imported_snapshot_is_completed_with_its_task() {
    let sandbox = Sandbox::with(slow(), Store::Memory).await;
    let mut client = client(&sandbox);
    let bucket = UserBucket { s3_bucket: some("bucket"), s3_key: some("disk.raw") };
    let container = SnapshotDiskContainer { user_bucket: Some(bucket), ..Default::default() };
    let request = ImportSnapshotRequest { disk_container: Some(container.clone()), ..Default::default() };
    let first = client.import_snapshot(sandbox.ask(request.clone())).await.unwrap().into_inner();
    let detail = first.snapshot_task_detail.unwrap();
    assert_eq!((detail.status(), detail.format(), detail.snapshot_id.is_none()), ("active", "RAW", true));
    let second = client.import_snapshot(sandbox.ask(request)).await.unwrap().into_inner().import_task_id;
    let cancel = CancelImportTaskRequest { import_task_id: second, ..Default::default() };
    let cancelled = client.cancel_import_task(sandbox.ask(cancel)).await.unwrap().into_inner();
    assert_eq!((cancelled.previous_state(), cancelled.state()), ("active", "deleted"));

    sandbox.region.advance(100_000).await;
    let done = DescribeImportSnapshotTasksRequest { filters: filter("task-state", "completed"), ..Default::default() };
    let done = client.describe_import_snapshot_tasks(sandbox.ask(done)).await.unwrap().into_inner();
    let [task] = &done.import_snapshot_tasks[..] else { panic!("one is completed") };
    let made = task.snapshot_task_detail.clone().unwrap().snapshot_id.unwrap();
    let request = DescribeSnapshotsRequest { snapshot_ids: vec![made], ..Default::default() };
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let snapshot = snapshots.describe_snapshots(sandbox.ask(request)).await.unwrap().into_inner().snapshots.remove(0);
    assert_eq!((snapshot.state(), snapshot.volume_id()), ("completed", "vol-ffffffff"));

    let tape = SnapshotDiskContainer { format: some("tape"), ..container };
    let request = ImportSnapshotRequest { disk_container: Some(tape), ..Default::default() };
    assert_eq!(code(client.import_snapshot(sandbox.ask(request)).await), "InvalidFormat");
}
