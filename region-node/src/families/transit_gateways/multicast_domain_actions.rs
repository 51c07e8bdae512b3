//! The actions on multicast domains themselves.

use archipelago_proto::ec2::v1::{
    CreateTransitGatewayMulticastDomainRequest, CreateTransitGatewayMulticastDomainResult,
    DeleteTransitGatewayMulticastDomainRequest, DeleteTransitGatewayMulticastDomainResult,
    DescribeTransitGatewayMulticastDomainsRequest, DescribeTransitGatewayMulticastDomainsResult,
    TransitGatewayMulticastDomain, TransitGatewayMulticastDomainOptions,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::gateway_actions::settles;
use super::life::{AVAILABLE, Life, PENDING, incorrect_state};
use super::multicast_domain::{DomainCommand, MulticastDomainState};
use super::view::{alive, find_gateway};
use crate::entity::Entity as _;
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_multicast_domain),
        Action::new(delete_transit_gateway_multicast_domain),
        Action::new(describe_transit_gateway_multicast_domains),
    ]
}

/// botocore: DescribeTransitGatewayMulticastDomains.
const FILTERS: FilterTable<MulticastDomainState> = &[
    ("state", Column::Of(|row, probe| probe.text(row.state.public.state()))),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.state.public.transit_gateway_id()))),
    ("transit-gateway-multicast-domain-id", Column::Id),
];

async fn create_transit_gateway_multicast_domain(
    cx: Context,
    input: CreateTransitGatewayMulticastDomainRequest,
) -> Ec2Result<CreateTransitGatewayMulticastDomainResult> {
    let kind = &MulticastDomainState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let gateway = find_gateway(&cx, input.transit_gateway_id())?;
    if gateway.state.public.state() != AVAILABLE {
        return Err(incorrect_state(&gateway.id, gateway.state.public.state()));
    }
    if gateway.state.options().multicast_support() != "enable" {
        let message = format!("Multicast is not enabled on {}.", gateway.id);
        return Err(Ec2Error::new("InvalidParameterValue", message));
    }
    let new = input.options.unwrap_or_default();
    let or = |given: Option<String>| given.or(Some("disable".to_owned()));
    let options = TransitGatewayMulticastDomainOptions {
        igmpv2_support: or(new.igmpv2_support),
        static_sources_support: or(new.static_sources_support),
        auto_accept_shared_associations: or(new.auto_accept_shared_associations),
    };
    if options.igmpv2_support() == "enable" && options.static_sources_support() == "enable" {
        return Err(Ec2Error::invalid_combination(
            "The options Igmpv2Support and StaticSourcesSupport may not be enabled together",
        ));
    }
    let id = cx.transit_gateway_multicast_domains.fresh_id();
    let public = TransitGatewayMulticastDomain {
        transit_gateway_multicast_domain_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.id.to_string()),
        transit_gateway_multicast_domain_arn: Some(cx.arn(kind.resource_type, &id)),
        owner_id: Some(cx.account.to_string()),
        options: Some(options),
        state: Some(PENDING.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        tags,
    };
    let state = MulticastDomainState {
        public: public.clone(),
        life: Life::beginning(settles(&cx)),
        ..MulticastDomainState::default()
    };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_multicast_domains, &id, state)?;
    cx.commit(batch, CreateTransitGatewayMulticastDomainResult { transit_gateway_multicast_domain: Some(public) }).await
}

async fn delete_transit_gateway_multicast_domain(
    cx: Context,
    input: DeleteTransitGatewayMulticastDomainRequest,
) -> Ec2Result<DeleteTransitGatewayMulticastDomainResult> {
    let id = input.transit_gateway_multicast_domain_id();
    let found = cx.transit_gateway_multicast_domains.find(&cx.account, id)?;
    let attachments = found.state.subnets.iter().map(|part| part.attachment.clone());
    let gone = attachments.filter(|id| alive(&cx, id).is_none()).collect();
    let now = cx.transit_gateway_multicast_domains.ask(&found.id, DomainCommand::Delete(gone)).await?.published;
    let transit_gateway_multicast_domain = Some(now.state.public.clone());
    Ok(DeleteTransitGatewayMulticastDomainResult { transit_gateway_multicast_domain })
}

async fn describe_transit_gateway_multicast_domains(
    cx: Context,
    input: DescribeTransitGatewayMulticastDomainsRequest,
) -> Ec2Result<DescribeTransitGatewayMulticastDomainsResult> {
    let describe = Describe {
        ids: &input.transit_gateway_multicast_domain_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.transit_gateway_multicast_domains, FILTERS)?;
    let transit_gateway_multicast_domains = page.map(|found| found.state.public.clone());
    Ok(DescribeTransitGatewayMulticastDomainsResult { transit_gateway_multicast_domains, next_token: page.next_token })
}
