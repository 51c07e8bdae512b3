//! The filters of the describes of reserved instances, their offerings, listings and modifications.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{ReservedInstancesConfiguration, ReservedInstancesOffering};

use super::ReservedInstancesState;
use super::listing::ListingState;
use super::modification::ModificationState;
use crate::entity::Published;
use crate::request::{Column, FilterTable, Probe, Row, Table};

/// Prices are compared as they are written: `9800.0`, `0.84`.
fn price(probe: &mut Probe<'_>, price: Option<f64>) {
    if let Some(price) = price {
        probe.text(&format!("{price:?}"));
    }
}

/// Reference: DescribeReservedInstances.
pub(super) const FILTERS: FilterTable<ReservedInstancesState> = &[
    ("availability-zone", Column::Of(|item, probe| probe.maybe(item.state.public.availability_zone.as_deref()))),
    ("availability-zone-id", Column::Of(|item, probe| probe.maybe(item.state.public.availability_zone_id.as_deref()))),
    ("duration", Column::Of(|item, probe| probe.number(item.state.public.duration))),
    ("end", Column::Of(|item, probe| probe.time(item.state.public.end))),
    ("fixed-price", Column::Of(|item, probe| price(probe, item.state.public.fixed_price))),
    ("instance-type", Column::Of(|item, probe| probe.text(item.state.public.instance_type()))),
    ("scope", Column::Of(|item, probe| probe.text(item.state.public.scope()))),
    ("product-description", Column::Of(|item, probe| probe.text(item.state.public.product_description()))),
    ("reserved-instances-id", Column::Id),
    ("start", Column::Of(|item, probe| probe.time(item.state.public.start))),
    ("state", Column::Of(|item, probe| probe.text(item.state.public.state()))),
    ("usage-price", Column::Of(|item, probe| price(probe, item.state.public.usage_price))),
];

/// An offering as filters see it.
pub(super) struct OfferingRow(pub(super) ReservedInstancesOffering);

impl Row for OfferingRow {
    fn id(&self) -> &str {
        self.0.reserved_instances_offering_id()
    }
}

/// Reference: DescribeReservedInstancesOfferings.
pub(super) const OFFERING_FILTERS: Table<OfferingRow> = &[
    ("availability-zone", Column::Of(|row, probe| probe.maybe(row.0.availability_zone.as_deref()))),
    ("availability-zone-id", Column::Of(|row, probe| probe.maybe(row.0.availability_zone_id.as_deref()))),
    ("duration", Column::Of(|row, probe| probe.number(row.0.duration))),
    ("fixed-price", Column::Of(|row, probe| price(probe, row.0.fixed_price))),
    ("instance-type", Column::Of(|row, probe| probe.text(row.0.instance_type()))),
    ("marketplace", Column::Of(|row, probe| probe.flag(row.0.marketplace))),
    ("product-description", Column::Of(|row, probe| probe.text(row.0.product_description()))),
    ("reserved-instances-offering-id", Column::Of(|row, probe| probe.text(row.id()))),
    ("scope", Column::Of(|row, probe| probe.text(row.0.scope()))),
    ("usage-price", Column::Of(|row, probe| price(probe, row.0.usage_price))),
];

/// Reference: DescribeReservedInstancesListings.
pub(super) const LISTING_FILTERS: FilterTable<ListingState> = &[
    ("reserved-instances-id", Column::Link(|item, probe| probe.text(item.state.public.reserved_instances_id()))),
    ("reserved-instances-listing-id", Column::Id),
    ("status", Column::Of(|item, probe| probe.text(item.state.public.status()))),
    ("status-message", Column::Of(|item, probe| probe.text(item.state.public.status_message()))),
];

/// Reference: DescribeReservedInstancesModifications.
pub(super) const MODIFICATION_FILTERS: FilterTable<ModificationState> = &[
    ("client-token", Column::Of(|item, probe| probe.maybe(item.state.public.client_token.as_deref()))),
    ("create-date", Column::Of(|item, probe| probe.time(item.state.public.create_date))),
    ("effective-date", Column::Of(|item, probe| probe.time(item.state.public.effective_date))),
    (
        "modification-result.reserved-instances-id",
        Column::Of(|item, probe| {
            let results = &item.state.public.modification_results;
            results.iter().for_each(|result| probe.maybe(result.reserved_instances_id.as_deref()));
        }),
    ),
    (
        "modification-result.target-configuration.availability-zone",
        Column::Of(|item, probe| targets(item, |wanted| probe.maybe(wanted.availability_zone.as_deref()))),
    ),
    (
        "modification-result.target-configuration.availability-zone-id",
        Column::Of(|item, probe| targets(item, |wanted| probe.maybe(wanted.availability_zone_id.as_deref()))),
    ),
    (
        "modification-result.target-configuration.instance-count",
        Column::Of(|item, probe| targets(item, |wanted| probe.number(wanted.instance_count))),
    ),
    (
        "modification-result.target-configuration.instance-type",
        Column::Of(|item, probe| targets(item, |wanted| probe.maybe(wanted.instance_type.as_deref()))),
    ),
    (
        "modification-result.target-configuration.platform",
        Column::Of(|item, probe| targets(item, |wanted| probe.maybe(wanted.platform.as_deref()))),
    ),
    ("reserved-instances-id", Column::Of(|item, probe| item.state.sources().for_each(|id| probe.text(id)))),
    ("reserved-instances-modification-id", Column::Id),
    ("status", Column::Of(|item, probe| probe.text(item.state.public.status()))),
    ("status-message", Column::Of(|item, probe| probe.maybe(item.state.public.status_message.as_deref()))),
    ("update-date", Column::Of(|item, probe| probe.time(item.state.public.update_date))),
];

fn targets(item: &Arc<Published<ModificationState>>, show: impl FnMut(&ReservedInstancesConfiguration)) {
    let results = &item.state.public.modification_results;
    results.iter().filter_map(|result| result.target_configuration.as_ref()).for_each(show);
}
