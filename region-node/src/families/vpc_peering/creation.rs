//! Requests for peering: what a requester asks, and how the accepter's node takes it.

use std::sync::Arc;

use archipelago_proto::cluster::v1::{Agreement, Stage};
use archipelago_proto::ec2::v1::{
    CidrBlock, CreateVpcPeeringConnectionRequest, CreateVpcPeeringConnectionResult, Ipv6CidrBlock,
    VpcPeeringConnectionVpcInfo,
};
use archipelago_proto::{Ec2Error, Ec2Result, regions};
use ipnet::IpNet;
use prost::Message as _;

use super::state::{OPEN_FOR, party};
use super::view::{terms, view};
use super::{KIND, VpcPeeringState};
use crate::Region;
use crate::entity::{Entity as _, Id, Published};
use crate::families::vpcs::VpcState;
use crate::peer::{Handshake, Role, check_heard};
use crate::request::{Context, check_account, required, tags_for};
use crate::time::Transition;

pub(super) async fn create_vpc_peering_connection(
    cx: Context,
    input: CreateVpcPeeringConnectionRequest,
) -> Ec2Result<CreateVpcPeeringConnectionResult> {
    let kind = &VpcPeeringState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let peer_vpc = required("peerVpcId", input.peer_vpc_id.as_deref())?;
    let peer_owner = input.peer_owner_id.as_deref().unwrap_or(&cx.account);
    check_account(peer_owner, &[])?;
    let peer_region = input.peer_region.as_deref().filter(|region| !region.is_empty()).unwrap_or(cx.facts.name);
    let known = regions::find(peer_region).filter(|region| region.partition.id() == cx.facts.partition.id());
    if known.is_none() {
        return Err(Ec2Error::invalid_value("peerRegion", peer_region));
    }
    VpcState::KIND.check(peer_vpc)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let own = terms(&vpc.state.public, cx.facts.name);
    let agreement = Agreement {
        kind: KIND.to_owned(),
        id: cx.vpc_peering_connections.fresh_id().to_string(),
        requester: Some(party(cx.facts.name, &cx.account, &vpc.id, Some(&own))),
        accepter: Some(party(peer_region, peer_owner, peer_vpc, None)),
        stage: Stage::Requested.into(),
        by: String::new(),
        expires: cx.shell.clock.now() + OPEN_FOR,
    };
    if peer_region != cx.facts.name {
        check_heard(&cx.region, peer_region).await?;
    }
    // One at a time, so that two VPCs are peered once at most.
    let one = cx.settling.lock().await;
    check_new(&cx, &vpc.id, peer_vpc)?;
    let verdict = verdict(&cx.region, &agreement);
    let (id, settles) = (Id::new(&agreement.id), cx.shell.clock.now());
    let settles = settles + cx.shell.lifecycle.duration(Transition::PeeringRequest);
    let side = Handshake::proposed(agreement, cx.facts.name);
    let state = VpcPeeringState::requested(side, tags, verdict, settles);
    let shown = Published {
        id: id.clone(),
        account: cx.account.clone(),
        sequence: 0,
        state: state.clone(),
        dependents: imbl::OrdSet::new(),
    };
    let response = CreateVpcPeeringConnectionResult { vpc_peering_connection: Some(view(&cx, &shown).public) };
    let mut batch = cx.batch();
    batch.create(&cx.vpc_peering_connections, &id, state)?;
    let response = cx.commit(batch, response).await?;
    drop(one);
    cx.vpc_peering_connections.follow_up(&id).await;
    Ok(response)
}

/// Two VPCs have one connection at most, whichever of them has asked for it.
fn check_new(cx: &Context, vpc: &Id, peer_vpc: &str) -> Ec2Result<()> {
    let own = cx.vpc_peering_connections.linked_to(vpc);
    let asked = cx.vpc_peering_connections.linked_to(&Id::new(peer_vpc));
    let pair = |found: &Published<VpcPeeringState>| {
        let parties = Role::BOTH.map(|role| found.state.side.party(role).resource.as_str());
        parties == [&**vpc, peer_vpc] || parties == [peer_vpc, &**vpc]
    };
    match own.values().chain(asked.values()).find(|found| !found.state.is_over() && pair(found)) {
        None => Ok(()),
        Some(known) => Err(Ec2Error::new(
            "VpcPeeringConnectionAlreadyExists",
            format!("A VPC peering connection between {vpc} and {peer_vpc} already exists: {}", known.id),
        )),
    }
}

/// Whether the VPC that is asked for is there, and its blocks are apart from the requester's.
fn verdict(region: &Region, agreement: &Agreement) -> Stage {
    let accepter = agreement.accepter.clone().unwrap_or_default();
    let vpc = region.vpcs.index().get(&accepter.resource).filter(|vpc| *vpc.account == *accepter.account);
    let requester = agreement.requester.clone().unwrap_or_default();
    let requester = VpcPeeringConnectionVpcInfo::decode(requester.terms);
    match (vpc, requester) {
        (Some(vpc), Ok(requester)) if !overlap(&requester, &terms(&vpc.state.public, region.facts.name)) => {
            Stage::Pending
        }
        _ => Stage::Failed,
    }
}

pub(super) fn overlap(one: &VpcPeeringConnectionVpcInfo, other: &VpcPeeringConnectionVpcInfo) -> bool {
    let other: Vec<_> = blocks(other).collect();
    blocks(one).any(|block| other.iter().any(|other| block.contains(other) || other.contains(&block)))
}

fn blocks(info: &VpcPeeringConnectionVpcInfo) -> impl Iterator<Item = IpNet> {
    let ipv4 = info.cidr_block_set.iter().map(CidrBlock::cidr_block);
    let ipv6 = info.ipv6_cidr_block_set.iter().map(Ipv6CidrBlock::ipv6_cidr_block);
    ipv4.chain(ipv6).filter_map(|block| block.parse().ok())
}

/// A request from another region: either it is known from now on, or it has failed and leaves nothing here.
pub(super) async fn receive(region: &Arc<Region>, told: Agreement) -> Ec2Result<Agreement> {
    let stage = verdict(region, &told);
    let agreement = Agreement { stage: stage.into(), ..told };
    if stage == Stage::Pending {
        let account = agreement.accepter.as_ref().map_or("", |party| &party.account).into();
        let cx = Context::internal(region, &account);
        let mut batch = cx.batch();
        let side = Handshake::received(agreement.clone(), region.facts.name);
        batch.create(&cx.vpc_peering_connections, &Id::new(&agreement.id), VpcPeeringState::received(side))?;
        batch.commit().await?;
    }
    Ok(agreement)
}
