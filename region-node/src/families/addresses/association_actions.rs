//! Associating an address with an interface's private address (reference: AssociateAddress, DisassociateAddress).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AssociateAddressRequest, AssociateAddressResult, DisassociateAddressRequest, DisassociateAddressResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::actions::{by_ip, named};
use super::classic;
use super::{AddressCommand, AddressState, Association, of_interface};
use crate::entity::{Id, Kind, Published};
use crate::families::network_interfaces::{self, NetworkInterfaceCommand, NetworkInterfaceState};
use crate::request::{Context, one_of};

type Interface = Arc<Published<NetworkInterfaceState>>;

/// What is said of an instance that no interface is attached to.
const INSTANCE: Kind = Kind {
    resource_type: "instance",
    prefix: "i",
    not_found: "InvalidInstanceID.NotFound",
    malformed: "InvalidInstanceID.Malformed",
    noun: "instance ID",
};

pub(super) async fn associate_address(
    cx: Context,
    input: AssociateAddressRequest,
) -> Ec2Result<AssociateAddressResult> {
    one_of(("AllocationId", input.allocation_id.as_deref()), ("PublicIp", input.public_ip.as_deref()))?;
    let (instance, interface) = (input.instance_id.as_deref(), input.network_interface_id.as_deref());
    one_of(("InstanceId", instance), ("NetworkInterfaceId", interface))?;
    let address = named(&cx, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    if classic::concerns(&cx, &address, instance, input.public_ip.is_some())? {
        return classic::associate(&cx, &address, &input).await;
    }
    let interface = match (interface, instance) {
        (Some(id), _) => cx.network_interfaces.find(&cx.account, id)?,
        (None, instance) => only_interface(&cx, instance.unwrap_or_default())?,
    };
    check_not_served(&cx, Some(&interface.id))?;
    check_not_served(&cx, address.state.interface().as_ref())?;
    address.state.check_no_transfer(cx.shell.clock.now())?;
    let private_ip = private_ip(&interface, input.private_ip_address.as_deref())?;
    check_reachable(&cx, &address.state, &interface)?;
    let allow_reassociation = input.allow_reassociation.unwrap_or(true);
    if !allow_reassociation {
        check_free(&cx, &address, &interface, &private_ip)?;
    }

    let with = Association {
        interface: interface.id.clone(),
        interface_owner: interface.account.to_string(),
        private_ip,
        number: next_number(&cx, &interface.id),
        allow_reassociation,
    };
    let associated = associate(&cx, &address.id, with).await?;
    Ok(AssociateAddressResult { association_id: associated.state.public.association_id.clone() })
}

/// Associates, and takes away what the new association replaces: an earlier elastic address, and
/// the public one that Amazon has lent.
pub(super) async fn associate(
    cx: &Context,
    address: &Id,
    with: Association,
) -> Ec2Result<Arc<Published<AddressState>>> {
    let (interface, private_ip) = (with.interface.clone(), with.private_ip.clone());
    let associated = cx.addresses.ask(address, AddressCommand::Associate(with)).await?.published;
    let association = associated.state.public.association_id.clone();
    // It may have been deleted in between, and then nothing would undo the association.
    let Some(known) = cx.network_interfaces.index().get(&interface).filter(|known| !known.state.leaving) else {
        cx.addresses.ask(address, AddressCommand::Disassociate(association)).await?;
        return cx.network_interfaces.find(&cx.account, &interface).and(Err(Ec2Error::internal()));
    };
    let mut rivals = of_interface(cx, &interface);
    rivals.retain(|rival| rival.state.public.private_ip_address() == private_ip);
    rivals.sort_by(|a, b| (a.state.association_number, &a.id).cmp(&(b.state.association_number, &b.id)));
    rivals.pop();
    for replaced in rivals {
        let association = replaced.state.public.association_id.clone();
        cx.addresses.ask(&replaced.id, AddressCommand::Disassociate(association)).await?;
    }
    if known.state.public.private_ip_address() == private_ip && known.state.public_ip.is_some() {
        network_interfaces::command(cx, &interface, NetworkInterfaceCommand::ReleasePublicIp).await?;
    }
    Ok(associated)
}

/// Associates a free address with an interface that a service keeps; the association's id.
pub async fn associate_with(cx: &Context, allocation: &str, interface: &Id, private_ip: &str) -> Ec2Result<String> {
    let address = cx.addresses.find(&cx.account, allocation)?;
    let public = &address.state.public;
    let already =
        public.network_interface_id.as_deref() == Some(&**interface) && public.private_ip_address() == private_ip;
    if already {
        return Ok(public.association_id().to_owned());
    }
    let holder = cx.network_interfaces.find(&cx.account, interface)?;
    check_border(cx, &address.state, &holder)?;
    let with = Association {
        interface: interface.clone(),
        interface_owner: holder.account.to_string(),
        private_ip: private_ip.to_owned(),
        number: next_number(cx, interface),
        allow_reassociation: false,
    };
    let associated = associate(cx, &address.id, with).await?;
    Ok(associated.state.public.association_id().to_owned())
}

/// What a service keeps is not the customer's to associate with, or to take away.
fn check_not_served(cx: &Context, interface: Option<&Id>) -> Ec2Result<()> {
    let interface = interface.and_then(|id| cx.network_interfaces.index().get(id));
    if interface.is_some_and(|interface| interface.state.service.is_some()) {
        return Err(Ec2Error::new("AuthFailure", "You do not have permission to access the specified resource."));
    }
    Ok(())
}

/// Of several associations with one private address the last one stays; of two at once, always the same.
pub(super) fn next_number(cx: &Context, interface: &Id) -> u64 {
    let numbers = of_interface(cx, interface).into_iter().map(|address| address.state.association_number);
    numbers.max().unwrap_or_default() + 1
}

/// AWS: "The instance must have exactly one attached network interface."
fn only_interface(cx: &Context, instance: &str) -> Ec2Result<Interface> {
    INSTANCE.check(instance)?;
    let attached = cx.network_interfaces.linked_to(&Id::new(instance));
    let mut own = attached.values().filter(|interface| interface.account == cx.account);
    match (own.next(), own.next()) {
        (Some(only), None) => Ok(Arc::clone(only)),
        (None, _) => Err(INSTANCE.not_found(instance)),
        (Some(_), Some(_)) => Err(Ec2Error::new(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for \
                 the operation instead."
            ),
        )),
    }
}

fn private_ip(interface: &Published<NetworkInterfaceState>, wanted: Option<&str>) -> Ec2Result<String> {
    let not_assigned = |address: &str| {
        Ec2Error::invalid_parameter(format!(
            "The private IP address '{address}' is not assigned to network interface '{}'",
            interface.id
        ))
    };
    match wanted {
        Some(wanted) if interface.state.has_private_ip(wanted) => Ok(wanted.to_owned()),
        Some(wanted) => Err(not_assigned(wanted)),
        None => interface.state.public.private_ip_address.clone().ok_or_else(|| not_assigned("")),
    }
}

/// An internet gateway must lead to the interface, which must be behind the border that announces the address.
fn check_reachable(
    cx: &Context,
    address: &AddressState,
    interface: &Published<NetworkInterfaceState>,
) -> Ec2Result<()> {
    let vpc = interface.state.public.vpc_id();
    if cx.vpcs.index().get(vpc).is_none_or(|vpc| vpc.state.gateway().is_none()) {
        let message = format!("Network {vpc} is not attached to any internet gateway");
        return Err(Ec2Error::new("Gateway.NotAttached", message));
    }
    check_border(cx, address, interface)
}

fn check_border(cx: &Context, address: &AddressState, interface: &Published<NetworkInterfaceState>) -> Ec2Result<()> {
    let zone = cx.facts.zone(interface.state.public.availability_zone());
    if zone.is_some_and(|zone| zone.network_border_group != address.public.network_border_group()) {
        return Err(Ec2Error::invalid_combination(format!(
            "The address '{}' and the network interface '{}' are in different network border groups.",
            address.public.public_ip(),
            interface.id
        )));
    }
    Ok(())
}

/// For those who do not allow that another address is replaced.
fn check_free(
    cx: &Context,
    address: &Published<AddressState>,
    interface: &Published<NetworkInterfaceState>,
    private_ip: &str,
) -> Ec2Result<()> {
    let others = of_interface(cx, &interface.id);
    let other =
        others.iter().find(|other| other.id != address.id && other.state.public.private_ip_address() == private_ip);
    match other {
        Some(other) => Err(Ec2Error::new(
            "Resource.AlreadyAssociated",
            format!(
                "resource {} is already associated with associate-id {}",
                interface.id,
                other.state.public.association_id()
            ),
        )),
        None => Ok(()),
    }
}

pub(super) async fn disassociate_address(
    cx: Context,
    input: DisassociateAddressRequest,
) -> Ec2Result<DisassociateAddressResponse> {
    let (association, public_ip) = (input.association_id.as_deref(), input.public_ip.as_deref());
    one_of(("AssociationId", association), ("PublicIp", public_ip))?;
    let address = match (association, public_ip) {
        (Some(id), _) => {
            cx.addresses.of_part(&cx.account, id).filter(|_| id.starts_with("eipassoc-")).ok_or_else(|| {
                Ec2Error::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
            })?
        }
        (None, ip) => by_ip(&cx, ip.unwrap_or_default())?,
    };
    let current = association.is_none_or(|id| address.state.public.association_id() == id);
    if current {
        check_not_served(&cx, address.state.interface().as_ref())?;
    }
    let association = association.map(str::to_owned);
    cx.addresses.ask(&address.id, AddressCommand::Disassociate(association)).await?;
    Ok(DisassociateAddressResponse {})
}
