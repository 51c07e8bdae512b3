//! The actions on attachments.

use std::collections::BTreeMap;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AcceptTransitGatewayVpcAttachmentRequest, AcceptTransitGatewayVpcAttachmentResult,
    CreateTransitGatewayVpcAttachmentRequest, CreateTransitGatewayVpcAttachmentResult,
    DeleteTransitGatewayVpcAttachmentRequest, DeleteTransitGatewayVpcAttachmentResult,
    DescribeTransitGatewayAttachmentsRequest, DescribeTransitGatewayAttachmentsResult,
    DescribeTransitGatewayVpcAttachmentsRequest, DescribeTransitGatewayVpcAttachmentsResult,
    ModifyTransitGatewayVpcAttachmentRequest, ModifyTransitGatewayVpcAttachmentResult,
    RejectTransitGatewayVpcAttachmentRequest, RejectTransitGatewayVpcAttachmentResult, TransitGatewayVpcAttachment,
    TransitGatewayVpcAttachmentOptions,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::AttachmentState;
use super::attachment::AttachmentCommand;
use super::filters::{ATTACHMENTS, VPC_ATTACHMENTS};
use super::gateway_actions::settles;
use super::joining::{gateway_to_join, guest, not_permitted, propagate};
use super::life::{Life, PENDING, incorrect_state};
use super::peering::PENDING_ACCEPTANCE;
use super::view::{Seen, attachment_view, find_gateway, seen, shelves, vpc_view};
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(accept_transit_gateway_vpc_attachment),
        Action::new(create_transit_gateway_vpc_attachment),
        Action::new(delete_transit_gateway_vpc_attachment),
        Action::new(describe_transit_gateway_attachments),
        Action::new(describe_transit_gateway_vpc_attachments),
        Action::new(modify_transit_gateway_vpc_attachment),
        Action::new(reject_transit_gateway_vpc_attachment),
    ]
}

/// The subnets are of the VPC, and each of another zone.
fn check_subnets<'a>(cx: &Context, vpc: &str, subnets: impl IntoIterator<Item = &'a String>) -> Ec2Result<()> {
    let mut zones = BTreeMap::new();
    for id in subnets {
        let subnet = cx.subnets.find(&cx.account, id)?;
        if subnet.state.public.vpc_id() != vpc {
            return Err(Ec2Error::invalid_parameter(format!("The subnet {id} does not belong to {vpc}.")));
        }
        let zone = subnet.state.public.availability_zone().to_owned();
        if zones.insert(zone, id).is_some_and(|known| known != id) {
            let message = format!("Duplicate Subnets for same AZ: {}", subnet.state.public.availability_zone());
            return Err(Ec2Error::new("DuplicateSubnetsInSameZone", message));
        }
    }
    Ok(())
}

fn find_vpc_attachment(cx: &Context, id: &str) -> Ec2Result<Arc<Published<AttachmentState>>> {
    let found = seen(cx, id)?;
    if found.state.is_vpc() { Ok(found) } else { Err(AttachmentState::KIND.not_found(id)) }
}

async fn create_transit_gateway_vpc_attachment(
    cx: Context,
    input: CreateTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<CreateTransitGatewayVpcAttachmentResult> {
    let kind = &AttachmentState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let gateway = gateway_to_join(&cx, input.transit_gateway_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    check_subnets(&cx, &vpc.id, &input.subnet_ids)?;
    let new = input.options.unwrap_or_default();
    let or = |given: Option<String>, word: &str| given.or(Some(word.to_owned()));
    let of_gateway = gateway.state.options();
    let options = TransitGatewayVpcAttachmentOptions {
        dns_support: or(new.dns_support, "enable"),
        security_group_referencing_support: new
            .security_group_referencing_support
            .or(of_gateway.security_group_referencing_support),
        ipv6_support: or(new.ipv6_support, "disable"),
        appliance_mode_support: or(new.appliance_mode_support, "disable"),
    };
    let accepted = gateway.account == cx.account || gateway.state.accepts_by_itself();
    let (default_table, propagation) = gateway.state.defaults();
    let id = cx.transit_gateway_attachments.fresh_id();
    let public = TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.id.to_string()),
        vpc_id: Some(vpc.id.to_string()),
        vpc_owner_id: vpc.state.public.owner_id.clone(),
        state: Some(if accepted { PENDING } else { PENDING_ACCEPTANCE }.to_owned()),
        subnet_ids: input.subnet_ids,
        creation_time: Some(cx.shell.clock.now()),
        options: Some(options),
        tags,
    };
    let state = AttachmentState {
        public: public.clone(),
        life: if accepted { Life::beginning(settles(&cx)) } else { Life::default() },
        association: default_table.clone().filter(|_| accepted),
        default_table,
        guest: guest(&cx, &gateway),
        ..Default::default()
    };
    // One at a time, so that a VPC is attached to a gateway once at most.
    let _one = cx.settling.lock().await;
    let known = cx.transit_gateway_attachments.linked_to(&vpc.id);
    if known.values().any(|known| known.state.gateway() == &*gateway.id) {
        let message = format!("{} has non-deleted Transit Gateway Attachments with same VPC ID.", gateway.id);
        return Err(Ec2Error::new("DuplicateTransitGatewayAttachment", message));
    }
    let mut undo = Undo::default();
    let outcome = async {
        propagate(&cx, &mut undo, propagation.filter(|_| accepted), &id).await?;
        let mut batch = cx.batch();
        batch.create(&cx.transit_gateway_attachments, &id, state)?;
        cx.commit(batch, CreateTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(public) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

/// Only the owner of the gateway decides on who is attached to it.
fn find_as_gateway_owner(cx: &Context, id: &str) -> Ec2Result<Arc<Published<AttachmentState>>> {
    let found = find_vpc_attachment(cx, id)?;
    let gateway = cx.transit_gateways.index().get(found.state.gateway());
    if gateway.is_some_and(|gateway| gateway.account == cx.account) {
        return Ok(found);
    }
    Err(not_permitted(format!("{id} can only be accepted or rejected by the owner of the transit gateway.")))
}

async fn accept_transit_gateway_vpc_attachment(
    cx: Context,
    input: AcceptTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<AcceptTransitGatewayVpcAttachmentResult> {
    let found = find_as_gateway_owner(&cx, input.transit_gateway_attachment_id())?;
    let gateway = find_gateway(&cx, found.state.gateway())?;
    let (table, propagation) = gateway.state.defaults();
    let mut undo = Undo::default();
    let outcome = async {
        cx.hold(&mut undo, &cx.transit_gateway_attachments, &found.id, &gateway.id).await?;
        let accepted = cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Accept(table)).await?;
        // What it propagates is derived from it, and comes after it.
        propagate(&cx, &mut Undo::default(), propagation, &found.id).await?;
        Ok(accepted.published)
    };
    let outcome = outcome.await;
    let now = workflow(undo, outcome).await?;
    Ok(AcceptTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(vpc_view(&cx, &now)) })
}

async fn reject_transit_gateway_vpc_attachment(
    cx: Context,
    input: RejectTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<RejectTransitGatewayVpcAttachmentResult> {
    let found = find_as_gateway_owner(&cx, input.transit_gateway_attachment_id())?;
    let now = cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Reject).await?.published;
    Ok(RejectTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(vpc_view(&cx, &now)) })
}

async fn modify_transit_gateway_vpc_attachment(
    cx: Context,
    input: ModifyTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<ModifyTransitGatewayVpcAttachmentResult> {
    let found = find_vpc_attachment(&cx, input.transit_gateway_attachment_id())?;
    let own = &found.state.public;
    if found.state.is_over() {
        return Err(incorrect_state(&found.id, own.state()));
    }
    if found.account != cx.account {
        return Err(not_permitted(format!("{} can only be modified by the owner of the VPC.", found.id)));
    }
    if let Some(unknown) = input.remove_subnet_ids.iter().find(|id| !own.subnet_ids.contains(id)) {
        return Err(Ec2Error::invalid_value("removeSubnetIds", unknown));
    }
    let kept = own.subnet_ids.iter().filter(|id| !input.remove_subnet_ids.contains(id));
    let subnets: Vec<_> = kept.chain(&input.add_subnet_ids).cloned().collect();
    if subnets.is_empty() {
        return Err(Ec2Error::invalid_parameter(format!("{} needs one subnet at least.", found.id)));
    }
    check_subnets(&cx, own.vpc_id(), &subnets)?;
    let (known, new) = (own.options.clone().unwrap_or_default(), input.options.unwrap_or_default());
    let options = TransitGatewayVpcAttachmentOptions {
        dns_support: new.dns_support.or(known.dns_support),
        security_group_referencing_support: new
            .security_group_referencing_support
            .or(known.security_group_referencing_support),
        ipv6_support: new.ipv6_support.or(known.ipv6_support),
        appliance_mode_support: new.appliance_mode_support.or(known.appliance_mode_support),
    };
    let mut undo = Undo::default();
    let outcome = async {
        for subnet in &input.add_subnet_ids {
            cx.hold(&mut undo, &cx.transit_gateway_attachments, &found.id, &Id::new(subnet)).await?;
        }
        cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Modify { subnets, options }).await
    };
    let outcome = outcome.await;
    let now = workflow(undo, outcome).await?.published;
    Ok(ModifyTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(vpc_view(&cx, &now)) })
}

async fn delete_transit_gateway_vpc_attachment(
    cx: Context,
    input: DeleteTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<DeleteTransitGatewayVpcAttachmentResult> {
    let found = find_vpc_attachment(&cx, input.transit_gateway_attachment_id())?;
    let now = cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(vpc_view(&cx, &now)) })
}

async fn describe_transit_gateway_vpc_attachments(
    cx: Context,
    input: DescribeTransitGatewayVpcAttachmentsRequest,
) -> Ec2Result<DescribeTransitGatewayVpcAttachmentsResult> {
    let describe = Describe {
        ids: &input.transit_gateway_attachment_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let of_vpc = |found: &Published<AttachmentState>| {
        found.state.is_vpc() && found.state.visible_to(&found.account, &cx.account)
    };
    let row = |found| Seen::new(&cx, found, |found, _| vpc_view(&cx, found));
    let page = describe.find_where(&cx.transit_gateway_attachments, VPC_ATTACHMENTS, &shelves(&cx), of_vpc, row)?;
    let transit_gateway_vpc_attachments = page.items.into_iter().map(|row| row.public).collect();
    Ok(DescribeTransitGatewayVpcAttachmentsResult { transit_gateway_vpc_attachments, next_token: page.next_token })
}

async fn describe_transit_gateway_attachments(
    cx: Context,
    input: DescribeTransitGatewayAttachmentsRequest,
) -> Ec2Result<DescribeTransitGatewayAttachmentsResult> {
    let describe = Describe {
        ids: &input.transit_gateway_attachment_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let visible = |found: &Published<AttachmentState>| found.state.visible_to(&found.account, &cx.account);
    let row = |found: Arc<Published<AttachmentState>>| attachment_view(&cx, &found);
    let page = describe.find_where(&cx.transit_gateway_attachments, ATTACHMENTS, &shelves(&cx), visible, row)?;
    let transit_gateway_attachments = page.items.into_iter().map(|view| view.public).collect();
    Ok(DescribeTransitGatewayAttachmentsResult { transit_gateway_attachments, next_token: page.next_token })
}
