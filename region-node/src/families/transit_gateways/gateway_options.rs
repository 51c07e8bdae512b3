//! The options of a gateway: what AWS sets by itself, and what it takes.

use archipelago_proto::ec2::v1::{ModifyTransitGatewayOptions, TransitGatewayOptions, TransitGatewayRequestOptions};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::view::find_table;
use crate::entity::Id;
use crate::request::Context;

const DEFAULT_ASN: i64 = 64_512;

/// Private numbers of 16 and of 32 bits.
fn check_asn(asn: Option<i64>) -> Ec2Result<()> {
    match asn {
        None | Some(64_512..=65_534 | 4_200_000_000..=4_294_967_294) => Ok(()),
        Some(other) => Err(Ec2Error::invalid_parameter(format!(
            "Amazon side ASN {other} must be in the range 64512 to 65534 or 4200000000 to 4294967294."
        ))),
    }
}

/// A /24 at least for IPv4, a /64 for IPv6.
fn check_blocks(blocks: &[String]) -> Ec2Result<()> {
    for block in blocks {
        let fits = match block.parse() {
            Ok(IpNet::V4(block)) => block.prefix_len() <= 24,
            Ok(IpNet::V6(block)) => block.prefix_len() <= 64,
            Err(_) => false,
        };
        if !fits {
            return Err(Ec2Error::invalid_value("transitGatewayCidrBlocks", block));
        }
    }
    Ok(())
}

/// The options of a new gateway. `table` is its default route table, which it has unless both defaults are off.
pub(super) fn created(new: TransitGatewayRequestOptions, table: &Id) -> Ec2Result<(TransitGatewayOptions, bool)> {
    check_asn(new.amazon_side_asn)?;
    check_blocks(&new.transit_gateway_cidr_blocks)?;
    let or = |given: Option<String>, word: &str| given.or(Some(word.to_owned()));
    let (association, propagation) =
        (or(new.default_route_table_association, "enable"), or(new.default_route_table_propagation, "enable"));
    let with_table = |on: &Option<String>| (on.as_deref() == Some("enable")).then(|| table.to_string());
    let options = TransitGatewayOptions {
        amazon_side_asn: new.amazon_side_asn.or(Some(DEFAULT_ASN)),
        transit_gateway_cidr_blocks: new.transit_gateway_cidr_blocks,
        auto_accept_shared_attachments: or(new.auto_accept_shared_attachments, "disable"),
        association_default_route_table_id: with_table(&association),
        propagation_default_route_table_id: with_table(&propagation),
        default_route_table_association: association,
        default_route_table_propagation: propagation,
        vpn_ecmp_support: or(new.vpn_ecmp_support, "enable"),
        dns_support: or(new.dns_support, "enable"),
        security_group_referencing_support: or(new.security_group_referencing_support, "disable"),
        multicast_support: or(new.multicast_support, "disable"),
        encryption_support: None,
    };
    let needs_table =
        options.association_default_route_table_id.is_some() || options.propagation_default_route_table_id.is_some();
    Ok((options, needs_table))
}

/// A change is right in itself, and the tables that it names are the gateway's.
pub(super) fn check_change(
    cx: &Context,
    gateway: &str,
    known: &TransitGatewayOptions,
    new: &ModifyTransitGatewayOptions,
) -> Ec2Result<()> {
    check_asn(new.amazon_side_asn)?;
    check_blocks(&new.add_transit_gateway_cidr_blocks)?;
    if new.encryption_support.is_some() {
        return Err(Ec2Error::unsupported("Encryption support of transit gateways is not supported."));
    }
    for block in &new.remove_transit_gateway_cidr_blocks {
        if !known.transit_gateway_cidr_blocks.contains(block) {
            return Err(Ec2Error::invalid_value("removeTransitGatewayCidrBlocks", block));
        }
    }
    for id in [&new.association_default_route_table_id, &new.propagation_default_route_table_id].into_iter().flatten() {
        if find_table(cx, id)?.state.gateway() != gateway {
            return Err(Ec2Error::invalid_parameter(format!("{id} is not a route table of {gateway}.")));
        }
    }
    let lacks = |on: Option<&str>, given: &Option<String>, known: &Option<String>| {
        on == Some("enable") && given.is_none() && known.is_none()
    };
    if lacks(
        new.default_route_table_association.as_deref(),
        &new.association_default_route_table_id,
        &known.association_default_route_table_id,
    ) {
        return Err(Ec2Error::missing_parameter("associationDefaultRouteTableId"));
    }
    if lacks(
        new.default_route_table_propagation.as_deref(),
        &new.propagation_default_route_table_id,
        &known.propagation_default_route_table_id,
    ) {
        return Err(Ec2Error::missing_parameter("propagationDefaultRouteTableId"));
    }
    Ok(())
}
