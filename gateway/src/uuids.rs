//! UUIDs, as AWS names requests and events. They are unique, but no secrets.

use std::sync::atomic::{AtomicU64, Ordering};

/// A seeded one gives the same ids in the same order.
pub(crate) struct Uuids {
    seed: Option<u64>,
    drawn: AtomicU64,
}

impl Uuids {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self { seed, drawn: AtomicU64::default() }
    }

    pub(crate) fn fresh(&self) -> String {
        let number = match self.seed {
            None => fastrand::u128(..),
            Some(seed) => {
                // Odd, so that each number leads to a seed of its own.
                let turn = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                fastrand::Rng::with_seed(seed.wrapping_add(turn)).u128(..)
            }
        };
        let mut bytes = number.to_ne_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex::encode(bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_have_the_form_of_uuids_and_are_unique() {
        for uuids in [Uuids::new(None), Uuids::new(Some(1))] {
            let id = uuids.fresh();
            assert_eq!((id.len(), &id[14..15]), (36, "4"));
            assert_ne!(id, uuids.fresh());
        }
    }

    #[test]
    fn a_seed_repeats_them() {
        assert_eq!(Uuids::new(Some(7)).fresh(), Uuids::new(Some(7)).fresh());
    }
}
