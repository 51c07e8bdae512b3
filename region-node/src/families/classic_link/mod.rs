//! ClassicLink: VPCs that instances in EC2-Classic may be linked to, and those that are.

mod actions;
mod enabling;
mod linking;

pub(crate) use actions::actions;
