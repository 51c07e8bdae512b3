//! ClassicLink: VPCs that EC2-Classic instances may be linked to. No account has EC2-Classic here, so that no instance is.

mod actions;
mod enabling;

pub(crate) use actions::actions;
