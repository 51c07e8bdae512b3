//! What an IPAM sees of a region: the blocks of VPCs and subnets in private scopes, elastic addresses in the public
//! one.

use std::collections::{HashMap, HashSet};

use archipelago_proto::ec2::v1::{IpamResourceCidr, IpamResourceTag, Tag};
use ipnet::IpNet;

use super::filters::ResourceRow;
use super::manager::IpamState;
use super::pool::PoolState;
use super::vpc::Pooled;
use crate::entity::Published;
use crate::request::Context;

/// The blocks of the account's resources that an IPAM watches, in all of its scopes.
pub(super) fn of(cx: &Context, ipam: &Published<IpamState>) -> Vec<ResourceRow> {
    if !ipam.state.operates_in(cx.facts.name) {
        return Vec::new();
    }
    let mut rows = private(cx, ipam);
    mark_overlaps(&mut rows);
    rows.extend(elastic(cx, ipam));
    rows
}

fn row(
    cx: &Context,
    ipam: &Published<IpamState>,
    scope: &str,
    (id, kind, cidr): (&str, &str, &str),
    tags: &[Tag],
) -> ResourceRow {
    let name = tags.iter().find(|tag| tag.key() == "Name").map(|tag| tag.value().to_owned());
    let tag = |tag: &Tag| IpamResourceTag { key: tag.key.clone(), value: tag.value.clone() };
    let public = IpamResourceCidr {
        ipam_id: Some(ipam.id.to_string()),
        ipam_scope_id: Some(scope.to_owned()),
        resource_region: Some(cx.facts.name.to_owned()),
        resource_owner_id: Some(cx.account.to_string()),
        resource_id: Some(id.to_owned()),
        resource_name: name,
        resource_cidr: Some(cidr.to_owned()),
        resource_type: Some(kind.to_owned()),
        resource_tags: tags.iter().map(tag).collect(),
        compliance_status: Some("unmanaged".into()),
        management_state: Some("unmanaged".into()),
        overlap_status: Some("nonoverlapping".into()),
        ..IpamResourceCidr::default()
    };
    ResourceRow { position: format!("{id}/{cidr}"), public }
}

fn private(cx: &Context, ipam: &Published<IpamState>) -> Vec<ResourceRow> {
    let mut rows = Vec::new();
    for vpc in cx.vpcs.owned_by(&cx.account).values() {
        let public = &vpc.state.public;
        let ipv4 = public.cidr_block_association_set.iter().map(|block| (block.association_id(), block.cidr_block()));
        let ipv6 = public.ipv6_cidr_block_association_set.iter();
        let ipv6 = ipv6.map(|block| (block.association_id(), block.ipv6_cidr_block()));
        let subnets: Vec<_> = cx.subnets.linked_to(&vpc.id).values().cloned().collect();
        let mut scopes: HashMap<&str, (String, bool)> = HashMap::new();
        for (association, cidr) in ipv4.chain(ipv6) {
            let pooled = vpc.state.pooled.iter().find(|pooled| pooled.association == association);
            let mut found = row(cx, ipam, "", (&vpc.id, "vpc", cidr), &public.tags);
            found.public.vpc_id = Some(vpc.id.to_string());
            let Some((scope, ignored)) = place(cx, ipam, &mut found, pooled) else { continue };
            let parts = subnets.iter().flat_map(|subnet| subnet.state.blocks());
            found.public.ip_usage = Some(usage(cidr, parts));
            scopes.insert(cidr, (scope, ignored));
            rows.push(found);
        }
        for subnet in &subnets {
            for block in subnet.state.blocks() {
                let within = |cidr: &str| cidr.parse().is_ok_and(|own: IpNet| own.contains(&block));
                let Some((_, (scope, ignored))) = scopes.iter().find(|(cidr, _)| within(cidr)) else { continue };
                let shown = &subnet.state.public;
                let cidr = block.to_string();
                let mut found = row(cx, ipam, scope, (&subnet.id, "subnet", &cidr), &shown.tags);
                if *ignored {
                    ignore(&mut found);
                }
                found.public.vpc_id = Some(vpc.id.to_string());
                found.public.availability_zone_id.clone_from(&shown.availability_zone_id);
                if let IpNet::V4(block) = block {
                    let all = 2_f64.powi(32 - i32::from(block.prefix_len())) - 5.0;
                    found.public.ip_usage = Some(1.0 - f64::from(subnet.state.free_addresses()) / all.max(1.0));
                }
                rows.push(found);
            }
        }
    }
    rows
}

/// The scope that a VPC's block is in, by its pool or by ModifyIpamResourceCidr; none if it is in another IPAM's.
fn place(
    cx: &Context,
    ipam: &Published<IpamState>,
    row: &mut ResourceRow,
    pooled: Option<&Pooled>,
) -> Option<(String, bool)> {
    if let Some(pool) = pooled.and_then(|pooled| cx.ipam_pools.index().get(&pooled.pool)) {
        if pool.state.ipam != *ipam.id {
            return None;
        }
        row.public.ipam_pool_id = Some(pool.id.to_string());
        row.public.management_state = Some("managed".into());
        row.public.compliance_status = Some(compliance(&pool.state, &row.public).into());
        row.public.ipam_scope_id = Some(pool.state.scope.clone());
        return Some((pool.state.scope.clone(), false));
    }
    let public = &row.public;
    let known = ipam.state.placements.iter();
    let known = known.rev().find(|p| p.resource == public.resource_id() && p.cidr == public.resource_cidr());
    let scope = known.map_or(ipam.state.public.private_default_scope_id(), |known| known.scope.as_str()).to_owned();
    let ignored = known.is_some_and(|known| known.ignored);
    row.public.ipam_scope_id = Some(scope.clone());
    if ignored {
        ignore(row);
    }
    Some((scope, ignored))
}

fn ignore(row: &mut ResourceRow) {
    let ignored = || Some("ignored".to_owned());
    row.public.compliance_status = ignored();
    row.public.management_state = ignored();
    row.public.overlap_status = ignored();
}

/// Whether a pool's rules, as they are now, are kept.
fn compliance(pool: &PoolState, row: &IpamResourceCidr) -> &'static str {
    let length = row.resource_cidr().parse().map_or(0, |block: IpNet| i32::from(block.prefix_len()));
    let public = &pool.public;
    let sized = public.allocation_min_netmask_length.is_none_or(|shortest| shortest <= length)
        && public.allocation_max_netmask_length.is_none_or(|longest| length <= longest);
    let tagged = public.allocation_resource_tags.iter().all(|tag| row.resource_tags.contains(tag));
    if sized && tagged { "compliant" } else { "noncompliant" }
}

/// How much of a block its parts take.
fn usage(cidr: &str, parts: impl Iterator<Item = IpNet>) -> f64 {
    let Ok(whole) = cidr.parse::<IpNet>() else { return 0.0 };
    let share = |part: IpNet| 2_f64.powi(i32::from(whole.prefix_len()) - i32::from(part.prefix_len()));
    parts.filter(|part| whole.contains(part)).map(share).sum()
}

/// VPCs of one scope whose blocks have addresses in common, and the subnets of such VPCs.
fn mark_overlaps(rows: &mut [ResourceRow]) {
    let mut blocks: Vec<(String, IpNet, String)> = rows
        .iter()
        .filter(|row| row.public.resource_type() == "vpc" && row.public.overlap_status() != "ignored")
        .filter_map(|row| {
            let block = row.public.resource_cidr().parse().ok()?;
            Some((row.public.ipam_scope_id().to_owned(), block, row.public.resource_id().to_owned()))
        })
        .collect();
    blocks.sort_by_key(|(scope, block, _)| (scope.clone(), block.network(), block.prefix_len()));
    let mut overlapping: HashSet<(String, IpNet)> = HashSet::new();
    let mut widest: Option<&(String, IpNet, String)> = None;
    for next in &blocks {
        // Sorted, blocks overlap only with the widest that begins before them.
        match widest.filter(|wide| wide.0 == next.0 && wide.1.contains(&next.1)) {
            Some(wide) => {
                overlapping.insert((wide.2.clone(), wide.1));
                overlapping.insert((next.2.clone(), next.1));
            }
            None => widest = Some(next),
        }
    }
    for row in rows.iter_mut().filter(|row| row.public.overlap_status() != "ignored") {
        let block = row.public.resource_cidr().parse::<IpNet>();
        let hit = overlapping
            .iter()
            .any(|(vpc, wide)| vpc == row.public.vpc_id() && block.as_ref().is_ok_and(|block| wide.contains(block)));
        if hit {
            row.public.overlap_status = Some("overlapping".into());
        }
    }
}

fn elastic(cx: &Context, ipam: &Published<IpamState>) -> Vec<ResourceRow> {
    let scope = ipam.state.public.public_default_scope_id();
    let addresses = cx.addresses.owned_by(&cx.account);
    addresses
        .values()
        .map(|address| {
            let public = &address.state.public;
            let cidr = format!("{}/32", public.public_ip());
            let mut found = row(cx, ipam, scope, (public.allocation_id(), "eip", &cidr), &public.tags);
            found.public.ip_usage = Some(f64::from(u8::from(public.association_id.is_some())));
            found
        })
        .collect()
}
