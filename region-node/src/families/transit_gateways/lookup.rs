//! Where a transit gateway sends a packet that comes from an attachment.

use std::sync::Arc;

use archipelago_proto::ec2::v1::TransitGatewayRoute;
use ipnet::IpNet;

use super::routes::routes;
use super::{AttachmentState, TransitGatewayRouteTableState};
use crate::entity::{Id, Published};
use crate::request::Context;

/// The table of the gateway that decides.
pub fn table_of(
    cx: &Context,
    attachment: &AttachmentState,
    gateway: &str,
) -> Option<Arc<Published<TransitGatewayRouteTableState>>> {
    cx.transit_gateway_route_tables.index().get(attachment.table(gateway)?)
}

/// The route with the longest prefix that has the destination.
pub fn route_to(
    cx: &Context,
    table: &Published<TransitGatewayRouteTableState>,
    destination: IpNet,
) -> Option<TransitGatewayRoute> {
    let rows = routes(cx, &table.state).into_iter().filter(|row| row.destination.contains(&destination));
    rows.max_by_key(|row| row.destination.prefix_len()).map(|row| row.public)
}

/// The attachment of a VPC to a gateway, if it takes traffic.
pub fn attachment_of(cx: &Context, gateway: &str, vpc: &str) -> Option<Arc<Published<AttachmentState>>> {
    let attachments = cx.transit_gateway_attachments.linked_to(&Id::new(vpc));
    attachments.values().find(|found| found.state.gateway() == gateway && found.state.is_available()).cloned()
}
