//! The actions on attachments.

use std::collections::BTreeMap;

use archipelago_proto::ec2::v1::{
    CreateTransitGatewayVpcAttachmentRequest, CreateTransitGatewayVpcAttachmentResult,
    DeleteTransitGatewayVpcAttachmentRequest, DeleteTransitGatewayVpcAttachmentResult,
    DescribeTransitGatewayAttachmentsRequest, DescribeTransitGatewayAttachmentsResult,
    DescribeTransitGatewayVpcAttachmentsRequest, DescribeTransitGatewayVpcAttachmentsResult,
    ModifyTransitGatewayVpcAttachmentRequest, ModifyTransitGatewayVpcAttachmentResult, TransitGatewayVpcAttachment,
    TransitGatewayVpcAttachmentOptions,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::AttachmentState;
use super::attachment::AttachmentCommand;
use super::filters::{ATTACHMENTS, VPC_ATTACHMENTS};
use super::gateway_actions::settles;
use super::life::{AVAILABLE, Life, PENDING, incorrect_state};
use super::table::TableCommand;
use super::view::{attachment_view, find_attachment, find_gateway};
use crate::entity::{Entity as _, Id, Published, Shelf, Undo, workflow};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_vpc_attachment),
        Action::new(delete_transit_gateway_vpc_attachment),
        Action::new(describe_transit_gateway_attachments),
        Action::new(describe_transit_gateway_vpc_attachments),
        Action::new(modify_transit_gateway_vpc_attachment),
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

async fn create_transit_gateway_vpc_attachment(
    cx: Context,
    input: CreateTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<CreateTransitGatewayVpcAttachmentResult> {
    let kind = &AttachmentState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let gateway = find_gateway(&cx, input.transit_gateway_id())?;
    if gateway.state.public.state() != AVAILABLE {
        return Err(incorrect_state(&gateway.id, gateway.state.public.state()));
    }
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
    let (association, propagation) = gateway.state.defaults();
    let id = cx.transit_gateway_attachments.fresh_id();
    let public = TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.id.to_string()),
        vpc_id: Some(vpc.id.to_string()),
        vpc_owner_id: vpc.state.public.owner_id.clone(),
        state: Some(PENDING.to_owned()),
        subnet_ids: input.subnet_ids,
        creation_time: Some(cx.shell.clock.now()),
        options: Some(options),
        tags,
    };
    let state = AttachmentState {
        public: public.clone(),
        life: Life::beginning(settles(&cx)),
        association,
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
        if let Some(table) = propagation {
            let table = Id::new(&table);
            let command = TableCommand::Propagate(id.to_string());
            cx.transit_gateway_route_tables.ask(&table, command).await?;
            let (region, attachment) = (cx.region.clone(), id.to_string());
            undo.push(async move {
                let command = TableCommand::StopPropagating(attachment);
                let _ = region.transit_gateway_route_tables.ask(&table, command).await;
            });
        }
        let mut batch = cx.batch();
        batch.create(&cx.transit_gateway_attachments, &id, state)?;
        cx.commit(batch, CreateTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(public) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

async fn modify_transit_gateway_vpc_attachment(
    cx: Context,
    input: ModifyTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<ModifyTransitGatewayVpcAttachmentResult> {
    let found = find_attachment(&cx, input.transit_gateway_attachment_id())?;
    let own = &found.state.public;
    if found.state.peering.is_some() {
        return Err(AttachmentState::KIND.not_found(&found.id));
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
    Ok(ModifyTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(now.state.public.clone()) })
}

async fn delete_transit_gateway_vpc_attachment(
    cx: Context,
    input: DeleteTransitGatewayVpcAttachmentRequest,
) -> Ec2Result<DeleteTransitGatewayVpcAttachmentResult> {
    let found = cx.transit_gateway_attachments.find(&cx.account, input.transit_gateway_attachment_id())?;
    let now = cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment: Some(now.state.public.clone()) })
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
    let own = [Shelf::Owner(cx.account.clone())];
    let of_vpc = |found: &Published<AttachmentState>| found.account == cx.account && found.state.peering.is_none();
    let page = describe.find_where(&cx.transit_gateway_attachments, VPC_ATTACHMENTS, &own, of_vpc, |found| found)?;
    let transit_gateway_vpc_attachments = page.map(|found| found.state.public.clone());
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
    let page =
        describe.find_rows(&cx, &cx.transit_gateway_attachments, ATTACHMENTS, |found| attachment_view(&cx, &found))?;
    let transit_gateway_attachments = page.items.into_iter().map(|view| view.public).collect();
    Ok(DescribeTransitGatewayAttachmentsResult { transit_gateway_attachments, next_token: page.next_token })
}
