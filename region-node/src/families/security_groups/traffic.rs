//! Protocols and ports as clients state them, and as EC2 writes them back.

use archipelago_proto::{Ec2Error, Ec2Result};

/// What a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) protocol: String,
    pub(super) from_port: i32,
    pub(super) to_port: i32,
}

/// The protocols that have ports, or types and codes.
pub(super) fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

impl Traffic {
    pub(super) fn read(protocol: Option<&str>, from: Option<i32>, to: Option<i32>) -> Ec2Result<Self> {
        let protocol = protocol.ok_or_else(|| Ec2Error::missing_parameter("ipProtocol"))?;
        let protocol = protocol_name(protocol)?;
        let (from_port, to_port) = match protocol.as_str() {
            "tcp" | "udp" => ports(from, to)?,
            "icmp" | "icmpv6" => types(&protocol, from, to)?,
            _ => (-1, -1),
        };
        Ok(Self { protocol, from_port, to_port })
    }
}

/// Names for the numbers that have one.
fn protocol_name(protocol: &str) -> Ec2Result<String> {
    let unknown =
        || Ec2Error::invalid_parameter(format!("Invalid value '{protocol}' for IP protocol. Unknown protocol."));
    let lower = protocol.to_ascii_lowercase();
    let name = match lower.as_str() {
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        "-1" | "all" => "-1",
        number => return number.parse::<u8>().map(|number| number.to_string()).map_err(|_| unknown()),
    };
    Ok(name.to_owned())
}

fn ports(from: Option<i32>, to: Option<i32>) -> Ec2Result<(i32, i32)> {
    let (Some(from), Some(to)) = (from, to) else {
        return Err(Ec2Error::invalid_parameter(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        ));
    };
    for port in [from, to] {
        if !(0..=65535).contains(&port) {
            return Err(Ec2Error::invalid_parameter(format!("TCP/UDP port ({port}) out of range")));
        }
    }
    if from > to {
        return Err(Ec2Error::invalid_parameter(format!("Invalid TCP/UDP port range ({from}:{to})")));
    }
    Ok((from, to))
}

/// For ICMP the ports are a type and a code, and -1 is any.
fn types(protocol: &str, from: Option<i32>, to: Option<i32>) -> Ec2Result<(i32, i32)> {
    let name = protocol.to_ascii_uppercase();
    let (kind, code) = match (from, to) {
        (Some(kind), Some(code)) => (kind, code),
        // Only ICMPv6 may leave them out (AWS: IpPermission).
        (None, None) if protocol == "icmpv6" => (-1, -1),
        _ => {
            return Err(Ec2Error::invalid_parameter(format!(
                "Invalid value 'Must specify both type and code with {name}.' for portRange."
            )));
        }
    };
    for (what, value) in [("type", kind), ("code", code)] {
        if !(-1..=255).contains(&value) {
            return Err(Ec2Error::invalid_parameter(format!("{name} {what} ({value}) out of range")));
        }
    }
    if kind == -1 && code != -1 {
        return Err(Ec2Error::invalid_parameter(format!("{name} code ({code}) must be -1 when type is -1")));
    }
    Ok((kind, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(protocol: &str, from: Option<i32>, to: Option<i32>) -> Option<(String, i32, i32)> {
        Traffic::read(Some(protocol), from, to).ok().map(|t| (t.protocol, t.from_port, t.to_port))
    }

    #[test]
    fn numbers_of_known_protocols_are_names() {
        assert_eq!(read("6", Some(80), Some(80)), Some(("tcp".into(), 80, 80)));
        assert_eq!(read("UDP", Some(0), Some(65535)), Some(("udp".into(), 0, 65535)));
        assert_eq!(read("58", None, None), Some(("icmpv6".into(), -1, -1)));
        assert_eq!(read("50", Some(3), None), Some(("50".into(), -1, -1)));
        assert_eq!(read("all", None, None), Some(("-1".into(), -1, -1)));
        assert_eq!(read("256", None, None), None);
        assert_eq!(read("tpc", None, None), None);
    }

    #[test]
    fn ports_and_types_are_checked() {
        assert_eq!(read("tcp", Some(80), None), None);
        assert_eq!(read("tcp", Some(81), Some(80)), None);
        assert_eq!(read("tcp", Some(-1), Some(-1)), None);
        assert_eq!(read("icmp", Some(8), Some(-1)), Some(("icmp".into(), 8, -1)));
        assert_eq!(read("icmp", Some(-1), Some(0)), None);
        assert_eq!(read("icmp", None, None), None);
    }
}
