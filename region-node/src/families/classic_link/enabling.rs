//! Which VPCs may be enabled for ClassicLink (reference: EnableVpcClassicLink).

use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::Ipv4Net;

use crate::entity::Published;
use crate::families::vpcs::VpcState;
use crate::request::Context;

/// The addresses of EC2-Classic, and the VPCs that may lie in them.
const CLASSIC: &str = "10.0.0.0/8";
const ALLOWED: [&str; 2] = ["10.0.0.0/16", "10.1.0.0/16"];

/// No route may lead to EC2-Classic's addresses, but for the local ones of certain VPCs.
pub(super) fn check(cx: &Context, vpc: &Published<VpcState>) -> Ec2Result<()> {
    let associations = vpc.state.public.cidr_block_association_set.iter();
    let local = associations.filter_map(|association| association.cidr_block.as_deref());
    let conflict = || {
        Err(Ec2Error::new(
            "VpcCidrConflict",
            format!("The VPC '{}' has routing that conflicts with the EC2-Classic address range {CLASSIC}.", vpc.id),
        ))
    };
    if local.filter_map(parse).any(|block| overlaps(block) && !allowed(block)) {
        return conflict();
    }
    let tables = cx.route_tables.linked_to(&vpc.id);
    let routes = tables.values().flat_map(|table| table.state.public.routes.clone());
    let mut destinations = routes.filter_map(|route| route.destination_cidr_block.as_deref().and_then(parse));
    // The route to everywhere else is no conflict: classic addresses are more specific.
    if destinations.any(|block| block.prefix_len() > 0 && overlaps(block)) { conflict() } else { Ok(()) }
}

fn parse(block: &str) -> Option<Ipv4Net> {
    block.parse().ok()
}

fn overlaps(block: Ipv4Net) -> bool {
    parse(CLASSIC).is_some_and(|classic| classic.contains(&block) || block.contains(&classic))
}

fn allowed(block: Ipv4Net) -> bool {
    ALLOWED.iter().filter_map(|allowed| parse(allowed)).any(|allowed| allowed.contains(&block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_networks_of_ten_do_not_conflict() {
        for (block, conflicts) in
            [("10.0.0.0/16", false), ("10.1.128.0/20", false), ("10.2.0.0/16", true), ("172.31.0.0/16", false)]
        {
            let block = parse(block).unwrap();
            assert_eq!(overlaps(block) && !allowed(block), conflicts, "{block}");
        }
    }
}
