//! An entity as the store keeps it.

use prost::Message as _;

use super::{Account, Entity, Id, Published};
use crate::store::Write;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Record {
    #[prost(string, tag = "1")]
    pub(super) account: String,
    #[prost(uint64, tag = "2")]
    pub(super) sequence: u64,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) state: Vec<u8>,
}

/// Keys begin with the kind, so that each host finds its own.
pub(super) fn key<E: Entity>(id: &str) -> String {
    format!("{}/{id}", E::KIND.prefix)
}

pub(super) fn put<E: Entity>(id: &Id, account: &Account, sequence: u64, state: &E) -> Write {
    let record = Record { account: account.to_string(), sequence, state: state.encode() };
    Write { key: key::<E>(id), value: Some(record.encode_to_vec()) }
}

/// A resource that can be written down, whatever its kind.
pub(crate) trait Recorded: Send + Sync {
    fn key(&self) -> String;
    fn write(&self) -> Write;
}

impl<E: Entity> Recorded for Published<E> {
    fn key(&self) -> String {
        key::<E>(&self.id)
    }

    fn write(&self) -> Write {
        put(&self.id, &self.account, self.sequence, &self.state)
    }
}

pub(super) fn delete<E: Entity>(id: &str) -> Write {
    Write { key: key::<E>(id), value: None }
}

pub(super) fn restore<E: Entity>(id: &str, bytes: &[u8]) -> Option<Published<E>> {
    let record = Record::decode(bytes).ok()?;
    Some(Published {
        id: Id::new(id),
        account: record.account.into(),
        sequence: record.sequence,
        state: E::decode(&record.state)?,
        dependents: imbl::OrdSet::new(),
    })
}
