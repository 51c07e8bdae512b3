//! Prefixes of a subnet that are delegated to an interface: /28 blocks of IPv4, /80 blocks of IPv6.

use std::net::Ipv4Addr;

use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use crate::entity::{Id, Undo};
use crate::families::subnets;
use crate::request::{Context, ipv4_block, ipv6_block};

/// AWS: "Prefix delegation".
const LENGTH: u8 = 28;

/// The prefix as a request names it.
pub(super) fn read(text: &str) -> Ec2Result<Ipv4Net> {
    let block = ipv4_block("ipv4Prefix", text)?;
    if block.prefix_len() != LENGTH {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({text}) for parameter ipv4Prefix is invalid. The prefix length must be {LENGTH}."
        )));
    }
    Ok(block)
}

/// An IPv6 prefix as a request names it.
pub(super) fn read_ipv6(text: &str) -> Ec2Result<Ipv6Net> {
    let block = ipv6_block("ipv6Prefix", text)?;
    if block.prefix_len() != subnets::IPV6_PREFIX_LENGTH {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({text}) for parameter ipv6Prefix is invalid. The prefix length must be {}.",
            subnets::IPV6_PREFIX_LENGTH
        )));
    }
    Ok(block)
}

pub(super) fn addresses(blocks: &[Ipv4Net]) -> Vec<Ipv4Addr> {
    blocks
        .iter()
        .flat_map(|block| (u32::from(block.network())..=u32::from(block.broadcast())).map(Ipv4Addr::from))
        .collect()
}

/// Takes the prefixes that are named, and as many more as are asked for.
pub(super) async fn allocate(
    cx: &Context,
    undo: &mut Undo,
    subnet: &Id,
    named: &[Ipv4Net],
    count: usize,
) -> Ec2Result<Vec<Ipv4Net>> {
    let mut blocks = Vec::new();
    for block in named {
        take(cx, undo, subnet, *block).await?;
        blocks.push(*block);
    }
    if count == 0 {
        return Ok(blocks);
    }
    let found = cx.subnets.index().get(subnet);
    let own = found.as_ref().and_then(|subnet| subnet.state.ipv4_block());
    let (for_prefixes, explicit) = found.as_ref().map(|subnet| subnet.state.reserved_ipv4()).unwrap_or_default();
    let within = |blocks: &[Ipv4Net]| -> Vec<Ipv4Net> {
        blocks.iter().filter_map(|block| block.subnets(LENGTH).ok()).flatten().collect()
    };
    let reserved = |block: &Ipv4Net| {
        explicit.iter().chain(&for_prefixes).any(|known| known.contains(block) || block.contains(known))
    };
    // AWS: what is reserved for prefixes is used first, what is reserved for addresses not at all.
    let elsewhere = own.and_then(|own| own.subnets(LENGTH).ok()).into_iter().flatten();
    let elsewhere = elsewhere.filter(|block| !reserved(block));
    for block in within(&for_prefixes).into_iter().chain(elsewhere) {
        // The first and the last block have addresses that are reserved; others may be in use.
        if take(cx, undo, subnet, block).await.is_ok() {
            blocks.push(block);
            if blocks.len() == named.len() + count {
                return Ok(blocks);
            }
        }
    }
    Err(subnets::no_free_blocks(subnet))
}

async fn take(cx: &Context, undo: &mut Undo, subnet: &Id, block: Ipv4Net) -> Ec2Result<()> {
    let wanted = addresses(&[block]).into_iter().map(Some).collect();
    subnets::allocate(cx, undo, subnet, wanted).await.map(drop)
}
