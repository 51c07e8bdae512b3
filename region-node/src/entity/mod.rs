//! Entities: what has its own id, its own lifecycle and concurrent writers.
//!
//! [`Entity`] is the pure part that each family writes. All else is here once: the actor that gives
//! an entity its turn ([`Host`]), the published states that describes read ([`Index`]), creation
//! ([`Batch`]), tags, dependents, alarms and passivation. Nothing outside this folder knows actors.

mod actor;
mod batch;
mod claims;
mod contract;
mod follow;
mod host;
mod id;
mod index;
mod lag;
mod record;
mod registry;
mod shell;
mod tagging;
mod undo;
mod uuid;

pub use batch::Batch;
pub use claims::{Claim, Claims};
pub use contract::{Audience, Decision, Entity, Facts, Next, Part};
pub use host::{Answer, Host};
pub use id::{Account, Id, Ids, Kind};
pub use index::{Index, Published, Shelf};
pub(crate) use record::Recorded;
pub(crate) use registry::AnyHost;
pub use registry::Registry;
pub(crate) use shell::CATALOGUE;
pub use shell::Shell;
pub use tagging::{TagChange, TagIndex, Tagged};
pub use undo::{Undo, workflow};
pub(crate) use uuid::uuid;

pub(crate) use contract::resource;
pub(crate) use follow::Follower;
