//! The entry for `fuzz/`: a region in memory that is asked for whatever the bytes say. No part of the node's interface.

use std::sync::{Arc, LazyLock};

use archipelago_proto::cluster::v1::Caller;
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Call, regions};
use bytes::Bytes;

use crate::Region;
use crate::entity::Ids;
use crate::families;
use crate::peer::NoPeers;
use crate::request::{Action, Desk};
use crate::store::Store;
use crate::time::{Clock, Lifecycle};

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000;

/// More calls than this are another input.
const MOST_CALLS: usize = 32;

/// What takes an instrumented build seconds, an RSA key each time.
const SLOW: &str = "/ec2.v1.KeyPairsService/CreateKeyPair";

/// The keys of actions, in order: a new action takes its key from one neighbour, and leaves all others alone.
static KEYS: LazyLock<Vec<(u16, &'static str)>> = LazyLock::new(|| {
    let paths = families::actions().map(|action: Action| action.path).filter(|path| *path != SLOW);
    let mut keys: Vec<_> = paths.map(|path| (hash(path), path)).collect();
    keys.sort_unstable();
    keys
});

fn hash(path: &str) -> u16 {
    // FNV-1a, folded.
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) as u16 ^ (hash & 0xffff) as u16
}

/// Calls to a new region, each: two bytes that choose the action, two for the length of its message, the message.
pub fn calls(data: &[u8]) {
    asked(data, |_, _| ());
}

/// A call as [`calls`] reads it.
pub fn call(path: &str, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    [&hash(path).to_le_bytes(), &length.to_le_bytes(), &message[..usize::from(length)]].concat()
}

/// The path and the answer of each call that was answered.
pub fn asked(mut data: &[u8], mut answered: impl FnMut(&str, &Bytes)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let clock = Arc::new(Clock::paused_at(START));
        let facts = regions::find("us-east-1").expect("it is the oldest");
        let region = Region::open(facts, clock, Lifecycle::instant(), Ids::seeded(1), Store::Memory, Arc::new(NoPeers));
        let token = ClusterToken::new("fuzz").expect("a header");
        let desk = Desk::new(region.await.expect("nothing is stored"), token);
        for _ in 0..MOST_CALLS {
            let Some((&[a, b, c, d], rest)) = data.split_first_chunk() else { break };
            let key = u16::from_le_bytes([a, b]);
            let (message, after) = rest.split_at(rest.len().min(u16::from_le_bytes([c, d]).into()));
            data = after;
            let at = KEYS.partition_point(|(known, _)| *known < key) % KEYS.len();
            let path = KEYS[at].1;
            let caller = Caller {
                account: "111122223333".into(),
                principal: "arn:aws:iam::111122223333:root".into(),
                version: "2016-11-15".into(),
                ..Caller::default()
            };
            if let Ok(answer) = desk.ask(path, Call { caller }, Bytes::copy_from_slice(message)).await {
                answered(path, &answer);
            }
        }
    });
}
