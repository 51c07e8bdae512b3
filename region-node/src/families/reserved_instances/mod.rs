//! Reserved instances: what can be bought, what is owned, how it is changed, and the marketplace between accounts.

mod actions;
mod catalogue;
mod filters;
mod listing;
mod listing_actions;
mod marketplace;
mod modification;
mod modify;
mod normalization;
mod offering_actions;
mod plans;
mod state;

pub(crate) use actions::actions;
pub use listing::ListingState;
pub(crate) use listing_actions::follow as follow_listing;
pub use modification::ModificationState;
pub(crate) use modify::follow as follow_modification;
pub use state::ReservedInstancesState;
