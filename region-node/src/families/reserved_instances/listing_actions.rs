//! The actions of a seller in the Reserved Instance Marketplace.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CancelReservedInstancesListingRequest, CancelReservedInstancesListingResult, CreateReservedInstancesListingRequest,
    CreateReservedInstancesListingResult, DescribeReservedInstancesListingsRequest,
    DescribeReservedInstancesListingsResult, ReservedInstances, ReservedInstancesListing,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::LISTING_FILTERS;
use super::listing::{self, ListingCommand, ListingState, months_left};
use super::state::{ReservedInstancesCommand, ReservedInstancesState};
use crate::Region;
use crate::entity::{Id, Published, Shelf, Undo, workflow};
use crate::request::{Context, Describe};
use crate::time::{Millis, Transition};

/// AWS, "Sell Reserved Instances": they must have been active for 30 days.
const OWNED_FOR: Millis = 30 * 86_400_000;

pub(super) async fn create_reserved_instances_listing(
    cx: Context,
    input: CreateReservedInstancesListingRequest,
) -> Ec2Result<CreateReservedInstancesListingResult> {
    let reserved = cx.reserved_instances.find(&cx.account, input.reserved_instances_id())?;
    let now = cx.shell.clock.now();
    check_sellable(&reserved, now)?;
    let count = input.instance_count();
    if count < 1 {
        return Err(Ec2Error::invalid_value("InstanceCount", count));
    }
    let ends = reserved.state.public.end();
    let prices = listing::schedule(&input.price_schedules, months_left(ends, now))?;

    let id = cx.reserved_listings.fresh_id();
    let mut undo = Undo::default();
    let list = ReservedInstancesCommand::List { listing: id.to_string(), count };
    cx.reserved_instances.ask(&reserved.id, list).await?;
    let (host, of, by) = (cx.reserved_instances.clone(), reserved.id.clone(), id.to_string());
    undo.push(async move {
        let _ = host.ask(&of, ReservedInstancesCommand::Unlist(by)).await;
    });
    let public = ReservedInstancesListing {
        client_token: input.client_token.clone(),
        create_date: Some(now),
        reserved_instances_id: Some(reserved.id.to_string()),
        reserved_instances_listing_id: Some(id.to_string()),
        status: Some(listing::ACTIVE.into()),
        status_message: Some("ACTIVE".into()),
        update_date: Some(now),
        ..ReservedInstancesListing::default()
    };
    let state = ListingState { public, available: count, prices, ends, listed: true, ..ListingState::default() };
    let answer = CreateReservedInstancesListingResult { reserved_instances_listings: vec![state.view(now)] };
    let mut batch = cx.batch();
    let outcome = batch.create(&cx.reserved_listings, &id, state);
    let outcome = match outcome {
        Ok(()) => cx.commit(batch, answer).await,
        Err(error) => Err(error),
    };
    workflow(undo, outcome).await
}

fn check_sellable(reserved: &Published<ReservedInstancesState>, now: Millis) -> Ec2Result<()> {
    let public = &reserved.state.public;
    let problem = match () {
        () if !reserved.state.is_active() => {
            return Err(Ec2Error::new(
                "IncorrectState",
                format!("The Reserved Instances '{}' are in the '{}' state.", reserved.id, public.state()),
            ));
        }
        () if public.offering_class() != "standard" => "Only Standard Reserved Instances can be sold",
        () if public.scope() == "Region" => {
            "Regional Reserved Instances cannot be sold; modify their scope to an Availability Zone first"
        }
        () if now - public.start() < OWNED_FOR => {
            "Reserved Instances can be sold once they have been active for 30 days"
        }
        () if months_left(public.end(), now) < 1 => {
            "Reserved Instances can be sold while a month of their term is left"
        }
        () => return Ok(()),
    };
    Err(Ec2Error::unsupported(format!("{problem} in the Reserved Instance Marketplace.")))
}

pub(super) async fn cancel_reserved_instances_listing(
    cx: Context,
    input: CancelReservedInstancesListingRequest,
) -> Ec2Result<CancelReservedInstancesListingResult> {
    let listing = cx.reserved_listings.find(&cx.account, input.reserved_instances_listing_id())?;
    let cancelled = cx.reserved_listings.ask(&listing.id, ListingCommand::Cancel).await?;
    let view = cancelled.published.state.view(cx.shell.clock.now());
    Ok(CancelReservedInstancesListingResult { reserved_instances_listings: vec![view] })
}

pub(super) async fn describe_reserved_instances_listings(
    cx: Context,
    input: DescribeReservedInstancesListingsRequest,
) -> Ec2Result<DescribeReservedInstancesListingsResult> {
    let ids: Vec<_> = input.reserved_instances_listing_id.clone().into_iter().filter(|id| !id.is_empty()).collect();
    let describe = Describe { ids: &ids, filters: &input.filters, ..Describe::default() };
    let of = input.reserved_instances_id.as_deref().filter(|id| !id.is_empty());
    if let Some(id) = of {
        cx.reserved_instances.find(&cx.account, id)?;
    }
    let seen = |listing: &Published<ListingState>| *listing.account == *cx.account;
    let shelves = [Shelf::Owner(cx.account.clone())];
    let mut page = describe.find_where(&cx.reserved_listings, LISTING_FILTERS, &shelves, seen, |listing| listing)?;
    page.items.retain(|listing| of.is_none_or(|id| listing.state.public.reserved_instances_id() == id));
    let now = cx.shell.clock.now();
    Ok(DescribeReservedInstancesListingsResult { reserved_instances_listings: page.map(|item| item.state.view(now)) })
}

/// Gives the buyers what they bought and takes it off the seller's. Every step may have been done before a restart.
pub(crate) async fn follow(region: Arc<Region>, listing: Arc<Published<ListingState>>) {
    let of = Id::new(listing.state.public.reserved_instances_id());
    for sale in listing.state.sales.iter().filter(|sale| !sale.settled) {
        let Some(seller) = region.reserved_instances.index().get(&of) else { return };
        let id = Id::new(&sale.id);
        if region.reserved_instances.index().get(&id).is_none() {
            let bought = ReservedInstances {
                reserved_instances_id: Some(sale.id.clone()),
                start: Some(sale.at),
                end: Some(listing.state.ends),
                duration: Some((listing.state.ends - sale.at) / 1000),
                fixed_price: Some(sale.price),
                instance_count: Some(sale.count),
                tags: Vec::new(),
                ..seller.state.public.clone()
            };
            let pays_for = region.shell.lifecycle.duration(Transition::ReservedInstancesPayment);
            let state = ReservedInstancesState::purchased(bought, sale.at, pays_for);
            let buyer = Context::internal(&region, &sale.buyer.as_str().into());
            let mut batch = buyer.batch();
            let outcome = batch.create(&region.reserved_instances, &id, state);
            let outcome = if outcome.is_ok() { batch.commit().await } else { outcome };
            if let Err(error) = outcome {
                tracing::error!(%id, %error, "a sale could not be settled; it is tried again at boot");
                return;
            }
        }
        let sold = ReservedInstancesCommand::Sold { sale: sale.id.clone(), count: sale.count };
        let _ = region.reserved_instances.ask(&of, sold).await;
        let _ = region.reserved_listings.ask(&listing.id, ListingCommand::Settled(sale.id.clone())).await;
    }
    if listing.state.listed && !listing.state.is_active() {
        let _ = region.reserved_instances.ask(&of, ReservedInstancesCommand::Unlist(listing.id.to_string())).await;
        let _ = region.reserved_listings.ask(&listing.id, ListingCommand::Unlisted).await;
    }
}
