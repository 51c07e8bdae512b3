//! What is made again at boot.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::{IpNet, Ipv6Net};

use super::VpcCommand;
use crate::Region;
use crate::entity::Id;
use crate::families::network_acls::NetworkAclCommand;
use crate::families::route_tables::RouteTableCommand;
use crate::families::security_groups::SecurityGroupCommand;

/// VPCs know their subnets' blocks and their gateway again. What a crash has left of a deleted VPC goes.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    ipv6_blocks(region, None).into_iter().for_each(|block| region.ipv6_pool.claim(block));
    let mut taken: HashMap<Id, Vec<(IpNet, Id)>> = HashMap::new();
    for subnet in region.subnets.index().all() {
        let blocks = subnet.state.blocks().into_iter().map(|block| (block, subnet.id.clone()));
        taken.entry(Id::new(subnet.state.public.vpc_id())).or_default().extend(blocks);
    }
    for gateway in region.internet_gateways.index().all() {
        if let Some(vpc) = gateway.state.vpc() {
            drop(region.vpcs.ask(&Id::new(vpc), VpcCommand::TakeGateway(gateway.id.clone())).await);
        }
    }
    for (vpc, blocks) in taken {
        if let Err(error) = region.vpcs.ask(&vpc, VpcCommand::Recall(blocks)).await {
            tracing::warn!(%vpc, %error, "a VPC does not know its subnets");
        }
    }
    remove_orphans(region).await;
}

/// The blocks that the VPCs of one account have from Amazon, or those of all.
pub(crate) fn ipv6_blocks(region: &Region, account: Option<&str>) -> Vec<Ipv6Net> {
    let all = region.vpcs.index().all();
    let own = all.iter().filter(|vpc| account.is_none_or(|account| *vpc.account == *account));
    own.flat_map(|vpc| vpc.state.amazon_blocks()).collect()
}

async fn remove_orphans(region: &Arc<Region>) {
    let gone = |vpc: &str| region.vpcs.index().get(vpc).is_none();
    for table in region.route_tables.index().all() {
        if gone(table.state.public.vpc_id()) {
            drop(region.route_tables.ask(&table.id, RouteTableCommand::Delete).await);
        }
    }
    for acl in region.network_acls.index().all() {
        if gone(acl.state.public.vpc_id()) {
            drop(region.network_acls.ask(&acl.id, NetworkAclCommand::DeleteWithVpc).await);
        }
    }
    for group in region.security_groups.index().all() {
        if gone(group.state.public.vpc_id()) {
            drop(region.security_groups.ask(&group.id, SecurityGroupCommand::DeleteWithVpc).await);
        }
    }
}
