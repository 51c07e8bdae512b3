//! VPC peering inside a region, between accounts, and between two nodes.

use std::sync::Arc;

use crate::support::cable::Cable;
use crate::support::network::{filter, some};
use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::tags_service_client::TagsServiceClient;
use archipelago_proto::ec2::v1::vpc_peering_service_client::VpcPeeringServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptVpcPeeringConnectionRequest, CreateRouteRequest, CreateTagsRequest, CreateVpcPeeringConnectionRequest,
    CreateVpcRequest, DeleteVpcPeeringConnectionRequest, DeleteVpcRequest, DescribeRouteTablesRequest,
    DescribeTagsRequest, DescribeVpcPeeringConnectionsRequest, Filter, ModifyVpcPeeringConnectionOptionsRequest,
    PeeringConnectionOptionsRequest, RejectVpcPeeringConnectionRequest, Tag, Vpc, VpcPeeringConnection,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;
use tonic::{Response, Status};

const MINE: &str = "000000000000";
const OTHER: &str = "111111111111";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// What an account does with a region.
struct Desk<'a>(&'a Sandbox, &'static str);

impl Desk<'_> {
    fn client(&self) -> VpcPeeringServiceClient<Channel> {
        VpcPeeringServiceClient::new(self.0.channel.clone())
    }

    async fn vpc(&self, block: &str) -> Vpc {
        let input = CreateVpcRequest { cidr_block: some(block), ..Default::default() };
        let mut client = VpcsServiceClient::new(self.0.channel.clone());
        client.create_vpc(ask_as(self.1, input)).await.unwrap().into_inner().vpc.unwrap()
    }

    async fn delete_vpc(&self, vpc: &Vpc) -> Result<(), String> {
        let input = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
        let mut client = VpcsServiceClient::new(self.0.channel.clone());
        client.delete_vpc(ask_as(self.1, input)).await.map(drop).map_err(error_code)
    }

    async fn request(&self, vpc: &Vpc, peer: &Vpc, region: Option<&str>) -> Result<VpcPeeringConnection, String> {
        let input = CreateVpcPeeringConnectionRequest {
            vpc_id: vpc.vpc_id.clone(),
            peer_vpc_id: peer.vpc_id.clone(),
            peer_owner_id: peer.owner_id.clone(),
            peer_region: region.map(str::to_owned),
            ..Default::default()
        };
        let created = self.client().create_vpc_peering_connection(ask_as(self.1, input)).await.map_err(error_code)?;
        Ok(created.into_inner().vpc_peering_connection.unwrap())
    }

    async fn accept(&self, id: &str) -> Result<VpcPeeringConnection, String> {
        let input = AcceptVpcPeeringConnectionRequest { vpc_peering_connection_id: some(id), ..Default::default() };
        let accepted = self.client().accept_vpc_peering_connection(ask_as(self.1, input)).await.map_err(error_code)?;
        Ok(accepted.into_inner().vpc_peering_connection.unwrap())
    }

    async fn reject(&self, id: &str) -> Result<(), String> {
        let input = RejectVpcPeeringConnectionRequest { vpc_peering_connection_id: some(id), ..Default::default() };
        self.client().reject_vpc_peering_connection(ask_as(self.1, input)).await.map(drop).map_err(error_code)
    }

    async fn delete(&self, id: &str) -> Result<(), String> {
        let input = DeleteVpcPeeringConnectionRequest { vpc_peering_connection_id: some(id), ..Default::default() };
        self.client().delete_vpc_peering_connection(ask_as(self.1, input)).await.map(drop).map_err(error_code)
    }

    async fn described(&self, filters: Vec<Filter>) -> Vec<VpcPeeringConnection> {
        let input = DescribeVpcPeeringConnectionsRequest { filters, ..Default::default() };
        let found = self.client().describe_vpc_peering_connections(ask_as(self.1, input)).await.unwrap();
        found.into_inner().vpc_peering_connections
    }

    async fn seen(&self, id: &str) -> Option<VpcPeeringConnection> {
        self.described(filter("vpc-peering-connection-id", id)).await.pop()
    }

    async fn status(&self, id: &str) -> String {
        self.seen(id).await.map_or_else(|| "gone".to_owned(), |seen| seen.status.unwrap().code.unwrap())
    }

    async fn set_dns(&self, id: &str, requester: Option<bool>, accepter: Option<bool>) -> Result<(), String> {
        let options = |on: Option<bool>| {
            on.map(|on| PeeringConnectionOptionsRequest {
                allow_dns_resolution_from_remote_vpc: Some(on),
                ..Default::default()
            })
        };
        let input = ModifyVpcPeeringConnectionOptionsRequest {
            vpc_peering_connection_id: some(id),
            requester_peering_connection_options: options(requester),
            accepter_peering_connection_options: options(accepter),
            ..Default::default()
        };
        let outcome = self.client().modify_vpc_peering_connection_options(ask_as(self.1, input)).await;
        outcome.map(drop).map_err(error_code)
    }

    async fn tag(&self, id: &str, value: &str) -> Result<(), String> {
        let tags = vec![Tag { key: some("Name"), value: some(value) }];
        let input = CreateTagsRequest { resources: vec![id.to_owned()], tags, ..Default::default() };
        let mut client = TagsServiceClient::new(self.0.channel.clone());
        client.create_tags(ask_as(self.1, input)).await.map(drop).map_err(error_code)
    }

    async fn tags(&self, id: &str) -> Vec<String> {
        let input = DescribeTagsRequest { filters: filter("resource-id", id), ..Default::default() };
        let mut client = TagsServiceClient::new(self.0.channel.clone());
        let found = client.describe_tags(ask_as(self.1, input)).await.unwrap().into_inner();
        found.tags.into_iter().filter_map(|tag| tag.value).collect()
    }

    /// Sends traffic to the peer by the VPC's main table.
    async fn route(&self, vpc: &Vpc, peering: &str, to: &str) -> Result<(), String> {
        let mut client = RouteTablesServiceClient::new(self.0.channel.clone());
        let input = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
        let mut tables = client.describe_route_tables(ask_as(self.1, input)).await.unwrap().into_inner().route_tables;
        let input = CreateRouteRequest {
            route_table_id: tables.remove(0).route_table_id,
            destination_cidr_block: some(to),
            vpc_peering_connection_id: some(peering),
            ..Default::default()
        };
        client.create_route(ask_as(self.1, input)).await.map(drop).map_err(error_code)
    }

    async fn route_state(&self, peering: &str) -> String {
        let mut client = RouteTablesServiceClient::new(self.0.channel.clone());
        let filters = filter("route.vpc-peering-connection-id", peering);
        let input = DescribeRouteTablesRequest { filters, ..Default::default() };
        let mut tables = client.describe_route_tables(ask_as(self.1, input)).await.unwrap().into_inner().route_tables;
        let routes = tables.remove(0).routes;
        let route = routes.into_iter().find(|route| route.vpc_peering_connection_id() == peering);
        route.unwrap().state.unwrap()
    }
}

#[allow(clippy::needless_pass_by_value)] // For `map_err`.
fn error_code(status: Status) -> String {
    code::<()>(Err::<Response<()>, _>(status))
}

fn id(peering: &VpcPeeringConnection) -> &str {
    peering.vpc_peering_connection_id()
}

fn shown(peering: &VpcPeeringConnection) -> &str {
    peering.status.as_ref().unwrap().code()
}

#[tokio::test]
async fn a_request_is_accepted_and_active_by_the_next_read() {
    let sandbox = Sandbox::new().await;
    let me = Desk(&sandbox, MINE);
    let (one, two) = (me.vpc("10.0.0.0/16").await, me.vpc("10.1.0.0/16").await);
    let made = me.request(&one, &two, None).await.unwrap();
    assert_eq!(shown(&made), "initiating-request");
    assert_eq!(made.status.as_ref().unwrap().message(), "Initiating Request to 000000000000");
    assert_eq!(made.expiration_time(), crate::support::START + 7 * DAY);
    assert!(made.accepter_vpc_info.as_ref().unwrap().cidr_block.is_none());
    assert_eq!(me.status(id(&made)).await, "pending-acceptance");
    assert_eq!(me.request(&two, &one, None).await.unwrap_err(), "VpcPeeringConnectionAlreadyExists");
    assert_eq!(shown(&me.accept(id(&made)).await.unwrap()), "provisioning");
    let active = me.seen(id(&made)).await.unwrap();
    assert_eq!((shown(&active), active.expiration_time), ("active", None));
    let accepter = active.accepter_vpc_info.unwrap();
    assert_eq!((accepter.cidr_block(), accepter.region()), ("10.1.0.0/16", "us-east-1"));
    assert_eq!(accepter.peering_options.unwrap().allow_dns_resolution_from_remote_vpc, Some(false));
    assert_eq!(me.described(filter("accepter-vpc-info.cidr-block", "10.1.*")).await.len(), 1);
    assert_eq!(me.described(filter("status-code", "rejected")).await.len(), 0);
}

#[tokio::test]
async fn each_state_takes_its_time() {
    let lifecycle = Lifecycle::instant()
        .with(Transition::PeeringRequest, 10)
        .with(Transition::PeeringProvision, 20)
        .with(Transition::PeeringDelete, 30);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let me = Desk(&sandbox, MINE);
    let made = me.request(&me.vpc("10.0.0.0/16").await, &me.vpc("10.1.0.0/16").await, None).await.unwrap();
    assert_eq!(me.status(id(&made)).await, "initiating-request");
    assert_eq!(me.accept(id(&made)).await.unwrap_err(), "InvalidStateTransition");
    sandbox.region.advance(10).await;
    me.accept(id(&made)).await.unwrap();
    assert_eq!(me.status(id(&made)).await, "provisioning");
    sandbox.region.advance(20).await;
    assert_eq!(me.status(id(&made)).await, "active");
    me.delete(id(&made)).await.unwrap();
    assert_eq!(me.status(id(&made)).await, "deleting");
    sandbox.region.advance(30).await;
    assert_eq!(me.status(id(&made)).await, "deleted");
    assert_eq!(me.delete(id(&made)).await.unwrap_err(), "InvalidStateTransition");
    sandbox.region.advance(2 * HOUR).await;
    assert_eq!(me.status(id(&made)).await, "gone");
}

#[tokio::test]
async fn overlapping_blocks_and_unknown_peers_fail() {
    let sandbox = Sandbox::new().await;
    let me = Desk(&sandbox, MINE);
    let (one, two) = (me.vpc("10.0.0.0/16").await, me.vpc("10.0.128.0/17").await);
    let failed = me.request(&one, &two, None).await.unwrap();
    assert_eq!(me.status(id(&failed)).await, "failed");
    assert_eq!(me.accept(id(&failed)).await.unwrap_err(), "InvalidStateTransition");
    assert_eq!(me.delete(id(&failed)).await.unwrap_err(), "InvalidStateTransition");
    let nobodys = Vpc { vpc_id: some("vpc-0123456789abcdef0"), ..two.clone() };
    let failed = me.request(&one, &nobodys, None).await.unwrap();
    assert_eq!(me.status(id(&failed)).await, "failed");
    let not_theirs = Vpc { owner_id: some(OTHER), ..me.vpc("10.9.0.0/16").await };
    let failed = me.request(&one, &not_theirs, None).await.unwrap();
    assert_eq!(me.status(id(&failed)).await, "failed");
    assert_eq!(Desk(&sandbox, OTHER).described(Vec::new()).await.len(), 0, "they never hear of it");
    let odd = Vpc { vpc_id: some("vpc-1"), ..two };
    assert_eq!(me.request(&one, &odd, None).await.unwrap_err(), "InvalidVpcID.Malformed");
    assert_eq!(me.request(&one, &nobodys, Some("mars-1")).await.unwrap_err(), "InvalidParameterValue");
    sandbox.region.advance(2 * HOUR).await;
    assert_eq!(me.described(Vec::new()).await.len(), 0);
    me.delete_vpc(&one).await.unwrap();
}

#[tokio::test]
async fn a_request_expires_after_seven_days() {
    let sandbox = Sandbox::new().await;
    let me = Desk(&sandbox, MINE);
    let made = me.request(&me.vpc("10.0.0.0/16").await, &me.vpc("10.1.0.0/16").await, None).await.unwrap();
    sandbox.region.advance(7 * DAY - 1).await;
    assert_eq!(me.status(id(&made)).await, "pending-acceptance");
    sandbox.region.advance(1).await;
    assert_eq!(me.status(id(&made)).await, "expired");
    assert_eq!(me.accept(id(&made)).await.unwrap_err(), "InvalidStateTransition");
    assert_eq!(me.reject(id(&made)).await.unwrap_err(), "InvalidStateTransition");
    sandbox.region.advance(2 * DAY).await;
    assert_eq!(me.status(id(&made)).await, "gone");
}

#[tokio::test]
async fn two_accounts_see_it_each_with_its_own_tags_and_rights() {
    let sandbox = Sandbox::new().await;
    let (me, they) = (Desk(&sandbox, MINE), Desk(&sandbox, OTHER));
    let (one, two) = (me.vpc("10.0.0.0/16").await, they.vpc("10.1.0.0/16").await);
    let made = me.request(&one, &two, None).await.unwrap();
    let id = id(&made);
    assert_eq!(they.status(id).await, "pending-acceptance");
    assert_eq!(Desk(&sandbox, "222222222222").status(id).await, "gone");
    assert_eq!(me.accept(id).await.unwrap_err(), "OperationNotPermitted");
    assert_eq!(me.reject(id).await.unwrap_err(), "OperationNotPermitted");
    assert_eq!(they.delete(id).await.unwrap_err(), "OperationNotPermitted", "they reject it instead");
    they.tag(id, "theirs").await.unwrap();
    me.tag(id, "mine").await.unwrap();
    assert_eq!((me.tags(id).await, they.tags(id).await), (vec!["mine".to_owned()], vec!["theirs".to_owned()]));
    assert_eq!(they.described(filter("tag:Name", "theirs")).await.len(), 1);
    assert_eq!(me.described(filter("tag:Name", "theirs")).await.len(), 0);
    assert_eq!(
        Desk(&sandbox, "222222222222").tag(id, "nobody's").await.unwrap_err(),
        "InvalidVpcPeeringConnectionID.NotFound"
    );
    assert_eq!(me.set_dns(id, Some(true), None).await.unwrap_err(), "OperationNotPermitted", "not active");
    they.accept(id).await.unwrap();
    assert_eq!(me.set_dns(id, None, Some(true)).await.unwrap_err(), "OperationNotPermitted");
    me.set_dns(id, Some(true), None).await.unwrap();
    let seen = they.seen(id).await.unwrap();
    let options = seen.requester_vpc_info.unwrap().peering_options.unwrap();
    assert_eq!(options.allow_dns_resolution_from_remote_vpc, Some(true));
    assert_eq!(they.delete_vpc(&two).await.unwrap_err(), "DependencyViolation");
    they.delete(id).await.unwrap();
    assert_eq!(me.seen(id).await.unwrap().status.unwrap().message(), "Deleted by 111111111111");
    they.delete_vpc(&two).await.unwrap();
    sandbox.region.advance(2 * HOUR).await;
    assert_eq!((they.status(id).await.as_str(), me.status(id).await.as_str()), ("gone", "deleted"));
}

#[tokio::test]
async fn a_rejected_request_can_be_made_again() {
    let sandbox = Sandbox::new().await;
    let me = Desk(&sandbox, MINE);
    let (one, two) = (me.vpc("10.0.0.0/16").await, me.vpc("10.1.0.0/16").await);
    let made = me.request(&one, &two, None).await.unwrap();
    me.reject(id(&made)).await.unwrap();
    assert_eq!(me.status(id(&made)).await, "rejected");
    let again = me.request(&one, &two, None).await.unwrap();
    me.delete(id(&again)).await.unwrap();
    assert_eq!(me.status(id(&again)).await, "deleted", "its requester may withdraw it");
}

#[tokio::test]
async fn a_route_through_it_is_a_black_hole_unless_it_is_active() {
    let sandbox = Sandbox::new().await;
    let me = Desk(&sandbox, MINE);
    let (one, two, three) = (me.vpc("10.0.0.0/16").await, me.vpc("10.1.0.0/16").await, me.vpc("10.2.0.0/16").await);
    let made = me.request(&one, &two, None).await.unwrap();
    let id = id(&made);
    me.route(&one, id, "10.1.0.0/16").await.unwrap();
    assert_eq!(me.route_state(id).await, "blackhole");
    me.accept(id).await.unwrap();
    assert_eq!(me.route_state(id).await, "active");
    assert_eq!(me.route(&three, id, "10.1.0.0/16").await.unwrap_err(), "InvalidParameterValue");
    me.delete(id).await.unwrap();
    assert_eq!(me.route_state(id).await, "blackhole");
    let gone = me.route(&two, id, "10.0.0.0/16").await.unwrap_err();
    assert_eq!(gone, "InvalidVpcPeeringConnectionID.NotFound");
}

/// Two regions and the way between them.
struct World {
    cable: Arc<Cable>,
    east: Sandbox,
    west: Sandbox,
}

impl World {
    async fn new() -> Self {
        let cable = Arc::new(Cable::default());
        let east = cable.node("us-east-1", Lifecycle::instant(), Store::Memory).await;
        let west = cable.node("us-west-2", Lifecycle::instant(), Store::Memory).await;
        Self { cable, east, west }
    }

    /// As the requester in the east and the accepter in the west see it.
    async fn both(&self, id: &str) -> (String, String) {
        (Desk(&self.east, MINE).status(id).await, Desk(&self.west, OTHER).status(id).await)
    }

    async fn requested(&self) -> (Vpc, Vpc, String) {
        let one = Desk(&self.east, MINE).vpc("10.0.0.0/16").await;
        let two = Desk(&self.west, OTHER).vpc("10.1.0.0/16").await;
        let made = Desk(&self.east, MINE).request(&one, &two, Some("us-west-2")).await.unwrap();
        (one, two, made.vpc_peering_connection_id.unwrap())
    }
}

fn twice(state: &str) -> (String, String) {
    (state.to_owned(), state.to_owned())
}

#[tokio::test]
async fn two_regions_agree() {
    let world = World::new().await;
    let (me, they) = (Desk(&world.east, MINE), Desk(&world.west, OTHER));
    let (one, two, id) = world.requested().await;
    assert_eq!(world.both(&id).await, twice("pending-acceptance"));
    let seen = they.seen(&id).await.unwrap().requester_vpc_info.unwrap();
    assert_eq!((seen.cidr_block(), seen.region(), seen.owner_id()), ("10.0.0.0/16", "us-east-1", MINE));
    assert_eq!(me.accept(&id).await.unwrap_err(), "OperationNotPermitted", "in its own region only");
    they.accept(&id).await.unwrap();
    assert_eq!(world.both(&id).await, twice("active"));
    assert_eq!(me.seen(&id).await.unwrap().accepter_vpc_info.unwrap().cidr_block(), "10.1.0.0/16");
    assert_eq!(me.set_dns(&id, None, Some(true)).await.unwrap_err(), "OperationNotPermitted");
    they.set_dns(&id, None, Some(true)).await.unwrap();
    let options = me.seen(&id).await.unwrap().accepter_vpc_info.unwrap().peering_options.unwrap();
    assert_eq!(options.allow_dns_resolution_from_remote_vpc, Some(true));
    me.route(&one, &id, "10.1.0.0/16").await.unwrap();
    assert_eq!(me.route_state(&id).await, "active");
    assert_eq!(they.delete_vpc(&two).await.unwrap_err(), "DependencyViolation");
    they.delete(&id).await.unwrap();
    assert_eq!(world.both(&id).await, twice("deleted"));
    assert_eq!(me.route_state(&id).await, "blackhole");
    they.delete_vpc(&two).await.unwrap();
    world.east.region.advance(2 * DAY).await;
    world.west.region.advance(2 * DAY).await;
    assert_eq!(world.both(&id).await, twice("gone"));
}

#[tokio::test]
async fn a_request_that_fails_in_the_other_region_leaves_nothing_there() {
    let world = World::new().await;
    let (me, they) = (Desk(&world.east, MINE), Desk(&world.west, OTHER));
    let (one, two) = (me.vpc("10.0.0.0/16").await, they.vpc("10.0.0.0/24").await);
    let made = me.request(&one, &two, Some("us-west-2")).await.unwrap();
    assert_eq!(world.both(id(&made)).await, ("failed".into(), "gone".into()));
}

#[tokio::test]
async fn a_rejection_and_an_expiry_are_heard_in_the_other_region() {
    let world = World::new().await;
    let (.., id) = world.requested().await;
    Desk(&world.west, OTHER).reject(&id).await.unwrap();
    assert_eq!(world.both(&id).await, twice("rejected"));
    let (.., id) = world.requested().await;
    world.west.region.advance(7 * DAY).await;
    assert_eq!(world.both(&id).await, twice("expired"));
}

#[tokio::test]
async fn what_needs_a_region_that_is_cut_off_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let (me, they) = (Desk(&world.east, MINE), Desk(&world.west, OTHER));
    let (one, _, id) = world.requested().await;
    let late = they.vpc("10.7.0.0/16").await;
    world.cable.cut();
    assert_eq!(me.request(&one, &late, Some("us-west-2")).await.unwrap_err(), "Unavailable");
    assert_eq!(they.accept(&id).await.unwrap_err(), "Unavailable");
    assert_eq!(world.both(&id).await, twice("pending-acceptance"));
    assert_eq!(me.described(Vec::new()).await.len(), 1, "no half-made peering");
    world.cable.mend();
    assert_eq!(they.described(Vec::new()).await.len(), 1);
    they.accept(&id).await.unwrap();
    assert_eq!(world.both(&id).await, twice("active"));
}

#[tokio::test]
async fn what_ends_while_the_way_is_cut_is_told_afterwards() {
    let world = World::new().await;
    let (me, they) = (Desk(&world.east, MINE), Desk(&world.west, OTHER));
    let (.., id) = world.requested().await;
    they.accept(&id).await.unwrap();
    world.cable.cut();
    they.set_dns(&id, None, Some(true)).await.unwrap();
    me.delete(&id).await.unwrap();
    assert_eq!(world.both(&id).await, ("deleting".into(), "active".into()));
    world.east.region.advance(10 * 60_000).await;
    assert_eq!(world.both(&id).await, ("deleting".into(), "active".into()));
    world.cable.mend();
    world.east.region.advance(70_000).await;
    assert_eq!(me.status(&id).await, "deleted");
    world.west.region.advance(70_000).await;
    assert_eq!(world.both(&id).await, twice("deleted"));
    let options = me.seen(&id).await.unwrap().accepter_vpc_info.unwrap().peering_options.unwrap();
    assert_eq!(options.allow_dns_resolution_from_remote_vpc, Some(true), "what was said in between is heard too");
}

/// The requester withdraws while the accepter accepts: it is deleted on both sides.
#[tokio::test]
async fn two_sides_that_went_apart_agree_in_the_end() {
    let world = World::new().await;
    let (.., id) = world.requested().await;
    world.cable.cut();
    Desk(&world.west, OTHER).reject(&id).await.unwrap();
    Desk(&world.east, MINE).delete(&id).await.unwrap();
    assert_eq!(world.both(&id).await, ("deleting".into(), "rejected".into()));
    world.cable.mend();
    world.west.region.advance(2_000).await;
    world.east.region.advance(2_000).await;
    assert_eq!(world.both(&id).await, twice("deleted"));
}

#[tokio::test]
async fn after_a_restart_both_sides_agree_again() {
    let folder = folder("peering");
    let cable = Arc::new(Cable::default());
    let west = cable.node("us-west-2", Lifecycle::instant(), Store::Memory).await;
    let id = {
        let store = Store::open(&folder.join("before")).unwrap();
        let east = cable.node("us-east-1", Lifecycle::instant(), store).await;
        let world = World { cable: Arc::clone(&cable), east, west };
        let (.., id) = world.requested().await;
        Desk(&world.west, OTHER).accept(&id).await.unwrap();
        assert_eq!(world.both(&id).await, twice("active"));
        // Killed here, with the deletion only in what comes after.
        copy_folder(&folder.join("before"), &folder.join("after"));
        cable.cut();
        Desk(&world.west, OTHER).delete(&id).await.unwrap();
        assert_eq!(world.both(&id).await, ("active".into(), "deleting".into()));
        cable.mend();
        let store = Store::open(&folder.join("after")).unwrap();
        let east = cable.node("us-east-1", Lifecycle::instant(), store).await;
        let world = World { east, ..world };
        // Its first act is to ask the other side.
        for _ in 0..200 {
            if world.both(&id).await.0 == "deleted" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.west.region.advance(2_000).await;
        assert_eq!(world.both(&id).await, twice("deleted"));
        id
    };
    assert!(id.starts_with("pcx-"));
}
