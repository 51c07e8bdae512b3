//! The families of actions, a folder each: `mod.rs` wires, `state.rs` is pure, `actions.rs` has one
//! function for each rpc, `filters.rs` one table.
//!
//! Families call only downward: regions, accounts, key pairs, DHCP options -> images -> VPCs -> subnets,
//! groups, tables, gateways -> interfaces, volumes, snapshots, addresses -> instances.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tonic::service::RoutesBuilder;
use tonic::service::interceptor::InterceptedService;

use crate::Region;
use crate::entity::Published;
use crate::node::Guard;

pub mod accounts;
pub mod addresses;
pub mod carrier_gateways;
pub mod dhcp_options;
pub mod ebs_settings;
pub mod egress_only_internet_gateways;
pub mod images;
pub mod instance_types;
pub mod instances;
pub mod internet_gateways;
pub mod key_pairs;
pub mod nat_gateways;
pub mod network_acls;
pub mod network_interfaces;
pub mod prefix_lists;
pub mod regions;
pub mod route_tables;
pub mod security_groups;
pub mod snapshots;
pub mod subnets;
pub mod tags;
pub mod volumes;
pub mod vpc_endpoint_services;
pub mod vpc_endpoints;
pub mod vpcs;

macro_rules! routes {
    ($($family:ident: $module:ident::$server:ident),* $(,)?) => {
        /// The services of every family.
        pub(crate) fn add_services(routes: &mut RoutesBuilder, region: &Arc<Region>, guard: &Guard) {
            $(
                let service = archipelago_proto::ec2::v1::$module::$server::new($family::Family(Arc::clone(region)))
                    .max_decoding_message_size(usize::MAX)
                    .max_encoding_message_size(usize::MAX);
                routes.add_service(InterceptedService::new(service, guard.clone()));
            )*
        }
    };
}

routes! {
    addresses: addresses_service_server::AddressesServiceServer,
    carrier_gateways: carrier_gateways_service_server::CarrierGatewaysServiceServer,
    dhcp_options: dhcp_options_service_server::DhcpOptionsServiceServer,
    ebs_settings: ebs_settings_service_server::EbsSettingsServiceServer,
    egress_only_internet_gateways: egress_only_internet_gateways_service_server::EgressOnlyInternetGatewaysServiceServer,
    images: images_service_server::ImagesServiceServer,
    instance_types: instance_types_service_server::InstanceTypesServiceServer,
    instances: instances_service_server::InstancesServiceServer,
    internet_gateways: internet_gateways_service_server::InternetGatewaysServiceServer,
    key_pairs: key_pairs_service_server::KeyPairsServiceServer,
    nat_gateways: nat_gateways_service_server::NatGatewaysServiceServer,
    network_acls: network_acls_service_server::NetworkAclsServiceServer,
    network_interfaces: network_interfaces_service_server::NetworkInterfacesServiceServer,
    prefix_lists: prefix_lists_service_server::PrefixListsServiceServer,
    regions: regions_service_server::RegionsServiceServer,
    route_tables: route_tables_service_server::RouteTablesServiceServer,
    security_groups: security_groups_service_server::SecurityGroupsServiceServer,
    snapshots: snapshots_service_server::SnapshotsServiceServer,
    subnets: subnets_service_server::SubnetsServiceServer,
    tags: tags_service_server::TagsServiceServer,
    volumes: volumes_service_server::VolumesServiceServer,
    vpc_endpoint_services: vpc_endpoint_services_service_server::VpcEndpointServicesServiceServer,
    vpc_endpoints: vpc_endpoints_service_server::VpcEndpointsServiceServer,
    vpcs: vpcs_service_server::VpcsServiceServer,
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
