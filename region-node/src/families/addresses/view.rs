//! An elastic address as describes show it, with the instance that its interface is attached to.

use std::sync::Arc;

use archipelago_proto::ec2::v1::Address;

use super::AddressState;
use crate::entity::{Id, Published};
use crate::request::Context;

pub fn view(cx: &Context, address: &Published<AddressState>) -> Address {
    let interface = address.state.interface().and_then(|id| cx.network_interfaces.index().get(&id));
    let instance_id = interface.and_then(|interface| interface.state.instance().map(str::to_owned));
    let instance_id = instance_id.or_else(|| address.state.public.instance_id.clone());
    Address { instance_id, ..address.state.public.clone() }
}

/// The elastic addresses of an interface.
pub fn of_interface(cx: &Context, interface: &Id) -> Vec<Arc<Published<AddressState>>> {
    cx.addresses.linked_to(interface).values().cloned().collect()
}

/// The elastic address of an instance in EC2-Classic.
pub fn of_classic_instance(cx: &Context, instance: &Id) -> Option<Arc<Published<AddressState>>> {
    let linked = cx.addresses.linked_to(instance);
    linked.values().max_by_key(|address| address.state.association_number).cloned()
}
