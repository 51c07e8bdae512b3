//! Which subnets take part in a multicast domain.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AcceptTransitGatewayMulticastDomainAssociationsRequest, AcceptTransitGatewayMulticastDomainAssociationsResult,
    AssociateTransitGatewayMulticastDomainRequest, AssociateTransitGatewayMulticastDomainResult,
    DisassociateTransitGatewayMulticastDomainRequest, DisassociateTransitGatewayMulticastDomainResult,
    GetTransitGatewayMulticastDomainAssociationsRequest, GetTransitGatewayMulticastDomainAssociationsResult,
    RejectTransitGatewayMulticastDomainAssociationsRequest, RejectTransitGatewayMulticastDomainAssociationsResult,
    SubnetAssociation, TransitGatewayMulticastDomainAssociation, TransitGatewayMulticastDomainAssociations,
    TransitGatewayMulticastDomainOptions,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::AttachmentState;
use super::life::incorrect_state;
use super::multicast_domain::{ASSOCIATED, DomainCommand, MulticastDomainState, SubnetPart};
use super::peering::PENDING_ACCEPTANCE;
use super::view::{alive, find_attachment};
use crate::entity::{Entity as _, Id, Published};
use crate::request::{Action, Column, Context, Describe, Row, Table, required};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(accept_transit_gateway_multicast_domain_associations),
        Action::new(associate_transit_gateway_multicast_domain),
        Action::new(disassociate_transit_gateway_multicast_domain),
        Action::new(get_transit_gateway_multicast_domain_associations),
        Action::new(reject_transit_gateway_multicast_domain_associations),
    ]
}

type Associations = TransitGatewayMulticastDomainAssociations;

impl Row for TransitGatewayMulticastDomainAssociation {
    fn id(&self) -> &str {
        self.subnet.as_ref().map(SubnetAssociation::subnet_id).unwrap_or_default()
    }
}

/// botocore: GetTransitGatewayMulticastDomainAssociations.
const FILTERS: Table<TransitGatewayMulticastDomainAssociation> = &[
    ("resource-id", Column::Of(|row, probe| probe.text(row.resource_id()))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.resource_type()))),
    ("state", Column::Of(|row, probe| probe.maybe(row.subnet.as_ref().map(SubnetAssociation::state)))),
    ("subnet-id", Column::Of(|row, probe| probe.text(row.id()))),
    ("transit-gateway-attachment-id", Column::Of(|row, probe| probe.text(row.transit_gateway_attachment_id()))),
];

/// A domain of anybody's: it is shared as its gateway is.
pub(super) fn find_domain(cx: &Context, id: &str) -> Ec2Result<Arc<Published<MulticastDomainState>>> {
    let kind = &MulticastDomainState::KIND;
    kind.check(id)?;
    let found = cx.transit_gateway_multicast_domains.index().get(id).ok_or_else(|| kind.not_found(id))?;
    if found.state.is_over() { Err(incorrect_state(id, found.state.public.state())) } else { Ok(found) }
}

fn shown<'a>(
    domain: &Id,
    attachment: &Published<AttachmentState>,
    subnets: impl Iterator<Item = &'a SubnetPart>,
    state: Option<&str>,
) -> Associations {
    let public = &attachment.state.public;
    Associations {
        transit_gateway_multicast_domain_id: Some(domain.to_string()),
        transit_gateway_attachment_id: Some(attachment.id.to_string()),
        resource_id: public.vpc_id.clone(),
        resource_type: Some("vpc".to_owned()),
        resource_owner_id: public.vpc_owner_id.clone(),
        subnets: subnets
            .map(|part| SubnetAssociation {
                subnet_id: Some(part.subnet.clone()),
                state: Some(state.unwrap_or(&part.state).to_owned()),
            })
            .collect(),
    }
}

async fn associate_transit_gateway_multicast_domain(
    cx: Context,
    input: AssociateTransitGatewayMulticastDomainRequest,
) -> Ec2Result<AssociateTransitGatewayMulticastDomainResult> {
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    let attachment = find_attachment(&cx, input.transit_gateway_attachment_id())?;
    if !attachment.state.is_available() {
        return Err(incorrect_state(&attachment.id, attachment.state.public.state()));
    }
    if !attachment.state.is_vpc() || !attachment.state.is_of(domain.state.public.transit_gateway_id()) {
        return Err(Ec2Error::invalid_parameter(format!(
            "{} is not a VPC attachment of {}.",
            attachment.id,
            domain.state.public.transit_gateway_id()
        )));
    }
    for id in &input.subnet_ids {
        let subnet = cx.subnets.find(&attachment.account, id)?;
        if subnet.state.public.vpc_id != attachment.state.public.vpc_id {
            return Err(Ec2Error::invalid_parameter(format!("The subnet {id} does not belong to the attached VPC.")));
        }
    }
    // One at a time, so that a subnet takes part in one domain at most.
    let _one = cx.settling.lock().await;
    let domains = cx.transit_gateway_multicast_domains.linked_to(&Id::new(attachment.state.gateway()));
    for (known, part) in domains.values().flat_map(|known| known.state.subnets.iter().map(move |part| (known, part))) {
        let counts = matches!(part.state.as_str(), ASSOCIATED | PENDING_ACCEPTANCE);
        if counts && input.subnet_ids.contains(&part.subnet) && alive(&cx, &part.attachment).is_some() {
            let message = format!("The subnet {} is already associated with {}.", part.subnet, known.id);
            return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
        }
    }
    let accepts = TransitGatewayMulticastDomainOptions::auto_accept_shared_associations;
    let accepted = domain.account == cx.account || domain.state.option(accepts);
    let state = if accepted { ASSOCIATED } else { PENDING_ACCEPTANCE };
    let part = |subnet: &String| SubnetPart {
        attachment: attachment.id.to_string(),
        subnet: subnet.clone(),
        state: state.to_owned(),
    };
    let parts: Vec<_> = input.subnet_ids.iter().map(part).collect();
    let answer = shown(&domain.id, &attachment, parts.iter(), accepted.then_some("associating"));
    cx.transit_gateway_multicast_domains.ask(&domain.id, DomainCommand::Associate(parts)).await?;
    Ok(AssociateTransitGatewayMulticastDomainResult { associations: Some(answer) })
}

async fn disassociate_transit_gateway_multicast_domain(
    cx: Context,
    input: DisassociateTransitGatewayMulticastDomainRequest,
) -> Ec2Result<DisassociateTransitGatewayMulticastDomainResult> {
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    let attachment = super::view::seen(&cx, input.transit_gateway_attachment_id())?;
    let command = DomainCommand::Disassociate(attachment.id.to_string(), input.subnet_ids);
    let gone = cx.transit_gateway_multicast_domains.ask(&domain.id, command).await?.reply;
    let associations = Some(shown(&domain.id, &attachment, gone.iter(), Some("disassociating")));
    Ok(DisassociateTransitGatewayMulticastDomainResult { associations })
}

/// Accepts or rejects what other accounts ask for.
async fn answer(
    cx: &Context,
    accept: bool,
    domain: Option<&str>,
    attachment: Option<String>,
    subnets: Vec<String>,
) -> Ec2Result<Option<Associations>> {
    let domain = required("TransitGatewayMulticastDomainId", domain)?;
    let domain = cx.transit_gateway_multicast_domains.find(&cx.account, domain)?;
    let command = DomainCommand::Answer { accept, attachment, subnets };
    let changed = cx.transit_gateway_multicast_domains.ask(&domain.id, command).await?.reply;
    // An answer has room for one attachment.
    let Some(attachment) = changed.first().and_then(|part| alive(cx, &part.attachment)) else { return Ok(None) };
    let parts = changed.iter().filter(|part| *part.attachment == *attachment.id);
    Ok(Some(shown(&domain.id, &attachment, parts, accept.then_some("associating"))))
}

async fn accept_transit_gateway_multicast_domain_associations(
    cx: Context,
    input: AcceptTransitGatewayMulticastDomainAssociationsRequest,
) -> Ec2Result<AcceptTransitGatewayMulticastDomainAssociationsResult> {
    let (domain, attachment) = (input.transit_gateway_multicast_domain_id, input.transit_gateway_attachment_id);
    let associations = answer(&cx, true, domain.as_deref(), attachment, input.subnet_ids).await?;
    Ok(AcceptTransitGatewayMulticastDomainAssociationsResult { associations })
}

async fn reject_transit_gateway_multicast_domain_associations(
    cx: Context,
    input: RejectTransitGatewayMulticastDomainAssociationsRequest,
) -> Ec2Result<RejectTransitGatewayMulticastDomainAssociationsResult> {
    let (domain, attachment) = (input.transit_gateway_multicast_domain_id, input.transit_gateway_attachment_id);
    let associations = answer(&cx, false, domain.as_deref(), attachment, input.subnet_ids).await?;
    Ok(RejectTransitGatewayMulticastDomainAssociationsResult { associations })
}

async fn get_transit_gateway_multicast_domain_associations(
    cx: Context,
    input: GetTransitGatewayMulticastDomainAssociationsRequest,
) -> Ec2Result<GetTransitGatewayMulticastDomainAssociationsResult> {
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let row = |part: &SubnetPart| {
        let attachment = alive(&cx, &part.attachment)?;
        // Other accounts see their own.
        (domain.account == cx.account || attachment.account == cx.account).then_some(())?;
        let all = shown(&domain.id, &attachment, std::iter::once(part), None);
        Some(TransitGatewayMulticastDomainAssociation {
            transit_gateway_attachment_id: all.transit_gateway_attachment_id,
            resource_id: all.resource_id,
            resource_type: all.resource_type,
            resource_owner_id: all.resource_owner_id,
            subnet: all.subnets.into_iter().next(),
        })
    };
    let rows = domain.state.subnets.iter().filter_map(row).collect();
    let page = describe.pick_from(&domain.id, FILTERS, rows)?;
    Ok(GetTransitGatewayMulticastDomainAssociationsResult {
        multicast_domain_associations: page.items,
        next_token: page.next_token,
    })
}
