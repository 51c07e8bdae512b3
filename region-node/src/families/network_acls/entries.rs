//! CreateNetworkAclEntry, ReplaceNetworkAclEntry and DeleteNetworkAclEntry.

use std::ops::RangeInclusive;

use archipelago_proto::ec2::v1::{
    CreateNetworkAclEntryRequest, CreateNetworkAclEntryResponse, DeleteNetworkAclEntryRequest,
    DeleteNetworkAclEntryResponse, IcmpTypeCode, NetworkAclEntry, PortRange, ReplaceNetworkAclEntryRequest,
    ReplaceNetworkAclEntryResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::NetworkAclCommand;
use super::protocol::{ICMP, ICMPV6, TCP, UDP, number};
use crate::request::{Context, ipv4_block, ipv6_block};

/// Reference: CreateNetworkAclEntry, RuleNumber.
const RULE_NUMBERS: RangeInclusive<i32> = 1..=32_766;

pub(super) async fn create_network_acl_entry(
    cx: Context,
    input: CreateNetworkAclEntryRequest,
) -> Ec2Result<CreateNetworkAclEntryResponse> {
    let entry = checked(NetworkAclEntry {
        cidr_block: input.cidr_block,
        egress: input.egress,
        icmp_type_code: input.icmp_type_code,
        ipv6_cidr_block: input.ipv6_cidr_block,
        port_range: input.port_range,
        protocol: input.protocol,
        rule_action: input.rule_action,
        rule_number: input.rule_number,
    })?;
    let acl = cx.network_acls.find(&cx.account, input.network_acl_id.as_deref().unwrap_or_default())?;
    cx.network_acls.ask(&acl.id, NetworkAclCommand::CreateEntry(entry)).await?;
    Ok(CreateNetworkAclEntryResponse {})
}

pub(super) async fn replace_network_acl_entry(
    cx: Context,
    input: ReplaceNetworkAclEntryRequest,
) -> Ec2Result<ReplaceNetworkAclEntryResponse> {
    let entry = checked(NetworkAclEntry {
        cidr_block: input.cidr_block,
        egress: input.egress,
        icmp_type_code: input.icmp_type_code,
        ipv6_cidr_block: input.ipv6_cidr_block,
        port_range: input.port_range,
        protocol: input.protocol,
        rule_action: input.rule_action,
        rule_number: input.rule_number,
    })?;
    let acl = cx.network_acls.find(&cx.account, input.network_acl_id.as_deref().unwrap_or_default())?;
    cx.network_acls.ask(&acl.id, NetworkAclCommand::ReplaceEntry(entry)).await?;
    Ok(ReplaceNetworkAclEntryResponse {})
}

pub(super) async fn delete_network_acl_entry(
    cx: Context,
    input: DeleteNetworkAclEntryRequest,
) -> Ec2Result<DeleteNetworkAclEntryResponse> {
    check_number(input.rule_number())?;
    let acl = cx.network_acls.find(&cx.account, input.network_acl_id())?;
    let command = NetworkAclCommand::DeleteEntry { egress: input.egress(), rule_number: input.rule_number() };
    cx.network_acls.ask(&acl.id, command).await?;
    Ok(DeleteNetworkAclEntryResponse {})
}

fn check_number(rule_number: i32) -> Ec2Result<()> {
    if RULE_NUMBERS.contains(&rule_number) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "Value ({rule_number}) for parameter ruleNumber is invalid. It must be from {} to {}.",
        RULE_NUMBERS.start(),
        RULE_NUMBERS.end()
    )))
}

/// The entry as it is kept: protocol as a number, block canonical, ports and ICMP types where the
/// protocol has them. AWS disregards them for other protocols.
fn checked(entry: NetworkAclEntry) -> Ec2Result<NetworkAclEntry> {
    check_number(entry.rule_number())?;
    let protocol = number(entry.protocol())?;
    let cidr_block = entry.cidr_block.as_deref().map(|text| ipv4_block("cidrBlock", text)).transpose()?;
    let ipv6_cidr_block = entry.ipv6_cidr_block.as_deref().map(|text| ipv6_block("ipv6CidrBlock", text)).transpose()?;
    match (&cidr_block, &ipv6_cidr_block) {
        (None, None) => return Err(Ec2Error::missing_parameter("cidrBlock")),
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters cidrBlock and ipv6CidrBlock may not be specified together",
            ));
        }
        (Some(_), None) if protocol == ICMPV6 => return Err(Ec2Error::missing_parameter("ipv6CidrBlock")),
        _ => {}
    }
    let port_range = match protocol {
        TCP | UDP => Some(ports(entry.port_range)?),
        _ => None,
    };
    let icmp_type_code = match protocol {
        ICMP | ICMPV6 => Some(icmp(entry.icmp_type_code)?),
        _ => None,
    };
    Ok(NetworkAclEntry {
        cidr_block: cidr_block.map(|block| block.to_string()),
        ipv6_cidr_block: ipv6_cidr_block.map(|block| block.to_string()),
        protocol: Some(protocol.to_string()),
        port_range,
        icmp_type_code,
        ..entry
    })
}

fn ports(range: Option<PortRange>) -> Ec2Result<PortRange> {
    let range = range.ok_or_else(|| Ec2Error::missing_parameter("portRange"))?;
    let (Some(from), Some(to)) = (range.from, range.to) else {
        return Err(Ec2Error::missing_parameter(if range.from.is_none() { "portRange.from" } else { "portRange.to" }));
    };
    for port in [from, to] {
        if !(0..=65_535).contains(&port) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Invalid value '{port}' for a port. It must be from 0 to 65535."
            )));
        }
    }
    if from > to {
        let message = format!("Invalid port range. The port {from} is greater than the port {to}.");
        return Err(Ec2Error::invalid_parameter(message));
    }
    Ok(range)
}

/// -1 stands for all types, and then for all codes.
fn icmp(given: Option<IcmpTypeCode>) -> Ec2Result<IcmpTypeCode> {
    let given = given.ok_or_else(|| Ec2Error::missing_parameter("icmpTypeCode"))?;
    let (Some(kind), Some(code)) = (given.r#type, given.code) else {
        let missing = if given.r#type.is_none() { "icmpTypeCode.type" } else { "icmpTypeCode.code" };
        return Err(Ec2Error::missing_parameter(missing));
    };
    for value in [kind, code] {
        if !(-1..=255).contains(&value) {
            let message = format!("Invalid value '{value}' for an ICMP type or code. It must be from -1 to 255.");
            return Err(Ec2Error::invalid_parameter(message));
        }
    }
    if kind == -1 && code != -1 {
        return Err(Ec2Error::invalid_parameter("The ICMP code must be -1 for the ICMP type -1."));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(protocol: &str) -> NetworkAclEntry {
        NetworkAclEntry {
            cidr_block: Some("10.0.0.9/24".into()),
            protocol: Some(protocol.into()),
            rule_number: Some(100),
            ..NetworkAclEntry::default()
        }
    }

    fn code(entry: NetworkAclEntry) -> String {
        checked(entry).unwrap_err().code
    }

    #[test]
    fn protocols_are_kept_as_numbers_and_blocks_in_canonical_form() {
        let port_range = Some(PortRange { from: Some(80), to: Some(443) });
        let kept = checked(NetworkAclEntry { port_range, ..entry("tcp") }).unwrap();
        assert_eq!((kept.protocol(), kept.cidr_block()), ("6", "10.0.0.0/24"));
        assert_eq!(kept.port_range, port_range);
        let kept = checked(NetworkAclEntry { port_range, ..entry("-1") }).unwrap();
        assert_eq!(kept.port_range, None, "all traffic has no ports");
    }

    #[test]
    fn ports_and_types_are_required_by_their_protocols() {
        assert_eq!(code(entry("6")), "MissingParameter");
        assert_eq!(code(entry("1")), "MissingParameter");
        assert_eq!(code(entry("58")), "MissingParameter");
        assert_eq!(code(entry("256")), "InvalidParameterValue");
        assert_eq!(code(entry("quic")), "InvalidParameterValue");
        let icmp_type_code = Some(IcmpTypeCode { r#type: Some(-1), code: Some(0) });
        assert_eq!(code(NetworkAclEntry { icmp_type_code, ..entry("1") }), "InvalidParameterValue");
        let port_range = Some(PortRange { from: Some(443), to: Some(80) });
        assert_eq!(code(NetworkAclEntry { port_range, ..entry("17") }), "InvalidParameterValue");
        assert_eq!(code(NetworkAclEntry { rule_number: Some(32_767), ..entry("-1") }), "InvalidParameterValue");
    }
}
