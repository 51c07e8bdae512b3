//! The actions on VPC peering connections (reference: "VPC Peering").

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::Stage;
use archipelago_proto::ec2::v1::{
    AcceptVpcPeeringConnectionRequest, AcceptVpcPeeringConnectionResult, DeleteVpcPeeringConnectionRequest,
    DeleteVpcPeeringConnectionResult, DescribeVpcPeeringConnectionsRequest, DescribeVpcPeeringConnectionsResult,
    RejectVpcPeeringConnectionRequest, RejectVpcPeeringConnectionResult,
};

use super::VpcPeeringState;
use super::creation::create_vpc_peering_connection;
use super::filters::FILTERS;
use super::options::modify_vpc_peering_connection_options;
use super::state::PeeringCommand;
use super::view::{find, not_permitted, terms, view};
use crate::entity::{Published, Shelf, Undo, workflow};
use crate::peer::{Role, check_heard};
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(accept_vpc_peering_connection),
        Action::new(create_vpc_peering_connection),
        Action::new(delete_vpc_peering_connection),
        Action::new(describe_vpc_peering_connections),
        Action::new(modify_vpc_peering_connection_options),
        Action::new(reject_vpc_peering_connection),
    ]
}

/// Only the owner of the peer VPC decides, and only in its region.
fn check_accepter(cx: &Context, found: &Published<VpcPeeringState>, verb: &str) -> Ec2Result<()> {
    let side = &found.state.side;
    if !side.is_here(Role::Accepter) {
        return Err(not_permitted(format!(
            "Incorrect region ({}) specified for this request. VPC peering connection {} must be {verb}ed in region {}",
            cx.facts.name,
            found.id,
            side.party(Role::Accepter).region
        )));
    }
    if *side.party(Role::Accepter).account != *cx.account {
        return Err(not_permitted(format!("User {} cannot {verb} peering {}", cx.account, found.id)));
    }
    Ok(())
}

async fn accept_vpc_peering_connection(
    cx: Context,
    input: AcceptVpcPeeringConnectionRequest,
) -> Ec2Result<AcceptVpcPeeringConnectionResult> {
    let found = find(&cx, input.vpc_peering_connection_id.as_deref().unwrap_or_default())?;
    check_accepter(&cx, &found, "accept")?;
    let side = &found.state.side;
    if let Some(with) = side.elsewhere().filter(|_| side.stage() == Stage::Pending) {
        check_heard(&cx.region, with).await?;
    }
    let vpc = cx.vpcs.find(&cx.account, &side.party(Role::Accepter).resource)?;
    let mut undo = Undo::default();
    cx.hold(&mut undo, &cx.vpc_peering_connections, &found.id, &vpc.id).await?;
    let accept = PeeringCommand::Accept(terms(&vpc.state.public, cx.facts.name));
    let outcome = cx.vpc_peering_connections.ask(&found.id, accept).await;
    let now = workflow(undo, outcome).await?.published;
    Ok(AcceptVpcPeeringConnectionResult { vpc_peering_connection: Some(view(&cx, &now).public) })
}

async fn reject_vpc_peering_connection(
    cx: Context,
    input: RejectVpcPeeringConnectionRequest,
) -> Ec2Result<RejectVpcPeeringConnectionResult> {
    let found = find(&cx, input.vpc_peering_connection_id.as_deref().unwrap_or_default())?;
    check_accepter(&cx, &found, "reject")?;
    cx.vpc_peering_connections.ask(&found.id, PeeringCommand::Reject).await?;
    Ok(RejectVpcPeeringConnectionResult { r#return: Some(true) })
}

/// Either side ends it alone: one that cannot be reached is told when it is back.
async fn delete_vpc_peering_connection(
    cx: Context,
    input: DeleteVpcPeeringConnectionRequest,
) -> Ec2Result<DeleteVpcPeeringConnectionResult> {
    let found = find(&cx, input.vpc_peering_connection_id.as_deref().unwrap_or_default())?;
    let delete = PeeringCommand::Delete { by: cx.account.to_string() };
    cx.vpc_peering_connections.ask(&found.id, delete).await?;
    Ok(DeleteVpcPeeringConnectionResult { r#return: Some(true) })
}

async fn describe_vpc_peering_connections(
    cx: Context,
    input: DescribeVpcPeeringConnectionsRequest,
) -> Ec2Result<DescribeVpcPeeringConnectionsResult> {
    let describe = Describe {
        ids: &input.vpc_peering_connection_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let now = cx.shell.clock.now();
    let page = describe.find_where(
        &cx.vpc_peering_connections,
        FILTERS,
        &[Shelf::Owner(cx.account.clone()), Shelf::SharedWith(cx.account.clone())],
        |found| found.state.visible_to(&cx.account, now),
        |found| view(&cx, &found),
    )?;
    let vpc_peering_connections = page.items.into_iter().map(|view| view.public).collect();
    Ok(DescribeVpcPeeringConnectionsResult { vpc_peering_connections, next_token: page.next_token })
}
