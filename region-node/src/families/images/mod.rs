//! Machine images: registered, copied, shared, and the public ones that every region has.

mod actions;
mod attributes;
mod catalogue;
mod copies;
mod create;
mod describe;
mod devices;
mod export;
mod filters;
mod find;
mod names;
mod permissions;
mod register;
mod state;

pub(crate) use actions::actions;
pub(crate) use catalogue::stock;
pub(crate) use copies::{go_on, snapshot_ended};
pub use create::create;
pub(crate) use create::create_as;
pub(crate) use export::{exportable, shares};
pub use find::{launchable, visible};
pub(crate) use names::rebuild;
pub use state::{ImageCommand, ImageCopy, ImageState};
