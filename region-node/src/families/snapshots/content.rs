//! What a snapshot holds. Nobody reads the bytes here, so a block is known by its checksum alone, and all
//! checksums follow from a seed: copies have the same, in whatever region.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// A block of 16 MiB: the largest volume is 4,096 blocks per TiB, a copy of which travels as 32 KiB.
const BLOCK_MIB: u64 = 16;
pub(crate) const BLOCK_BYTES: u64 = BLOCK_MIB << 20;
const BLOCKS_PER_GIB: u64 = 1024 / BLOCK_MIB;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    pub seed: u64,
    pub gib: u64,
}

impl Content {
    /// What a volume holds at the time of a snapshot.
    pub fn of_volume(volume_id: &str, gib: i32) -> Self {
        let hash = Sha256::digest(volume_id);
        let mut seed = [0; 8];
        seed.copy_from_slice(&hash[..8]);
        Self { seed: u64::from_be_bytes(seed), gib: u64::try_from(gib).unwrap_or_default() }
    }

    pub fn blocks(self) -> u64 {
        self.gib * BLOCKS_PER_GIB
    }

    pub fn checksums(self, blocks: Range<u64>) -> Vec<u64> {
        blocks.map(|block| mix(self.seed ^ mix(block))).collect()
    }
}

/// The finalizer of SplitMix64: each input bit reaches all output bits.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_follows_from_volume_and_size() {
        let content = Content::of_volume("vol-0123456789abcdef0", 2);
        assert_eq!(content.blocks(), 128);
        assert_eq!(content.checksums(5..9)[1..], content.checksums(6..9));
        assert_ne!(content.checksums(0..1), Content::of_volume("vol-0123456789abcdef1", 2).checksums(0..1));
    }
}
