//! Where a route leads to.

use archipelago_proto::ec2::v1::Route;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use crate::request::{ipv4_block, ipv6_block};

/// The destination of a request, which has exactly one.
pub(super) fn parse(ipv4: Option<&str>, ipv6: Option<&str>, prefix_list: Option<&str>) -> Ec2Result<IpNet> {
    match (ipv4, ipv6, prefix_list) {
        (Some(block), None, None) => ipv4_block("destinationCidrBlock", block).map(IpNet::from),
        (None, Some(block), None) => ipv6_block("destinationIpv6CidrBlock", block).map(IpNet::from),
        // Prefix lists are made by actions that do not exist here, so that no id of one is known.
        (None, None, Some(id)) => {
            Err(Ec2Error::new("InvalidPrefixListID.NotFound", format!("The prefix list ID '{id}' does not exist")))
        }
        (None, None, None) => Err(Ec2Error::new("MissingParameter", ONE)),
        _ => Err(Ec2Error::invalid_combination(ONE)),
    }
}

const ONE: &str = "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
                   destinationPrefixListId";

/// A route without a target.
pub(super) fn route_to(destination: IpNet) -> Route {
    let text = Some(destination.to_string());
    match destination {
        IpNet::V4(_) => Route { destination_cidr_block: text, ..Route::default() },
        IpNet::V6(_) => Route { destination_ipv6_cidr_block: text, ..Route::default() },
    }
}

/// Whether a route leads to this destination.
pub(super) fn leads_to(route: &Route, destination: IpNet) -> bool {
    let text = destination.to_string();
    match destination {
        IpNet::V4(_) => route.destination_cidr_block() == text,
        IpNet::V6(_) => route.destination_ipv6_cidr_block() == text,
    }
}

pub(super) fn of(route: &Route) -> Option<IpNet> {
    let text = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref())?;
    text.parse().ok()
}
