//! Where instances are launched: into a subnet, or into EC2-Classic (reference: RunInstances).

use std::net::Ipv4Addr;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{GroupIdentifier, InstanceTypeInfo, RunInstancesRequest};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::place;
use crate::entity::{Published, Undo};
use crate::families::instances::classic::Classic;
use crate::families::security_groups::{self, SecurityGroupState};
use crate::families::subnets::SubnetState;
use crate::request::Context;

pub(in super::super) enum Site {
    Subnet(Arc<Published<SubnetState>>),
    Classic { zone: &'static Zone, groups: Vec<GroupIdentifier> },
}

/// AWS: the families of types that are launched outside of VPCs; later ones are not.
const FAMILIES: [&str; 15] =
    ["c1", "c3", "cc2", "cg1", "cr1", "d2", "g2", "hi1", "hs1", "i2", "m1", "m2", "m3", "r3", "t1"];

impl Site {
    /// EC2-Classic, if that is what a launch without a subnet means for this account.
    pub(super) fn classic(
        cx: &Context,
        input: &RunInstancesRequest,
        info: &InstanceTypeInfo,
        zones: &[&'static Zone],
    ) -> Ec2Result<Option<Self>> {
        let in_vpc =
            input.subnet_id.as_deref().is_some_and(|id| !id.is_empty()) || !input.network_interfaces.is_empty();
        if in_vpc || !cx.has_classic() || has_default_vpc(cx) {
            return Ok(None);
        }
        let family = info.instance_type().split('.').next().unwrap_or_default();
        if !FAMILIES.contains(&family) {
            return Err(Ec2Error::new(
                "VPCResourceNotSpecified",
                "The specified instance type can only be used in a VPC. A subnet ID or network interface ID is required \
                 to carry out the request.",
            ));
        }
        refuse_vpc_parameters(input)?;
        let first = || zones.first().copied().ok_or_else(Ec2Error::internal);
        let zone = match place::zone(cx, input)? {
            Some(zone) => zone,
            None => first()?,
        };
        Ok(Some(Self::Classic { zone, groups: groups(cx, input)? }))
    }

    /// The name of its zone.
    pub(super) fn zone(&self) -> &str {
        match self {
            Self::Subnet(subnet) => subnet.state.public.availability_zone(),
            Self::Classic { zone, .. } => zone.name,
        }
    }

    pub(super) fn subnet(&self) -> Option<&Arc<Published<SubnetState>>> {
        match self {
            Self::Subnet(subnet) => Some(subnet),
            Self::Classic { .. } => None,
        }
    }

    /// The groups of the reservation, which only EC2-Classic has.
    pub(super) fn groups(&self) -> Vec<GroupIdentifier> {
        match self {
            Self::Subnet(_) => Vec::new(),
            Self::Classic { groups, .. } => groups.clone(),
        }
    }

    /// What an instance has in EC2-Classic; its addresses are given back if the workflow fails.
    pub(super) fn move_in(&self, cx: &Context, undo: &mut Undo) -> Ec2Result<Option<Classic>> {
        let Self::Classic { groups, .. } = self else { return Ok(None) };
        let region = Arc::clone(&cx.region);
        let private_ip: Ipv4Addr = region.classic_addresses.take(&cx.shell.ids)?;
        undo.push(async move { region.classic_addresses.give_back(private_ip) });
        let region = Arc::clone(&cx.region);
        let public_ip = region.public_addresses.take(&cx.shell.ids)?;
        undo.push(async move { region.public_addresses.give_back(public_ip) });
        Ok(Some(Classic {
            groups: groups.clone(),
            private_ip: Some(private_ip.to_string()),
            public_ip: Some(public_ip.to_string()),
            link: None,
        }))
    }
}

fn has_default_vpc(cx: &Context) -> bool {
    cx.vpcs.owned_by(&cx.account).values().any(|vpc| vpc.state.public.is_default())
}

fn refuse_vpc_parameters(input: &RunInstancesRequest) -> Ec2Result<()> {
    let placement = input.placement.clone().unwrap_or_default();
    let given = [
        (input.private_ip_address.is_some(), "PrivateIpAddress"),
        (!input.ipv6_addresses.is_empty(), "Ipv6Addresses"),
        (input.ipv6_address_count.is_some(), "Ipv6AddressCount"),
        (input.enable_primary_ipv6.is_some(), "EnablePrimaryIpv6"),
        (input.private_dns_name_options.is_some(), "PrivateDnsNameOptions"),
        (placement.tenancy.as_deref().is_some_and(|tenancy| tenancy != "default"), "Placement.Tenancy"),
        (placement.host_id.is_some(), "Placement.HostId"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, name)) => Err(Ec2Error::invalid_combination(format!(
            "The parameter {name} may be specified only for a launch into a VPC: specify a subnet."
        ))),
        None => Ok(()),
    }
}

/// The groups that are named, or the account's default one; each once.
fn groups(cx: &Context, input: &RunInstancesRequest) -> Ec2Result<Vec<GroupIdentifier>> {
    let mut groups: Vec<Arc<Published<SecurityGroupState>>> = Vec::new();
    for id in &input.security_group_ids {
        groups.push(cx.security_groups.find(&cx.account, id)?);
    }
    for name in &input.security_groups {
        groups.push(security_groups::classic_by_name(cx, &cx.account, name)?);
    }
    if groups.is_empty() {
        groups.push(security_groups::classic_by_name(cx, &cx.account, "default")?);
    }
    if groups.iter().any(|group| !group.state.is_classic()) {
        return Err(Ec2Error::invalid_combination("VPC security groups may not be used for a non-VPC launch"));
    }
    let mut shown: Vec<GroupIdentifier> = Vec::new();
    for group in groups {
        let group_id = group.state.public.group_id.clone();
        if !shown.iter().any(|known| known.group_id == group_id) {
            shown.push(GroupIdentifier { group_id, group_name: group.state.public.group_name.clone() });
        }
    }
    Ok(shown)
}
