//! A peering connection as an account sees it.

use std::sync::Arc;

use archipelago_proto::cluster::v1::Stage;
use archipelago_proto::ec2::v1::{
    CidrBlock, Ipv6CidrBlock, Tag, Vpc, VpcPeeringConnection, VpcPeeringConnectionStateReason,
    VpcPeeringConnectionVpcInfo,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VpcPeeringState;
use super::state::no_options;
use crate::entity::{Entity as _, Id, Published};
use crate::peer::Role;
use crate::request::{Context, Row};

/// What filters are held against.
pub(super) struct View {
    id: Id,
    pub(super) public: VpcPeeringConnection,
}

impl Row for View {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }
}

/// The connection, if the caller sees it.
pub(super) fn find(cx: &Context, id: &str) -> Ec2Result<Arc<Published<VpcPeeringState>>> {
    let now = cx.shell.clock.now();
    let found = cx.vpc_peering_connections.index().get(id);
    match found.filter(|found| found.state.visible_to(&cx.account, now)) {
        Some(found) => Ok(found),
        None => VpcPeeringState::KIND.check(id).and_then(|()| Err(VpcPeeringState::KIND.not_found(id))),
    }
}

/// What a VPC of this region says of itself.
pub(super) fn terms(vpc: &Vpc, region: &str) -> VpcPeeringConnectionVpcInfo {
    let blocks = vpc.cidr_block_association_set.iter();
    let ipv6 = vpc.ipv6_cidr_block_association_set.iter();
    VpcPeeringConnectionVpcInfo {
        cidr_block: vpc.cidr_block.clone(),
        cidr_block_set: blocks.map(|block| CidrBlock { cidr_block: block.cidr_block.clone() }).collect(),
        ipv6_cidr_block_set: ipv6.map(|b| Ipv6CidrBlock { ipv6_cidr_block: b.ipv6_cidr_block.clone() }).collect(),
        owner_id: vpc.owner_id.clone(),
        peering_options: Some(no_options()),
        vpc_id: vpc.vpc_id.clone(),
        region: Some(region.to_owned()),
    }
}

pub(super) fn view(cx: &Context, found: &Published<VpcPeeringState>) -> View {
    let state = &found.state;
    let open = matches!(state.side.stage(), Stage::Unspecified | Stage::Requested | Stage::Pending);
    let tags = if found.account == cx.account { &state.tags } else { &state.guest_tags };
    let public = VpcPeeringConnection {
        accepter_vpc_info: Some(info(cx, state, Role::Accepter)),
        expiration_time: open.then_some(state.side.agreement.expires),
        requester_vpc_info: Some(info(cx, state, Role::Requester)),
        status: Some(status(state)),
        tags: tags.clone(),
        vpc_peering_connection_id: Some(found.id.to_string()),
    };
    View { id: found.id.clone(), public }
}

/// A party of this region has its VPC's blocks of today; of another region's is known what it has last said, and of
/// who has not accepted nothing but who it is.
fn info(cx: &Context, state: &VpcPeeringState, role: Role) -> VpcPeeringConnectionVpcInfo {
    let party = state.side.party(role);
    let said = state.terms(role);
    let said = VpcPeeringConnectionVpcInfo {
        owner_id: Some(party.account.clone()),
        vpc_id: Some(party.resource.clone()),
        region: Some(party.region.clone()),
        ..said
    };
    let speaks = party.revision > 0 && state.side.is_here(role);
    match cx.vpcs.index().get(&party.resource).filter(|vpc| speaks && *vpc.account == *party.account) {
        Some(vpc) => VpcPeeringConnectionVpcInfo {
            peering_options: said.peering_options,
            ..terms(&vpc.state.public, &party.region)
        },
        None => said,
    }
}

fn status(state: &VpcPeeringState) -> VpcPeeringConnectionStateReason {
    let accepter = &state.side.party(Role::Accepter).account;
    let by = &state.side.agreement.by;
    let code = state.code();
    let message = match code {
        "initiating-request" => format!("Initiating Request to {accepter}"),
        "pending-acceptance" => format!("Pending Acceptance by {accepter}"),
        "provisioning" => "Provisioning".to_owned(),
        "active" => "Active".to_owned(),
        "expired" => "Expired".to_owned(),
        "failed" => "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned(),
        "rejected" => format!("Rejected by {by}"),
        "deleting" => format!("Deleting by {by}"),
        _ => format!("Deleted by {by}"),
    };
    VpcPeeringConnectionStateReason { code: Some(code.to_owned()), message: Some(message) }
}

/// The error of who is not the one to do this.
pub(super) fn not_permitted(message: String) -> Ec2Error {
    Ec2Error::new("OperationNotPermitted", message)
}
