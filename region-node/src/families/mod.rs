//! The families of actions, a folder each: `mod.rs` wires, `state.rs` is pure, `actions.rs` has one
//! function for each rpc, `filters.rs` one table.
//!
//! Families call only downward: accounts, key pairs, DHCP options -> VPCs -> subnets, groups, tables, gateways ->
//! snapshots, images, volumes -> interfaces, addresses -> instances. The whole order is in `tests/tests/layers.rs`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::Region;
use crate::entity::Published;
use crate::request::Action;

pub mod accounts;
pub mod addresses;
pub mod dhcp_options;
pub mod ebs_settings;
pub mod images;
pub mod instance_types;
pub mod instances;
pub mod internet_gateways;
pub mod key_pairs;
pub mod network_acls;
pub mod network_interfaces;
pub mod regions;
pub mod route_tables;
pub mod security_groups;
pub mod snapshots;
pub mod subnets;
pub mod tags;
pub mod transit_gateways;
pub mod volumes;
pub mod vpc_peering;
pub mod vpcs;

/// The actions of every family.
pub(crate) fn actions() -> impl Iterator<Item = Action> {
    [
        addresses::actions(),
        dhcp_options::actions(),
        ebs_settings::actions(),
        images::actions(),
        instance_types::actions(),
        instances::actions(),
        internet_gateways::actions(),
        key_pairs::actions(),
        network_acls::actions(),
        network_interfaces::actions(),
        regions::actions(),
        route_tables::actions(),
        security_groups::actions(),
        snapshots::actions(),
        subnets::actions(),
        tags::actions(),
        transit_gateways::actions(),
        volumes::actions(),
        vpc_peering::actions(),
        vpcs::actions(),
    ]
    .into_iter()
    .flatten()
}

/// Makes again, after a restart, what is derived from other resources.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    key_pairs::rebuild(region).await;
    images::rebuild(region).await;
    snapshots::copies::rebuild(region).await;
    security_groups::rebuild(region).await;
    vpcs::rebuild(region).await;
    network_interfaces::rebuild(region).await;
    addresses::rebuild(region);
    vpc_peering::rebuild(region);
    transit_gateways::rebuild(region);
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

/// The public addresses that an account's resources have, or those of all.
pub(crate) fn public_addresses(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let lent = network_interfaces::of_account(region, account);
    lent.into_iter().chain(addresses::of_account(region, account)).collect()
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
