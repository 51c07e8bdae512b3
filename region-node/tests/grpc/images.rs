//! Images over gRPC.

use std::collections::HashSet;
use std::sync::Arc;

use crate::support::{START, Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    AttributeValue, BlockDeviceMapping, CreateSnapshotRequest, CreateVolumeRequest, DeleteSnapshotRequest,
    DeregisterImageRequest, DescribeImageAttributeRequest, DescribeImagesRequest, DisableImageRequest, EbsBlockDevice,
    EnableImageDeprecationRequest, Filter, Image, LaunchPermission, LaunchPermissionModifications,
    ModifyImageAttributeRequest, RegisterImageRequest, Snapshot,
};
use archipelago_region_node::peer::NoPeers;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

type Client = ImagesServiceClient<Channel>;
const OTHER: &str = "111111111111";

async fn sandbox() -> (Sandbox, Client) {
    let sandbox = Sandbox::new().await;
    let client = Client::new(sandbox.channel.clone());
    (sandbox, client)
}

async fn snapshot(sandbox: &Sandbox) -> Snapshot {
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let request =
        CreateVolumeRequest { availability_zone: Some("us-east-1a".into()), size: Some(8), ..Default::default() };
    let volume = volumes.create_volume(sandbox.ask(request)).await.unwrap().into_inner();
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let request = CreateSnapshotRequest { volume_id: volume.volume_id, ..Default::default() };
    snapshots.create_snapshot(sandbox.ask(request)).await.unwrap().into_inner()
}

fn root(snapshot: &Snapshot) -> BlockDeviceMapping {
    let ebs = EbsBlockDevice { snapshot_id: snapshot.snapshot_id.clone(), ..Default::default() };
    BlockDeviceMapping { device_name: Some("/dev/xvda".into()), ebs: Some(ebs), ..Default::default() }
}

fn register(name: &str, devices: Vec<BlockDeviceMapping>) -> RegisterImageRequest {
    RegisterImageRequest {
        name: Some(name.into()),
        architecture: Some("x86_64".into()),
        virtualization_type: Some("hvm".into()),
        root_device_name: Some("/dev/xvda".into()),
        ena_support: Some(true),
        block_device_mappings: devices,
        ..Default::default()
    }
}

async fn image(sandbox: &Sandbox, client: &mut Client, name: &str) -> (String, Snapshot) {
    let snapshot = snapshot(sandbox).await;
    let request = register(name, vec![root(&snapshot)]);
    let id = client.register_image(sandbox.ask(request)).await.unwrap().into_inner().image_id.unwrap();
    (id, snapshot)
}

async fn find(client: &mut Client, account: &str, request: DescribeImagesRequest) -> Vec<Image> {
    client.describe_images(ask_as(account, request)).await.unwrap().into_inner().images
}

fn by_id(id: &str) -> DescribeImagesRequest {
    DescribeImagesRequest { image_ids: vec![id.into()], ..Default::default() }
}

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: vec![value.into()] }
}

fn share(id: &str, permission: LaunchPermission) -> ModifyImageAttributeRequest {
    ModifyImageAttributeRequest {
        image_id: Some(id.into()),
        launch_permission: Some(LaunchPermissionModifications { add: vec![permission], remove: Vec::new() }),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_region_has_public_images_with_ids_of_its_own_that_never_change() {
    let ask = || DescribeImagesRequest {
        owners: vec!["amazon".into()],
        filters: vec![filter("name", "al2023-ami-2023.*-x86_64")],
        ..Default::default()
    };
    let mut ids = Vec::new();
    for name in ["us-east-1", "us-east-1", "eu-west-1"] {
        let sandbox = Sandbox::of(name, Lifecycle::instant(), Store::Memory, Arc::new(NoPeers)).await;
        let mut client = Client::new(sandbox.channel.clone());
        let images = find(&mut client, "000000000000", ask()).await;
        assert!(!images.is_empty());
        let first = &images[0];
        let device = first.block_device_mappings[0].ebs.as_ref().unwrap();
        assert!(device.snapshot_id().starts_with("snap-0"));
        assert_eq!((first.root_device_name(), first.state(), first.public()), ("/dev/xvda", "available", true));
        ids.push(images.iter().map(|image| image.image_id().to_owned()).collect::<HashSet<_>>());
    }
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].is_disjoint(&ids[2]));
}

#[tokio::test]
async fn public_images_survive_a_reset_and_deprecated_ones_are_shown_when_asked_for() {
    let (sandbox, mut client) = sandbox().await;
    sandbox.region.reset(None).await.unwrap();
    let ubuntu = DescribeImagesRequest { owners: vec!["099720109477".into()], ..Default::default() };
    let current = find(&mut client, OTHER, ubuntu.clone()).await;
    let all = find(&mut client, OTHER, DescribeImagesRequest { include_deprecated: Some(true), ..ubuntu }).await;
    assert!(!current.is_empty() && current.len() < all.len());
}

#[tokio::test]
async fn a_registered_image_is_described_with_what_its_snapshot_has() {
    let (sandbox, mut client) = sandbox().await;
    let (id, snapshot) = image(&sandbox, &mut client, "web").await;
    let seen = find(&mut client, "000000000000", by_id(&id)).await.remove(0);
    let ebs = seen.block_device_mappings[0].ebs.clone().unwrap();
    assert_eq!((seen.state(), seen.image_location()), ("available", "000000000000/web"));
    assert_eq!((ebs.snapshot_id, ebs.volume_size, ebs.encrypted), (snapshot.snapshot_id, Some(8), Some(false)));
    assert_eq!(seen.creation_date(), "2026-01-01T00:00:00.000Z");
    assert_eq!(code(client.describe_images(ask_as(OTHER, by_id(&id))).await), "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn names_are_unique_until_the_image_is_deregistered() {
    let (sandbox, mut client) = sandbox().await;
    let (id, snapshot) = image(&sandbox, &mut client, "web").await;
    let again = register("web", vec![root(&snapshot)]);
    assert_eq!(code(client.register_image(sandbox.ask(again.clone())).await), "InvalidAMIName.Duplicate");
    for bad in ["ab", "no#sharp"] {
        let request = register(bad, vec![root(&snapshot)]);
        assert_eq!(code(client.register_image(sandbox.ask(request)).await), "InvalidAMIName.Malformed");
    }

    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let delete = DeleteSnapshotRequest { snapshot_id: snapshot.snapshot_id.clone(), ..Default::default() };
    assert_eq!(code(snapshots.delete_snapshot(sandbox.ask(delete.clone())).await), "InvalidSnapshot.InUse");

    let deregister = DeregisterImageRequest { image_id: Some(id.clone()), ..Default::default() };
    client.deregister_image(sandbox.ask(deregister)).await.unwrap();
    assert_eq!(code(client.describe_images(sandbox.ask(by_id(&id))).await), "InvalidAMIID.NotFound");
    client.register_image(sandbox.ask(again)).await.unwrap();
    sandbox.region.advance(3_600_000).await;
    assert_eq!(code(client.describe_images(sandbox.ask(by_id(&id))).await), "InvalidAMIID.NotFound");
    assert_eq!(code(snapshots.delete_snapshot(sandbox.ask(delete)).await), "InvalidSnapshot.InUse");
}

#[tokio::test]
async fn a_failed_registration_gives_its_name_back() {
    let (sandbox, mut client) = sandbox().await;
    let snapshot = snapshot(&sandbox).await;
    let small =
        EbsBlockDevice { snapshot_id: snapshot.snapshot_id.clone(), volume_size: Some(4), ..Default::default() };
    let small = BlockDeviceMapping { ebs: Some(small), ..root(&snapshot) };
    let request = register("web", vec![small]);
    assert_eq!(code(client.register_image(sandbox.ask(request)).await), "InvalidBlockDeviceMapping");
    let rootless =
        register("web", vec![BlockDeviceMapping { device_name: Some("/dev/sdb".into()), ..root(&snapshot) }]);
    assert_eq!(code(client.register_image(sandbox.ask(rootless)).await), "InvalidBlockDeviceMapping");
    client.register_image(sandbox.ask(register("web", vec![root(&snapshot)]))).await.unwrap();
}

#[tokio::test]
async fn deregistering_can_delete_the_snapshots_too() {
    let (sandbox, mut client) = sandbox().await;
    let (id, snapshot) = image(&sandbox, &mut client, "web").await;
    let request =
        DeregisterImageRequest { image_id: Some(id), delete_associated_snapshots: Some(true), ..Default::default() };
    let done = client.deregister_image(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(done.delete_snapshot_results[0].return_code(), "success");
    assert_eq!(done.delete_snapshot_results[0].snapshot_id, snapshot.snapshot_id);
}

#[tokio::test]
async fn permissions_that_are_given_at_one_time_are_all_kept() {
    let (sandbox, mut client) = sandbox().await;
    let (id, _) = image(&sandbox, &mut client, "shared").await;
    let accounts: Vec<String> = (1..=50).map(|number| format!("{number:012}")).collect();
    let sharing = accounts.iter().map(|account| {
        let mut client = client.clone();
        let request = share(&id, LaunchPermission { user_id: Some(account.clone()), ..Default::default() });
        let request = sandbox.ask(request);
        tokio::spawn(async move { client.modify_image_attribute(request).await.unwrap() })
    });
    for shared in sharing.collect::<Vec<_>>() {
        shared.await.unwrap();
    }
    let attribute = DescribeImageAttributeRequest {
        image_id: Some(id),
        attribute: Some("launchPermission".into()),
        ..Default::default()
    };
    let seen = client.describe_image_attribute(sandbox.ask(attribute)).await.unwrap().into_inner();
    assert_eq!(seen.launch_permissions.len(), accounts.len());
}

#[tokio::test]
async fn permissions_decide_who_sees_an_image() {
    let (sandbox, mut client) = sandbox().await;
    let (id, _) = image(&sandbox, &mut client, "web").await;
    let user = |account: &str| LaunchPermission { user_id: Some(account.into()), ..Default::default() };
    client.modify_image_attribute(sandbox.ask(share(&id, user(OTHER)))).await.unwrap();
    let executable = DescribeImagesRequest { executable_users: vec!["self".into()], ..Default::default() };
    assert_eq!(find(&mut client, OTHER, executable.clone()).await.len(), 1);
    assert_eq!(find(&mut client, "000000000000", executable).await.len(), 0);
    let theirs = DeregisterImageRequest { image_id: Some(id.clone()), ..Default::default() };
    assert_eq!(code(client.deregister_image(ask_as(OTHER, theirs)).await), "AuthFailure");
    let malformed = client.modify_image_attribute(sandbox.ask(share(&id, user("bob")))).await;
    assert_eq!(code(malformed), "InvalidAMIAttributeItemValue");

    let arn = "arn:aws:organizations::000000000000:organization/o-abcdefghij";
    let organization = LaunchPermission { organization_arn: Some(arn.into()), ..Default::default() };
    client.modify_image_attribute(sandbox.ask(share(&id, organization))).await.unwrap();
    let ask = DescribeImageAttributeRequest {
        image_id: Some(id.clone()),
        attribute: Some("launchPermission".into()),
        ..Default::default()
    };
    let seen = client.describe_image_attribute(sandbox.ask(ask.clone())).await.unwrap().into_inner();
    assert_eq!(seen.launch_permissions.len(), 2);

    client.disable_image(sandbox.ask(DisableImageRequest { image_id: Some(id.clone()), dry_run: None })).await.unwrap();
    assert_eq!(code(client.describe_images(ask_as(OTHER, by_id(&id))).await), "InvalidAMIID.NotFound");
    let seen = client.describe_image_attribute(sandbox.ask(ask)).await.unwrap().into_inner();
    assert!(seen.launch_permissions.is_empty());
}

#[tokio::test]
async fn one_attribute_is_changed_at_a_time() {
    let (sandbox, mut client) = sandbox().await;
    let (id, _) = image(&sandbox, &mut client, "web").await;
    let describe = ModifyImageAttributeRequest {
        image_id: Some(id.clone()),
        description: Some(AttributeValue { value: Some("new".into()) }),
        ..Default::default()
    };
    client.modify_image_attribute(sandbox.ask(describe.clone())).await.unwrap();
    assert_eq!(find(&mut client, "000000000000", by_id(&id)).await[0].description(), "new");
    let both = ModifyImageAttributeRequest { user_ids: vec![OTHER.into()], ..describe };
    assert_eq!(code(client.modify_image_attribute(sandbox.ask(both)).await), "InvalidParameterCombination");
}

#[tokio::test]
async fn a_deprecated_image_is_hidden_from_all_but_its_owner() {
    let (sandbox, mut client) = sandbox().await;
    let (id, _) = image(&sandbox, &mut client, "web").await;
    let everyone = LaunchPermission { group: Some("all".into()), ..Default::default() };
    client.modify_image_attribute(sandbox.ask(share(&id, everyone))).await.unwrap();
    let deprecate =
        EnableImageDeprecationRequest { image_id: Some(id), deprecate_at: Some(START + 3_600_000), dry_run: None };
    client.enable_image_deprecation(sandbox.ask(deprecate)).await.unwrap();
    let named = || DescribeImagesRequest { filters: vec![filter("name", "web")], ..Default::default() };
    assert_eq!(find(&mut client, OTHER, named()).await[0].deprecation_time(), "2026-01-01T01:00:00.000Z");
    sandbox.region.advance(3_600_000).await;
    assert_eq!(find(&mut client, OTHER, named()).await.len(), 0);
    assert_eq!(find(&mut client, "000000000000", named()).await.len(), 1);
}
