//! Machine images: registered, copied, shared, and the public ones that every region has.

mod catalogue;
mod create;
mod find;
mod names;
mod state;

pub(crate) use catalogue::stock;
pub use create::create;
pub use find::{launchable, visible};
pub(crate) use names::rebuild;
pub use state::{ImageCommand, ImageCopy, ImageState};
