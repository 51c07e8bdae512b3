//! As much of the Security Token Service as every client calls. The gateway answers it by itself: temporary keys need
//! no memory, since their session tokens carry everything.

mod actions;
mod names;
mod xml;

pub(crate) use actions::answer;
pub(crate) use names::unique_id;

#[cfg(test)]
mod tests;
