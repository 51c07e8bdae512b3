//! RunInstances (reference: RunInstances).
//!
//! Everything is checked and worked out once, for however many instances; then each gets its ids, and all of them
//! with their volumes and interfaces come to be in one batch.

mod capacity;
mod devices;
mod group;
mod image;
mod imported;
mod interfaces;
pub(crate) mod market;
mod options;
mod order;
mod outlook;
mod place;
mod run;
mod site;

pub(super) use capacity::check_power;
pub(super) use devices::check_name as check_device_name;
pub(super) use group::named as named_group;
pub(super) use image::{check as check_image, instance_type};
pub(crate) use imported::{check_imported, import};
pub(super) use options::{credits, metadata, profile, user_data};
pub(crate) use order::Order;
pub(crate) use outlook::{Outlook, outlook, request_in_full};
pub(super) use place::check_offered;
pub(super) use run::run_instances;
pub(crate) use run::{check, run};
