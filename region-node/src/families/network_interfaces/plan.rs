//! What a new interface is to be: a request read and checked once, for any number of interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    ConnectionTrackingSpecificationRequest, GroupIdentifier, InstanceIpv6Address, Ipv4PrefixSpecificationRequest,
    Ipv6PrefixSpecificationRequest, NetworkInterface, PrivateIpAddressSpecification, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use super::attributes::connection_tracking;
use super::{Addresses, Limits, NetworkInterfaceState, prefixes};
use crate::entity::{Id, Published, Undo};
use crate::families::subnets::{self, SubnetState, Wanted};
use crate::request::Context;

/// What CreateNetworkInterface and RunInstances say of an interface.
#[derive(Clone)]
pub struct NewInterface {
    pub subnet: Arc<Published<SubnetState>>,
    /// By their ids; none means the VPC's default group.
    pub groups: Vec<String>,
    pub description: Option<String>,
    pub private_ip_address: Option<String>,
    pub private_ip_addresses: Vec<PrivateIpAddressSpecification>,
    pub secondary_private_ip_address_count: Option<i32>,
    pub ipv4_prefixes: Vec<Ipv4PrefixSpecificationRequest>,
    pub ipv4_prefix_count: Option<i32>,
    pub ipv6_addresses: Vec<InstanceIpv6Address>,
    pub ipv6_address_count: Option<i32>,
    pub ipv6_prefixes: Vec<Ipv6PrefixSpecificationRequest>,
    pub ipv6_prefix_count: Option<i32>,
    pub primary_ipv6: bool,
    pub interface_type: Option<String>,
    pub connection_tracking: Option<ConnectionTrackingSpecificationRequest>,
    pub tags: Vec<Tag>,
}

impl NewInterface {
    /// An interface that only says where it is.
    pub fn in_subnet(subnet: Arc<Published<SubnetState>>) -> Self {
        Self {
            subnet,
            groups: Vec::new(),
            description: None,
            private_ip_address: None,
            private_ip_addresses: Vec::new(),
            secondary_private_ip_address_count: None,
            ipv4_prefixes: Vec::new(),
            ipv4_prefix_count: None,
            ipv6_addresses: Vec::new(),
            ipv6_address_count: None,
            ipv6_prefixes: Vec::new(),
            ipv6_prefix_count: None,
            primary_ipv6: false,
            interface_type: None,
            connection_tracking: None,
            tags: Vec::new(),
        }
    }
}

/// A checked request: interfaces only lack their addresses.
pub(super) struct Plan {
    subnet: Arc<Published<SubnetState>>,
    /// The primary address first.
    ipv4: Vec<Wanted>,
    ipv4_prefixes: Vec<Ipv4Net>,
    ipv4_prefix_count: usize,
    ipv6: Vec<Wanted<Ipv6Addr>>,
    ipv6_prefixes: Vec<Wanted<Ipv6Net>>,
    primary_ipv6: bool,
    template: NetworkInterface,
}

impl Plan {
    pub(super) fn read(cx: &Context, new: &NewInterface) -> Ec2Result<Self> {
        let (ipv4, ipv4_prefixes, ipv4_prefix_count) = ipv4(new)?;
        let (ipv6, ipv6_prefixes) = ipv6(new)?;
        let subnet = &new.subnet.state.public;
        let tracking = new.connection_tracking.as_ref().map(connection_tracking).transpose()?;
        let template = NetworkInterface {
            availability_zone: subnet.availability_zone.clone(),
            availability_zone_id: subnet.availability_zone_id.clone(),
            connection_tracking_configuration: tracking,
            description: Some(new.description.clone().unwrap_or_default()),
            groups: groups(cx, &new.groups, subnet.vpc_id(), &new.subnet.id)?,
            interface_type: Some(new.interface_type.clone().unwrap_or_else(|| "interface".into())),
            owner_id: Some(cx.account.to_string()),
            requester_id: Some(cx.account.to_string()),
            requester_managed: Some(false),
            source_dest_check: Some(true),
            status: Some("available".into()),
            subnet_id: Some(new.subnet.id.to_string()),
            tag_set: new.tags.clone(),
            vpc_id: subnet.vpc_id.clone(),
            ipv6_native: subnet.ipv6_native.filter(|native| *native),
            ..NetworkInterface::default()
        };
        Ok(Self {
            subnet: Arc::clone(&new.subnet),
            ipv4,
            ipv4_prefixes,
            ipv4_prefix_count,
            ipv6,
            ipv6_prefixes,
            primary_ipv6: new.primary_ipv6,
            template,
        })
    }

    /// Whether the addresses are named, so that only one interface can have them.
    pub(super) fn names_addresses(&self) -> bool {
        self.ipv4.iter().any(Option::is_some)
            || self.ipv6.iter().any(Option::is_some)
            || !self.ipv4_prefixes.is_empty()
            || self.ipv6_prefixes.iter().any(Option::is_some)
    }

    pub(super) fn check(&self, limits: Limits) -> Ec2Result<()> {
        let ipv4 = self.ipv4.len() + self.ipv4_prefixes.len() + self.ipv4_prefix_count;
        limits.check_counts(ipv4, self.ipv6.len() + self.ipv6_prefixes.len())
    }

    /// The interfaces, with addresses that the subnet has given to all of them at once.
    pub(super) async fn interfaces(
        &self,
        cx: &Context,
        undo: &mut Undo,
        count: usize,
    ) -> Ec2Result<Vec<NetworkInterfaceState>> {
        let subnet = &self.subnet.id;
        let (mut ipv4, mut ipv6, mut ipv6_prefixes) = (Vec::new(), Vec::new(), Vec::new());
        if !self.ipv4.is_empty() {
            ipv4 = subnets::allocate(cx, undo, subnet, self.ipv4.repeat(count)).await?;
        }
        if !self.ipv6.is_empty() {
            ipv6 = subnets::allocate_ipv6(cx, undo, subnet, self.ipv6.repeat(count)).await?;
        }
        if !self.ipv6_prefixes.is_empty() {
            ipv6_prefixes = subnets::allocate_ipv6_prefixes(cx, undo, subnet, self.ipv6_prefixes.repeat(count)).await?;
        }
        let (mut ipv4, mut ipv6) = (ipv4.into_iter(), ipv6.into_iter());
        let mut ipv6_prefixes = ipv6_prefixes.into_iter();
        let mut interfaces = Vec::with_capacity(count);
        for _ in 0..count {
            let addresses = Addresses {
                ipv4: ipv4.by_ref().take(self.ipv4.len()).collect(),
                ipv6: ipv6.by_ref().take(self.ipv6.len()).collect(),
                ipv6_prefixes: ipv6_prefixes.by_ref().take(self.ipv6_prefixes.len()).collect(),
                ipv4_prefixes: prefixes::allocate(cx, undo, subnet, &self.ipv4_prefixes, self.ipv4_prefix_count)
                    .await?,
                public: None,
            };
            interfaces.push(self.interface(cx, &addresses));
        }
        Ok(interfaces)
    }

    fn interface(&self, cx: &Context, addresses: &Addresses) -> NetworkInterfaceState {
        let public = NetworkInterface {
            network_interface_id: Some(cx.network_interfaces.fresh_id().to_string()),
            mac_address: Some(mac_address(cx.shell.unique_number())),
            ..self.template.clone()
        };
        let mut state = NetworkInterfaceState { public, ..NetworkInterfaceState::default() };
        state.add(addresses);
        if let Some(first) = state.public.ipv6_addresses.first_mut().filter(|_| self.primary_ipv6) {
            first.is_primary_ipv6 = Some(true);
        }
        state
    }
}

/// Every number has an address of its own, as the factor is odd. Bits 1 and 0 of the first octet say
/// that it is locally administered and for one station.
fn mac_address(number: u64) -> String {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFF_FFFF_FFFF;
    let octets = scattered.to_be_bytes();
    let tail: Vec<_> = octets[3..].iter().map(|octet| format!("{octet:02x}")).collect();
    format!("02:{}", tail.join(":"))
}

/// The groups with their names, which must be in the interface's VPC.
pub fn groups(cx: &Context, ids: &[String], vpc: &str, subnet: &Id) -> Ec2Result<Vec<GroupIdentifier>> {
    let default = || cx.vpcs.index().get(vpc).map(|vpc| vpc.state.default_group.to_string());
    let ids = if ids.is_empty() { default().into_iter().collect() } else { ids.to_vec() };
    let mut groups: Vec<GroupIdentifier> = Vec::new();
    for id in ids {
        let group = cx.security_groups.find(&cx.account, &id)?;
        if !group.state.is_for(vpc) {
            return Err(Ec2Error::new(
                "InvalidParameter",
                format!("Security group {id} and subnet {subnet} belong to different networks."),
            ));
        }
        let identifier = GroupIdentifier { group_id: Some(id), group_name: group.state.public.group_name.clone() };
        if !groups.contains(&identifier) {
            groups.push(identifier);
        }
    }
    Ok(groups)
}

/// How many of something an interface is to have: more than any interface has is refused before room is made for it.
pub(super) fn count(name: &str, value: Option<i32>) -> Ec2Result<usize> {
    let count = usize::try_from(value.unwrap_or(0)).ok().filter(|count| *count <= MOST);
    count.ok_or_else(|| Ec2Error::invalid_value(name, value.unwrap_or_default()))
}

/// Beyond what any instance type takes.
const MOST: usize = 1 << 16;

pub(super) fn address<A: std::str::FromStr>(text: &str) -> Ec2Result<A> {
    text.parse().map_err(|_| Ec2Error::invalid_parameter(format!("invalid value for parameter address: [{text}]")))
}

/// The addresses with the primary one first, the prefixes by name, and how many more of these.
fn ipv4(new: &NewInterface) -> Ec2Result<(Vec<Wanted>, Vec<Ipv4Net>, usize)> {
    let secondary = count("secondaryPrivateIpAddressCount", new.secondary_private_ip_address_count)?;
    let prefix_count = count("ipv4PrefixCount", new.ipv4_prefix_count)?;
    let read = |prefix: &Ipv4PrefixSpecificationRequest| prefixes::read(prefix.ipv4_prefix());
    let prefixes = new.ipv4_prefixes.iter().map(read).collect::<Ec2Result<Vec<_>>>()?;
    let named = new.private_ip_addresses.iter().filter(|address| !address.primary()).count();
    let ways = [named > 0, secondary > 0, !prefixes.is_empty(), prefix_count > 0];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        return Err(Ec2Error::invalid_combination(
            "Only one of secondary private addresses, their count, IPv4 prefixes and their count may be specified",
        ));
    }
    let mut primary: Option<Ipv4Addr> = new.private_ip_address.as_deref().map(address).transpose()?;
    let mut rest: Vec<Wanted> = Vec::new();
    for specification in &new.private_ip_addresses {
        let wanted = address(specification.private_ip_address())?;
        if !specification.primary() {
            rest.push(Some(wanted));
        } else if primary.replace(wanted).is_some() {
            return Err(Ec2Error::invalid_combination("Only one primary private IP address can be specified."));
        }
    }
    rest.extend(std::iter::repeat_n(None, secondary));
    let without = new.subnet.state.ipv4_block().is_none() || new.interface_type.as_deref() == Some("efa-only");
    if without {
        return if primary.is_some() || !rest.is_empty() || prefix_count > 0 || !prefixes.is_empty() {
            Err(Ec2Error::invalid_combination("The interface cannot have IPv4 addresses"))
        } else {
            Ok((Vec::new(), prefixes, 0))
        };
    }
    Ok((std::iter::once(primary).chain(rest).collect(), prefixes, prefix_count))
}

/// Single addresses and prefixes, named or any.
type Ipv6 = (Vec<Wanted<Ipv6Addr>>, Vec<Wanted<Ipv6Net>>);

fn ipv6(new: &NewInterface) -> Ec2Result<Ipv6> {
    let wanted = count("ipv6AddressCount", new.ipv6_address_count)?;
    let prefix_count = count("ipv6PrefixCount", new.ipv6_prefix_count)?;
    let named = new.ipv6_addresses.iter().map(|specification| address(specification.ipv6_address()).map(Some));
    let named = named.collect::<Ec2Result<Vec<_>>>()?;
    if !named.is_empty() && new.ipv6_address_count.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters ipv6Addresses and ipv6AddressCount may not be specified together",
        ));
    }
    let prefixes = new.ipv6_prefixes.iter().map(|prefix| prefixes::read_ipv6(prefix.ipv6_prefix()).map(Some));
    let prefixes = prefixes.collect::<Ec2Result<Vec<_>>>()?;
    let ways = [!named.is_empty(), wanted > 0, !prefixes.is_empty(), prefix_count > 0];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        return Err(Ec2Error::invalid_combination(
            "Only one of IPv6 addresses, their count, IPv6 prefixes and their count may be specified",
        ));
    }
    let prefixes: Vec<_> = prefixes.into_iter().chain(std::iter::repeat_n(None, prefix_count)).collect();
    let automatic = named.is_empty()
        && prefixes.is_empty()
        && new.ipv6_address_count.is_none()
        && new.subnet.state.public.assign_ipv6_address_on_creation()
        && new.interface_type.as_deref() != Some("efa-only");
    let any = if automatic { 1 } else { wanted };
    let all: Vec<_> = named.into_iter().chain(std::iter::repeat_n(None, any)).collect();
    if new.primary_ipv6 && all.is_empty() {
        return Err(Ec2Error::invalid_combination("A primary IPv6 address requires an IPv6 address"));
    }
    Ok((all, prefixes))
}

#[cfg(test)]
mod tests {
    use super::mac_address;

    #[test]
    fn hardware_addresses_are_well_formed_and_differ() {
        let all: std::collections::HashSet<_> = (0..10_000).map(mac_address).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|mac| mac.len() == 17 && mac.starts_with("02:")));
    }
}
