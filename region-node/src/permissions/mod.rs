//! What a request is about, as policies name it: the gateway asks before it lets through a caller whom policies
//! restrict, and decides by itself (AWS: "Actions, resources, and condition keys for Amazon EC2").
//!
//! No family has code for this. `needs` knows which resource types an action is about, `mentions` finds them in a
//! request of any shape, and `kinds` says which field of a resource, as its own describe action answers it, is which
//! condition key. What a request would create has the keys that the request gives it; `launch` alone works out more.

mod implied;
mod kinds;
mod launch;
mod mentions;
mod message;
mod needs;
mod server;
mod subjects;
mod tags;

pub(crate) use mentions::of_request as mentions;
pub(crate) use server::Informant;
