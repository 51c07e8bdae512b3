//! What a Spot Instance is launched and kept by: its request and its price. The actions on requests are the `spot`
//! family's, above instances.

mod depth;
mod lifecycle;
pub mod prices;
mod products;
pub mod protection;
mod state;

pub use depth::depth;
pub use products::Product;
pub use state::{
    Behavior, Cause, Fulfilment, Private, SpotIntent, SpotRequestCommand, SpotRequestState, SpotTerms, money,
    read_price,
};
