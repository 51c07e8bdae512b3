//! An elastic address as describes show it, with the instance that its interface is attached to.

use std::sync::Arc;

use archipelago_proto::ec2::v1::Address;

use super::AddressState;
use crate::entity::{Id, Published};
use crate::request::Context;

pub fn view(cx: &Context, address: &Published<AddressState>) -> Address {
    let interface = address.state.interface().and_then(|id| cx.network_interfaces.index().get(&id));
    let instance_id = interface.and_then(|interface| interface.state.instance().map(str::to_owned));
    Address { instance_id, ..address.state.public.clone() }
}

/// The elastic addresses of an interface.
pub fn of_interface(cx: &Context, interface: &Id) -> Vec<Arc<Published<AddressState>>> {
    cx.addresses.linked_to(interface).values().cloned().collect()
}
