//! Fast snapshot restores over gRPC.

use crate::support::Sandbox;
use crate::support::network::{filter, some};
use archipelago_proto::ec2::v1::fast_snapshot_restores_service_client::FastSnapshotRestoresServiceClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateSnapshotRequest, CreateVolumeRequest, DescribeFastSnapshotRestoresRequest,
    DisableFastSnapshotRestoresRequest, EnableFastSnapshotRestoresRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};

#[tokio::test]
async fn restores_are_fast_once_they_are_enabled() {
    let lifecycle = Lifecycle::instant().with(Transition::FastSnapshotRestore, 1_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let volume = CreateVolumeRequest { availability_zone: some("us-east-1a"), size: Some(1), ..Default::default() };
    let volume_id = volumes.create_volume(sandbox.ask(volume.clone())).await.unwrap().into_inner().volume_id;
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let create = CreateSnapshotRequest { volume_id, ..Default::default() };
    let id = snapshots.create_snapshot(sandbox.ask(create)).await.unwrap().into_inner().snapshot_id.unwrap();

    let mut client = FastSnapshotRestoresServiceClient::new(sandbox.channel.clone());
    let enable = EnableFastSnapshotRestoresRequest {
        availability_zones: vec!["us-east-1a".into()],
        source_snapshot_ids: vec![id.clone(), "snap-0123456789abcdef0".into()],
        ..Default::default()
    };
    let answer = client.enable_fast_snapshot_restores(sandbox.ask(enable)).await.unwrap().into_inner();
    assert_eq!(answer.successful[0].state(), "enabling");
    let error = answer.unsuccessful[0].fast_snapshot_restore_state_errors[0].error.clone().unwrap();
    assert_eq!(error.code(), "InvalidSnapshot.NotFound");
    let describe =
        |state| DescribeFastSnapshotRestoresRequest { filters: filter("state", state), ..Default::default() };
    for state in ["optimizing", "enabled"] {
        sandbox.region.advance(1_000).await;
        let told = client.describe_fast_snapshot_restores(sandbox.ask(describe(state))).await.unwrap().into_inner();
        assert_eq!(told.fast_snapshot_restores.len(), 1, "{state}");
    }
    let fast = CreateVolumeRequest { snapshot_id: Some(id.clone()), ..volume };
    assert!(volumes.create_volume(sandbox.ask(fast)).await.unwrap().into_inner().fast_restored());

    let disable = DisableFastSnapshotRestoresRequest {
        availability_zones: vec!["us-east-1a".into()],
        source_snapshot_ids: vec![id],
        ..Default::default()
    };
    let answer = client.disable_fast_snapshot_restores(sandbox.ask(disable.clone())).await.unwrap().into_inner();
    assert_eq!(answer.successful[0].state(), "disabling");
    let again = client.disable_fast_snapshot_restores(sandbox.ask(disable)).await.unwrap().into_inner();
    assert_eq!(again.unsuccessful.len(), 1);
    sandbox.region.advance(3_700_000).await;
    let all = DescribeFastSnapshotRestoresRequest::default();
    let told = client.describe_fast_snapshot_restores(sandbox.ask(all)).await.unwrap().into_inner();
    assert!(told.fast_snapshot_restores.is_empty());
}
