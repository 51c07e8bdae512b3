//! The front door of Archipelago: signed EC2 Query requests over HTTP in, gRPC to the region's node out.
//!
//! It holds no code for single actions: it transcodes between Query parameters, protobuf and XML by tables made from
//! the schema of `archipelago-proto`. Not here: any resource, any state but caches. The composition root builds a
//! gateway from its configuration, a keyring and a way to the nodes, and serves it.

mod access;
mod admin;
mod capacity;
mod clock;
mod cloudtrail;
mod connection;
mod consistency;
mod crypto;
mod decode;
mod encode;
mod faults;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod incidents;
mod keyring;
mod limits;
mod meter;
mod milliseconds;
mod nodes;
mod outages;
mod pipeline;
mod policy;
mod populate;
mod query;
mod questions;
mod quotas;
mod record;
mod region;
mod reply;
mod request;
mod scenario;
mod schema;
mod server;
mod service;
mod signature;
mod sts;
mod throttle;
mod tls;
mod trace;
mod truncated;
mod uuids;
mod version;
mod world;

pub use access::{Directory, Group, Identities, Policy, Role, User, check_policy};
pub use clock::{Clock, FixedClock, WallClock};
pub use faults::Rule as Fault;
pub use keyring::{DEFAULT_ACCOUNT, Key, Keyring, is_account};
pub use limits::Limits;
pub use nodes::{Nodes, Power, StaticNodes, connect_lazily, endpoint};
pub use populate::Populate;
pub use record::RecordConfig;
pub use scenario::Step;
pub use server::{Config, Gateway};
pub use signature::{AuthMode, Presigned};
pub use throttle::ThrottleConfig;
pub use tls::Tls;
