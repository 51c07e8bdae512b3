//! The front door of Archipelago: signed EC2 Query requests over HTTP in, gRPC to the region's node out.
//!
//! It holds no code for single actions: it transcodes between Query parameters, protobuf and XML by tables made from
//! the schema of `archipelago-proto`. Not here: any resource, any state but caches. The composition root builds a
//! gateway from its configuration, a keyring and a way to the nodes, and serves it.

mod clock;
mod decode;
mod encode;
mod limits;
mod query;
mod schema;
