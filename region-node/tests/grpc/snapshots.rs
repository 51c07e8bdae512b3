//! Snapshots over gRPC.

use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateSnapshotRequest, CreateVolumePermission, CreateVolumePermissionModifications, CreateVolumeRequest,
    DeleteSnapshotRequest, DeleteVolumeRequest, DescribeSnapshotAttributeRequest, DescribeSnapshotsRequest, Filter,
    ModifySnapshotAttributeRequest, ResetSnapshotAttributeRequest, Snapshot, Volume,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

type Client = SnapshotsServiceClient<Channel>;
const OTHER: &str = "111111111111";

async fn volume(sandbox: &Sandbox, encrypted: bool) -> Volume {
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let request = CreateVolumeRequest {
        availability_zone: Some("us-east-1a".into()),
        size: Some(8),
        encrypted: Some(encrypted),
        ..CreateVolumeRequest::default()
    };
    volumes.create_volume(sandbox.ask(request)).await.unwrap().into_inner()
}

async fn snapshot(sandbox: &Sandbox, client: &mut Client, volume: &Volume) -> Snapshot {
    let request = CreateSnapshotRequest {
        volume_id: volume.volume_id.clone(),
        description: Some("nightly".into()),
        ..CreateSnapshotRequest::default()
    };
    client.create_snapshot(sandbox.ask(request)).await.unwrap().into_inner()
}

fn by_id(snapshot: &Snapshot) -> DescribeSnapshotsRequest {
    let snapshot_ids = vec![snapshot.snapshot_id().to_owned()];
    DescribeSnapshotsRequest { snapshot_ids, ..DescribeSnapshotsRequest::default() }
}

fn share(snapshot: &Snapshot, permission: CreateVolumePermission) -> ModifySnapshotAttributeRequest {
    ModifySnapshotAttributeRequest {
        snapshot_id: snapshot.snapshot_id.clone(),
        create_volume_permission: Some(CreateVolumePermissionModifications {
            add: vec![permission],
            ..CreateVolumePermissionModifications::default()
        }),
        ..ModifySnapshotAttributeRequest::default()
    }
}

fn user(account: &str) -> CreateVolumePermission {
    CreateVolumePermission { user_id: Some(account.into()), group: None }
}

fn everyone() -> CreateVolumePermission {
    CreateVolumePermission { user_id: None, group: Some("all".into()) }
}

#[tokio::test]
async fn a_snapshots_progress_rises_and_outlives_its_volume() {
    let lifecycle = Lifecycle::instant().with(Transition::SnapshotCreate, 10_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = volume(&sandbox, false).await;
    let created = snapshot(&sandbox, &mut client, &volume).await;
    assert_eq!((created.state(), created.volume_size()), ("pending", 8));

    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let delete = DeleteVolumeRequest { volume_id: volume.volume_id.clone(), ..DeleteVolumeRequest::default() };
    volumes.delete_volume(sandbox.ask(delete)).await.unwrap();
    sandbox.region.advance(4000).await;
    let seen = client.describe_snapshots(sandbox.ask(by_id(&created))).await.unwrap().into_inner().snapshots;
    assert_eq!((seen[0].state(), seen[0].progress()), ("pending", "40%"));

    sandbox.region.advance(6000).await;
    let seen = client.describe_snapshots(sandbox.ask(by_id(&created))).await.unwrap().into_inner().snapshots;
    assert_eq!((seen[0].state(), seen[0].progress(), seen[0].storage_tier()), ("completed", "100%", "standard"));
    assert_eq!(seen[0].description(), "nightly");
}

#[tokio::test]
async fn a_snapshot_is_seen_by_those_it_is_shared_with() {
    let sandbox = Sandbox::new().await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = volume(&sandbox, false).await;
    let created = snapshot(&sandbox, &mut client, &volume).await;
    let theirs = client.clone();
    let describe = |scope: DescribeSnapshotsRequest| {
        let mut client = theirs.clone();
        async move { client.describe_snapshots(ask_as(OTHER, scope)).await.map(|r| r.into_inner().snapshots.len()) }
    };
    let unseen = client.clone().describe_snapshots(ask_as(OTHER, by_id(&created))).await;
    assert_eq!(code(unseen), "InvalidSnapshot.NotFound");

    client.modify_snapshot_attribute(sandbox.ask(share(&created, user(OTHER)))).await.unwrap();
    let of = |owner: &str| DescribeSnapshotsRequest { owner_ids: vec![owner.into()], ..Default::default() };
    let restorable =
        |by: &str| DescribeSnapshotsRequest { restorable_by_user_ids: vec![by.into()], ..Default::default() };
    assert_eq!(describe(by_id(&created)).await.unwrap(), 1);
    assert_eq!(describe(of("000000000000")).await.unwrap(), 1);
    assert_eq!(describe(of("self")).await.unwrap(), 0);
    assert_eq!(describe(restorable("self")).await.unwrap(), 1);
    // Amazon has some that are public.
    let amazons = describe(of("amazon")).await.unwrap();
    assert_eq!(describe(restorable("all")).await.unwrap(), amazons);
    let delete = DeleteSnapshotRequest { snapshot_id: created.snapshot_id.clone(), ..Default::default() };
    assert_eq!(code(client.delete_snapshot(ask_as(OTHER, delete)).await), "AuthFailure");

    client.modify_snapshot_attribute(sandbox.ask(share(&created, everyone()))).await.unwrap();
    assert_eq!(describe(restorable("all")).await.unwrap(), amazons + 1);
    let attribute = Some("createVolumePermission".to_owned());
    let ask = DescribeSnapshotAttributeRequest {
        snapshot_id: created.snapshot_id.clone(),
        attribute: attribute.clone(),
        ..Default::default()
    };
    let seen = client.describe_snapshot_attribute(sandbox.ask(ask)).await.unwrap().into_inner();
    assert_eq!(seen.create_volume_permissions, [everyone(), user(OTHER)]);

    let reset = ResetSnapshotAttributeRequest { snapshot_id: created.snapshot_id.clone(), attribute, dry_run: None };
    client.reset_snapshot_attribute(sandbox.ask(reset)).await.unwrap();
    let unseen = client.describe_snapshots(ask_as(OTHER, by_id(&created))).await;
    assert_eq!(code(unseen), "InvalidSnapshot.NotFound");
}

#[tokio::test]
async fn what_aws_does_not_let_be_shared_is_refused() {
    let sandbox = Sandbox::new().await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = volume(&sandbox, true).await;
    let created = snapshot(&sandbox, &mut client, &volume).await;
    assert!(created.data_encryption_key_id.is_some());
    let refused = client.modify_snapshot_attribute(sandbox.ask(share(&created, user(OTHER)))).await;
    assert_eq!(code(refused), "InvalidParameter");
    let malformed = client.modify_snapshot_attribute(sandbox.ask(share(&created, user("bob")))).await;
    assert_eq!(code(malformed), "InvalidUserID.Malformed");
}

#[tokio::test]
async fn filters_and_owners_are_checked() {
    let sandbox = Sandbox::new().await;
    let mut client = Client::new(sandbox.channel.clone());
    let volume = volume(&sandbox, false).await;
    snapshot(&sandbox, &mut client, &volume).await;
    let filtered = |name: &str, value: &str| DescribeSnapshotsRequest {
        filters: vec![Filter { name: Some(name.into()), values: vec![value.into()] }],
        owner_ids: vec!["self".into()],
        ..Default::default()
    };
    for (name, value, found) in [
        ("volume-id", volume.volume_id(), 1),
        ("volume-size", "8", 1),
        ("description", "night*", 1),
        ("progress", "100%", 1),
        ("status", "pending", 0),
        ("encrypted", "false", 1),
    ] {
        let seen = client.describe_snapshots(sandbox.ask(filtered(name, value))).await.unwrap().into_inner();
        assert_eq!(seen.snapshots.len(), found, "{name}");
    }
    let unknown = client.describe_snapshots(sandbox.ask(filtered("colour", "red"))).await;
    assert_eq!(code(unknown), "InvalidParameterValue");
    let owner = DescribeSnapshotsRequest { owner_ids: vec!["bob".into()], ..Default::default() };
    assert_eq!(code(client.describe_snapshots(sandbox.ask(owner)).await), "InvalidUserID.Malformed");
}

/// AWS: "Add Windows components using installation media".
#[tokio::test]
async fn amazon_has_public_snapshots_that_anybody_may_use() {
    let sandbox = Sandbox::new().await;
    let mut client = SnapshotsServiceClient::new(sandbox.channel.clone());
    let request = DescribeSnapshotsRequest { owner_ids: vec!["amazon".into()], ..Default::default() };
    let found = client.describe_snapshots(sandbox.ask(request)).await.unwrap().into_inner().snapshots;
    let medium = found.iter().find(|one| one.description() == "Windows 2022 English Installation Media").unwrap();
    assert_eq!((medium.owner_alias(), medium.state(), medium.progress()), ("amazon", "completed", "100%"));
    let request = DescribeSnapshotsRequest { restorable_by_user_ids: vec!["all".into()], ..Default::default() };
    let restorable = client.describe_snapshots(sandbox.ask(request)).await.unwrap().into_inner().snapshots;
    assert!(restorable.contains(medium));
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let request = CreateVolumeRequest {
        availability_zone: Some("us-east-1a".into()),
        snapshot_id: medium.snapshot_id.clone(),
        ..Default::default()
    };
    let volume = volumes.create_volume(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(volume.size(), 6);
}
