//! Elastic addresses between accounts (AWS: EnableAddressTransfer, AcceptAddressTransfer and those beside them).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AcceptAddressTransferRequest, AcceptAddressTransferResult, Address, AddressTransfer,
    DescribeAddressTransfersRequest, DescribeAddressTransfersResult, DisableAddressTransferRequest,
    DisableAddressTransferResult, EnableAddressTransferRequest, EnableAddressTransferResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::actions::not_found;
use super::transfer::{Transfer, TransferCommand};
use super::{AddressCommand, AddressState};
use crate::Region;
use crate::entity::{Account, Entity as _, Id, Published, Shelf};
use crate::request::{Context, Describe, check_account, tags_for};

fn shown(address: &AddressState) -> Option<AddressTransfer> {
    address.transfer.as_ref().map(|transfer| transfer.shown.clone())
}

pub(super) async fn enable_address_transfer(
    cx: Context,
    input: EnableAddressTransferRequest,
) -> Ec2Result<EnableAddressTransferResult> {
    check_account(input.transfer_account_id(), &[])?;
    if input.transfer_account_id() == &*cx.account {
        return Err(Ec2Error::invalid_value("transferAccountId", input.transfer_account_id()));
    }
    let address = cx.addresses.find(&cx.account, input.allocation_id())?;
    let offer = TransferCommand::Offer { to: input.transfer_account_id().into() };
    let answer = cx.addresses.ask(&address.id, AddressCommand::Transfer(offer)).await?;
    Ok(EnableAddressTransferResult { address_transfer: shown(&answer.published.state) })
}

pub(super) async fn disable_address_transfer(
    cx: Context,
    input: DisableAddressTransferRequest,
) -> Ec2Result<DisableAddressTransferResult> {
    let address = cx.addresses.find(&cx.account, input.allocation_id())?;
    cx.addresses.ask(&address.id, AddressCommand::Transfer(TransferCommand::Withdraw)).await?;
    let address_transfer = shown(&address.state)
        .map(|transfer| AddressTransfer { address_transfer_status: Some("disabled".into()), ..transfer });
    Ok(DisableAddressTransferResult { address_transfer })
}

/// The address is the caller's under a new allocation once its former owner has let go of it.
pub(super) async fn accept_address_transfer(
    cx: Context,
    input: AcceptAddressTransferRequest,
) -> Ec2Result<AcceptAddressTransferResult> {
    let kind = &AddressState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let offered = cx.addresses.index().of_part(input.address());
    let offered = offered.filter(|address| {
        let to = address.state.transfer.as_ref().map(|transfer| transfer.shown.transfer_account_id());
        to == Some(&*cx.account) && address.state.is_offered(cx.shell.clock.now())
    });
    let offered = offered.ok_or_else(|| not_found(input.address()))?;
    let successor = cx.addresses.fresh_id();
    let accept = TransferCommand::Accept { by: cx.account.clone(), successor: successor.clone() };
    cx.addresses.ask(&offered.id, AddressCommand::Transfer(accept)).await?;
    let arrived = cx.addresses.find(&cx.account, &successor)?;
    if !tags.is_empty() {
        cx.shell.registry().tag(&arrived.id, &cx.account, crate::entity::TagChange::Set(tags)).await?;
    }
    Ok(AcceptAddressTransferResult { address_transfer: shown(&arrived.state) })
}

/// An accepted address moves: first it exists at the new owner, then no more at the old one. Each step bears repetition.
pub(crate) async fn follow(region: Arc<Region>, address: Arc<Published<AddressState>>) {
    if let Err(error) = move_over(&region, &address).await {
        tracing::warn!(address = %address.id, %error, "an address is not transferred");
    }
}

async fn move_over(region: &Arc<Region>, address: &Published<AddressState>) -> Ec2Result<()> {
    let Some(transfer) = &address.state.transfer else { return Ok(()) };
    let Some(successor) = transfer.successor.as_deref().map(Id::new) else { return Ok(()) };
    let account: Account = transfer.shown.transfer_account_id().into();
    let cx = Context::internal(region, &account);
    if cx.addresses.index().get(&successor).is_none() {
        let from = &address.state.public;
        let public = Address {
            allocation_id: Some(successor.to_string()),
            domain: from.domain.clone(),
            public_ipv4_pool: from.public_ipv4_pool.clone(),
            network_border_group: from.network_border_group.clone(),
            public_ip: from.public_ip.clone(),
            ..Address::default()
        };
        let mut state = AddressState::new(public);
        state.transfer = Some(Transfer::arriving(transfer.shown.clone(), &address.account));
        let mut batch = cx.batch();
        batch.create(&cx.addresses, &successor, state)?;
        batch.commit().await?;
    }
    cx.addresses.ask(&address.id, AddressCommand::Transfer(TransferCommand::Bury)).await?;
    cx.addresses.ask(&successor, AddressCommand::Transfer(TransferCommand::Arrived)).await?;
    Ok(())
}

/// One's own offers, and those that others have accepted.
pub(super) async fn describe_address_transfers(
    cx: Context,
    input: DescribeAddressTransfersRequest,
) -> Ec2Result<DescribeAddressTransfersResult> {
    let own = cx.addresses.owned_by(&cx.account);
    let accepted = cx.addresses.index().shelf(&Shelf::SharedWith(cx.account.clone()));
    let accepted = accepted.values().filter(|address| address.state.is_accepted());
    let all = own.values().filter(|address| !address.state.is_accepted()).chain(accepted);
    let mut all: Vec<_> = all.filter_map(|address| shown(&address.state)).collect();
    if !input.allocation_ids.is_empty() {
        for id in &input.allocation_ids {
            if !all.iter().any(|transfer| transfer.allocation_id() == id) {
                cx.addresses.find(&cx.account, id)?;
            }
        }
        all.retain(|transfer| input.allocation_ids.iter().any(|id| id == transfer.allocation_id()));
    }
    all.sort_by(|one, other| one.allocation_id().cmp(other.allocation_id()));
    let describe = Describe {
        ids: &input.allocation_ids,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from("address-transfer", &[], all)?;
    Ok(DescribeAddressTransfersResult { address_transfers: page.items, next_token: page.next_token })
}

impl crate::request::Row for AddressTransfer {
    fn id(&self) -> &str {
        self.allocation_id()
    }
}
