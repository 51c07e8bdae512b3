//! Protocols by number, as ACL entries have them.

use archipelago_proto::{Ec2Error, Ec2Result};

pub(super) const ALL: i32 = -1;
pub(super) const ICMP: i32 = 1;
pub(super) const TCP: i32 = 6;
pub(super) const UDP: i32 = 17;
pub(super) const ICMPV6: i32 = 58;

const NAMES: [(&str, i32); 5] = [("all", ALL), ("icmp", ICMP), ("tcp", TCP), ("udp", UDP), ("icmpv6", ICMPV6)];

/// The number of a protocol that is given as one, or by its name.
pub(super) fn number(text: &str) -> Ec2Result<i32> {
    let named = NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| *number);
    let number = named.or_else(|| text.parse().ok()).filter(|number| (ALL..=255).contains(number));
    number.ok_or_else(|| {
        Ec2Error::invalid_parameter(format!("Invalid value '{text}' for IP protocol. Unknown protocol."))
    })
}

/// The name of a protocol's number, where filters know one.
pub(super) fn name(number: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, known)| known.to_string() == number).map(|(name, _)| *name)
}
