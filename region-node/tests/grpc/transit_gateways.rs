//! Transit gateways, what is attached to them, and their routes.

use std::sync::Arc;

use crate::support::Sandbox;
use crate::support::cable::Cable;
use crate::support::network::{filter, some, subnet, vpc};
use archipelago_proto::Ec2Error;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::transit_gateways_service_client::TransitGatewaysServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptTransitGatewayPeeringAttachmentRequest, AssociateTransitGatewayRouteTableRequest, CreateRouteRequest,
    CreateTransitGatewayPeeringAttachmentRequest, CreateTransitGatewayRequest, CreateTransitGatewayRouteRequest,
    CreateTransitGatewayRouteTableRequest, CreateTransitGatewayVpcAttachmentRequest,
    DeleteTransitGatewayPeeringAttachmentRequest, DeleteTransitGatewayRequest, DeleteTransitGatewayRouteRequest,
    DeleteTransitGatewayRouteTableRequest, DeleteTransitGatewayVpcAttachmentRequest, DeleteVpcRequest,
    DescribeRouteTablesRequest, DescribeTransitGatewayAttachmentsRequest,
    DescribeTransitGatewayPeeringAttachmentsRequest, DescribeTransitGatewayRouteTablesRequest,
    DescribeTransitGatewaysRequest, DisableTransitGatewayRouteTablePropagationRequest,
    DisassociateTransitGatewayRouteTableRequest, EnableTransitGatewayRouteTablePropagationRequest, Filter,
    GetTransitGatewayRouteTableAssociationsRequest, ModifyTransitGatewayOptions, ModifyTransitGatewayRequest,
    RejectTransitGatewayPeeringAttachmentRequest, ReplaceTransitGatewayRouteRequest, SearchTransitGatewayRoutesRequest,
    Subnet, TransitGateway, TransitGatewayRequestOptions, Vpc,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: TransitGatewaysServiceClient<Channel>,
}

/// Asks, and takes the answer or the error's code.
macro_rules! ask {
    ($world:expr, $rpc:ident, $input:expr) => {{
        let outcome = $world.client.clone().$rpc($world.sandbox.ask($input)).await;
        outcome.map(tonic::Response::into_inner).map_err(|status| Ec2Error::from(status).code)
    }};
}

pub(crate) use ask;

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Sandbox::new().await)
    }

    pub(crate) fn of(sandbox: Sandbox) -> Self {
        let client = TransitGatewaysServiceClient::new(sandbox.channel.clone());
        Self { sandbox, client }
    }

    pub(crate) async fn gateway(&self) -> TransitGateway {
        ask!(self, create_transit_gateway, CreateTransitGatewayRequest::default()).unwrap().transit_gateway.unwrap()
    }

    pub(crate) async fn vpc(&self, block: &str) -> (Vpc, Subnet) {
        let vpc = vpc(&self.sandbox, block).await;
        let subnet = subnet(&self.sandbox, &vpc, &block.replace("/16", "/24")).await;
        (vpc, subnet)
    }

    pub(crate) async fn attach(
        &self,
        gateway: &TransitGateway,
        (vpc, subnet): &(Vpc, Subnet),
    ) -> Result<String, String> {
        let input = CreateTransitGatewayVpcAttachmentRequest {
            transit_gateway_id: gateway.transit_gateway_id.clone(),
            vpc_id: vpc.vpc_id.clone(),
            subnet_ids: vec![subnet.subnet_id().to_owned()],
            ..Default::default()
        };
        let made = ask!(self, create_transit_gateway_vpc_attachment, input)?;
        Ok(made.transit_gateway_vpc_attachment.unwrap().transit_gateway_attachment_id.unwrap())
    }

    pub(crate) async fn table(&self, gateway: &TransitGateway) -> String {
        let input = CreateTransitGatewayRouteTableRequest {
            transit_gateway_id: gateway.transit_gateway_id.clone(),
            ..Default::default()
        };
        let made = ask!(self, create_transit_gateway_route_table, input).unwrap();
        made.transit_gateway_route_table.unwrap().transit_gateway_route_table_id.unwrap()
    }

    /// Destination, type, state and attachment of each route.
    pub(crate) async fn routes(&self, table: &str, filters: Vec<Filter>) -> Vec<(String, String, String, String)> {
        let input = SearchTransitGatewayRoutesRequest {
            transit_gateway_route_table_id: some(table),
            filters,
            ..Default::default()
        };
        let found = ask!(self, search_transit_gateway_routes, input).unwrap().routes;
        let row = |route: archipelago_proto::ec2::v1::TransitGatewayRoute| {
            let attachment =
                route.transit_gateway_attachments.first().map(|a| a.transit_gateway_attachment_id().into());
            let (kind, state) = (route.r#type().to_owned(), route.state().to_owned());
            (route.destination_cidr_block.unwrap(), kind, state, attachment.unwrap_or_default())
        };
        found.into_iter().map(row).collect()
    }

    pub(crate) async fn route(&self, table: &str, block: &str, attachment: Option<&str>) -> Result<(), String> {
        let input = CreateTransitGatewayRouteRequest {
            transit_gateway_route_table_id: some(table),
            destination_cidr_block: some(block),
            transit_gateway_attachment_id: attachment.map(str::to_owned),
            blackhole: attachment.is_none().then_some(true),
            ..Default::default()
        };
        ask!(self, create_transit_gateway_route, input).map(drop)
    }

    pub(crate) async fn detach(&self, attachment: &str) -> Result<(), String> {
        let input = DeleteTransitGatewayVpcAttachmentRequest {
            transit_gateway_attachment_id: some(attachment),
            ..Default::default()
        };
        ask!(self, delete_transit_gateway_vpc_attachment, input).map(drop)
    }

    pub(crate) async fn delete(&self, gateway: &TransitGateway) -> Result<(), String> {
        let input = DeleteTransitGatewayRequest {
            transit_gateway_id: gateway.transit_gateway_id.clone(),
            ..Default::default()
        };
        ask!(self, delete_transit_gateway, input).map(drop)
    }
}

pub(crate) fn default_table(gateway: &TransitGateway) -> String {
    gateway.options.as_ref().unwrap().association_default_route_table_id.clone().unwrap()
}

#[tokio::test]
async fn a_gateway_has_a_default_table_unless_it_wants_none() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    assert_eq!(gateway.state(), "pending");
    let options = gateway.options.clone().unwrap();
    assert_eq!((options.amazon_side_asn(), options.dns_support()), (64512, "enable"));
    let found = ask!(world, describe_transit_gateways, DescribeTransitGatewaysRequest::default()).unwrap();
    assert_eq!(found.transit_gateways[0].state(), "available");
    let filters = filter("default-association-route-table", "true");
    let input = DescribeTransitGatewayRouteTablesRequest { filters, ..Default::default() };
    let tables = ask!(world, describe_transit_gateway_route_tables, input).unwrap().transit_gateway_route_tables;
    assert_eq!(tables[0].transit_gateway_route_table_id(), default_table(&gateway));
    assert_eq!(tables[0].default_propagation_route_table, Some(true));

    let off = TransitGatewayRequestOptions {
        default_route_table_association: some("disable"),
        default_route_table_propagation: some("disable"),
        ..Default::default()
    };
    let input = CreateTransitGatewayRequest { options: Some(off), ..Default::default() };
    let bare = ask!(world, create_transit_gateway, input).unwrap().transit_gateway.unwrap();
    assert_eq!(bare.options.unwrap().association_default_route_table_id, None);
    let odd = TransitGatewayRequestOptions { amazon_side_asn: Some(7), ..Default::default() };
    let input = CreateTransitGatewayRequest { options: Some(odd), ..Default::default() };
    assert_eq!(ask!(world, create_transit_gateway, input).unwrap_err(), "InvalidParameterValue");
}

#[tokio::test]
async fn attachments_are_associated_and_propagate_by_default() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let network = world.vpc("10.0.0.0/16").await;
    let attachment = world.attach(&gateway, &network).await.unwrap();
    assert_eq!(world.attach(&gateway, &network).await.unwrap_err(), "DuplicateTransitGatewayAttachment");
    let input = DescribeTransitGatewayAttachmentsRequest {
        filters: filter("resource-id", network.0.vpc_id()),
        ..Default::default()
    };
    let found = ask!(world, describe_transit_gateway_attachments, input).unwrap().transit_gateway_attachments.remove(0);
    assert_eq!((found.state(), found.resource_type()), ("available", "vpc"));
    assert_eq!(found.association.unwrap().transit_gateway_route_table_id(), default_table(&gateway));
    let routes = world.routes(&default_table(&gateway), filter("type", "propagated")).await;
    assert_eq!(routes, [("10.0.0.0/16".into(), "propagated".into(), "active".into(), attachment.clone())]);

    // What is attached stays, and the gateway with it.
    let mut vpcs = VpcsServiceClient::new(world.sandbox.channel.clone());
    let input = DeleteVpcRequest { vpc_id: network.0.vpc_id.clone(), ..Default::default() };
    assert_eq!(crate::support::code(vpcs.delete_vpc(world.sandbox.ask(input)).await), "DependencyViolation");
    assert_eq!(world.delete(&gateway).await.unwrap_err(), "IncorrectState");
    world.detach(&attachment).await.unwrap();
    assert_eq!(world.detach(&attachment).await.unwrap_err(), "IncorrectState");
    assert_eq!(world.routes(&default_table(&gateway), filter("state", "active")).await, []);
    world.delete(&gateway).await.unwrap();
    world.sandbox.region.advance(3_600_000).await;
    let found = ask!(world, describe_transit_gateways, DescribeTransitGatewaysRequest::default()).unwrap();
    assert_eq!(found.transit_gateways, []);
    let input = DescribeTransitGatewayRouteTablesRequest::default();
    assert_eq!(ask!(world, describe_transit_gateway_route_tables, input).unwrap().transit_gateway_route_tables, []);
}

#[tokio::test]
async fn static_routes_go_before_propagated_ones() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let (one, two) = (world.vpc("10.0.0.0/16").await, world.vpc("10.1.0.0/16").await);
    let (one, two) = (world.attach(&gateway, &one).await.unwrap(), world.attach(&gateway, &two).await.unwrap());
    let table = default_table(&gateway);
    world.route(&table, "10.1.0.0/16", Some(&one)).await.unwrap();
    world.route(&table, "192.168.0.0/24", None).await.unwrap();
    assert_eq!(world.route(&table, "192.168.0.0/24", None).await.unwrap_err(), "RouteAlreadyExists");
    let found = world.routes(&table, filter("route-search.exact-match", "10.1.0.0/16")).await;
    assert_eq!(found, [("10.1.0.0/16".into(), "static".into(), "active".into(), one.clone())]);
    let found = world.routes(&table, filter("state", "blackhole")).await;
    assert_eq!(found, [("192.168.0.0/24".into(), "static".into(), "blackhole".into(), String::new())]);
    let found = world.routes(&table, filter("route-search.longest-prefix-match", "10.0.7.7/32")).await;
    assert_eq!(found[0].3, one);
    let input = ReplaceTransitGatewayRouteRequest {
        transit_gateway_route_table_id: some(&table),
        destination_cidr_block: some("10.1.0.0/16"),
        transit_gateway_attachment_id: some(&two),
        ..Default::default()
    };
    ask!(world, replace_transit_gateway_route, input).unwrap();
    world.detach(&two).await.unwrap();
    let found = world.routes(&table, filter("route-search.exact-match", "10.1.0.0/16")).await;
    assert_eq!((found[0].1.as_str(), found[0].2.as_str()), ("static", "blackhole"), "its target is gone");
    let input = DeleteTransitGatewayRouteRequest {
        transit_gateway_route_table_id: some(&table),
        destination_cidr_block: some("10.1.0.0/16"),
        ..Default::default()
    };
    ask!(world, delete_transit_gateway_route, input.clone()).unwrap();
    assert_eq!(ask!(world, delete_transit_gateway_route, input).unwrap_err(), "InvalidRoute.NotFound");
}

#[tokio::test]
async fn an_attachment_has_one_table_and_propagates_into_many() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let attachment = world.attach(&gateway, &world.vpc("10.0.0.0/16").await).await.unwrap();
    let (old, new) = (default_table(&gateway), world.table(&gateway).await);
    let associate = |table: &str| AssociateTransitGatewayRouteTableRequest {
        transit_gateway_route_table_id: some(table),
        transit_gateway_attachment_id: some(&attachment),
        ..Default::default()
    };
    assert_eq!(
        ask!(world, associate_transit_gateway_route_table, associate(&new)).unwrap_err(),
        "Resource.AlreadyAssociated"
    );
    let input = DisassociateTransitGatewayRouteTableRequest {
        transit_gateway_route_table_id: some(&old),
        transit_gateway_attachment_id: some(&attachment),
        ..Default::default()
    };
    ask!(world, disassociate_transit_gateway_route_table, input.clone()).unwrap();
    assert_eq!(
        ask!(world, disassociate_transit_gateway_route_table, input).unwrap_err(),
        "InvalidAssociation.NotFound"
    );
    ask!(world, associate_transit_gateway_route_table, associate(&new)).unwrap();
    let input = GetTransitGatewayRouteTableAssociationsRequest {
        transit_gateway_route_table_id: some(&new),
        ..Default::default()
    };
    let found = ask!(world, get_transit_gateway_route_table_associations, input).unwrap().associations;
    assert_eq!((found.len(), found[0].state()), (1, "associated"));
    let delete =
        DeleteTransitGatewayRouteTableRequest { transit_gateway_route_table_id: some(&new), ..Default::default() };
    assert_eq!(ask!(world, delete_transit_gateway_route_table, delete).unwrap_err(), "IncorrectState");

    let enable = EnableTransitGatewayRouteTablePropagationRequest {
        transit_gateway_route_table_id: some(&new),
        transit_gateway_attachment_id: some(&attachment),
        ..Default::default()
    };
    ask!(world, enable_transit_gateway_route_table_propagation, enable.clone()).unwrap();
    assert_eq!(
        ask!(world, enable_transit_gateway_route_table_propagation, enable).unwrap_err(),
        "TransitGatewayRouteTablePropagation.Duplicate"
    );
    assert_eq!(world.routes(&new, filter("type", "propagated")).await.len(), 1);
    let disable = DisableTransitGatewayRouteTablePropagationRequest {
        transit_gateway_route_table_id: some(&new),
        transit_gateway_attachment_id: some(&attachment),
        ..Default::default()
    };
    ask!(world, disable_transit_gateway_route_table_propagation, disable).unwrap();
    assert_eq!(world.routes(&new, filter("type", "propagated")).await.len(), 0);
}

#[tokio::test]
async fn the_default_table_can_be_another_one() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let table = world.table(&gateway).await;
    let options = ModifyTransitGatewayOptions {
        association_default_route_table_id: some(&table),
        default_route_table_propagation: some("disable"),
        add_transit_gateway_cidr_blocks: vec!["10.99.0.0/24".into()],
        ..Default::default()
    };
    let input = ModifyTransitGatewayRequest {
        transit_gateway_id: gateway.transit_gateway_id.clone(),
        description: some("changed"),
        options: Some(options),
        ..Default::default()
    };
    let changed = ask!(world, modify_transit_gateway, input).unwrap().transit_gateway.unwrap();
    assert_eq!((changed.state(), changed.description()), ("modifying", "changed"));
    world.attach(&gateway, &world.vpc("10.0.0.0/16").await).await.unwrap();
    let found =
        ask!(world, describe_transit_gateway_attachments, DescribeTransitGatewayAttachmentsRequest::default()).unwrap();
    let association = found.transit_gateway_attachments[0].association.clone().unwrap();
    assert_eq!(association.transit_gateway_route_table_id(), table);
    assert_eq!(world.routes(&default_table(&gateway), filter("type", "propagated")).await.len(), 0);
}

#[tokio::test]
async fn a_vpc_routes_only_to_a_gateway_that_it_is_attached_to() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let network = world.vpc("10.0.0.0/16").await;
    let mut client = RouteTablesServiceClient::new(world.sandbox.channel.clone());
    let tables = DescribeRouteTablesRequest { filters: filter("vpc-id", network.0.vpc_id()), ..Default::default() };
    let described = client.describe_route_tables(world.sandbox.ask(tables.clone())).await.unwrap().into_inner();
    let route = CreateRouteRequest {
        route_table_id: described.route_tables[0].route_table_id.clone(),
        destination_cidr_block: some("10.0.0.0/8"),
        transit_gateway_id: gateway.transit_gateway_id.clone(),
        ..Default::default()
    };
    let refused = client.create_route(world.sandbox.ask(route.clone())).await;
    assert_eq!(crate::support::code(refused), "InvalidTransitGatewayID.NotFound");
    let attachment = world.attach(&gateway, &network).await.unwrap();
    client.create_route(world.sandbox.ask(route)).await.unwrap();
    for (state, detach) in [("active", true), ("blackhole", false)] {
        let described = client.describe_route_tables(world.sandbox.ask(tables.clone())).await.unwrap().into_inner();
        let routes = &described.route_tables[0].routes;
        let route = routes.iter().find(|route| route.transit_gateway_id == gateway.transit_gateway_id).unwrap();
        assert_eq!(route.state(), state);
        if detach {
            world.detach(&attachment).await.unwrap();
        }
    }
}

/// Gateways in two regions, and the way between them.
struct Regions {
    cable: Arc<Cable>,
    east: World,
    west: World,
    here: TransitGateway,
    there: TransitGateway,
}

impl Regions {
    async fn new() -> Self {
        let cable = Arc::new(Cable::default());
        let east = World::of(cable.node("us-east-1", Lifecycle::instant(), Store::Memory).await);
        let west = World::of(cable.node("us-west-2", Lifecycle::instant(), Store::Memory).await);
        let (here, there) = (east.gateway().await, west.gateway().await);
        Self { cable, east, west, here, there }
    }

    async fn request(&self, gateway: &str) -> Result<String, String> {
        let input = CreateTransitGatewayPeeringAttachmentRequest {
            transit_gateway_id: self.here.transit_gateway_id.clone(),
            peer_transit_gateway_id: some(gateway),
            peer_account_id: some("000000000000"),
            peer_region: some("us-west-2"),
            ..Default::default()
        };
        let made = ask!(self.east, create_transit_gateway_peering_attachment, input)?;
        let made = made.transit_gateway_peering_attachment.unwrap();
        assert_eq!(made.state(), "initiatingRequest");
        Ok(made.transit_gateway_attachment_id.unwrap())
    }

    async fn accept(&self, world: &World, id: &str) -> Result<(), String> {
        let input = AcceptTransitGatewayPeeringAttachmentRequest {
            transit_gateway_attachment_id: some(id),
            ..Default::default()
        };
        ask!(world, accept_transit_gateway_peering_attachment, input).map(drop)
    }

    async fn delete(&self, world: &World, id: &str) -> Result<(), String> {
        let input = DeleteTransitGatewayPeeringAttachmentRequest {
            transit_gateway_attachment_id: some(id),
            ..Default::default()
        };
        ask!(world, delete_transit_gateway_peering_attachment, input).map(drop)
    }

    async fn states(&self, id: &str) -> [String; 2] {
        let mut states = Vec::new();
        for world in [&self.east, &self.west] {
            let filters = filter("transit-gateway-attachment-id", id);
            let input = DescribeTransitGatewayPeeringAttachmentsRequest { filters, ..Default::default() };
            let found = ask!(world, describe_transit_gateway_peering_attachments, input).unwrap();
            let found = found.transit_gateway_peering_attachments;
            states.push(found.first().map_or("gone".to_owned(), |found| found.state().to_owned()));
        }
        states.try_into().unwrap()
    }
}

#[tokio::test]
async fn gateways_of_two_regions_are_peered_and_routed_to() {
    let regions = Regions::new().await;
    let id = regions.request(regions.there.transit_gateway_id()).await.unwrap();
    assert_eq!(regions.states(&id).await, ["pendingAcceptance", "pendingAcceptance"]);
    assert_eq!(regions.accept(&regions.east, &id).await.unwrap_err(), "OperationNotPermitted");
    regions.accept(&regions.west, &id).await.unwrap();
    assert_eq!(regions.states(&id).await, ["available", "available"]);
    for (world, gateway) in [(&regions.east, &regions.here), (&regions.west, &regions.there)] {
        let table = default_table(gateway);
        world.route(&table, "10.9.0.0/16", Some(&id)).await.unwrap();
        let found = world.routes(&table, filter("attachment.resource-type", "peering")).await;
        assert_eq!((found[0].2.as_str(), found[0].3.as_str()), ("active", &*id));
        assert_eq!(world.delete(gateway).await.unwrap_err(), "IncorrectState");
    }
    regions.delete(&regions.west, &id).await.unwrap();
    assert_eq!(regions.states(&id).await, ["deleted", "deleted"]);
    let found = regions.east.routes(&default_table(&regions.here), filter("state", "blackhole")).await;
    assert_eq!(found.len(), 1);
    regions.east.delete(&regions.here).await.unwrap();
}

#[tokio::test]
async fn a_peering_of_gateways_fails_is_rejected_or_waits_for_its_region() {
    let regions = Regions::new().await;
    let failed = regions.request("tgw-0123456789abcdef0").await.unwrap();
    assert_eq!(regions.states(&failed).await, ["failed", "gone"]);
    let rejected = regions.request(regions.there.transit_gateway_id()).await.unwrap();
    let input = RejectTransitGatewayPeeringAttachmentRequest {
        transit_gateway_attachment_id: some(&rejected),
        ..Default::default()
    };
    ask!(regions.west, reject_transit_gateway_peering_attachment, input).unwrap();
    assert_eq!(regions.states(&rejected).await, ["rejected", "rejected"]);

    let id = regions.request(regions.there.transit_gateway_id()).await.unwrap();
    regions.cable.cut();
    assert_eq!(regions.request(regions.there.transit_gateway_id()).await.unwrap_err(), "Unavailable");
    assert_eq!(regions.accept(&regions.west, &id).await.unwrap_err(), "Unavailable");
    assert_eq!(regions.states(&id).await, ["pendingAcceptance", "pendingAcceptance"]);
    regions.delete(&regions.east, &id).await.unwrap();
    assert_eq!(regions.states(&id).await, ["deleted", "pendingAcceptance"]);
    regions.cable.mend();
    regions.east.sandbox.region.advance(2_000).await;
    assert_eq!(regions.states(&id).await, ["deleted", "deleted"]);
}
