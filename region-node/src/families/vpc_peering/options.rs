//! ModifyVpcPeeringConnectionOptions: each account changes its own VPC's side, in its own region.

use archipelago_proto::ec2::v1::{
    ModifyVpcPeeringConnectionOptionsRequest, ModifyVpcPeeringConnectionOptionsResult, PeeringConnectionOptions,
    PeeringConnectionOptionsRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VpcPeeringState;
use super::state::PeeringCommand;
use super::view::{find, not_permitted};
use crate::entity::Published;
use crate::peer::Role;
use crate::request::Context;

pub(super) async fn modify_vpc_peering_connection_options(
    cx: Context,
    input: ModifyVpcPeeringConnectionOptionsRequest,
) -> Ec2Result<ModifyVpcPeeringConnectionOptionsResult> {
    let (requester, accepter) = (input.requester_peering_connection_options, input.accepter_peering_connection_options);
    if requester.is_none() && accepter.is_none() {
        return Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter accepterPeeringConnectionOptions or \
             requesterPeeringConnectionOptions",
        ));
    }
    let found = find(&cx, input.vpc_peering_connection_id.as_deref().unwrap_or_default())?;
    for (role, options) in [(Role::Requester, &requester), (Role::Accepter, &accepter)] {
        if let Some(options) = options {
            check(&cx, &found, role, options)?;
        }
    }
    let command = PeeringCommand::SetOptions { requester, accepter };
    let now = cx.vpc_peering_connections.ask(&found.id, command).await?.published;
    Ok(ModifyVpcPeeringConnectionOptionsResult {
        accepter_peering_connection_options: accepter.map(|_| shown(&now.state, Role::Accepter)),
        requester_peering_connection_options: requester.map(|_| shown(&now.state, Role::Requester)),
    })
}

fn check(
    cx: &Context,
    found: &Published<VpcPeeringState>,
    role: Role,
    options: &PeeringConnectionOptionsRequest,
) -> Ec2Result<()> {
    let side = &found.state.side;
    let (own, word) = match role {
        Role::Requester => (side.party(role), "requester"),
        Role::Accepter => (side.party(role), "accepter"),
    };
    if !side.is_here(role) {
        return Err(not_permitted(format!(
            "The {word} peering options of {} can only be modified in the region {}.",
            found.id, own.region
        )));
    }
    if !side.roles(&cx.account).any(|known| known == role) {
        return Err(not_permitted(format!(
            "User {} cannot modify the {word} peering options of {}.",
            cx.account, found.id
        )));
    }
    let classic = options.allow_egress_from_local_classic_link_to_remote_vpc()
        || options.allow_egress_from_local_vpc_to_remote_classic_link();
    if classic {
        return Err(not_permitted(format!("VPC {} is not enabled for ClassicLink.", own.resource)));
    }
    Ok(())
}

fn shown(state: &VpcPeeringState, role: Role) -> PeeringConnectionOptions {
    let options = state.terms(role).peering_options.unwrap_or_default();
    PeeringConnectionOptions {
        allow_dns_resolution_from_remote_vpc: options.allow_dns_resolution_from_remote_vpc,
        allow_egress_from_local_classic_link_to_remote_vpc: options.allow_egress_from_local_classic_link_to_remote_vpc,
        allow_egress_from_local_vpc_to_remote_classic_link: options.allow_egress_from_local_vpc_to_remote_classic_link,
    }
}
