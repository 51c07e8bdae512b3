//! What else there is about transit gateways: other accounts, peers within a region, prefix lists, Connect, multicast,
//! policy tables and VPNs.

use crate::support::ask_as;
use crate::support::network::{filter, some, subnet, vpc};
use crate::transit_gateways::{World, ask, default_table};
use archipelago_proto::Ec2Error;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::prefix_lists_service_client::PrefixListsServiceClient;
use archipelago_proto::ec2::v1::vpn_service_client::VpnServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptTransitGatewayPeeringAttachmentRequest, AcceptTransitGatewayVpcAttachmentRequest, AddPrefixListEntry,
    AssociateTransitGatewayMulticastDomainRequest, AssociateTransitGatewayPolicyTableRequest,
    CreateCustomerGatewayRequest, CreateManagedPrefixListRequest, CreateNetworkInterfaceRequest,
    CreateTransitGatewayConnectPeerRequest, CreateTransitGatewayConnectRequest,
    CreateTransitGatewayConnectRequestOptions, CreateTransitGatewayMulticastDomainRequest,
    CreateTransitGatewayMulticastDomainRequestOptions, CreateTransitGatewayPeeringAttachmentRequest,
    CreateTransitGatewayPolicyTableRequest, CreateTransitGatewayPrefixListReferenceRequest,
    CreateTransitGatewayRequest, CreateVpnConnectionRequest, DeleteTransitGatewayConnectPeerRequest,
    DeleteTransitGatewayConnectRequest, DeleteTransitGatewayMulticastDomainRequest,
    DeleteTransitGatewayPeeringAttachmentRequest, DeleteTransitGatewayPolicyTableRequest,
    DeleteTransitGatewayPrefixListReferenceRequest, DeleteVpnConnectionRequest,
    DescribeTransitGatewayAttachmentsRequest, DescribeTransitGatewayVpcAttachmentsRequest,
    DisassociateTransitGatewayMulticastDomainRequest, ExportTransitGatewayRoutesRequest,
    GetTransitGatewayPolicyTableAssociationsRequest, GetTransitGatewayPrefixListReferencesRequest,
    ModifyTransitGatewayOptions, ModifyTransitGatewayPrefixListReferenceRequest, ModifyTransitGatewayRequest,
    RegisterTransitGatewayMulticastGroupMembersRequest, RegisterTransitGatewayMulticastGroupSourcesRequest,
    RejectTransitGatewayVpcAttachmentRequest, SearchTransitGatewayMulticastGroupsRequest, TransitGateway,
    TransitGatewayRequestOptions,
};

const OTHER: &str = "111122223333";

/// Asks as another account.
macro_rules! ask_other {
    ($world:expr, $rpc:ident, $input:expr) => {{
        let outcome = $world.client.clone().$rpc(ask_as(OTHER, $input)).await;
        outcome.map(tonic::Response::into_inner).map_err(|status| Ec2Error::from(status).code)
    }};
}

async fn with(world: &World, options: TransitGatewayRequestOptions) -> TransitGateway {
    let input = CreateTransitGatewayRequest { options: Some(options), ..Default::default() };
    ask!(world, create_transit_gateway, input).unwrap().transit_gateway.unwrap()
}

async fn foreign_gateway(world: &World) -> TransitGateway {
    ask_other!(world, create_transit_gateway, CreateTransitGatewayRequest::default()).unwrap().transit_gateway.unwrap()
}

async fn state_of(world: &World, id: &str) -> String {
    let input = DescribeTransitGatewayAttachmentsRequest {
        transit_gateway_attachment_ids: vec![id.to_owned()],
        ..Default::default()
    };
    let found = ask!(world, describe_transit_gateway_attachments, input).unwrap().transit_gateway_attachments;
    found[0].state().to_owned()
}

#[tokio::test]
async fn the_owner_of_a_gateway_accepts_or_rejects_other_accounts_vpcs() {
    let world = World::new().await;
    let gateway = foreign_gateway(&world).await;
    let network = world.vpc("10.0.0.0/16").await;
    let id = world.attach(&gateway, &network).await.unwrap();
    assert_eq!(state_of(&world, &id).await, "pendingAcceptance");
    let accept =
        AcceptTransitGatewayVpcAttachmentRequest { transit_gateway_attachment_id: some(&id), ..Default::default() };
    let refused = ask!(world, accept_transit_gateway_vpc_attachment, accept.clone());
    assert_eq!(refused.unwrap_err(), "OperationNotPermitted");
    let reject =
        RejectTransitGatewayVpcAttachmentRequest { transit_gateway_attachment_id: some(&id), ..Default::default() };
    ask_other!(world, reject_transit_gateway_vpc_attachment, reject).unwrap();
    assert_eq!(state_of(&world, &id).await, "rejected");

    let id = world.attach(&gateway, &network).await.unwrap();
    let accept = AcceptTransitGatewayVpcAttachmentRequest { transit_gateway_attachment_id: some(&id), ..accept };
    ask_other!(world, accept_transit_gateway_vpc_attachment, accept.clone()).unwrap();
    assert_eq!(ask_other!(world, accept_transit_gateway_vpc_attachment, accept).unwrap_err(), "IncorrectState");
    let input =
        DescribeTransitGatewayVpcAttachmentsRequest { filters: filter("state", "available"), ..Default::default() };
    let seen = ask_other!(world, describe_transit_gateway_vpc_attachments, input).unwrap();
    assert_eq!(seen.transit_gateway_vpc_attachments[0].vpc_owner_id(), "000000000000");
    let input = DescribeTransitGatewayAttachmentsRequest::default();
    let seen = ask_other!(world, describe_transit_gateway_attachments, input).unwrap().transit_gateway_attachments;
    let accepted = seen.iter().find(|found| found.transit_gateway_attachment_id() == id).unwrap();
    let table = accepted.association.as_ref().unwrap().transit_gateway_route_table_id();
    assert_eq!(table, default_table(&gateway));
    world.detach(&id).await.unwrap();

    // Who accepts by itself is not asked.
    let input = ModifyTransitGatewayRequest {
        transit_gateway_id: gateway.transit_gateway_id.clone(),
        options: Some(ModifyTransitGatewayOptions {
            auto_accept_shared_attachments: some("enable"),
            ..Default::default()
        }),
        ..Default::default()
    };
    ask_other!(world, modify_transit_gateway, input).unwrap();
    let id = world.attach(&gateway, &network).await.unwrap();
    assert_eq!(state_of(&world, &id).await, "available");
}

#[tokio::test]
async fn gateways_of_one_region_are_peered_and_each_has_its_table_for_it() {
    let world = World::new().await;
    let (own, foreign) = (world.gateway().await, foreign_gateway(&world).await);
    let input = CreateTransitGatewayPeeringAttachmentRequest {
        transit_gateway_id: own.transit_gateway_id.clone(),
        peer_transit_gateway_id: foreign.transit_gateway_id.clone(),
        peer_account_id: some(OTHER),
        peer_region: some("us-east-1"),
        ..Default::default()
    };
    let made = ask!(world, create_transit_gateway_peering_attachment, input.clone()).unwrap();
    let id = made.transit_gateway_peering_attachment.unwrap().transit_gateway_attachment_id.unwrap();
    let accept =
        AcceptTransitGatewayPeeringAttachmentRequest { transit_gateway_attachment_id: some(&id), ..Default::default() };
    let refused = ask!(world, accept_transit_gateway_peering_attachment, accept.clone());
    assert_eq!(refused.unwrap_err(), "OperationNotPermitted");
    ask_other!(world, accept_transit_gateway_peering_attachment, accept).unwrap();
    let all = DescribeTransitGatewayAttachmentsRequest::default();
    let near = ask!(world, describe_transit_gateway_attachments, all.clone()).unwrap().transit_gateway_attachments;
    let far = ask_other!(world, describe_transit_gateway_attachments, all).unwrap().transit_gateway_attachments;
    for (seen, here, there) in [(&near[0], &own, &foreign), (&far[0], &foreign, &own)] {
        assert_eq!((seen.state(), seen.resource_type()), ("available", "peering"));
        assert_eq!(
            (seen.transit_gateway_id(), seen.resource_id()),
            (here.transit_gateway_id(), there.transit_gateway_id())
        );
        let table = seen.association.as_ref().unwrap().transit_gateway_route_table_id();
        assert_eq!(table, default_table(here));
    }
    world.route(&default_table(&own), "10.9.0.0/16", Some(&id)).await.unwrap();
    assert_eq!(world.delete(&own).await.unwrap_err(), "IncorrectState");

    let policies = CreateTransitGatewayPolicyTableRequest {
        transit_gateway_id: own.transit_gateway_id.clone(),
        ..Default::default()
    };
    let made =
        ask!(world, create_transit_gateway_policy_table, policies).unwrap().transit_gateway_policy_table.unwrap();
    let policies = made.transit_gateway_policy_table_id;
    let associate = AssociateTransitGatewayPolicyTableRequest {
        transit_gateway_policy_table_id: policies.clone(),
        transit_gateway_attachment_id: some(&id),
        ..Default::default()
    };
    ask!(world, associate_transit_gateway_policy_table, associate.clone()).unwrap();
    assert_eq!(
        ask!(world, associate_transit_gateway_policy_table, associate).unwrap_err(),
        "Resource.AlreadyAssociated"
    );
    let get = GetTransitGatewayPolicyTableAssociationsRequest {
        transit_gateway_policy_table_id: policies.clone(),
        ..Default::default()
    };
    let found = ask!(world, get_transit_gateway_policy_table_associations, get).unwrap().associations;
    assert_eq!((found.len(), found[0].state()), (1, "associated"));
    let delete =
        DeleteTransitGatewayPolicyTableRequest { transit_gateway_policy_table_id: policies, ..Default::default() };
    assert_eq!(ask!(world, delete_transit_gateway_policy_table, delete.clone()).unwrap_err(), "IncorrectState");
    let end =
        DeleteTransitGatewayPeeringAttachmentRequest { transit_gateway_attachment_id: some(&id), ..Default::default() };
    ask!(world, delete_transit_gateway_peering_attachment, end).unwrap();
    assert_eq!(state_of(&world, &id).await, "deleted");
    ask!(world, delete_transit_gateway_policy_table, delete).unwrap();
    world.delete(&own).await.unwrap();

    let unknown = CreateTransitGatewayPeeringAttachmentRequest {
        transit_gateway_id: foreign.transit_gateway_id.clone(),
        peer_transit_gateway_id: some("tgw-0123456789abcdef0"),
        ..input
    };
    let made = ask_other!(world, create_transit_gateway_peering_attachment, unknown).unwrap();
    let id = made.transit_gateway_peering_attachment.unwrap().transit_gateway_attachment_id.unwrap();
    let input = DescribeTransitGatewayAttachmentsRequest {
        filters: filter("transit-gateway-attachment-id", &id),
        ..Default::default()
    };
    let found = ask_other!(world, describe_transit_gateway_attachments, input).unwrap();
    assert_eq!(found.transit_gateway_attachments[0].state(), "failed");
}

#[tokio::test]
async fn a_reference_to_a_prefix_list_is_a_route_to_each_of_its_entries() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let table = default_table(&gateway);
    let entry = |cidr: &str| AddPrefixListEntry { cidr: some(cidr), description: None };
    let input = CreateManagedPrefixListRequest {
        prefix_list_name: some("offices"),
        address_family: some("IPv4"),
        max_entries: Some(5),
        entries: vec![entry("192.0.2.0/24"), entry("198.51.100.0/24")],
        ..Default::default()
    };
    let mut lists = PrefixListsServiceClient::new(world.sandbox.channel.clone());
    let list = lists.create_managed_prefix_list(world.sandbox.ask(input)).await.unwrap().into_inner();
    let list = list.prefix_list.unwrap().prefix_list_id;
    let create = CreateTransitGatewayPrefixListReferenceRequest {
        transit_gateway_route_table_id: some(&table),
        prefix_list_id: list.clone(),
        blackhole: Some(true),
        ..Default::default()
    };
    ask!(world, create_transit_gateway_prefix_list_reference, create.clone()).unwrap();
    assert_eq!(
        ask!(world, create_transit_gateway_prefix_list_reference, create).unwrap_err(),
        "PrefixListReferenceAlreadyExists"
    );
    assert_eq!(world.routes(&table, filter("state", "blackhole")).await.len(), 2);
    let attachment = world.attach(&gateway, &world.vpc("10.0.0.0/16").await).await.unwrap();
    let modify = ModifyTransitGatewayPrefixListReferenceRequest {
        transit_gateway_route_table_id: some(&table),
        prefix_list_id: list.clone(),
        transit_gateway_attachment_id: some(&attachment),
        ..Default::default()
    };
    ask!(world, modify_transit_gateway_prefix_list_reference, modify).unwrap();
    let routes = world.routes(&table, filter("prefix-list-id", list.as_deref().unwrap())).await;
    assert_eq!((routes.len(), routes[0].2.as_str(), &routes[0].3), (2, "active", &attachment));
    let get = GetTransitGatewayPrefixListReferencesRequest {
        transit_gateway_route_table_id: some(&table),
        filters: filter("attachment.resource-type", "vpc"),
        ..Default::default()
    };
    let found = ask!(world, get_transit_gateway_prefix_list_references, get).unwrap();
    assert_eq!(found.transit_gateway_prefix_list_references[0].blackhole, Some(false));
    let export = ExportTransitGatewayRoutesRequest {
        transit_gateway_route_table_id: some(&table),
        s3_bucket: some("routes"),
        ..Default::default()
    };
    let exported = ask!(world, export_transit_gateway_routes, export).unwrap();
    assert!(exported.s3_location().starts_with("s3://routes/"));
    let delete = DeleteTransitGatewayPrefixListReferenceRequest {
        transit_gateway_route_table_id: some(&table),
        prefix_list_id: list,
        ..Default::default()
    };
    ask!(world, delete_transit_gateway_prefix_list_reference, delete.clone()).unwrap();
    assert_eq!(
        ask!(world, delete_transit_gateway_prefix_list_reference, delete).unwrap_err(),
        "InvalidPrefixListReference.NotFound"
    );
    assert_eq!(world.routes(&table, filter("type", "static")).await.len(), 0);
}

#[tokio::test]
async fn connect_peers_have_addresses_of_the_gateway() {
    let world = World::new().await;
    let options =
        TransitGatewayRequestOptions { transit_gateway_cidr_blocks: vec!["10.99.0.0/24".into()], ..Default::default() };
    let gateway = with(&world, options).await;
    let transport = world.attach(&gateway, &world.vpc("10.0.0.0/16").await).await.unwrap();
    let input = CreateTransitGatewayConnectRequest {
        transport_transit_gateway_attachment_id: some(&transport),
        options: Some(CreateTransitGatewayConnectRequestOptions { protocol: some("gre") }),
        ..Default::default()
    };
    let connect = ask!(world, create_transit_gateway_connect, input).unwrap().transit_gateway_connect.unwrap();
    let connect = connect.transit_gateway_attachment_id;
    let peer = |block: &str| CreateTransitGatewayConnectPeerRequest {
        transit_gateway_attachment_id: connect.clone(),
        peer_address: some("10.0.0.9"),
        inside_cidr_blocks: vec![block.to_owned()],
        ..Default::default()
    };
    for wrong in ["169.254.6.0/30", "10.0.0.0/29", "fd00::/125"] {
        assert_eq!(
            ask!(world, create_transit_gateway_connect_peer, peer(wrong)).unwrap_err(),
            "InvalidParameterValue",
            "{wrong}"
        );
    }
    let mut ids = Vec::new();
    for (block, address) in [("169.254.6.0/29", "10.99.0.1"), ("169.254.7.0/29", "10.99.0.2")] {
        let made = ask!(world, create_transit_gateway_connect_peer, peer(block)).unwrap();
        let made = made.transit_gateway_connect_peer.unwrap();
        let configuration = made.connect_peer_configuration.clone().unwrap();
        assert_eq!(configuration.transit_gateway_address(), address);
        assert_eq!(configuration.bgp_configurations.len(), 2);
        ids.push(made.transit_gateway_connect_peer_id);
    }
    assert_eq!(world.detach(&transport).await.unwrap_err(), "IncorrectState");
    let delete =
        DeleteTransitGatewayConnectRequest { transit_gateway_attachment_id: connect.clone(), ..Default::default() };
    assert_eq!(ask!(world, delete_transit_gateway_connect, delete.clone()).unwrap_err(), "IncorrectState");
    for id in ids {
        let delete =
            DeleteTransitGatewayConnectPeerRequest { transit_gateway_connect_peer_id: id, ..Default::default() };
        ask!(world, delete_transit_gateway_connect_peer, delete).unwrap();
    }
    ask!(world, delete_transit_gateway_connect, delete).unwrap();
    world.detach(&transport).await.unwrap();
    world.delete(&gateway).await.unwrap();
}

#[tokio::test]
async fn members_and_sources_are_interfaces_in_subnets_that_take_part() {
    let world = World::new().await;
    let plain = world.gateway().await;
    let create = |gateway: &TransitGateway| CreateTransitGatewayMulticastDomainRequest {
        transit_gateway_id: gateway.transit_gateway_id.clone(),
        options: Some(CreateTransitGatewayMulticastDomainRequestOptions {
            static_sources_support: some("enable"),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = ask!(world, create_transit_gateway_multicast_domain, create(&plain));
    assert_eq!(refused.unwrap_err(), "InvalidParameterValue");
    let options = TransitGatewayRequestOptions { multicast_support: some("enable"), ..Default::default() };
    let gateway = with(&world, options).await;
    let made = ask!(world, create_transit_gateway_multicast_domain, create(&gateway)).unwrap();
    let domain = made.transit_gateway_multicast_domain.unwrap().transit_gateway_multicast_domain_id;
    let vpc = vpc(&world.sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&world.sandbox, &vpc, "10.0.0.0/24").await;
    let network = (vpc, subnet);
    let attachment = world.attach(&gateway, &network).await.unwrap();
    let mut interfaces = NetworkInterfacesServiceClient::new(world.sandbox.channel.clone());
    let input = CreateNetworkInterfaceRequest { subnet_id: network.1.subnet_id.clone(), ..Default::default() };
    let made = interfaces.create_network_interface(world.sandbox.ask(input)).await.unwrap().into_inner();
    let interface = made.network_interface.unwrap().network_interface_id.unwrap();
    let member = RegisterTransitGatewayMulticastGroupMembersRequest {
        transit_gateway_multicast_domain_id: domain.clone(),
        group_ip_address: some("224.0.0.5"),
        network_interface_ids: vec![interface.clone()],
        ..Default::default()
    };
    let refused = ask!(world, register_transit_gateway_multicast_group_members, member.clone());
    assert_eq!(refused.unwrap_err(), "InvalidParameterValue", "its subnet takes no part yet");
    let associate = AssociateTransitGatewayMulticastDomainRequest {
        transit_gateway_multicast_domain_id: domain.clone(),
        transit_gateway_attachment_id: some(&attachment),
        subnet_ids: vec![network.1.subnet_id().to_owned()],
        ..Default::default()
    };
    ask!(world, associate_transit_gateway_multicast_domain, associate.clone()).unwrap();
    assert_eq!(
        ask!(world, associate_transit_gateway_multicast_domain, associate).unwrap_err(),
        "Resource.AlreadyAssociated"
    );
    ask!(world, register_transit_gateway_multicast_group_members, member.clone()).unwrap();
    let source = RegisterTransitGatewayMulticastGroupSourcesRequest {
        transit_gateway_multicast_domain_id: domain.clone(),
        group_ip_address: some("224.0.0.5"),
        network_interface_ids: vec![interface],
        ..Default::default()
    };
    ask!(world, register_transit_gateway_multicast_group_sources, source).unwrap();
    let unicast = RegisterTransitGatewayMulticastGroupMembersRequest { group_ip_address: some("10.0.0.5"), ..member };
    let refused = ask!(world, register_transit_gateway_multicast_group_members, unicast);
    assert_eq!(refused.unwrap_err(), "InvalidParameterValue");
    for (name, count) in [("is-group-member", 1), ("is-group-source", 1)] {
        let search = SearchTransitGatewayMulticastGroupsRequest {
            transit_gateway_multicast_domain_id: domain.clone(),
            filters: filter(name, "true"),
            ..Default::default()
        };
        let found = ask!(world, search_transit_gateway_multicast_groups, search).unwrap();
        assert_eq!(found.multicast_groups.len(), count, "{name}");
    }
    let delete = DeleteTransitGatewayMulticastDomainRequest {
        transit_gateway_multicast_domain_id: domain.clone(),
        ..Default::default()
    };
    assert_eq!(ask!(world, delete_transit_gateway_multicast_domain, delete.clone()).unwrap_err(), "IncorrectState");
    let disassociate = DisassociateTransitGatewayMulticastDomainRequest {
        transit_gateway_multicast_domain_id: domain,
        transit_gateway_attachment_id: some(&attachment),
        subnet_ids: vec![network.1.subnet_id().to_owned()],
        ..Default::default()
    };
    ask!(world, disassociate_transit_gateway_multicast_domain, disassociate).unwrap();
    ask!(world, delete_transit_gateway_multicast_domain, delete).unwrap();
}

#[tokio::test]
async fn a_vpn_connection_to_a_gateway_is_an_attachment_of_it() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let mut vpn = VpnServiceClient::new(world.sandbox.channel.clone());
    let input = CreateCustomerGatewayRequest {
        r#type: some("ipsec.1"),
        ip_address: some("198.51.100.7"),
        ..Default::default()
    };
    let customer = vpn.create_customer_gateway(world.sandbox.ask(input)).await.unwrap().into_inner();
    let input = CreateVpnConnectionRequest {
        customer_gateway_id: customer.customer_gateway.unwrap().customer_gateway_id,
        transit_gateway_id: gateway.transit_gateway_id.clone(),
        r#type: some("ipsec.1"),
        ..Default::default()
    };
    let made = vpn.create_vpn_connection(world.sandbox.ask(input)).await.unwrap().into_inner().vpn_connection.unwrap();
    assert_eq!(made.transit_gateway_id, gateway.transit_gateway_id);
    let input =
        DescribeTransitGatewayAttachmentsRequest { filters: filter("resource-type", "vpn"), ..Default::default() };
    let found = ask!(world, describe_transit_gateway_attachments, input).unwrap().transit_gateway_attachments;
    assert_eq!((found[0].state(), found[0].resource_id()), ("available", made.vpn_connection_id()));
    assert_eq!(
        world.detach(found[0].transit_gateway_attachment_id()).await.unwrap_err(),
        "InvalidTransitGatewayAttachmentID.NotFound"
    );
    assert_eq!(world.delete(&gateway).await.unwrap_err(), "IncorrectState");
    let input = DeleteVpnConnectionRequest { vpn_connection_id: made.vpn_connection_id.clone(), ..Default::default() };
    vpn.delete_vpn_connection(world.sandbox.ask(input)).await.unwrap();
    assert_eq!(state_of(&world, found[0].transit_gateway_attachment_id()).await, "deleted");
    world.delete(&gateway).await.unwrap();
}
