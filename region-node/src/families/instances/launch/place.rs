//! Where instances go: the zone, the subnet, and how they are placed in it.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Placement, RunInstancesRequest};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::Published;
use crate::families::subnets::SubnetState;
use crate::request::Context;

type Subnet = Arc<Published<SubnetState>>;

/// The zone that the request names.
pub(super) fn zone(cx: &Context, input: &RunInstancesRequest) -> Ec2Result<Option<&'static Zone>> {
    let Some(placement) = &input.placement else { return Ok(None) };
    let name = placement.availability_zone.as_deref().filter(|name| !name.is_empty());
    let id = placement.availability_zone_id.as_deref().filter(|id| !id.is_empty());
    if name.is_some() && id.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters AvailabilityZone and AvailabilityZoneId may not be specified together",
        ));
    }
    let Some(wanted) = name.or(id) else { return Ok(None) };
    let found = cx.facts.zones.iter().find(|zone| Some(zone.name) == name || Some(zone.id) == id);
    found.map(Some).ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid availability zone: [{wanted}]")))
}

/// The subnet of that id, which must be where the request wants the instances.
pub(super) fn named(cx: &Context, id: &str, zone: Option<&Zone>) -> Ec2Result<Subnet> {
    let subnet = cx.subnets.find(&cx.account, id)?;
    match zone {
        Some(zone) if zone.name != subnet.state.public.availability_zone() => {
            Err(Ec2Error::invalid_parameter(format!(
                "The availability zone '{}' does not match that of the subnet '{id}', '{}'.",
                zone.name,
                subnet.state.public.availability_zone()
            )))
        }
        _ => Ok(subnet),
    }
}

/// The default subnet of the zone that the request names, or of the first that offers the type.
pub(super) fn default(cx: &Context, zone: Option<&Zone>, offering: &[&'static Zone]) -> Ec2Result<Subnet> {
    let vpcs = cx.vpcs.owned_by(&cx.account);
    let vpc = vpcs.values().find(|vpc| vpc.state.public.is_default()).ok_or_else(|| {
        Ec2Error::new("VPCIdNotSpecified", "No default VPC for this user. Specify a subnet, or create a default VPC.")
    })?;
    let subnets = cx.subnets.linked_to(&vpc.id);
    let of = |zone: &Zone| {
        let mut subnets = subnets.values().map(|subnet| (subnet, &subnet.state.public));
        let found = subnets.find(|(_, public)| public.default_for_az() && public.availability_zone() == zone.name);
        found.map(|(subnet, _)| Arc::clone(subnet))
    };
    match zone {
        Some(zone) => of(zone).ok_or_else(|| {
            let message = format!("No default subnet for availability zone: '{}'.", zone.name);
            Ec2Error::new("MissingInput", message)
        }),
        None => offering.iter().find_map(|zone| of(zone)).ok_or_else(|| {
            let message = format!("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc.id);
            Ec2Error::new("MissingInput", message)
        }),
    }
}

/// AWS names the zones that would do.
pub(in super::super) fn check_offered(zone: &str, instance_type: &str, offering: &[&Zone]) -> Ec2Result<()> {
    if offering.iter().any(|offering| offering.name == zone) {
        return Ok(());
    }
    let mut others: Vec<_> = offering.iter().map(|zone| zone.name).collect();
    others.sort_unstable();
    Err(Ec2Error::new(
        "Unsupported",
        format!(
            "Your requested instance type ({instance_type}) is not supported in your requested Availability Zone \
             ({zone}). Please retry your request by not specifying an Availability Zone or choosing {}.",
            others.join(", ")
        ),
    ))
}

/// How the instances are placed in a zone, whose subnet may tell.
pub(super) fn placement(
    cx: &Context,
    input: &RunInstancesRequest,
    zone: &Zone,
    subnet: Option<&archipelago_proto::ec2::v1::Subnet>,
) -> Ec2Result<Placement> {
    let wanted = input.placement.clone().unwrap_or_default();
    if wanted.spread_domain.is_some() {
        return Err(Ec2Error::unsupported("The parameter SpreadDomain is reserved for future use."));
    }
    if wanted.host_resource_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Host resource groups are not supported."));
    }
    let host_id = wanted.host_id.clone().filter(|id| !id.is_empty());
    if let Some(id) = &host_id {
        cx.hosts.find(&cx.account, id)?;
    }
    let vpc = subnet.and_then(|subnet| cx.vpcs.index().get(subnet.vpc_id()));
    let dedicated_vpc = vpc.is_some_and(|vpc| vpc.state.public.instance_tenancy() == "dedicated");
    let tenancy = match wanted.tenancy.as_deref() {
        Some("host") => "host",
        None if host_id.is_some() => "host",
        Some(_) if host_id.is_some() => {
            return Err(Ec2Error::invalid_combination("The parameter HostId requires the tenancy 'host'"));
        }
        Some("dedicated") => "dedicated",
        _ if dedicated_vpc => "dedicated",
        _ => "default",
    };
    let affinity = wanted.affinity.clone().filter(|affinity| !affinity.is_empty());
    if affinity.as_deref().is_some_and(|affinity| !matches!(affinity, "default" | "host")) {
        return Err(Ec2Error::invalid_value("affinity", affinity.unwrap_or_default()));
    }
    if affinity.is_some() && tenancy != "host" {
        return Err(Ec2Error::invalid_combination("The parameter Affinity requires the tenancy 'host'"));
    }
    Ok(Placement {
        availability_zone: Some(zone.name.to_owned()),
        availability_zone_id: Some(zone.id.to_owned()),
        group_name: Some(String::new()),
        tenancy: Some(tenancy.to_owned()),
        affinity: (tenancy == "host").then(|| affinity.unwrap_or_else(|| "default".to_owned())),
        host_id,
        ..Placement::default()
    })
}
