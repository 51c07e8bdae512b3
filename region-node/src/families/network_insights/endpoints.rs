//! The two ends of a path: which resources they can be.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::walk::Interface;
use crate::entity::Id;
use crate::request::Context;

/// The id of a resource that is given by its id or its ARN.
pub(super) fn id_of(text: &str) -> String {
    if !text.starts_with("arn:") {
        return text.to_owned();
    }
    text.rsplit_once('/').map_or(text, |(_, id)| id).to_owned()
}

fn prefix(id: &str) -> &str {
    id.rsplit_once('-').map_or("", |(prefix, _)| prefix)
}

/// A resource that a path may begin or end at, and its owner has.
pub(super) fn check(cx: &Context, parameter: &str, id: &str) -> Ec2Result<()> {
    let account = &cx.account;
    match prefix(id) {
        "i" => cx.instances.find(account, id).map(drop),
        "eni" => cx.network_interfaces.find(account, id).map(drop),
        "igw" => cx.internet_gateways.find(account, id).map(drop),
        "vgw" => cx.vpn_gateways.find(account, id).map(drop),
        "tgw" => cx.transit_gateways.find(account, id).map(drop),
        "tgw-attach" => cx.transit_gateway_attachments.find(account, id).map(drop),
        "vpce" => cx.vpc_endpoints.find(account, id).map(drop),
        "vpce-svc" => cx.vpc_endpoint_services.find(account, id).map(drop),
        "pcx" => match cx.vpc_peering_connections.index().get(id) {
            Some(found) if found.state.visible_to(account, cx.shell.clock.now()) => Ok(()),
            _ => Err(Ec2Error::new(
                "InvalidVpcPeeringConnectionID.NotFound",
                format!("The vpcPeeringConnection ID '{id}' does not exist"),
            )),
        },
        _ => Err(Ec2Error::invalid_value(parameter, id)),
    }
}

/// What an end is in a walk.
pub(super) enum End {
    Interfaces(Vec<Interface>),
    Gateway(String),
    /// It is gone.
    Missing,
}

pub(super) fn end(cx: &Context, id: &str) -> End {
    let interfaces = |of: &str| -> Vec<Interface> {
        let mut found: Vec<Interface> =
            cx.network_interfaces.linked_to(&Id::new(of)).values().map(Arc::clone).collect();
        found.sort_by_key(|found| found.state.public.attachment.as_ref().and_then(|a| a.device_index));
        found
    };
    match prefix(id) {
        "i" => match interfaces(id) {
            found if found.is_empty() => End::Missing,
            found => End::Interfaces(found),
        },
        "eni" => cx.network_interfaces.index().get(id).map_or(End::Missing, |found| End::Interfaces(vec![found])),
        "vpce" => match interfaces(id) {
            found if found.is_empty() => End::Gateway(id.to_owned()),
            found => End::Interfaces(found),
        },
        "vpce-svc" => {
            let endpoints = cx.vpc_endpoints.linked_to(&Id::new(id));
            match endpoints.values().flat_map(|endpoint| interfaces(&endpoint.id)).collect::<Vec<_>>() {
                found if found.is_empty() => End::Missing,
                found => End::Interfaces(found),
            }
        }
        _ => match check(cx, "source", id) {
            Ok(()) => End::Gateway(id.to_owned()),
            Err(_) => End::Missing,
        },
    }
}
