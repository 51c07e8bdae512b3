//! What holds of a subnet's addresses whatever is taken and given back, in whichever order.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::collection::vec;
use proptest::prelude::*;

use super::addresses::Addresses;
use super::ipv6_addresses::Ipv6Addresses;

/// Numbers stand for places in the block, some of them beyond it.
#[derive(Clone, Debug)]
enum Step {
    TakeAny,
    Take(u32),
    /// As for a prefix: all of these, or none.
    TakeRange(u32, u32),
    GiveBack(u32),
    /// One of those that are held.
    GiveBackHeld(usize),
}

fn step(size: u32) -> impl Strategy<Value = Step> {
    let place = 0..size + 8;
    prop_oneof![
        4 => Just(Step::TakeAny),
        3 => place.clone().prop_map(Step::Take),
        2 => (place.clone(), 1..20_u32).prop_map(|(from, count)| Step::TakeRange(from, count)),
        1 => place.prop_map(Step::GiveBack),
        3 => any::<usize>().prop_map(Step::GiveBackHeld),
    ]
}

fn at(block: Ipv4Net, place: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(block.network()) + place)
}

fn usable(block: Ipv4Net, address: Ipv4Addr) -> bool {
    let place = u32::from(address).wrapping_sub(u32::from(block.network()));
    block.contains(&address) && place >= 4 && address != block.broadcast()
}

/// Takes the addresses, all or none, and says whether it could.
fn take_all(all: &mut Addresses, addresses: &[Ipv4Addr]) -> bool {
    let mut next = all.clone();
    let taken = addresses.iter().all(|address| next.take(*address).is_ok());
    if taken {
        *all = next;
    }
    taken
}

fn run(block: Ipv4Net, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut all = Addresses::new(block);
    let whole = all.free_count();
    let mut held = BTreeSet::new();
    for step in steps {
        match step {
            Step::TakeAny => match all.take_any() {
                Some(address) => {
                    prop_assert!(usable(block, address), "{address} is not to be given out");
                    prop_assert!(held.insert(address), "{address} was given out twice");
                }
                None => prop_assert_eq!(held.len(), whole as usize, "an address was free"),
            },
            Step::Take(place) => {
                let address = at(block, place);
                let free = usable(block, address) && !held.contains(&address);
                prop_assert_eq!(all.take(address).is_ok(), free, "{}", address);
                if free {
                    held.insert(address);
                }
            }
            Step::TakeRange(from, count) => {
                let range: Vec<_> = (from..from + count).map(|place| at(block, place)).collect();
                let free = range.iter().all(|address| usable(block, *address) && !held.contains(address));
                prop_assert_eq!(take_all(&mut all, &range), free, "{} of {}", count, from);
                if free {
                    held.extend(range);
                }
            }
            Step::GiveBack(place) => {
                all.give_back(at(block, place));
                held.remove(&at(block, place));
            }
            Step::GiveBackHeld(which) => {
                let address = held.iter().nth(which % held.len().max(1)).copied();
                if let Some(address) = address {
                    all.give_back(address);
                    held.remove(&address);
                }
            }
        }
        prop_assert_eq!(all.free_count() as usize + held.len(), whole as usize);
    }
    // All come back.
    held.iter().for_each(|address| all.give_back(*address));
    let again: BTreeSet<_> = std::iter::from_fn(|| all.take_any()).collect();
    prop_assert_eq!(again.len(), whole as usize);
    prop_assert!(again.iter().all(|address| usable(block, *address)));
    Ok(())
}

#[derive(Clone, Debug)]
enum Ipv6Step {
    /// By what chance says.
    TakeAny(u64),
    TakeAnyPrefix(u64),
    /// An address of a prefix.
    Take(u16, u64),
    TakePrefix(u16),
    GiveBack(usize),
    GiveBackPrefix(usize),
}

/// Few prefixes and few addresses, so that they meet.
fn ipv6_step() -> impl Strategy<Value = Ipv6Step> {
    let (prefix, address) = (0..6_u16, 0..8_u64);
    let number = (prefix.clone(), address.clone()).prop_map(|(prefix, address)| u64::from(prefix) << 48 | address);
    prop_oneof![
        number.clone().prop_map(Ipv6Step::TakeAny),
        number.prop_map(Ipv6Step::TakeAnyPrefix),
        (prefix.clone(), address).prop_map(|(prefix, address)| Ipv6Step::Take(prefix, address)),
        prefix.prop_map(Ipv6Step::TakePrefix),
        any::<usize>().prop_map(Ipv6Step::GiveBack),
        any::<usize>().prop_map(Ipv6Step::GiveBackPrefix),
    ]
}

#[derive(Default)]
struct Held {
    addresses: BTreeSet<Ipv6Addr>,
    prefixes: BTreeSet<Ipv6Net>,
}

impl Held {
    /// Whether nobody has any of these addresses.
    fn leaves(&self, net: Ipv6Net) -> bool {
        !self.addresses.iter().any(|address| net.contains(address))
            && !self.prefixes.iter().any(|held| held.contains(&net) || net.contains(held))
    }
}

fn run_ipv6(steps: Vec<Ipv6Step>) -> Result<(), TestCaseError> {
    let block: Ipv6Net = "2600:1f18:1:2::/64".parse().unwrap();
    let network = u128::from(block.network());
    let net = |prefix: u16| Ipv6Net::new_assert(Ipv6Addr::from(network | u128::from(prefix) << 48), 80);
    let usable = |net: Ipv6Net| {
        let reserved = (0..4).map(|place| Ipv6Addr::from(network | place)).chain([block.broadcast()]);
        block.contains(&net) && !reserved.into_iter().any(|address| net.contains(&address))
    };
    let (mut all, mut held) = (Ipv6Addresses::new(block), Held::default());
    for step in steps {
        match step {
            Ipv6Step::TakeAny(number) => {
                // The second number is far from all others.
                let mut numbers = [number, 0x7777_0000_0000_0000 | held.addresses.len() as u64].into_iter().cycle();
                let Some(address) = all.take_any(|| numbers.next().unwrap()) else { continue };
                prop_assert!(usable(address.into()) && held.leaves(address.into()), "{address}");
                held.addresses.insert(address);
            }
            Ipv6Step::TakeAnyPrefix(number) => {
                let prefix = all.take_any_prefix(|| number);
                let prefix = prefix.ok_or_else(|| TestCaseError::fail("a /64 has room for these"))?;
                prop_assert!(usable(prefix) && held.leaves(prefix), "{prefix}");
                held.prefixes.insert(prefix);
            }
            Ipv6Step::Take(prefix, address) => {
                let address = Ipv6Addr::from(u128::from(net(prefix).network()) | u128::from(address));
                let free = usable(address.into()) && held.leaves(address.into());
                prop_assert_eq!(all.take(address).is_ok(), free, "{}", address);
                if free {
                    held.addresses.insert(address);
                }
            }
            Ipv6Step::TakePrefix(prefix) => {
                let prefix = net(prefix);
                let free = usable(prefix) && held.leaves(prefix);
                prop_assert_eq!(all.take_prefix(prefix).is_ok(), free, "{}", prefix);
                if free {
                    held.prefixes.insert(prefix);
                }
            }
            Ipv6Step::GiveBack(which) => {
                if let Some(address) = held.addresses.iter().nth(which % held.addresses.len().max(1)).copied() {
                    all.give_back(address);
                    held.addresses.remove(&address);
                }
            }
            Ipv6Step::GiveBackPrefix(which) => {
                if let Some(prefix) = held.prefixes.iter().nth(which % held.prefixes.len().max(1)).copied() {
                    all.give_back_prefix(prefix);
                    held.prefixes.remove(&prefix);
                }
            }
        }
        prop_assert_eq!(all.is_unused(), held.addresses.is_empty() && held.prefixes.is_empty());
    }
    held.addresses.iter().for_each(|address| all.give_back(*address));
    held.prefixes.iter().for_each(|prefix| all.give_back_prefix(*prefix));
    prop_assert!(all.is_unused());
    Ok(())
}

proptest! {
    #[test]
    fn ipv4_addresses_are_never_given_out_twice_nor_lost(
        (block, steps) in (24_u8..=28).prop_flat_map(|length| {
            let block = Ipv4Net::new_assert(Ipv4Addr::new(10, 1, 2, 0), length);
            (Just(block), vec(step(1 << (32 - length)), 0..400))
        })
    ) {
        run(block, steps)?;
    }

    #[test]
    fn ipv6_addresses_and_prefixes_are_never_given_out_twice_nor_lost(steps in vec(ipv6_step(), 0..200)) {
        run_ipv6(steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Words that are full are left out of the search there.
    #[test]
    fn the_same_holds_of_large_blocks(steps in vec(step(65_536), 0..200)) {
        run("10.1.0.0/16".parse().unwrap(), steps)?;
    }
}
