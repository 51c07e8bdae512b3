//! Making a subnet: its VPC gives it its blocks first.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    BlockPublicAccessStates, Subnet, SubnetCidrBlockState, SubnetIpv6CidrBlockAssociation, Tag,
};
use archipelago_proto::regions::{OptIn, Zone};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};
use prost::Message;

use super::attributes::dns_options;
use super::{Association, SubnetState};
use crate::entity::{Id, Published, Undo, workflow};
use crate::families::regions;
use crate::families::vpcs::{VpcCommand, VpcState};
use crate::request::Context;
use crate::time::Transition;

/// What a subnet is to be.
pub struct NewSubnet<'a> {
    pub vpc: &'a Id,
    pub zone: &'static Zone,
    pub ipv4: Option<Ipv4Net>,
    pub ipv6: Option<Ipv6Net>,
    /// The default one of its zone.
    pub default: bool,
    pub tags: Vec<Tag>,
}

impl NewSubnet<'_> {
    /// The subnet, associated with its VPC's default ACL.
    pub fn state(self, cx: &Context, id: &Id, default_acl: &Id) -> SubnetState {
        let native = self.ipv4.is_none();
        let public = Subnet {
            availability_zone_id: Some(self.zone.id.into()),
            map_customer_owned_ip_on_launch: Some(false),
            owner_id: Some(cx.account.to_string()),
            assign_ipv6_address_on_creation: Some(native),
            ipv6_cidr_block_association_set: self.ipv6.into_iter().map(|block| ipv6_association(cx, block)).collect(),
            tags: self.tags,
            subnet_arn: Some(cx.arn("subnet", id)),
            enable_dns64: Some(false),
            ipv6_native: Some(native),
            private_dns_name_options_on_launch: Some(dns_options(native)),
            block_public_access_states: Some(BlockPublicAccessStates {
                internet_gateway_block_mode: Some("off".into()),
            }),
            subnet_id: Some(id.to_string()),
            state: Some("pending".into()),
            vpc_id: Some(self.vpc.to_string()),
            cidr_block: self.ipv4.map(|block| block.to_string()),
            availability_zone: Some(self.zone.name.into()),
            default_for_az: Some(self.default),
            map_public_ip_on_launch: Some(self.default),
            ..Subnet::default()
        };
        let acl = Association { id: cx.shell.ids.prefixed("aclassoc"), to: default_acl.clone() };
        let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::SubnetCreate);
        SubnetState::new(public, acl, settles)
    }
}

pub(super) fn ipv6_association(cx: &Context, block: Ipv6Net) -> SubnetIpv6CidrBlockAssociation {
    SubnetIpv6CidrBlockAssociation {
        association_id: Some(cx.shell.ids.prefixed("subnet-cidr-assoc").to_string()),
        ipv6_cidr_block: Some(block.to_string()),
        ipv6_cidr_block_state: Some(block_state("associating")),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

pub(super) fn block_state(state: &str) -> SubnetCidrBlockState {
    SubnetCidrBlockState { state: Some(state.to_owned()), status_message: None }
}

/// By its name or its id; the first one if there is neither. Local Zones are among them once the account has opted in, and
/// none that has no power.
pub(super) fn zone(cx: &Context, name: Option<&str>, id: Option<&str>) -> Ec2Result<&'static Zone> {
    let takes_some = |zone: &&Zone| regions::opt_in(cx, zone) != OptIn::NotOptedIn && !cx.dark_zones.has(zone.name);
    let usable = || cx.facts.zones.iter().filter(takes_some);
    let mut zones = usable();
    let (parameter, value, zone) = match (name, id) {
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters availabilityZone and availabilityZoneId may not be specified together",
            ));
        }
        (Some(name), None) => ("availabilityZone", name, zones.find(|zone| zone.name == name)),
        (None, Some(id)) => ("availabilityZoneId", id, zones.find(|zone| zone.id == id)),
        (None, None) => ("availabilityZone", "", zones.next()),
    };
    zone.ok_or_else(|| {
        let names = usable().map(|zone| zone.name).collect::<Vec<_>>().join(", ");
        Ec2Error::invalid_parameter(format!(
            "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the following availability zones: {names}."
        ))
    })
}

/// Makes a subnet in a VPC.
pub(super) async fn create<R: Message>(
    cx: &Context,
    vpc: &Arc<Published<VpcState>>,
    new: NewSubnet<'_>,
    response: impl FnOnce(Subnet) -> R,
) -> Ec2Result<R> {
    let id = cx.subnets.fresh_id();
    let subnet = new.state(cx, &id, &vpc.state.default_acl);
    let response = response(subnet.view());
    let mut undo = Undo::default();
    take_blocks(cx, &mut undo, &vpc.id, &id, &subnet).await?;
    let mut batch = cx.batch();
    let outcome = match batch.create(&cx.subnets, &id, subnet) {
        Ok(()) => cx.commit(batch, response).await,
        Err(error) => Err(error),
    };
    workflow(undo, outcome).await
}

async fn take_blocks(cx: &Context, undo: &mut Undo, vpc: &Id, by: &Id, subnet: &SubnetState) -> Ec2Result<()> {
    let blocks = subnet.blocks();
    cx.vpcs.ask(vpc, VpcCommand::TakeBlocks { blocks: blocks.clone(), by: by.clone() }).await?;
    let (vpcs, vpc, by) = (cx.vpcs.clone(), vpc.clone(), by.clone());
    undo.push(async move { drop(vpcs.ask(&vpc, VpcCommand::FreeBlocks { blocks, by }).await) });
    Ok(())
}
