//! The families of actions, a folder each: `mod.rs` wires, `state.rs` is pure, `actions.rs` has one
//! function for each rpc, `filters.rs` one table.
//!
//! Families call only downward: accounts, key pairs, DHCP options -> VPCs -> subnets, groups, tables, gateways ->
//! snapshots, images, volumes -> interfaces, addresses -> instances. The whole order is in `tests/tests/layers.rs`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use archipelago_proto::Ec2Result;

use crate::Region;
use crate::entity::{Id, Published};
use crate::request::{Action, Context};

pub mod account_settings;
pub mod accounts;
pub mod addresses;
pub mod bundle_tasks;
pub mod capacity_reservations;
pub mod carrier_gateways;
pub mod classic_link;
pub mod client_vpn;
pub mod dhcp_options;
pub mod ebs_settings;
pub mod egress_only_internet_gateways;
pub mod fast_snapshot_restores;
pub mod fleets;
pub mod flow_logs;
pub mod hosts;
pub mod images;
pub mod import_export;
pub mod instance_connect_endpoints;
pub mod instance_event_windows;
pub mod instance_settings;
pub mod instance_types;
pub mod instances;
pub mod internet_gateways;
pub mod ipam;
pub mod key_pairs;
pub mod launch_templates;
pub mod nat_gateways;
pub mod network_acls;
pub mod network_insights;
pub mod network_interfaces;
pub mod placement_groups;
pub mod prefix_lists;
pub mod regions;
pub mod reserved_instances;
pub mod route_servers;
pub mod route_tables;
pub mod security_groups;
pub mod snapshots;
pub mod spot;
pub mod spot_fleets;
pub mod spot_market;
pub mod subnets;
pub mod tags;
pub mod traffic_mirroring;
pub mod transit_gateways;
pub mod volumes;
pub mod vpc_block_public_access;
pub mod vpc_endpoint_services;
pub mod vpc_endpoints;
pub mod vpc_peering;
pub mod vpcs;
pub mod vpn;

/// The actions of every family.
pub(crate) fn actions() -> impl Iterator<Item = Action> {
    [
        account_settings::actions(),
        addresses::actions(),
        bundle_tasks::actions(),
        capacity_reservations::actions(),
        carrier_gateways::actions(),
        classic_link::actions(),
        client_vpn::actions(),
        dhcp_options::actions(),
        ebs_settings::actions(),
        egress_only_internet_gateways::actions(),
        fast_snapshot_restores::actions(),
        fleets::actions(),
        flow_logs::actions(),
        hosts::actions(),
        images::actions(),
        import_export::actions(),
        instance_connect_endpoints::actions(),
        instance_event_windows::actions(),
        instance_settings::actions(),
        instance_types::actions(),
        instances::actions(),
        internet_gateways::actions(),
        ipam::actions(),
        key_pairs::actions(),
        launch_templates::actions(),
        nat_gateways::actions(),
        network_acls::actions(),
        network_insights::actions(),
        network_interfaces::actions(),
        placement_groups::actions(),
        prefix_lists::actions(),
        regions::actions(),
        reserved_instances::actions(),
        route_servers::actions(),
        route_tables::actions(),
        security_groups::actions(),
        snapshots::actions(),
        spot::actions(),
        spot_fleets::actions(),
        subnets::actions(),
        tags::actions(),
        traffic_mirroring::actions(),
        transit_gateways::actions(),
        volumes::actions(),
        vpc_block_public_access::actions(),
        vpc_endpoint_services::actions(),
        vpc_endpoints::actions(),
        vpc_peering::actions(),
        vpcs::actions(),
        vpn::actions(),
    ]
    .into_iter()
    .flatten()
}

/// Makes again, after a restart, what is derived from other resources.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    key_pairs::rebuild(region).await;
    launch_templates::rebuild(region).await;
    images::rebuild(region).await;
    snapshots::copies::rebuild(region).await;
    security_groups::rebuild(region).await;
    vpcs::rebuild(region).await;
    ipam::rebuild(region).await;
    network_interfaces::rebuild(region).await;
    addresses::rebuild(region);
    vpn::rebuild(region).await;
    instances::rebuild_seats(region).await;
    placement_groups::rebuild(region).await;
    instances::rebuild(region).await;
}

/// Finds out how far the other sides are of what is agreed on with other regions.
pub(crate) fn reconcile(region: &Arc<Region>) {
    vpc_peering::reconcile_all(region);
    transit_gateways::reconcile_all(region);
}

/// Goes on with a snapshot's copy, and then with the images that wait for it.
pub(crate) async fn follow_snapshot(region: Arc<Region>, snapshot: Arc<Published<snapshots::SnapshotState>>) {
    snapshots::copies::go_on(&region, &snapshot.id).await;
    images::snapshot_ended(&region, &snapshot.id).await;
}

/// Goes on with an image's copy.
pub(crate) async fn follow_image(region: Arc<Region>, image: Arc<Published<images::ImageState>>) {
    images::go_on(&region, &image.id).await;
}

/// Sees to a reservation's places and instances; who waits for room may have what it gave back.
pub(crate) async fn follow_reservation(
    region: Arc<Region>,
    reservation: Arc<Published<capacity_reservations::CapacityReservationState>>,
) {
    if instances::follow_reservation(Arc::clone(&region), reservation).await {
        room_changed(&region).await;
    }
}

/// Goes on with an address's transfer, or lets instances in EC2-Classic know that the address came or went.
pub(crate) async fn follow_address(region: Arc<Region>, address: Arc<Published<addresses::AddressState>>) {
    let changed = address.state.changed();
    if changed.is_empty() {
        return addresses::follow_transfer(region, address).await;
    }
    let cx = Context::internal(&region, &address.account);
    for instance in &changed {
        instances::public_address_changed(&cx, instance).await;
    }
    let _ = Box::pin(cx.addresses.ask(&address.id, addresses::AddressCommand::Told(changed))).await;
}

/// Sees to what an instance is left to do, and tells those above it what became of it.
pub(crate) async fn follow_instance(region: Arc<Region>, instance: Arc<Published<instances::InstanceState>>) {
    instances::follow(region, instance, |cx, id| Box::pin(instance_changed(cx, id))).await;
}

async fn instance_changed(cx: Context, id: Id) {
    spot::instance_changed(&cx, &id).await;
    fleets::instance_changed(&cx, &id).await;
}

/// Room for instances has changed: who waits for some tries again.
pub(crate) async fn room_changed(region: &Arc<Region>) {
    spot::room_changed(region).await;
    fleets::room_changed(region).await;
}

/// Has Spot Instances interrupted, after their notice.
pub(crate) async fn interrupt_spot(region: &Arc<Region>, instances: &[String]) -> Ec2Result<()> {
    spot::interrupt(region, instances).await?;
    for id in instances {
        fleets::rebalance(region, &Id::new(id)).await;
    }
    Ok(())
}

/// Has an instance fail its status checks, or pass them again.
pub(crate) async fn impair_instance(region: &Arc<Region>, id: &str, healed: bool) -> Ec2Result<()> {
    let since = (!healed).then(|| region.shell.clock.now());
    let impair = instances::InstanceCommand::Settle(Box::new(instances::Setting::Impaired(since)));
    region.instances.ask(&Id::new(id), impair).await?;
    if !healed {
        fleets::replace_unhealthy(region, &Id::new(id)).await;
    }
    Ok(())
}

/// The public addresses that an account's resources have, or those of all.
pub(crate) fn public_addresses(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let lent = network_interfaces::of_account(region, account);
    let elastic = addresses::of_account(region, account);
    let classic = instances::public_addresses(region, account);
    lent.into_iter().chain(classic).chain(elastic).chain(vpn::of_account(region, account)).collect()
}

/// The pools of addresses are as in a new region.
pub(crate) fn forget_addresses(region: &Region) {
    region.public_addresses.forget();
    region.ipv6_pool.forget();
    region.ipam_blocks.forget();
}

#[cfg(test)]
mod tests {
    use archipelago_proto::DESCRIPTORS;
    use prost_reflect::DescriptorPool;

    use super::*;

    #[test]
    fn every_rpc_of_the_schema_is_an_action() {
        let schema = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let services = schema.services().filter(|service| service.package_name() == "ec2.v1");
        let rpcs = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let mut rpcs: Vec<_> =
            rpcs.map(|rpc| format!("/{}/{}", rpc.parent_service().full_name(), rpc.name())).collect();
        let mut actions: Vec<_> = actions().map(|action| action.path.to_owned()).collect();
        rpcs.sort();
        actions.sort();
        assert_eq!(actions, rpcs);
    }
}
