//! CreateDefaultSubnet: the first /20 of the default VPC that is free.

use archipelago_proto::ec2::v1::{CreateDefaultSubnetRequest, CreateDefaultSubnetResult};
use archipelago_proto::regions::OptIn;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::Ipv4Net;

use super::creation::{NewSubnet, create, zone};
use crate::request::{Context, one_of};

/// The size of default subnets.
const SIZE: u8 = 20;

pub(super) async fn create_default_subnet(
    cx: Context,
    input: CreateDefaultSubnetRequest,
) -> Ec2Result<CreateDefaultSubnetResult> {
    let (name, id) = (input.availability_zone.as_deref(), input.availability_zone_id.as_deref());
    one_of(("availabilityZone", name), ("availabilityZoneId", id))?;
    if input.ipv6_native() {
        return Err(Ec2Error::unsupported("The default VPC has no IPv6 CIDR block for an IPv6-only subnet."));
    }
    let zone = zone(&cx, name, id)?;
    if zone.opt_in() != OptIn::NotRequired {
        return Err(Ec2Error::unsupported(format!("There are no default subnets in the zone '{}'.", zone.name)));
    }
    // One at a time: a zone has one default subnet at most.
    let _one = cx.settling.lock().await;
    let vpcs = cx.vpcs.owned_by(&cx.account);
    let vpc = vpcs.values().find(|vpc| vpc.state.public.is_default()).ok_or_else(|| {
        Ec2Error::new("DefaultVpcDoesNotExist", "There is no default VPC for this account in this region.")
    })?;
    let subnets = cx.subnets.linked_to(&vpc.id);
    let mut known = subnets.values().map(|subnet| &subnet.state.public);
    if let Some(known) = known.find(|known| known.default_for_az() && known.availability_zone() == zone.name) {
        let message = format!(
            "Subnet '{}' is already the default subnet in availability zone '{}'.",
            known.subnet_id(),
            zone.name
        );
        return Err(Ec2Error::new("DefaultSubnetAlreadyExistsInAvailabilityZone", message));
    }
    let block: Ipv4Net = vpc.state.public.cidr_block().parse().map_err(|_| Ec2Error::internal())?;
    let mut outcome = Err(Ec2Error::new("InvalidSubnet.Conflict", "The default VPC has no free block of this size."));
    for block in block.subnets(SIZE).map_err(|_| Ec2Error::internal())? {
        let new = NewSubnet { vpc: &vpc.id, zone, ipv4: Some(block), ipv6: None, default: true, tags: Vec::new() };
        outcome = create(&cx, vpc, new, |subnet| CreateDefaultSubnetResult { subnet: Some(subnet) }).await;
        let taken = outcome.as_ref().err().is_some_and(|error| error.code == "InvalidSubnet.Conflict");
        if !taken {
            break;
        }
    }
    outcome
}
