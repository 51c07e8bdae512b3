//! Components and explanations as AWS names them ("Reachability Analyzer explanation codes").

use archipelago_proto::ec2::v1::{AnalysisComponent, AnalysisRouteTableRoute, Explanation, PathComponent, Route, Tag};

use crate::request::Context;

/// Where a walk ends that does not arrive.
pub(super) type Step<T> = Result<T, Box<Explanation>>;

/// The resource types of ARNs, by the prefixes of ids.
const TYPES: [(&str, &str); 18] = [
    ("i", "instance"),
    ("eni", "network-interface"),
    ("igw", "internet-gateway"),
    ("vgw", "vpn-gateway"),
    ("nat", "natgateway"),
    ("eigw", "egress-only-internet-gateway"),
    ("tgw", "transit-gateway"),
    ("tgw-attach", "transit-gateway-attachment"),
    ("tgw-rtb", "transit-gateway-route-table"),
    ("vpce", "vpc-endpoint"),
    ("vpce-svc", "vpc-endpoint-service"),
    ("pcx", "vpc-peering-connection"),
    ("sg", "security-group"),
    ("acl", "network-acl"),
    ("rtb", "route-table"),
    ("subnet", "subnet"),
    ("vpc", "vpc"),
    ("pl", "prefix-list"),
];

pub(super) fn arn(cx: &Context, id: &str) -> Option<String> {
    let prefix = id.rsplit_once('-')?.0;
    let (_, resource_type) = TYPES.iter().find(|(known, _)| *known == prefix)?;
    Some(cx.arn(resource_type, id))
}

pub(super) fn component(cx: &Context, id: &str, tags: &[Tag]) -> AnalysisComponent {
    let name = tags.iter().find(|tag| tag.key() == "Name").map(|tag| tag.value().to_owned());
    AnalysisComponent { id: Some(id.to_owned()), arn: arn(cx, id), name }
}

/// A component by its id, with the name that its tags give it.
#[allow(clippy::unnecessary_wraps)] // Messages are optional fields.
pub(super) fn named(cx: &Context, id: &str) -> Option<AnalysisComponent> {
    let tagged = cx.shell.tags.of(&cx.account);
    let tags = tagged.get(id).map(|tagged| tagged.tags.to_vec()).unwrap_or_default();
    Some(component(cx, id, &tags))
}

pub(super) fn path_component(cx: &Context, id: &str) -> PathComponent {
    PathComponent { component: named(cx, id), ..PathComponent::default() }
}

pub(super) fn explain(code: &str, explanation: Explanation) -> Box<Explanation> {
    Box::new(Explanation { explanation_code: Some(code.to_owned()), ..explanation })
}

pub(super) fn route(shown: &Route) -> AnalysisRouteTableRoute {
    let destination = shown.destination_cidr_block.clone().or_else(|| shown.destination_ipv6_cidr_block.clone());
    AnalysisRouteTableRoute {
        destination_cidr: destination,
        destination_prefix_list_id: shown.destination_prefix_list_id.clone(),
        egress_only_internet_gateway_id: shown.egress_only_internet_gateway_id.clone(),
        gateway_id: shown.gateway_id.clone(),
        instance_id: shown.instance_id.clone(),
        nat_gateway_id: shown.nat_gateway_id.clone(),
        network_interface_id: shown.network_interface_id.clone(),
        // AWS: "createroutetable", "createroute" or "enablevgwroutepropagation".
        origin: Some(shown.origin().to_lowercase()),
        transit_gateway_id: shown.transit_gateway_id.clone(),
        vpc_peering_connection_id: shown.vpc_peering_connection_id.clone(),
        state: shown.state.clone(),
        carrier_gateway_id: shown.carrier_gateway_id.clone(),
        core_network_arn: shown.core_network_arn.clone(),
        local_gateway_id: shown.local_gateway_id.clone(),
    }
}
