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
use crate::families::ipam::Pooled;
use crate::families::network_acls::NetworkAclState;
use crate::families::route_tables::RouteTableState;
use crate::families::security_groups::SecurityGroupState;
use crate::request::Context;
use crate::time::Transition;

/// What a VPC is to be.
pub struct NewVpc<'a> {
    pub id: Id,
    pub cidr_block: Ipv4Net,
    /// The block and the network border group that announces it.
    pub ipv6: Option<(Ipv6Net, &'a str)>,
    /// The IPAM pools that the IPv4 and the IPv6 block are from.
    pub pooled: (Option<Pooled>, Option<Pooled>),
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
    let id = new.id;
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

    let ipv4 = ipv4_block(cx, new.cidr_block, "associated");
    let (pooled_ipv4, pooled_ipv6) = new.pooled;
    let ipv6 = new.ipv6.map(|(block, border)| ipv6_block(cx, block, border, pooled_ipv6.as_ref()));
    let pooled_ipv4 = pooled_ipv4.map(|pooled| Pooled { association: ipv4.association_id().to_owned(), ..pooled });
    let pooled_ipv6 = ipv6.as_ref().zip(pooled_ipv6).map(|(block, pooled)| {
        let association = block.association_id().to_owned();
        Pooled { association, ..pooled }
    });
    let public = Vpc {
        owner_id: Some(cx.account.to_string()),
        instance_tenancy: Some(new.tenancy.to_owned()),
        ipv6_cidr_block_association_set: ipv6.into_iter().collect(),
        cidr_block_association_set: vec![ipv4],
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
    let mut state = VpcState::new(public, parts, settles).occupied(new.subnets, new.gateway);
    state.pooled = pooled_ipv4.into_iter().chain(pooled_ipv6).collect();
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

/// Amazon's own blocks and those of IPAM pools are told apart by the pool's name.
pub(super) fn ipv6_block(
    cx: &Context,
    block: Ipv6Net,
    border_group: &str,
    pooled: Option<&Pooled>,
) -> VpcIpv6CidrBlockAssociation {
    let private = pooled.is_some_and(|pooled| !pooled.public);
    VpcIpv6CidrBlockAssociation {
        association_id: Some(cx.shell.ids.prefixed("vpc-cidr-assoc").to_string()),
        ipv6_cidr_block: Some(block.to_string()),
        ipv6_cidr_block_state: Some(block_state("associating")),
        network_border_group: Some(border_group.to_owned()),
        ipv6_pool: Some(if pooled.is_some() { "IPAM Managed" } else { "Amazon" }.into()),
        ipv6_address_attribute: Some(if private { "private" } else { "public" }.into()),
        ip_source: Some(if private { "none" } else { "amazon" }.into()),
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
