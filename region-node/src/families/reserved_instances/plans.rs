//! What can be reserved and how it is paid: the terms, classes, payment options and products of the catalogue.
//!
//! A plan's whole cost is a share of what its hours cost on demand ([`instance_types::on_demand`]). Of that, `upfront`
//! is paid at once and the rest by the hour: as a recurring charge, or, for the light and medium utilization of
//! the first generations, only for the hours that an instance runs.

use archipelago_proto::ec2::v1::{InstanceTypeInfo, RecurringCharge};
use archipelago_proto::regions::Region;

use crate::families::instance_types;

const YEAR: i64 = 31_536_000;
const THREE_YEARS: i64 = 94_608_000;
const SECONDS_AN_HOUR: f64 = 3600.0;

#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) offering_type: &'static str,
    pub(super) class: &'static str,
    /// In seconds.
    pub(super) duration: i64,
    share: f64,
    upfront: f64,
    hourly: Hourly,
}

#[derive(Debug, PartialEq)]
enum Hourly {
    Recurring,
    Used,
}

const fn plan(
    offering_type: &'static str,
    class: &'static str,
    duration: i64,
    share: f64,
    upfront: f64,
    hourly: Hourly,
) -> Plan {
    Plan { offering_type, class, duration, share, upfront, hourly }
}

pub(super) const PLANS: [Plan; 18] = [
    plan("No Upfront", "standard", YEAR, 0.63, 0.0, Hourly::Recurring),
    plan("Partial Upfront", "standard", YEAR, 0.60, 0.5, Hourly::Recurring),
    plan("All Upfront", "standard", YEAR, 0.59, 1.0, Hourly::Recurring),
    plan("No Upfront", "standard", THREE_YEARS, 0.43, 0.0, Hourly::Recurring),
    plan("Partial Upfront", "standard", THREE_YEARS, 0.40, 0.5, Hourly::Recurring),
    plan("All Upfront", "standard", THREE_YEARS, 0.38, 1.0, Hourly::Recurring),
    plan("No Upfront", "convertible", YEAR, 0.72, 0.0, Hourly::Recurring),
    plan("Partial Upfront", "convertible", YEAR, 0.69, 0.5, Hourly::Recurring),
    plan("All Upfront", "convertible", YEAR, 0.67, 1.0, Hourly::Recurring),
    plan("No Upfront", "convertible", THREE_YEARS, 0.54, 0.0, Hourly::Recurring),
    plan("Partial Upfront", "convertible", THREE_YEARS, 0.50, 0.5, Hourly::Recurring),
    plan("All Upfront", "convertible", THREE_YEARS, 0.48, 1.0, Hourly::Recurring),
    plan("Light Utilization", "standard", YEAR, 0.80, 0.2, Hourly::Used),
    plan("Light Utilization", "standard", THREE_YEARS, 0.65, 0.2, Hourly::Used),
    plan("Medium Utilization", "standard", YEAR, 0.70, 0.45, Hourly::Used),
    plan("Medium Utilization", "standard", THREE_YEARS, 0.52, 0.45, Hourly::Used),
    plan("Heavy Utilization", "standard", YEAR, 0.62, 0.5, Hourly::Recurring),
    plan("Heavy Utilization", "standard", THREE_YEARS, 0.42, 0.5, Hourly::Recurring),
];

pub(super) const PRODUCTS: [&str; 13] = [
    "Linux/UNIX",
    "Linux/UNIX (Amazon VPC)",
    "Windows",
    "Windows (Amazon VPC)",
    "Red Hat Enterprise Linux",
    "Red Hat Enterprise Linux with HA",
    "SUSE Linux",
    "Linux with SQL Server Web",
    "Linux with SQL Server Standard",
    "Linux with SQL Server Enterprise",
    "Windows with SQL Server Web",
    "Windows with SQL Server Standard",
    "Windows with SQL Server Enterprise",
];

pub(super) const TENANCIES: [&str; 2] = ["default", "dedicated"];

/// What hardware of one's own adds.
const DEDICATED: f64 = 1.1;

/// What a reservation costs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    /// At once.
    pub(super) fixed: f64,
    /// For each hour of use.
    pub(super) usage: f64,
    pub(super) recurring: Vec<RecurringCharge>,
}

impl Plan {
    /// The payment options of before 2014 are for the types of that time: those that run paravirtual images.
    pub(super) fn is_for(&self, info: &InstanceTypeInfo) -> bool {
        let old = info.supported_virtualization_types.iter().any(|known| known == "paravirtual");
        old || !self.offering_type.ends_with("Utilization")
    }

    pub(super) fn cost(&self, info: &InstanceTypeInfo, region: &Region, product: &str, tenancy: &str) -> Cost {
        let machine = instance_types::on_demand(info, region) * if tenancy == "dedicated" { DEDICATED } else { 1.0 };
        let hour = machine + instance_types::software(info, product);
        #[allow(clippy::cast_precision_loss)] // Three years of seconds are exact.
        let hours = self.duration as f64 / SECONDS_AN_HOUR;
        let fixed = (hour * hours * self.share * self.upfront).round();
        let by_the_hour = ((hour * self.share * (1.0 - self.upfront)) * 100_000.0).round() / 100_000.0;
        let charge = |amount| RecurringCharge { amount: Some(amount), frequency: Some("Hourly".into()) };
        match self.hourly {
            Hourly::Recurring => Cost { fixed, usage: 0.0, recurring: vec![charge(by_the_hour)] },
            Hourly::Used => Cost { fixed, usage: by_the_hour, recurring: Vec::new() },
        }
    }
}

/// Whether a product runs on the type.
pub(super) fn runs(product: &str, info: &InstanceTypeInfo) -> bool {
    let known = info.processor_info.as_ref().map(|cpu| cpu.supported_architectures.as_slice()).unwrap_or_default();
    let supports = |wanted: &str| known.iter().any(|architecture| architecture == wanted);
    match product {
        _ if product.contains("Windows") || product.contains("SQL Server") => supports("x86_64"),
        _ => supports("x86_64") || supports("arm64"),
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Prices are rounded.
mod tests {
    use archipelago_proto::regions;

    use super::*;

    #[test]
    fn what_is_not_paid_at_once_is_paid_by_the_hour() {
        let info = instance_types::find("m5.large").unwrap().info();
        let region = regions::find("us-east-1").unwrap();
        let cost = |plan: &Plan| plan.cost(&info, region, "Linux/UNIX", "default");
        let [nothing, half, all] = [0, 1, 2].map(|at| cost(&PLANS[at]));
        assert_eq!((nothing.fixed, nothing.recurring[0].amount()), (0.0, 0.06048));
        assert_eq!((half.fixed, half.recurring[0].amount()), (252.0, 0.0288));
        assert_eq!((all.fixed, all.recurring[0].amount()), (496.0, 0.0));
    }

    #[test]
    fn old_payment_options_are_for_the_types_of_their_time() {
        let old = instance_types::find("m1.small").unwrap().info();
        let new = instance_types::find("m5.large").unwrap().info();
        assert!(PLANS.iter().all(|plan| plan.is_for(&old)));
        assert_eq!(PLANS.iter().filter(|plan| plan.is_for(&new)).count(), 12);
        let light = PLANS[12].cost(&old, regions::find("us-east-1").unwrap(), "Linux/UNIX", "default");
        assert!(light.usage > 0.0 && light.recurring.is_empty());
    }
}
