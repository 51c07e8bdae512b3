//! AWS's own offerings: every type, place, product, tenancy and plan. There are several hundred thousand, so none is
//! kept: an offering's id tells which it is, and pages walk along the order of the parts.

use archipelago_proto::ec2::v1::{InstanceTypeInfo, ReservedInstancesOffering};
use archipelago_proto::regions::{Region, Zone};
use sha2::{Digest as _, Sha256};

use super::plans::{PLANS, PRODUCTS, Plan, TENANCIES, runs};
use crate::entity::uuid;
use crate::families::instance_types::{self, InstanceType};

/// An offering's parts, each by its place: type, scope, product, tenancy, plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    instance_type: usize,
    /// 0 is the region, the others its zones.
    scope: usize,
    product: usize,
    tenancy: usize,
    plan: usize,
}

/// The digit that tells offerings from other UUIDs.
const VARIANT: char = 'a';

impl Position {
    fn number(self) -> u32 {
        let number =
            (((self.instance_type << 5 | self.scope) << 4 | self.product) << 1 | self.tenancy) << 5 | self.plan;
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn of_number(number: u32) -> Self {
        let number = number as usize;
        Self {
            instance_type: number >> 15,
            scope: number >> 10 & 31,
            product: number >> 6 & 15,
            tenancy: number >> 5 & 1,
            plan: number & 31,
        }
    }

    pub(super) fn id(self, region: &Region) -> String {
        let number = self.number();
        let tail = hex(&Sha256::digest(format!("{}/{number}", region.name)));
        let text = uuid(&format!("00000000{tail}"), VARIANT);
        let mask = mask(&text[8..]);
        format!("{:08x}{}", number ^ mask, &text[8..])
    }

    /// The offering of an id, if this region has it.
    pub(super) fn of_id(id: &str, region: &Region) -> Option<Self> {
        let (head, tail) = id.split_at_checked(8)?;
        let position = Self::of_number(u32::from_str_radix(head, 16).ok()? ^ mask(tail));
        (position.id(region) == id && position.offering(region).is_some()).then_some(position)
    }

    /// What it offers; none if there is no such combination.
    pub(super) fn offering(self, region: &Region) -> Option<ReservedInstancesOffering> {
        let known = instance_types::types().get(self.instance_type)?;
        let info = known.info();
        let zone = match self.scope {
            0 => None,
            place => Some(region.availability_zones().nth(place - 1)?),
        };
        let zones = instance_types::zones_offering(region, known.name());
        let offered = zone.map_or(!zones.is_empty(), |zone| zones.contains(&zone));
        let (product, tenancy, plan) =
            (*PRODUCTS.get(self.product)?, *TENANCIES.get(self.tenancy)?, PLANS.get(self.plan)?);
        (offered && runs(product, &info) && plan.is_for(&info))
            .then(|| self.told(region, &info, zone, product, tenancy, plan))
    }

    fn told(
        self,
        region: &Region,
        info: &InstanceTypeInfo,
        zone: Option<&Zone>,
        product: &str,
        tenancy: &str,
        plan: &Plan,
    ) -> ReservedInstancesOffering {
        let cost = plan.cost(info, region, product, tenancy);
        ReservedInstancesOffering {
            currency_code: Some("USD".into()),
            instance_tenancy: Some(tenancy.to_owned()),
            marketplace: Some(false),
            offering_class: Some(plan.class.to_owned()),
            offering_type: Some(plan.offering_type.to_owned()),
            recurring_charges: cost.recurring,
            scope: Some(if zone.is_some() { "Availability Zone" } else { "Region" }.to_owned()),
            availability_zone: zone.map(|zone| zone.name.to_owned()),
            availability_zone_id: zone.map(|zone| zone.id.to_owned()),
            reserved_instances_offering_id: Some(self.id(region)),
            instance_type: info.instance_type.clone(),
            duration: Some(plan.duration),
            usage_price: Some(cost.usage),
            fixed_price: Some(cost.fixed),
            product_description: Some(product.to_owned()),
            ..ReservedInstancesOffering::default()
        }
    }
}

/// What a request leaves of the catalogue. Each part is tested before anything is made of it.
pub(super) struct Wanted<'a> {
    pub(super) instance_type: &'a dyn Fn(&str) -> bool,
    pub(super) zone: &'a dyn Fn(Option<&Zone>) -> bool,
    pub(super) product: &'a dyn Fn(&str) -> bool,
    pub(super) tenancy: &'a str,
    pub(super) plan: &'a dyn Fn(&Plan) -> bool,
}

/// The offerings that are left, in order, from a position on.
pub(super) fn offerings<'a>(
    region: &'static Region,
    wanted: &'a Wanted<'a>,
    after: Option<Position>,
) -> impl Iterator<Item = ReservedInstancesOffering> + 'a {
    let first = after.map_or(0, |position| position.instance_type);
    let types = instance_types::types().iter().enumerate().skip(first);
    let types = types.filter(|(_, known)| (wanted.instance_type)(known.name()));
    types.flat_map(move |(at, known)| of_type(region, wanted, at, *known, after))
}

fn of_type(
    region: &'static Region,
    wanted: &Wanted<'_>,
    at: usize,
    known: InstanceType,
    after: Option<Position>,
) -> Vec<ReservedInstancesOffering> {
    let zones = instance_types::zones_offering(region, known.name());
    if zones.is_empty() {
        return Vec::new();
    }
    let info = known.info();
    let places = region.availability_zones().zip(1..).filter(|(zone, _)| zones.contains(zone));
    let scopes = std::iter::once((None, 0)).chain(places.map(|(zone, at)| (Some(zone), at)));
    let scopes: Vec<_> = scopes.filter(|(zone, _)| (wanted.zone)(*zone)).collect();
    let products = PRODUCTS.iter().enumerate().filter(|(_, product)| (wanted.product)(product) && runs(product, &info));
    let products: Vec<_> = products.collect();
    let plans: Vec<_> =
        PLANS.iter().enumerate().filter(|(_, plan)| plan.is_for(&info) && (wanted.plan)(plan)).collect();
    let tenancies: Vec<_> = TENANCIES.iter().enumerate().filter(|(_, tenancy)| **tenancy == wanted.tenancy).collect();

    let mut offerings = Vec::new();
    for (zone, scope) in &scopes {
        for (product_at, product) in &products {
            for (tenancy_at, tenancy) in &tenancies {
                for (plan_at, plan) in &plans {
                    let position = Position {
                        instance_type: at,
                        scope: *scope,
                        product: *product_at,
                        tenancy: *tenancy_at,
                        plan: *plan_at,
                    };
                    if after.is_none_or(|after| position > after) {
                        offerings.push(position.told(region, &info, *zone, product, tenancy, plan));
                    }
                }
            }
        }
    }
    offerings
}

fn mask(tail: &str) -> u32 {
    let hash = Sha256::digest(tail);
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use archipelago_proto::regions;

    use super::*;

    #[test]
    fn an_id_tells_which_offering_it_is_and_in_which_region() {
        let (here, there) = (regions::find("us-east-1").unwrap(), regions::find("eu-west-1").unwrap());
        let all = Wanted {
            instance_type: &|name| name == "m5.large",
            zone: &|_| true,
            product: &|_| true,
            tenancy: "default",
            plan: &|_| true,
        };
        let offerings: Vec<_> = offerings(here, &all, None).collect();
        assert!(offerings.len() > 100);
        for offering in offerings {
            let id = offering.reserved_instances_offering_id();
            let position = Position::of_id(id, here).unwrap();
            assert_eq!(position.offering(here).as_ref(), Some(&offering));
            assert_eq!(Position::of_id(id, there), None);
        }
        assert_eq!(Position::of_id("not an id", here), None);
    }
}
