//! Where a route leads to.

use std::fmt;

use archipelago_proto::ec2::v1::Route;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use crate::request::{ipv4_block, ipv6_block};

/// A block of addresses, or the blocks of a prefix list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Block(IpNet),
    PrefixList(String),
}

const ONE: &str = "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
                   destinationPrefixListId";

impl Destination {
    /// The destination of a request, which has exactly one.
    pub(super) fn parse(ipv4: Option<&str>, ipv6: Option<&str>, prefix_list: Option<&str>) -> Ec2Result<Self> {
        match (ipv4, ipv6, prefix_list) {
            (Some(block), None, None) => Ok(Self::Block(ipv4_block("destinationCidrBlock", block)?.into())),
            (None, Some(block), None) => Ok(Self::Block(ipv6_block("destinationIpv6CidrBlock", block)?.into())),
            (None, None, Some(id)) => Ok(Self::PrefixList(id.to_owned())),
            (None, None, None) => Err(Ec2Error::new("MissingParameter", ONE)),
            _ => Err(Ec2Error::invalid_combination(ONE)),
        }
    }

    pub(super) fn of(route: &Route) -> Option<Self> {
        if let Some(list) = &route.destination_prefix_list_id {
            return Some(Self::PrefixList(list.clone()));
        }
        let text = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref())?;
        text.parse().ok().map(Self::Block)
    }

    /// A route without a target.
    pub(super) fn route(&self) -> Route {
        let text = Some(self.to_string());
        match self {
            Self::Block(IpNet::V4(_)) => Route { destination_cidr_block: text, ..Route::default() },
            Self::Block(IpNet::V6(_)) => Route { destination_ipv6_cidr_block: text, ..Route::default() },
            Self::PrefixList(_) => Route { destination_prefix_list_id: text, ..Route::default() },
        }
    }

    /// Whether a route leads to this destination.
    pub(super) fn is_of(&self, route: &Route) -> bool {
        let text = self.to_string();
        match self {
            Self::Block(IpNet::V4(_)) => route.destination_cidr_block() == text,
            Self::Block(IpNet::V6(_)) => route.destination_ipv6_cidr_block() == text,
            Self::PrefixList(_) => route.destination_prefix_list_id() == text,
        }
    }

    /// Whether it is one of the VPC's own blocks.
    pub(super) fn is_local(&self, local: &[IpNet]) -> bool {
        matches!(self, Self::Block(block) if local.contains(block))
    }

    /// How error messages call the parameter that names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Block(IpNet::V4(_)) => "destination-cidr-block",
            Self::Block(IpNet::V6(_)) => "destination-ipv6-cidr-block",
            Self::PrefixList(_) => "destination-prefix-list-id",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => block.fmt(f),
            Self::PrefixList(id) => f.write_str(id),
        }
    }
}
