//! What is joined where gateways, attachments and tables are shown.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    Tag, TransitGatewayAttachment, TransitGatewayAttachmentAssociation, TransitGatewayRouteAttachment,
    TransitGatewayRouteTable, TransitGatewayVpcAttachment,
};
use ipnet::IpNet;

use super::life::incorrect_state;
use super::{AttachmentState, TransitGatewayRouteTableState, TransitGatewayState};
use crate::entity::{Entity as _, Id, Published, Shelf};
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
    let found = seen(cx, id)?;
    if found.state.is_over() { Err(incorrect_state(id, found.state.public.state())) } else { Ok(found) }
}

/// An attachment that the caller has a part in.
pub(super) fn seen(cx: &Context, id: &str) -> Ec2Result<Arc<Published<AttachmentState>>> {
    let found = cx.transit_gateway_attachments.index().get(id);
    match found.filter(|found| found.state.visible_to(&found.account, &cx.account)) {
        Some(found) => Ok(found),
        None => AttachmentState::KIND.check(id).and_then(|()| Err(AttachmentState::KIND.not_found(id))),
    }
}

/// Who sees an attachment, and on which shelves it is found.
pub(super) fn shelves(cx: &Context) -> [Shelf; 2] {
    [Shelf::Owner(cx.account.clone()), Shelf::SharedWith(cx.account.clone())]
}

/// An attachment as one of its gateways has it.
pub(super) struct Attached {
    pub(super) found: Arc<Published<AttachmentState>>,
    gateway: String,
}

impl Attached {
    pub(super) fn sorted(found: impl Iterator<Item = Arc<Published<AttachmentState>>>, gateway: &str) -> Vec<Self> {
        let mut rows: Vec<_> = found.map(|found| Self { found, gateway: gateway.to_owned() }).collect();
        rows.sort_by(|one, other| one.found.id.cmp(&other.found.id));
        rows
    }

    pub(super) fn resource(&self) -> (&str, &'static str, &str) {
        self.found.state.resource(&self.gateway)
    }
}

impl Row for Attached {
    fn id(&self) -> &str {
        &self.found.id
    }
}

/// An attachment of some type as its owner or its guest sees it.
pub(super) struct Seen<T> {
    pub(super) found: Arc<Published<AttachmentState>>,
    pub(super) tags: Vec<Tag>,
    pub(super) public: T,
}

impl<T> Seen<T> {
    pub(super) fn new(
        cx: &Context,
        found: Arc<Published<AttachmentState>>,
        view: impl FnOnce(&Published<AttachmentState>, Vec<Tag>) -> T,
    ) -> Self {
        let tags = tags(cx, &found);
        Self { public: view(&found, tags.clone()), tags, found }
    }
}

impl<T: Send + Sync> Row for Seen<T> {
    fn id(&self) -> &str {
        &self.found.id
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// The caller's own tags of an attachment.
pub(super) fn tags(cx: &Context, found: &Published<AttachmentState>) -> Vec<Tag> {
    match &found.state.guest {
        Some(guest) if found.account != cx.account => guest.tags.clone(),
        _ => found.state.public.tags.clone(),
    }
}

/// A VPC attachment as the caller sees it.
pub(super) fn vpc_view(cx: &Context, found: &Published<AttachmentState>) -> TransitGatewayVpcAttachment {
    TransitGatewayVpcAttachment { tags: tags(cx, found), ..found.state.public.clone() }
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

/// The blocks of a prefix list as it is now.
pub(super) fn blocks_of_list(cx: &Context, list: &str) -> Vec<IpNet> {
    let list = cx.prefix_lists.index().get(list);
    let entries = list.iter().flat_map(|list| list.state.entries());
    entries.filter_map(|entry| entry.cidr().parse().ok()).collect()
}

pub(super) fn route_attachment(found: &Published<AttachmentState>, gateway: &str) -> TransitGatewayRouteAttachment {
    let (resource, resource_type, _) = found.state.resource(gateway);
    TransitGatewayRouteAttachment {
        resource_id: Some(resource.to_owned()),
        transit_gateway_attachment_id: Some(found.id.to_string()),
        resource_type: Some(resource_type.to_owned()),
    }
}

/// An attachment of any type, as DescribeTransitGatewayAttachments has it.
pub(super) struct AttachmentView {
    id: Id,
    pub(super) public: TransitGatewayAttachment,
}

pub(super) fn attachment_view(cx: &Context, found: &Published<AttachmentState>) -> AttachmentView {
    let own = &found.state.public;
    // Of a peering within a region the accepter sees its own gateway, if it is not the requester too.
    let near = found.state.peer_gateway().filter(|_| found.account != cx.account).unwrap_or(found.state.gateway());
    let (resource, resource_type, owner) = found.state.resource(near);
    let gateway = cx.transit_gateways.index().get(near);
    let association = found.state.table(near).map(|table| TransitGatewayAttachmentAssociation {
        transit_gateway_route_table_id: Some(table.to_owned()),
        state: Some("associated".to_owned()),
    });
    let public = TransitGatewayAttachment {
        transit_gateway_attachment_id: Some(found.id.to_string()),
        transit_gateway_id: Some(near.to_owned()),
        transit_gateway_owner_id: gateway.and_then(|gateway| gateway.state.public.owner_id.clone()),
        resource_owner_id: Some(owner.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        resource_id: Some(resource.to_owned()),
        state: own.state.clone(),
        association,
        creation_time: own.creation_time,
        tags: tags(cx, found),
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
