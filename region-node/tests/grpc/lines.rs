//! The line between two regions, cut and mended by the operator.

use std::sync::Arc;

use crate::support::cable::Cable;
use crate::support::network::{some, vpc};
use crate::support::outage::line;
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::LinesRequest;
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::vpc_peering_service_client::VpcPeeringServiceClient;
use archipelago_proto::ec2::v1::{
    CopySnapshotRequest, CreateSnapshotRequest, CreateVolumeRequest, CreateVpcPeeringConnectionRequest,
    DescribeSnapshotsRequest, Snapshot,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;

const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";
const SECOND: i64 = 1_000;

async fn snapshot(sandbox: &Sandbox, zone: &str) -> String {
    let request = CreateVolumeRequest { availability_zone: some(zone), size: Some(1), ..Default::default() };
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let volume = volumes.create_volume(sandbox.ask(request)).await.unwrap().into_inner();
    let request = CreateSnapshotRequest { volume_id: volume.volume_id, ..Default::default() };
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    snapshots.create_snapshot(sandbox.ask(request)).await.unwrap().into_inner().snapshot_id.unwrap()
}

async fn copy(sandbox: &Sandbox, from: &str, id: &str) -> Result<String, Ec2Error> {
    let request = CopySnapshotRequest { source_region: some(from), source_snapshot_id: some(id), ..Default::default() };
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let copied = snapshots.copy_snapshot(sandbox.ask(request)).await.map_err(Ec2Error::from)?;
    Ok(copied.into_inner().snapshot_id.unwrap())
}

async fn seen(sandbox: &Sandbox, id: &str) -> Snapshot {
    let request = DescribeSnapshotsRequest { snapshot_ids: vec![id.to_owned()], ..Default::default() };
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    snapshots.describe_snapshots(sandbox.ask(request)).await.unwrap().into_inner().snapshots.remove(0)
}

#[tokio::test]
async fn nothing_passes_in_either_direction_wherever_the_line_is_cut() {
    let cable = Arc::new(Cable::default());
    let east = cable.node(EAST, Lifecycle::instant(), Store::Memory).await;
    let west = cable.node(WEST, Lifecycle::instant(), Store::Memory).await;
    let (of_east, of_west) = (snapshot(&east, "us-east-1a").await, snapshot(&west, "us-west-2a").await);
    assert_eq!(line(&east, WEST, true).await, [WEST]);
    assert_eq!(copy(&east, WEST, &of_west).await.unwrap_err().code, "Unavailable");
    assert_eq!(copy(&west, EAST, &of_east).await.unwrap_err().code, "Unavailable", "though it knows of no cut");
    assert_eq!(seen(&west, &of_west).await.state(), "completed", "clients reach both");
    assert!(line(&east, WEST, false).await.is_empty());
    copy(&east, WEST, &of_west).await.unwrap();
    copy(&west, EAST, &of_east).await.unwrap();
}

#[tokio::test]
async fn a_copy_under_way_waits_for_the_line() {
    let cable = Arc::new(Cable::default());
    let east = cable.node(EAST, Lifecycle::instant().with_copy_rate(16), Store::Memory).await;
    let west = cable.node(WEST, Lifecycle::instant(), Store::Memory).await;
    let id = copy(&east, WEST, &snapshot(&west, "us-west-2a").await).await.unwrap();
    east.region.advance(32 * SECOND).await;
    let progress = seen(&east, &id).await.progress;
    line(&east, WEST, true).await;
    line(&west, EAST, true).await;
    east.region.advance(20 * SECOND).await;
    let waiting = seen(&east, &id).await;
    assert_eq!((waiting.state(), &waiting.progress), ("pending", &progress));
    line(&east, WEST, false).await;
    line(&west, EAST, false).await;
    east.region.advance(120 * SECOND).await;
    assert_eq!(seen(&east, &id).await.state(), "completed");
}

#[tokio::test]
async fn regions_agree_on_nothing_while_the_line_is_cut() {
    let cable = Arc::new(Cable::default());
    let east = cable.node(EAST, Lifecycle::instant(), Store::Memory).await;
    let west = cable.node(WEST, Lifecycle::instant(), Store::Memory).await;
    let request = CreateVpcPeeringConnectionRequest {
        vpc_id: vpc(&east, "10.0.0.0/16").await.vpc_id,
        peer_vpc_id: vpc(&west, "10.1.0.0/16").await.vpc_id,
        peer_region: some(WEST),
        ..Default::default()
    };
    let mut client = VpcPeeringServiceClient::new(east.channel.clone());
    for cut in [&east, &west] {
        let peer = if std::ptr::eq(cut, &raw const east) { WEST } else { EAST };
        line(cut, peer, true).await;
        assert_eq!(code(client.create_vpc_peering_connection(east.ask(request.clone())).await), "Unavailable");
        line(cut, peer, false).await;
    }
    client.create_vpc_peering_connection(east.ask(request)).await.unwrap();
}

#[tokio::test]
async fn a_line_stays_cut_after_a_crash() {
    let (path, crashed) = (folder("lines"), folder("lines-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    line(&sandbox, WEST, true).await;
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    assert_eq!(line(&sandbox, "", false).await, [WEST]);
}

#[tokio::test]
async fn a_line_leads_to_another_region() {
    let sandbox = Sandbox::new().await;
    let mut operator = AdminClient::new(sandbox.channel.clone());
    for peer in [EAST, "moon"] {
        let request = LinesRequest { peer: peer.to_owned(), cut: true };
        assert_eq!(code(operator.lines(sandbox.ask(request)).await), "InvalidParameterValue");
    }
}
