//! Addresses in EC2-Classic: associated with instances, which have no interfaces there, and moved to VPCs and back.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AssociateAddressRequest, AssociateAddressResult, DescribeMovingAddressesRequest, DescribeMovingAddressesResult,
    MoveAddressToVpcRequest, MoveAddressToVpcResult, MovingAddressStatus, RestoreAddressToClassicRequest,
    RestoreAddressToClassicResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::actions::by_ip;
use super::{AddressCommand, AddressState};
use crate::entity::{Facts, Id, Published};
use crate::request::{Column, Context, Describe, Row, Table};
use crate::time::Transition;

type Address = Arc<Published<AddressState>>;

impl AddressState {
    pub(super) fn associate_classic(&mut self, instance: &Id) {
        if self.public.instance_id.as_deref() == Some(&**instance) {
            return;
        }
        self.disassociate();
        self.public.instance_id = Some(instance.to_string());
        self.changed.push(instance.to_string());
        self.association_number += 1;
    }

    pub(super) fn start_move(&mut self, facts: &Facts<'_>) -> Ec2Result<()> {
        if self.is_associated() {
            return Err(Ec2Error::new(
                "InvalidAddress.InUse",
                format!(
                    "The address '{}' is associated with an instance or a network interface.",
                    self.public.public_ip()
                ),
            ));
        }
        self.move_settles = Some(facts.after(Transition::AddressAttributeChange));
        Ok(())
    }

    pub(super) fn moved(&mut self, id: &Id) {
        self.move_settles = None;
        let to_vpc = self.is_classic();
        self.public.domain = Some(if to_vpc { "vpc" } else { "standard" }.to_owned());
        self.public.allocation_id = to_vpc.then(|| id.to_string());
    }
}

/// Whether an association is one of EC2-Classic; an address and an instance of different platforms do not go together.
pub(super) fn concerns(cx: &Context, address: &Address, instance: Option<&str>, by_ip: bool) -> Ec2Result<bool> {
    let instance = instance.and_then(|id| cx.instances.find(&cx.account, id).ok());
    let classic = instance.as_ref().is_some_and(|instance| instance.state.is_classic());
    match (address.state.is_classic(), classic) {
        (true, false) => Err(Ec2Error::invalid_combination(
            "You must specify an allocation id when mapping an address to a VPC instance",
        )),
        (false, true) => {
            Err(Ec2Error::invalid_combination("You must specify an IP address when mapping to a non-VPC instance"))
        }
        (true, true) if !by_ip => {
            Err(Ec2Error::invalid_combination("You must specify an IP address when mapping to a non-VPC instance"))
        }
        (both, _) => Ok(both),
    }
}

/// Reference: another instance loses the address; and the instance loses another address.
pub(super) async fn associate(
    cx: &Context,
    address: &Address,
    input: &AssociateAddressRequest,
) -> Ec2Result<AssociateAddressResult> {
    if input.private_ip_address.is_some() {
        return Err(Ec2Error::invalid_combination("PrivateIpAddress may be specified only for a VPC instance"));
    }
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if !instance.state.has_network() {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in a valid state for this operation.", instance.id),
        ));
    }
    let own = address.state.classic_instance();
    if input.allow_reassociation == Some(false) && own.is_some_and(|own| own != instance.id) {
        let message = format!("Address {} is in use.", address.state.public.public_ip());
        return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
    }
    for other in cx.addresses.linked_to(&instance.id).values().filter(|other| other.id != address.id) {
        cx.addresses.ask(&other.id, AddressCommand::Disassociate(None)).await?;
    }
    cx.addresses.ask(&address.id, AddressCommand::AssociateClassic(instance.id.clone())).await?;
    // It may have stopped in between, and then nothing would undo the association.
    if !cx.instances.index().get(&instance.id).is_some_and(|instance| instance.state.has_network()) {
        cx.addresses.ask(&address.id, AddressCommand::Disassociate(None)).await?;
    }
    Ok(AssociateAddressResult::default())
}

pub(super) async fn move_address_to_vpc(
    cx: Context,
    input: MoveAddressToVpcRequest,
) -> Ec2Result<MoveAddressToVpcResult> {
    let address = by_ip(&cx, input.public_ip())?;
    if !address.state.is_classic() {
        return Err(Ec2Error::invalid_parameter(format!(
            "The address '{}' is already allocated for use in a VPC.",
            address.state.public.public_ip()
        )));
    }
    cx.addresses.ask(&address.id, AddressCommand::Move).await?;
    Ok(MoveAddressToVpcResult {
        allocation_id: Some(address.id.to_string()),
        status: Some("MoveInProgress".to_owned()),
    })
}

pub(super) async fn restore_address_to_classic(
    cx: Context,
    input: RestoreAddressToClassicRequest,
) -> Ec2Result<RestoreAddressToClassicResult> {
    let address = by_ip(&cx, input.public_ip())?;
    if !address.state.from_classic || address.state.is_classic() {
        return Err(Ec2Error::invalid_parameter(format!(
            "The address '{}' was allocated for use in a VPC and cannot be restored to EC2-Classic.",
            address.state.public.public_ip()
        )));
    }
    cx.addresses.ask(&address.id, AddressCommand::Move).await?;
    Ok(RestoreAddressToClassicResult { public_ip: input.public_ip, status: Some("MoveInProgress".to_owned()) })
}

impl Row for MovingAddressStatus {
    fn id(&self) -> &str {
        self.public_ip()
    }
}

/// AWS: DescribeMovingAddresses.
const FILTERS: Table<MovingAddressStatus> =
    &[("moving-status", Column::Of(|address, probe| probe.maybe(address.move_status.as_deref())))];

pub(super) async fn describe_moving_addresses(
    cx: Context,
    input: DescribeMovingAddressesRequest,
) -> Ec2Result<DescribeMovingAddressesResult> {
    for public_ip in &input.public_ips {
        by_ip(&cx, public_ip)?;
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let named = |address: &Address| {
        input.public_ips.is_empty() || input.public_ips.iter().any(|known| known == address.state.public.public_ip())
    };
    let own = cx.addresses.owned_by(&cx.account);
    let moving = own.values().filter(|address| address.state.move_settles.is_some() && named(address));
    let moving = moving.map(|address| MovingAddressStatus {
        move_status: Some(if address.state.is_classic() { "movingToVpc" } else { "restoringToClassic" }.to_owned()),
        public_ip: address.state.public.public_ip.clone(),
    });
    let page = describe.pick_from("moving-address", FILTERS, moving.collect())?;
    Ok(DescribeMovingAddressesResult { moving_address_statuses: page.items, next_token: page.next_token })
}
