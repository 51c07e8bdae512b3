//! A listing: reserved instances that are offered to other accounts, at prices that fall with the months that are left.

use archipelago_proto::ec2::v1::{InstanceCount, PriceSchedule, PriceScheduleSpecification, ReservedInstancesListing};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

pub(super) const ACTIVE: &str = "active";
const CANCELLED: &str = "cancelled";
const CLOSED: &str = "closed";

/// AWS: "a month" is 30 days.
pub(super) const MONTH: Millis = 30 * 86_400_000;

#[derive(Clone, PartialEq, Message)]
pub struct ListingState {
    #[prost(message, required, tag = "1")]
    pub public: ReservedInstancesListing,
    #[prost(int32, tag = "2")]
    pub available: i32,
    #[prost(int32, tag = "3")]
    pub cancelled: i32,
    #[prost(message, repeated, tag = "4")]
    pub sales: Vec<Sale>,
    /// Price by months left, the most months first.
    #[prost(message, repeated, tag = "5")]
    pub prices: Vec<Price>,
    /// When the term of what is sold ends.
    #[prost(int64, tag = "6")]
    pub ends: Millis,
    /// The reservation knows that it is listed.
    #[prost(bool, tag = "7")]
    pub listed: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Price {
    #[prost(int64, tag = "1")]
    pub months: i64,
    #[prost(double, tag = "2")]
    pub price: f64,
}

/// What another account has bought.
#[derive(Clone, PartialEq, Message)]
pub struct Sale {
    /// The id of the buyer's reserved instances.
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub buyer: String,
    #[prost(int32, tag = "3")]
    pub count: i32,
    #[prost(double, tag = "4")]
    pub price: f64,
    #[prost(int64, tag = "5")]
    pub at: Millis,
    /// The buyer has them, and the seller no longer.
    #[prost(bool, tag = "6")]
    pub settled: bool,
}

pub enum ListingCommand {
    Cancel,
    Sell(Sale),
    Settled(String),
    /// The reservation knows that it is listed no longer.
    Unlisted,
}

impl ListingState {
    pub(super) fn is_active(&self) -> bool {
        self.public.status() == ACTIVE
    }

    fn sold(&self) -> i32 {
        self.sales.iter().map(|sale| sale.count).sum()
    }

    /// The months that are left of the term, a begun one included.
    pub(super) fn months_left(&self, now: Millis) -> i64 {
        months_left(self.ends, now)
    }

    /// What one costs at a time.
    pub(super) fn price(&self, now: Millis) -> f64 {
        price(&self.prices, self.months_left(now))
    }

    fn enter(&mut self, status: &str, now: Millis) {
        self.public.status = Some(status.to_owned());
        self.public.status_message = Some(status.to_uppercase());
        self.public.update_date = Some(now);
    }

    /// The listing as it is described, with its counts and the price of each month.
    pub(super) fn view(&self, now: Millis) -> ReservedInstancesListing {
        let count = |state: &str, count| InstanceCount { state: Some(state.into()), instance_count: Some(count) };
        let left = self.months_left(now);
        let first = self.prices.first().map_or(0, |price| price.months);
        let schedule = |months: i64| PriceSchedule {
            active: Some(months == left && self.is_active()),
            currency_code: Some("USD".into()),
            price: Some(price(&self.prices, months)),
            term: Some(months),
        };
        ReservedInstancesListing {
            instance_counts: vec![
                count("available", self.available),
                count("sold", self.sold()),
                count("cancelled", self.cancelled),
                count("pending", 0),
            ],
            price_schedules: (1..=first).rev().map(schedule).collect(),
            ..self.public.clone()
        }
    }
}

pub(super) fn months_left(ends: Millis, now: Millis) -> i64 {
    (ends - now).max(0) / MONTH
}

/// A price holds from its month on until a later one begins.
fn price(prices: &[Price], months: i64) -> f64 {
    let begun = prices.iter().rev().find(|price| price.months >= months);
    begun.or(prices.first()).map_or(0.0, |price| price.price)
}

/// The prices of a request, for what has so many months left.
pub(super) fn schedule(wanted: &[PriceScheduleSpecification], left: i64) -> Ec2Result<Vec<Price>> {
    let mut prices = Vec::new();
    for entry in wanted {
        let months = entry.term.ok_or_else(|| Ec2Error::missing_parameter("PriceSchedules.Term"))?;
        let price = entry.price.ok_or_else(|| Ec2Error::missing_parameter("PriceSchedules.Price"))?;
        if !(1..=left).contains(&months) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Value ({months}) for parameter term is invalid. The Reserved Instances have {left} months left."
            )));
        }
        if !price.is_finite() || price < 0.0 {
            return Err(Ec2Error::invalid_value("price", price));
        }
        if prices.iter().any(|known: &Price| known.months == months) {
            return Err(Ec2Error::invalid_parameter(format!("There are two prices for the term {months}.")));
        }
        prices.push(Price { months, price });
    }
    prices.sort_by_key(|price| std::cmp::Reverse(price.months));
    match prices.first_mut() {
        None => return Err(Ec2Error::missing_parameter("PriceSchedules")),
        // The first price is that of today.
        Some(first) => first.months = left,
    }
    Ok(prices)
}

impl Entity for ListingState {
    const KIND: Kind = Kind {
        resource_type: "reserved-instances-listing",
        prefix: "uuid-9",
        not_found: "InvalidReservedInstancesListingId",
        malformed: "InvalidReservedInstancesListingId",
        noun: "Reserved Instances listing ID",
    };
    type Command = ListingCommand;
    type Reply = ();

    fn decide(&self, command: ListingCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.is_active(), command) {
            (true, ListingCommand::Cancel) => {
                (next.cancelled, next.available) = (self.available, 0);
                next.enter(CANCELLED, facts.now);
            }
            (true, ListingCommand::Sell(sale)) if sale.count <= self.available => {
                next.available -= sale.count;
                next.sales.push(sale);
                if next.available == 0 {
                    next.enter(CLOSED, facts.now);
                }
                next.public.update_date = Some(facts.now);
            }
            (_, ListingCommand::Sell(_)) => {
                return Err(Ec2Error::new(
                    "InsufficientReservedInstanceCapacity",
                    "Not enough available Reserved Instances to satisfy your minimum request. Reduce the number of \
                     Reserved Instances in your request or wait for additional capacity to become available.",
                ));
            }
            (_, ListingCommand::Settled(id)) => {
                next.sales.iter_mut().filter(|sale| sale.id == id).for_each(|sale| sale.settled = true);
            }
            (_, ListingCommand::Unlisted) => next.listed = self.is_active(),
            (false, ListingCommand::Cancel) => {
                return Err(Ec2Error::new(
                    "IncorrectState",
                    format!("The listing '{}' is in the '{}' state.", facts.id, self.public.status()),
                ));
            }
        }
        Ok(Decision::become_(next))
    }

    /// Nothing is for sale in the last month.
    fn due(&self) -> Option<Millis> {
        self.is_active().then_some(self.ends - MONTH)
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        (next.cancelled, next.available) = (self.available, 0);
        next.enter(CLOSED, self.ends - MONTH);
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.public.reserved_instances_id())]
    }

    fn audience(&self) -> Audience<'_> {
        if self.is_active() { Audience::Everyone } else { Audience::Owner }
    }

    /// A sale is to be settled, or the reservation to be told that it is listed no longer.
    fn intent(&self) -> bool {
        self.sales.iter().any(|sale| !sale.settled) || (self.listed && !self.is_active())
    }

    resource!(tags);
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Prices are as they were given.
mod tests {
    use super::*;

    #[test]
    fn a_price_holds_until_the_next_one_begins() {
        let wanted = [(11, 2.5), (8, 2.0), (1, 0.1)].map(|(term, price)| PriceScheduleSpecification {
            term: Some(term),
            price: Some(price),
            currency_code: None,
        });
        let prices = schedule(&wanted, 11).unwrap();
        for (months, wanted) in [(11, 2.5), (9, 2.5), (8, 2.0), (2, 2.0), (1, 0.1)] {
            assert_eq!(price(&prices, months), wanted, "{months} months left");
        }
        assert_eq!(schedule(&wanted, 10).unwrap_err().code, "InvalidParameterValue");
        assert_eq!(schedule(&[], 10).unwrap_err().code, "MissingParameter");
    }
}
