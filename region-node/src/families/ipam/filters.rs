//! The filters of IPAM's reads. Their names are those of the attributes: AWS lists none.

use archipelago_proto::ec2::v1::{IpamPoolAllocation, IpamPoolCidr, IpamResourceCidr, Tag};

use super::manager::IpamState;
use super::pool::PoolState;
use super::scope::ScopeState;
use crate::request::{Column, FilterTable, Row, Table};

pub(super) const IPAMS: FilterTable<IpamState> = &[
    ("description", Column::Of(|ipam, probe| probe.maybe(ipam.state.public.description.as_deref()))),
    ("ipam-arn", Column::Of(|ipam, probe| probe.text(ipam.state.public.ipam_arn()))),
    ("ipam-id", Column::Id),
    ("ipam-region", Column::Of(|ipam, probe| probe.text(ipam.state.public.ipam_region()))),
    ("owner-id", Column::Of(|ipam, probe| probe.text(&ipam.account))),
    ("private-default-scope-id", Column::Of(|ipam, probe| probe.text(ipam.state.public.private_default_scope_id()))),
    ("public-default-scope-id", Column::Of(|ipam, probe| probe.text(ipam.state.public.public_default_scope_id()))),
    ("state", Column::Of(|ipam, probe| probe.text(ipam.state.public.state()))),
    ("tier", Column::Of(|ipam, probe| probe.text(ipam.state.public.tier()))),
];

pub(super) const SCOPES: FilterTable<ScopeState> = &[
    ("description", Column::Of(|scope, probe| probe.maybe(scope.state.public.description.as_deref()))),
    ("ipam-arn", Column::Of(|scope, probe| probe.text(scope.state.public.ipam_arn()))),
    ("ipam-id", Column::Link(|scope, probe| probe.text(&scope.state.ipam))),
    ("ipam-region", Column::Of(|scope, probe| probe.text(scope.state.public.ipam_region()))),
    ("ipam-scope-arn", Column::Of(|scope, probe| probe.text(scope.state.public.ipam_scope_arn()))),
    ("ipam-scope-id", Column::Id),
    ("ipam-scope-type", Column::Of(|scope, probe| probe.text(scope.state.public.ipam_scope_type()))),
    ("is-default", Column::Of(|scope, probe| probe.flag(scope.state.public.is_default))),
    ("owner-id", Column::Of(|scope, probe| probe.text(&scope.account))),
    ("state", Column::Of(|scope, probe| probe.text(scope.state.public.state()))),
];

pub(super) const POOLS: FilterTable<PoolState> = &[
    ("address-family", Column::Of(|pool, probe| probe.text(pool.state.public.address_family()))),
    (
        "allocation-default-netmask-length",
        Column::Of(|pool, probe| probe.number(pool.state.public.allocation_default_netmask_length)),
    ),
    (
        "allocation-max-netmask-length",
        Column::Of(|pool, probe| probe.number(pool.state.public.allocation_max_netmask_length)),
    ),
    (
        "allocation-min-netmask-length",
        Column::Of(|pool, probe| probe.number(pool.state.public.allocation_min_netmask_length)),
    ),
    ("auto-import", Column::Of(|pool, probe| probe.flag(pool.state.public.auto_import))),
    ("aws-service", Column::Of(|pool, probe| probe.maybe(pool.state.public.aws_service.as_deref()))),
    ("description", Column::Of(|pool, probe| probe.maybe(pool.state.public.description.as_deref()))),
    ("ipam-arn", Column::Of(|pool, probe| probe.text(pool.state.public.ipam_arn()))),
    ("ipam-id", Column::Link(|pool, probe| probe.text(&pool.state.ipam))),
    ("ipam-pool-arn", Column::Of(|pool, probe| probe.text(pool.state.public.ipam_pool_arn()))),
    ("ipam-pool-id", Column::Id),
    ("ipam-region", Column::Of(|pool, probe| probe.text(pool.state.public.ipam_region()))),
    ("ipam-scope-arn", Column::Of(|pool, probe| probe.text(pool.state.public.ipam_scope_arn()))),
    ("ipam-scope-id", Column::Link(|pool, probe| probe.text(&pool.state.scope))),
    ("ipam-scope-type", Column::Of(|pool, probe| probe.text(pool.state.public.ipam_scope_type()))),
    ("locale", Column::Of(|pool, probe| probe.text(pool.state.public.locale()))),
    ("owner-id", Column::Of(|pool, probe| probe.text(&pool.account))),
    ("pool-depth", Column::Of(|pool, probe| probe.number(pool.state.public.pool_depth))),
    ("publicly-advertisable", Column::Of(|pool, probe| probe.flag(pool.state.public.publicly_advertisable))),
    ("source-ipam-pool-id", Column::Of(|pool, probe| probe.maybe(pool.state.source()))),
    ("state", Column::Of(|pool, probe| probe.text(pool.state.public.state()))),
];

impl Row for IpamPoolCidr {
    fn id(&self) -> &str {
        self.ipam_pool_cidr_id()
    }
}

pub(super) const CIDRS: Table<IpamPoolCidr> = &[
    ("cidr", Column::Of(|own, probe| probe.text(own.cidr()))),
    ("ipam-pool-cidr-id", Column::Id),
    ("netmask-length", Column::Of(|own, probe| probe.number(own.netmask_length))),
    ("state", Column::Of(|own, probe| probe.text(own.state()))),
];

impl Row for IpamPoolAllocation {
    fn id(&self) -> &str {
        self.ipam_pool_allocation_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

pub(super) const ALLOCATIONS: Table<IpamPoolAllocation> = &[
    ("cidr", Column::Of(|known, probe| probe.text(known.cidr()))),
    ("description", Column::Of(|known, probe| probe.maybe(known.description.as_deref()))),
    ("ipam-pool-allocation-id", Column::Id),
    ("resource-id", Column::Of(|known, probe| probe.maybe(known.resource_id.as_deref()))),
    ("resource-owner", Column::Of(|known, probe| probe.text(known.resource_owner()))),
    ("resource-region", Column::Of(|known, probe| probe.text(known.resource_region()))),
    ("resource-type", Column::Of(|known, probe| probe.text(known.resource_type()))),
];

/// A block of a resource, and the position that tells where a page ends.
pub(super) struct ResourceRow {
    pub(super) position: String,
    pub(super) public: IpamResourceCidr,
}

impl Row for ResourceRow {
    fn id(&self) -> &str {
        &self.position
    }
}

pub(super) const RESOURCES: Table<ResourceRow> = &[
    ("availability-zone-id", Column::Of(|row, probe| probe.maybe(row.public.availability_zone_id.as_deref()))),
    ("compliance-status", Column::Of(|row, probe| probe.text(row.public.compliance_status()))),
    ("ipam-pool-id", Column::Of(|row, probe| probe.maybe(row.public.ipam_pool_id.as_deref()))),
    ("management-state", Column::Of(|row, probe| probe.text(row.public.management_state()))),
    ("overlap-status", Column::Of(|row, probe| probe.text(row.public.overlap_status()))),
    ("resource-cidr", Column::Of(|row, probe| probe.text(row.public.resource_cidr()))),
    ("resource-id", Column::Of(|row, probe| probe.text(row.public.resource_id()))),
    ("resource-name", Column::Of(|row, probe| probe.maybe(row.public.resource_name.as_deref()))),
    ("resource-owner-id", Column::Of(|row, probe| probe.text(row.public.resource_owner_id()))),
    ("resource-region", Column::Of(|row, probe| probe.text(row.public.resource_region()))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.public.resource_type()))),
    ("vpc-id", Column::Of(|row, probe| probe.maybe(row.public.vpc_id.as_deref()))),
];
