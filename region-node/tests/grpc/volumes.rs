//! Volumes over gRPC.

use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, CreateSnapshotRequest, CreateVolumeRequest, DeleteVolumeRequest,
    DescribeVolumeAttributeRequest, DescribeVolumeStatusRequest, DescribeVolumesModificationsRequest,
    DescribeVolumesRequest, EnableVolumeIoRequest, Filter, ModifyVolumeAttributeRequest, ModifyVolumeRequest, Volume,
};
use archipelago_region_node::entity::Id;
use archipelago_region_node::families::volumes::{Attach, VolumeCommand};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

type Client = VolumesServiceClient<Channel>;

fn gp3(size: i32) -> CreateVolumeRequest {
    CreateVolumeRequest {
        availability_zone: Some("us-east-1a".into()),
        size: Some(size),
        volume_type: Some("gp3".into()),
        ..CreateVolumeRequest::default()
    }
}

async fn sandbox() -> (Sandbox, Client) {
    let sandbox = Sandbox::new().await;
    let client = Client::new(sandbox.channel.clone());
    (sandbox, client)
}

async fn create(sandbox: &Sandbox, client: &mut Client, request: CreateVolumeRequest) -> Volume {
    client.create_volume(sandbox.ask(request)).await.unwrap().into_inner()
}

async fn describe(sandbox: &Sandbox, client: &mut Client, id: &str) -> Volume {
    let request = DescribeVolumesRequest { volume_ids: vec![id.to_owned()], ..DescribeVolumesRequest::default() };
    client.describe_volumes(sandbox.ask(request)).await.unwrap().into_inner().volumes.remove(0)
}

fn modify(volume: &Volume, size: i32) -> ModifyVolumeRequest {
    ModifyVolumeRequest { volume_id: volume.volume_id.clone(), size: Some(size), ..ModifyVolumeRequest::default() }
}

fn attach(instance: &str) -> VolumeCommand {
    VolumeCommand::Attach(Attach { instance_id: instance.into(), device: "/dev/sdf".into(), ..Attach::default() })
}

#[tokio::test]
async fn a_new_volume_is_creating_and_then_available() {
    let (sandbox, mut client) = sandbox().await;
    let volume = create(&sandbox, &mut client, gp3(10)).await;
    assert_eq!((volume.state(), volume.iops, volume.throughput), ("creating", Some(3000), Some(125)));
    assert_eq!((volume.snapshot_id(), volume.encrypted, volume.availability_zone_id()), ("", Some(false), "use1-az1"));
    assert_eq!(describe(&sandbox, &mut client, volume.volume_id()).await.state(), "available");
}

#[tokio::test]
async fn a_zone_is_named_or_given_by_its_id_but_must_be_of_the_region() {
    let (sandbox, mut client) = sandbox().await;
    let by_id =
        CreateVolumeRequest { availability_zone: None, availability_zone_id: Some("use1-az2".into()), ..gp3(1) };
    assert_eq!(create(&sandbox, &mut client, by_id.clone()).await.availability_zone(), "us-east-1b");
    let both = CreateVolumeRequest { availability_zone: Some("us-east-1b".into()), ..by_id };
    assert_eq!(code(client.create_volume(sandbox.ask(both)).await), "InvalidParameterCombination");
    let elsewhere = CreateVolumeRequest { availability_zone: Some("eu-west-1a".into()), ..gp3(1) };
    assert_eq!(code(client.create_volume(sandbox.ask(elsewhere)).await), "InvalidZone.NotFound");
    let neither = CreateVolumeRequest { availability_zone: None, ..gp3(1) };
    assert_eq!(code(client.create_volume(sandbox.ask(neither)).await), "MissingParameter");
}

#[tokio::test]
async fn a_volume_of_a_snapshot_is_at_least_as_large_and_as_encrypted() {
    let (sandbox, mut client) = sandbox().await;
    let source = create(&sandbox, &mut client, CreateVolumeRequest { encrypted: Some(true), ..gp3(8) }).await;
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let request = CreateSnapshotRequest { volume_id: source.volume_id.clone(), ..CreateSnapshotRequest::default() };
    let snapshot = snapshots.create_snapshot(sandbox.ask(request)).await.unwrap().into_inner();

    let of_snapshot = CreateVolumeRequest { size: None, snapshot_id: snapshot.snapshot_id.clone(), ..gp3(0) };
    let volume = create(&sandbox, &mut client, of_snapshot.clone()).await;
    assert_eq!((volume.size, volume.encrypted, &volume.kms_key_id), (Some(8), Some(true), &source.kms_key_id));
    let smaller = CreateVolumeRequest { size: Some(7), ..of_snapshot.clone() };
    assert_eq!(code(client.create_volume(sandbox.ask(smaller)).await), "InvalidParameterValue");
    let unknown = CreateVolumeRequest { snapshot_id: Some("snap-00000000000000000".into()), ..of_snapshot };
    assert_eq!(code(client.create_volume(sandbox.ask(unknown)).await), "InvalidSnapshot.NotFound");
}

#[tokio::test]
async fn a_key_asks_for_encryption() {
    let (sandbox, mut client) = sandbox().await;
    let key = Some("1234abcd-12ab-34cd-56ef-1234567890ab".to_owned());
    let keyed = CreateVolumeRequest { kms_key_id: key.clone(), ..gp3(1) };
    assert_eq!(code(client.create_volume(sandbox.ask(keyed.clone())).await), "InvalidParameterDependency");
    let volume = create(&sandbox, &mut client, CreateVolumeRequest { encrypted: Some(true), ..keyed.clone() }).await;
    let arn = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!(volume.kms_key_id(), arn);
    let odd = CreateVolumeRequest { encrypted: Some(true), kms_key_id: Some("nonsense".into()), ..keyed };
    assert_eq!(code(client.create_volume(sandbox.ask(odd)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn a_deleted_volume_is_not_found() {
    let (sandbox, mut client) = sandbox().await;
    let volume = create(&sandbox, &mut client, gp3(1)).await;
    let delete = DeleteVolumeRequest { volume_id: volume.volume_id.clone(), ..DeleteVolumeRequest::default() };
    client.delete_volume(sandbox.ask(delete.clone())).await.unwrap();
    assert_eq!(code(client.delete_volume(sandbox.ask(delete)).await), "InvalidVolume.NotFound");
    let malformed = DeleteVolumeRequest { volume_id: Some("vol-x".into()), ..DeleteVolumeRequest::default() };
    assert_eq!(code(client.delete_volume(sandbox.ask(malformed)).await), "InvalidVolumeID.Malformed");
}

#[tokio::test]
async fn an_attached_volume_is_in_use_until_it_is_detached() {
    let lifecycle = Lifecycle::instant().with(Transition::VolumeAttach, 1000).with(Transition::VolumeDetach, 1000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = create(&sandbox, &mut client, gp3(1)).await;
    let id = Id::new(volume.volume_id());
    let volumes = &sandbox.region.volumes;
    volumes.ask(&id, attach("i-00000000000000001")).await.unwrap();
    let seen = describe(&sandbox, &mut client, &id).await;
    assert_eq!((seen.state(), seen.attachments[0].state()), ("in-use", "attaching"));
    sandbox.region.advance(1000).await;
    assert_eq!(describe(&sandbox, &mut client, &id).await.attachments[0].state(), "attached");

    let twice = volumes.ask(&id, attach("i-00000000000000002")).await.map(|_| ()).unwrap_err();
    assert_eq!(twice.code, "VolumeInUse");
    let delete = DeleteVolumeRequest { volume_id: Some(id.to_string()), ..DeleteVolumeRequest::default() };
    assert_eq!(code(client.delete_volume(sandbox.ask(delete)).await), "VolumeInUse");
    let filter = Filter { name: Some("attachment.instance-id".into()), values: vec!["i-00000000000000001".into()] };
    let request = DescribeVolumesRequest { filters: vec![filter], ..DescribeVolumesRequest::default() };
    assert_eq!(client.describe_volumes(sandbox.ask(request)).await.unwrap().into_inner().volumes.len(), 1);

    let detach =
        |instance: &str| VolumeCommand::Detach { instance_id: Some(instance.into()), device: None, force: false };
    let wrong = volumes.ask(&id, detach("i-00000000000000002")).await.map(|_| ()).unwrap_err();
    assert_eq!(wrong.code, "InvalidAttachment.NotFound");
    volumes.ask(&id, detach("i-00000000000000001")).await.unwrap();
    assert_eq!(describe(&sandbox, &mut client, &id).await.attachments[0].state(), "detaching");
    sandbox.region.advance(1000).await;
    let free = describe(&sandbox, &mut client, &id).await;
    assert_eq!((free.state(), free.attachments.len()), ("available", 0));
    let again = volumes.ask(&id, detach("i-00000000000000001")).await.map(|_| ()).unwrap_err();
    assert_eq!(again.code, "IncorrectState");
}

#[tokio::test]
async fn a_modification_goes_through_its_states_and_only_grows() {
    let lifecycle = Lifecycle::instant().with(Transition::VolumeModify, 1000).with(Transition::VolumeOptimize, 10_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = create(&sandbox, &mut client, gp3(10)).await;
    assert_eq!(code(client.modify_volume(sandbox.ask(modify(&volume, 9))).await), "InvalidParameterValue");

    let begun = client.modify_volume(sandbox.ask(modify(&volume, 20))).await.unwrap().into_inner();
    assert_eq!(begun.volume_modification.unwrap().modification_state(), "modifying");
    assert_eq!(code(client.modify_volume(sandbox.ask(modify(&volume, 30))).await), "IncorrectModificationState");
    assert_eq!(describe(&sandbox, &mut client, volume.volume_id()).await.size(), 10);

    sandbox.region.advance(6000).await;
    let request = DescribeVolumesModificationsRequest {
        volume_ids: vec![volume.volume_id().to_owned()],
        ..DescribeVolumesModificationsRequest::default()
    };
    let seen = client.describe_volumes_modifications(sandbox.ask(request.clone())).await.unwrap().into_inner();
    let seen = &seen.volumes_modifications[0];
    assert_eq!((seen.modification_state(), seen.progress(), seen.target_size()), ("optimizing", 50, 20));
    assert_eq!(describe(&sandbox, &mut client, volume.volume_id()).await.size(), 20);

    sandbox.region.advance(6000).await;
    let seen = client.describe_volumes_modifications(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(
        (seen.volumes_modifications[0].modification_state(), seen.volumes_modifications[0].progress()),
        ("completed", 100)
    );
    assert_eq!(code(client.modify_volume(sandbox.ask(modify(&volume, 30))).await), "VolumeModificationRateExceeded");
    sandbox.region.advance(6 * 3_600_000).await;
    client.modify_volume(sandbox.ask(modify(&volume, 30))).await.unwrap();
}

#[tokio::test]
async fn a_volume_that_was_never_modified_has_no_modification() {
    let (sandbox, mut client) = sandbox().await;
    let volume = create(&sandbox, &mut client, gp3(10)).await;
    let volume_ids = vec![volume.volume_id().to_owned()];
    let request = DescribeVolumesModificationsRequest { volume_ids, ..DescribeVolumesModificationsRequest::default() };
    let outcome = client.describe_volumes_modifications(sandbox.ask(request)).await;
    assert_eq!(code(outcome), "InvalidVolumeModification.NotFound");
    let all = client.describe_volumes_modifications(sandbox.ask(DescribeVolumesModificationsRequest::default())).await;
    assert!(all.unwrap().into_inner().volumes_modifications.is_empty());
}

#[tokio::test]
async fn a_volume_without_io_is_impaired_until_it_is_enabled() {
    let (sandbox, mut client) = sandbox().await;
    let volume = create(&sandbox, &mut client, gp3(10)).await;
    sandbox.region.volumes.ask(&Id::new(volume.volume_id()), VolumeCommand::DisableIo).await.unwrap();
    let filter = Filter { name: Some("volume-status.status".into()), values: vec!["impaired".into()] };
    let request = DescribeVolumeStatusRequest { filters: vec![filter], ..DescribeVolumeStatusRequest::default() };
    let seen = client.describe_volume_status(sandbox.ask(request.clone())).await.unwrap().into_inner();
    assert_eq!(seen.volume_statuses[0].actions[0].code(), "enable-volume-io");
    assert_eq!(seen.volume_statuses[0].events[0].event_type(), "potential-data-inconsistency");

    let enable = EnableVolumeIoRequest { volume_id: volume.volume_id.clone(), ..EnableVolumeIoRequest::default() };
    client.enable_volume_io(sandbox.ask(enable)).await.unwrap();
    let seen = client.describe_volume_status(sandbox.ask(request)).await.unwrap().into_inner();
    assert!(seen.volume_statuses.is_empty());
}

#[tokio::test]
async fn an_attribute_that_is_set_is_described() {
    let (sandbox, mut client) = sandbox().await;
    let volume = create(&sandbox, &mut client, gp3(10)).await;
    let modify = ModifyVolumeAttributeRequest {
        volume_id: volume.volume_id.clone(),
        auto_enable_io: Some(AttributeBooleanValue { value: Some(true) }),
        ..ModifyVolumeAttributeRequest::default()
    };
    client.modify_volume_attribute(sandbox.ask(modify)).await.unwrap();
    let describe = DescribeVolumeAttributeRequest {
        volume_id: volume.volume_id.clone(),
        attribute: Some("autoEnableIO".into()),
        ..DescribeVolumeAttributeRequest::default()
    };
    let seen = client.describe_volume_attribute(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(seen.auto_enable_io.unwrap().value, Some(true));
}

#[tokio::test]
async fn volumes_come_in_pages() {
    let (sandbox, mut client) = sandbox().await;
    for _ in 0..7 {
        create(&sandbox, &mut client, gp3(1)).await;
    }
    let mut request = DescribeVolumesRequest { max_results: Some(5), ..DescribeVolumesRequest::default() };
    let first = client.describe_volumes(sandbox.ask(request.clone())).await.unwrap().into_inner();
    assert_eq!(first.volumes.len(), 5);
    request.next_token = first.next_token;
    let second = client.describe_volumes(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!((second.volumes.len(), second.next_token), (2, None));
}
