//! What is joined where gateways, attachments and tables are shown.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    Tag, TransitGatewayAttachment, TransitGatewayAttachmentAssociation, TransitGatewayRouteAttachment,
    TransitGatewayRouteTable,
};
use ipnet::IpNet;

use super::life::incorrect_state;
use super::{AttachmentState, TransitGatewayRouteTableState, TransitGatewayState};
use crate::entity::{Id, Published};
use crate::request::{Context, Row};

/// A gateway that takes what is asked of it.
pub(super) fn find_gateway(cx: &Context, id: &str) -> Ec2Result<Arc<Published<TransitGatewayState>>> {
    let found = cx.transit_gateways.find(&cx.account, id)?;
    if found.state.is_over() { Err(incorrect_state(id, found.state.public.state())) } else { Ok(found) }
}

pub(super) fn find_table(cx: &Context, id: &str) -> Ec2Result<Arc<Published<TransitGatewayRouteTableState>>> {
    let found = cx.transit_gateway_route_tables.find(&cx.account, id)?;
    if found.state.is_over() { Err(incorrect_state(id, found.state.public.state())) } else { Ok(found) }
}

pub(super) fn find_attachment(cx: &Context, id: &str) -> Ec2Result<Arc<Published<AttachmentState>>> {
    let found = cx.transit_gateway_attachments.find(&cx.account, id)?;
    if found.state.is_over() { Err(incorrect_state(id, found.state.public.state())) } else { Ok(found) }
}

/// An attachment that is there, by its id.
pub(super) fn alive(cx: &Context, id: &str) -> Option<Arc<Published<AttachmentState>>> {
    cx.transit_gateway_attachments.index().get(id).filter(|found| !found.state.is_over())
}

/// The blocks that an attachment propagates.
pub(super) fn blocks(cx: &Context, attachment: &AttachmentState) -> Vec<IpNet> {
    let vpc = cx.vpcs.index().get(attachment.public.vpc_id());
    let ipv6 = attachment.public.options.as_ref().is_some_and(|options| options.ipv6_support() == "enable");
    vpc.into_iter()
        .flat_map(|vpc| {
            let ipv6_blocks = vpc.state.ipv6_blocks().filter(|_| ipv6).map(IpNet::from);
            vpc.state.ipv4_blocks().chain(ipv6_blocks).collect::<Vec<_>>()
        })
        .collect()
}

pub(super) fn route_attachment(found: &Published<AttachmentState>) -> TransitGatewayRouteAttachment {
    TransitGatewayRouteAttachment {
        resource_id: Some(found.state.resource().0.to_owned()),
        transit_gateway_attachment_id: Some(found.id.to_string()),
        resource_type: Some(found.state.resource().1.to_owned()),
    }
}

/// An attachment of any type, as DescribeTransitGatewayAttachments has it.
pub(super) struct AttachmentView {
    id: Id,
    pub(super) public: TransitGatewayAttachment,
}

pub(super) fn attachment_view(cx: &Context, found: &Published<AttachmentState>) -> AttachmentView {
    let own = &found.state.public;
    let (resource, resource_type, owner) = found.state.resource();
    let gateway = cx.transit_gateways.index().get(found.state.gateway());
    let association = found.state.table().map(|table| TransitGatewayAttachmentAssociation {
        transit_gateway_route_table_id: Some(table.to_owned()),
        state: Some("associated".to_owned()),
    });
    let public = TransitGatewayAttachment {
        transit_gateway_attachment_id: Some(found.id.to_string()),
        transit_gateway_id: own.transit_gateway_id.clone(),
        transit_gateway_owner_id: gateway.and_then(|gateway| gateway.state.public.owner_id.clone()),
        resource_owner_id: Some(owner.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        resource_id: Some(resource.to_owned()),
        state: own.state.clone(),
        association,
        creation_time: own.creation_time,
        tags: own.tags.clone(),
    };
    AttachmentView { id: found.id.clone(), public }
}

impl Row for AttachmentView {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }
}

pub(super) struct TableView {
    id: Id,
    pub(super) public: TransitGatewayRouteTable,
}

/// Which table is a default one, the gateway decides.
pub(super) fn table_view(cx: &Context, found: &Published<TransitGatewayRouteTableState>) -> TableView {
    let gateway = cx.transit_gateways.index().get(found.state.gateway());
    let (association, propagation) = gateway.map(|gateway| gateway.state.defaults()).unwrap_or_default();
    let public = TransitGatewayRouteTable {
        default_association_route_table: Some(association.as_deref() == Some(&*found.id)),
        default_propagation_route_table: Some(propagation.as_deref() == Some(&*found.id)),
        ..found.state.public.clone()
    };
    TableView { id: found.id.clone(), public }
}

impl Row for TableView {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }
}
