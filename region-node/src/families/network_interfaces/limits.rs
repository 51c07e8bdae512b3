//! How many addresses an interface may have: as the type of its instance says (AWS: "IP addresses per network
//! interface"). A prefix counts as one address.

use archipelago_proto::ec2::v1::InstanceTypeInfo;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{Addresses, NetworkInterfaceState};
use crate::families::instance_types;
use crate::request::Context;

/// Of an interface that is attached to nothing there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    ipv4: Option<i32>,
    ipv6: Option<i32>,
}

impl Limits {
    pub fn of_type(info: &InstanceTypeInfo) -> Self {
        let Some(network) = &info.network_info else { return Self::default() };
        Self { ipv4: network.ipv4_addresses_per_interface, ipv6: network.ipv6_addresses_per_interface }
    }

    /// Those of the instance that an interface is attached to.
    pub(super) fn of(cx: &Context, interface: &NetworkInterfaceState) -> Self {
        let instance = interface.instance().and_then(|id| cx.instances.index().get(id));
        let found = instance.and_then(|instance| instance_types::find(instance.state.public.instance_type()));
        found.map(|found| Self::of_type(&found.info())).unwrap_or_default()
    }

    pub fn check(&self, addresses: &Addresses) -> Ec2Result<()> {
        self.check_counts(
            addresses.ipv4.len() + addresses.ipv4_prefixes.len(),
            addresses.ipv6.len() + addresses.ipv6_prefixes.len(),
        )
    }

    pub(super) fn check_counts(&self, ipv4: usize, ipv6: usize) -> Ec2Result<()> {
        let exceeds =
            |count: usize, most: Option<i32>| most.is_some_and(|most| i32::try_from(count).map_or(true, |n| n > most));
        let refused = |what: &str| {
            Err(Ec2Error::new(
                "PrivateIpAddressLimitExceeded",
                format!("Number of {what} addresses will exceed limit."),
            ))
        };
        match (exceeds(ipv4, self.ipv4), exceeds(ipv6, self.ipv6)) {
            (true, _) => refused("private"),
            (_, true) => refused("IPv6"),
            _ => Ok(()),
        }
    }
}
