//! What requests are about without naming it.

use archipelago_proto::permissions::PROFILES;
use prost_reflect::DynamicMessage;

use super::message::texts;
use crate::request::Context;

/// An action, a resource type that it names, and where that resource tells what else the action is about.
const IMPLIED: [(&str, &str, &str); 2] = [
    ("AcceptVpcPeeringConnection", "vpc-peering-connection", "accepter_vpc_info.vpc_id"),
    ("DetachVolume", "volume", "attachments.instance_id"),
];

/// The ids of what a resource that was found implies.
pub(super) fn by(action: &str, resource_type: &str, found: &DynamicMessage) -> Vec<String> {
    let implied = IMPLIED.iter().filter(|(known, of, _)| (*known, *of) == (action, resource_type));
    implied.flat_map(|(_, _, path)| texts(found, path)).collect()
}

/// The ARN of a VPC of a peering connection.
pub(super) fn peer_vpc(cx: &Context, info: &DynamicMessage) -> Option<String> {
    let text = |field| texts(info, field).pop();
    let region = text("region").unwrap_or_else(|| cx.facts.name.to_owned());
    let owner = text("owner_id").unwrap_or_else(|| cx.account.to_string());
    Some(format!("arn:{}:ec2:{region}:{owner}:vpc/{}", cx.facts.partition.id(), text("vpc_id")?))
}

/// The keys of a peering connection that is asked for.
pub(super) fn wanted_peering(cx: &Context, action: &str, request: &DynamicMessage) -> Vec<(&'static str, String)> {
    if action != "CreateVpcPeeringConnection" {
        return Vec::new();
    }
    let text = |field: &str| texts(request, field).pop();
    let arn = |region: Option<String>, owner: Option<String>, vpc: Option<String>| {
        let region = region.unwrap_or_else(|| cx.facts.name.to_owned());
        let owner = owner.unwrap_or_else(|| cx.account.to_string());
        vpc.map(|vpc| format!("arn:{}:ec2:{region}:{owner}:vpc/{vpc}", cx.facts.partition.id()))
    };
    let accepter = arn(text("peer_region"), text("peer_owner_id"), text("peer_vpc_id"));
    let requester = arn(None, None, text("vpc_id"));
    let keys = [("ec2:AccepterVpc", accepter), ("ec2:RequesterVpc", requester)];
    keys.into_iter().filter_map(|(key, arn)| Some((key, arn?))).collect()
}

/// The role that a request hands to EC2 with an instance profile. Profiles are known here by their names alone, so the
/// role is the one of the same name, as the console makes them.
pub(super) fn passed_role(cx: &Context, request: &DynamicMessage) -> Option<String> {
    let at = |field: &str| PROFILES.iter().find_map(|place| texts(request, &format!("{place}.{field}")).pop());
    let name = at("name").or_else(|| Some(at("arn")?.rsplit('/').next()?.to_owned())).filter(|name| !name.is_empty());
    name.map(|name| format!("arn:{}:iam::{}:role/{name}", cx.facts.partition.id(), cx.account))
}
