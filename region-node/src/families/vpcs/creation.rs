//! A VPC comes with a main route table, a default network ACL and a default security group.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    BlockPublicAccessStates, Route, Tag, Vpc, VpcCidrBlockAssociation, VpcIpv6CidrBlockAssociation,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::VpcState;
use super::blocks::block_state;
use super::state::Parts;
use crate::entity::{Batch, Entity as _, Id};
use crate::families::network_acls::NetworkAclState;
use crate::families::route_tables::RouteTableState;
use crate::families::security_groups::SecurityGroupState;
use crate::request::Context;
use crate::time::Transition;

/// What a VPC is to be.
pub struct NewVpc<'a> {
    pub cidr_block: Ipv4Net,
    /// The block and the network border group that announces it.
    pub ipv6: Option<(Ipv6Net, &'a str)>,
    pub tenancy: &'a str,
    pub dhcp_options: String,
    pub default: bool,
    pub tags: Vec<Tag>,
    /// What exists in it from the beginning.
    pub subnets: Vec<(IpNet, Id)>,
    pub gateway: Option<Id>,
    pub routes: Vec<Route>,
}

/// Adds a VPC and its parts to the batch.
pub fn create(cx: &Context, batch: &mut Batch, new: NewVpc<'_>) -> Ec2Result<(Id, VpcState)> {
    let id = cx.vpcs.fresh_id();
    let parts = Parts {
        main_route_table: cx.route_tables.fresh_id(),
        main_association: cx.shell.ids.prefixed("rtbassoc"),
        default_acl: cx.network_acls.fresh_id(),
        default_group: create_default_group(cx, batch, &id, new.ipv6.is_some())?,
    };
    let table = RouteTableState::new(&cx.account, &parts.main_route_table, &id, new.routes, Vec::new());
    batch.create(&cx.route_tables, &parts.main_route_table, table)?;
    let acl = NetworkAclState::default_of(&cx.account, &parts.default_acl, &id, new.ipv6.is_some());
    batch.create(&cx.network_acls, &parts.default_acl, acl)?;

    let public = Vpc {
        owner_id: Some(cx.account.to_string()),
        instance_tenancy: Some(new.tenancy.to_owned()),
        ipv6_cidr_block_association_set: new.ipv6.into_iter().map(|(b, border)| ipv6_block(cx, b, border)).collect(),
        cidr_block_association_set: vec![ipv4_block(cx, new.cidr_block, "associated")],
        is_default: Some(new.default),
        tags: new.tags,
        block_public_access_states: Some(BlockPublicAccessStates { internet_gateway_block_mode: Some("off".into()) }),
        vpc_id: Some(id.to_string()),
        state: Some("pending".into()),
        cidr_block: Some(new.cidr_block.to_string()),
        dhcp_options_id: Some(new.dhcp_options),
        ..Vpc::default()
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::VpcCreate);
    let state = VpcState::new(public, parts, settles).occupied(new.subnets, new.gateway);
    batch.create(&cx.vpcs, &id, state.clone())?;
    Ok((id, state))
}

pub(super) fn ipv4_block(cx: &Context, block: Ipv4Net, state: &str) -> VpcCidrBlockAssociation {
    VpcCidrBlockAssociation {
        association_id: Some(cx.shell.ids.prefixed("vpc-cidr-assoc").to_string()),
        cidr_block: Some(block.to_string()),
        cidr_block_state: Some(block_state(state)),
    }
}

pub(super) fn ipv6_block(cx: &Context, block: Ipv6Net, border_group: &str) -> VpcIpv6CidrBlockAssociation {
    VpcIpv6CidrBlockAssociation {
        association_id: Some(cx.shell.ids.prefixed("vpc-cidr-assoc").to_string()),
        ipv6_cidr_block: Some(block.to_string()),
        ipv6_cidr_block_state: Some(block_state("associating")),
        network_border_group: Some(border_group.to_owned()),
        ipv6_pool: Some("Amazon".into()),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

fn create_default_group(cx: &Context, batch: &mut Batch, vpc: &Id, ipv6: bool) -> Ec2Result<Id> {
    let id = cx.security_groups.fresh_id();
    let arn = cx.arn(SecurityGroupState::KIND.resource_type, &id);
    let mut group = SecurityGroupState::default_for(&id, &cx.account, vpc, arn, &cx.shell.ids);
    if ipv6 {
        group = group.with_ipv6_egress(&cx.shell.ids);
    }
    batch.create(&cx.security_groups, &id, group)?;
    Ok(id)
}
