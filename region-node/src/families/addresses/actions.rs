//! Allocating, releasing and describing addresses (reference: AllocateAddress, ReleaseAddress, DescribeAddresses).

use std::net::Ipv4Addr;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    Address, AllocateAddressRequest, AllocateAddressResult, DescribeAddressesRequest, DescribeAddressesResult,
    ReleaseAddressRequest, ReleaseAddressResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::association_actions::{associate_address, disassociate_address};
use super::attribute_actions::{describe_addresses_attribute, modify_address_attribute, reset_address_attribute};
use super::classic::{describe_moving_addresses, move_address_to_vpc, restore_address_to_classic};
use super::filters::{AddressRow, FILTERS};
use super::transfer_actions::{
    accept_address_transfer, describe_address_transfers, disable_address_transfer, enable_address_transfer,
};
use super::{AddressCommand, AddressState, view};
use crate::Region;
use crate::entity::{Entity as _, Published, Undo, workflow};
use crate::families::accounts::{AccountCommand, account_id};
use crate::families::regions;
use crate::request::{Action, Context, Describe, one_of, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(allocate_address),
        Action::new(release_address),
        Action::new(describe_addresses),
        Action::new(associate_address),
        Action::new(disassociate_address),
        Action::new(describe_addresses_attribute),
        Action::new(modify_address_attribute),
        Action::new(reset_address_attribute),
        Action::new(enable_address_transfer),
        Action::new(accept_address_transfer),
        Action::new(disable_address_transfer),
        Action::new(describe_address_transfers),
        Action::new(move_address_to_vpc),
        Action::new(restore_address_to_classic),
        Action::new(describe_moving_addresses),
    ]
}

/// The pool of all addresses that Amazon owns.
const AMAZON: &str = "amazon";

async fn allocate_address(cx: Context, input: AllocateAddressRequest) -> Ec2Result<AllocateAddressResult> {
    let kind = &AddressState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check_pools(&input)?;
    let classic = match input.domain.as_deref() {
        Some("standard") => true,
        Some(_) => false,
        // Reference: the default is EC2-Classic, for who has it.
        None => cx.has_classic() && input.network_border_group.is_none() && input.address.is_none(),
    };
    if classic && !cx.has_classic() {
        return Err(Ec2Error::invalid_parameter(
            "Value (standard) for parameter domain is invalid. EC2-Classic is not supported in this account.",
        ));
    }
    let group = border_group(&cx, input.network_border_group.as_deref())?;
    let mut undo = Undo::default();
    let public_ip = match input.address.as_deref() {
        Some(address) => recover(&cx, address)?,
        None => cx.public_addresses.take(&cx.shell.ids)?,
    };
    let region = Arc::clone(&cx.region);
    undo.push(async move { region.public_addresses.give_back(public_ip) });

    let id = cx.addresses.fresh_id();
    let public = Address {
        allocation_id: Some(id.to_string()).filter(|_| !classic),
        domain: Some(if classic { "standard" } else { "vpc" }.into()),
        tags,
        public_ipv4_pool: Some(AMAZON.into()),
        network_border_group: Some(group.to_owned()),
        public_ip: Some(public_ip.to_string()),
        ..Address::default()
    };
    let response = AllocateAddressResult {
        allocation_id: public.allocation_id.clone(),
        public_ipv4_pool: public.public_ipv4_pool.clone(),
        network_border_group: public.network_border_group.clone(),
        domain: public.domain.clone(),
        public_ip: public.public_ip.clone(),
        ..AllocateAddressResult::default()
    };
    let state = if classic { AddressState::classic(public) } else { AddressState::new(public) };
    let mut batch = cx.batch();
    let outcome = match batch.create(&cx.addresses, &id, state) {
        Ok(()) => cx.commit(batch, response).await,
        Err(error) => Err(error),
    };
    let response = workflow(undo, outcome).await?;
    if input.address.is_some() {
        cx.accounts.ask(&account_id(&cx.account), AccountCommand::Recover(public_ip.to_string())).await?;
    }
    Ok(response)
}

/// Pools of one's own are made by actions that do not exist here, so that no id of one is known.
fn check_pools(input: &AllocateAddressRequest) -> Ec2Result<()> {
    if let Some(pool) = input.public_ipv4_pool.as_deref().filter(|pool| *pool != AMAZON) {
        let message = format!("The public IPv4 pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidPublicIpv4PoolID.NotFound", message));
    }
    if let Some(pool) = &input.customer_owned_ipv4_pool {
        let message = format!("The customer-owned pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidCoipPoolId.NotFound", message));
    }
    match &input.ipam_pool_id {
        Some(pool) => {
            Err(Ec2Error::new("InvalidIpamPoolId.NotFound", format!("The ipam-pool ID '{pool}' does not exist")))
        }
        None => Ok(()),
    }
}

/// The region itself, unless another border of it is meant.
fn border_group<'a>(cx: &Context, group: Option<&'a str>) -> Ec2Result<&'a str> {
    let Some(group) = group else { return Ok(cx.facts.name) };
    let mut zones = cx.facts.zones.iter().filter(|zone| zone.network_border_group == group);
    match zones.next() {
        Some(zone) => regions::check_opted_in(cx, zone).map(|()| group),
        None => Err(Ec2Error::invalid_value("networkBorderGroup", group)),
    }
}

/// An address that the account has released before (AWS: "Recover an Elastic IP address").
fn recover(cx: &Context, text: &str) -> Ec2Result<Ipv4Addr> {
    let address: Ipv4Addr = text.parse().map_err(|_| Ec2Error::invalid_value("address", text))?;
    if cx.public_addresses.recover(address, &cx.account) {
        return Ok(address);
    }
    Err(not_found(text))
}

pub(super) fn not_found(address: &str) -> Ec2Error {
    Ec2Error::new("InvalidAddress.NotFound", format!("Address '{address}' not found."))
}

/// The address that a request names in one of two ways.
pub(super) fn named(
    cx: &Context,
    allocation: Option<&str>,
    public_ip: Option<&str>,
) -> Ec2Result<Arc<Published<AddressState>>> {
    one_of(("AllocationId", allocation), ("PublicIp", public_ip))?;
    match (allocation, public_ip) {
        (Some(id), _) => cx.addresses.find(&cx.account, id),
        (None, ip) => by_ip(cx, ip.unwrap_or_default()),
    }
}

pub(super) fn by_ip(cx: &Context, public_ip: &str) -> Ec2Result<Arc<Published<AddressState>>> {
    if public_ip.parse::<Ipv4Addr>().is_err() {
        return Err(Ec2Error::invalid_value("publicIp", public_ip));
    }
    match cx.addresses.index().of_part(public_ip) {
        Some(address) if address.account == cx.account => Ok(address),
        Some(_) => Err(Ec2Error::new("AuthFailure", format!("The address '{public_ip}' does not belong to you."))),
        None => Err(not_found(public_ip)),
    }
}

/// In a default VPC an address that is released is disassociated too (AWS: ReleaseAddress).
async fn release_address(cx: Context, input: ReleaseAddressRequest) -> Ec2Result<ReleaseAddressResponse> {
    let address = named(&cx, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    let public = &address.state.public;
    if input.network_border_group.as_deref().is_some_and(|group| group != public.network_border_group()) {
        return Err(not_found(public.public_ip()));
    }
    let classic = address.state.is_classic();
    if classic || in_default_vpc(&cx, &address.state) && !is_served(&cx, &address.state) {
        cx.addresses.ask(&address.id, AddressCommand::Disassociate(public.association_id.clone())).await?;
    }
    cx.addresses.ask(&address.id, AddressCommand::Release).await?;
    if let Ok(public_ip) = public.public_ip().parse() {
        cx.public_addresses.release(public_ip, &cx.account);
        cx.accounts.ask(&account_id(&cx.account), AccountCommand::Release(public.public_ip().to_owned())).await?;
    }
    Ok(ReleaseAddressResponse {})
}

fn is_served(cx: &Context, address: &AddressState) -> bool {
    let interface = address.interface().and_then(|id| cx.network_interfaces.index().get(&id));
    interface.is_some_and(|interface| interface.state.service.is_some())
}

fn in_default_vpc(cx: &Context, address: &AddressState) -> bool {
    let interface = address.interface().and_then(|id| cx.network_interfaces.index().get(&id));
    let vpc = interface.and_then(|interface| cx.vpcs.index().get(interface.state.public.vpc_id()));
    vpc.is_some_and(|vpc| vpc.state.public.is_default())
}

async fn describe_addresses(cx: Context, input: DescribeAddressesRequest) -> Ec2Result<DescribeAddressesResult> {
    let mut ids = input.allocation_ids;
    for public_ip in &input.public_ips {
        ids.push(by_ip(&cx, public_ip).map_err(|_| not_found(public_ip))?.id.to_string());
    }
    let describe = Describe { ids: &ids, filters: &input.filters, ..Describe::default() };
    let row = |address: Arc<Published<AddressState>>| AddressRow { shown: view(&cx, &address), address };
    let page = describe.find_rows(&cx, &cx.addresses, FILTERS, row)?;
    Ok(DescribeAddressesResult { addresses: page.items.into_iter().map(|row| row.shown).collect() })
}

/// The pool knows again which addresses are allocated, and who released others last.
pub(crate) fn rebuild(region: &Region) {
    let accounts = region.accounts.index().all();
    let released = accounts.iter().flat_map(|account| {
        account.state.settings.released.iter().map(|released| (released.at, &released.public_ip, &account.account))
    });
    let mut released: Vec<_> = released.collect();
    released.sort();
    for (_, public_ip, account) in released {
        if let Ok(public_ip) = public_ip.parse() {
            region.public_addresses.remember(public_ip, account);
        }
    }
    for address in of_account(region, None) {
        region.public_addresses.claim(address);
    }
}

/// The elastic addresses of one account, or of all.
pub(crate) fn of_account(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let all = region.addresses.index().all();
    // What arrives from another account is that one's until it is here.
    let all: Vec<_> = all.into_iter().filter(|address| !address.state.is_arriving()).collect();
    let own = all.iter().filter(|address| account.is_none_or(|account| *address.account == *account));
    own.filter_map(|address| address.state.public.public_ip().parse().ok()).collect()
}
