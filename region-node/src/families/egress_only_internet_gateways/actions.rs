//! The actions on egress-only internet gateways.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateEgressOnlyInternetGatewayRequest, CreateEgressOnlyInternetGatewayResult,
    DeleteEgressOnlyInternetGatewayRequest, DeleteEgressOnlyInternetGatewayResult,
    DescribeEgressOnlyInternetGatewaysRequest, DescribeEgressOnlyInternetGatewaysResult, EgressOnlyInternetGateway,
    InternetGatewayAttachment,
};

use super::EgressOnlyInternetGatewayState;
use super::state::EgressOnlyInternetGatewayCommand;
use crate::entity::Entity as _;
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_egress_only_internet_gateway),
        Action::new(delete_egress_only_internet_gateway),
        Action::new(describe_egress_only_internet_gateways),
    ]
}

/// AWS documents tags only; the others are those of its siblings.
const FILTERS: FilterTable<EgressOnlyInternetGatewayState> = &[
    (
        "attachment.state",
        Column::Of(|gateway, probe| gateway.state.public.attachments.iter().for_each(|a| probe.text(a.state()))),
    ),
    ("attachment.vpc-id", Column::Link(|gateway, probe| probe.text(gateway.state.vpc()))),
    ("egress-only-internet-gateway-id", Column::Id),
    ("owner-id", Column::Of(|gateway, probe| probe.text(&gateway.account))),
];

async fn create_egress_only_internet_gateway(
    cx: Context,
    input: CreateEgressOnlyInternetGatewayRequest,
) -> Ec2Result<CreateEgressOnlyInternetGatewayResult> {
    let kind = &EgressOnlyInternetGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let id = cx.egress_only_internet_gateways.fresh_id();
    let attachment = InternetGatewayAttachment { state: Some("attaching".into()), vpc_id: Some(vpc.id.to_string()) };
    let public = EgressOnlyInternetGateway {
        attachments: vec![attachment],
        egress_only_internet_gateway_id: Some(id.to_string()),
        tags,
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::GatewayAttach);
    let state = EgressOnlyInternetGatewayState { public: public.clone(), settles: Some(settles) };
    let mut batch = cx.batch();
    batch.create(&cx.egress_only_internet_gateways, &id, state)?;
    let response = CreateEgressOnlyInternetGatewayResult {
        client_token: input.client_token,
        egress_only_internet_gateway: Some(public),
    };
    cx.commit(batch, response).await
}

async fn delete_egress_only_internet_gateway(
    cx: Context,
    input: DeleteEgressOnlyInternetGatewayRequest,
) -> Ec2Result<DeleteEgressOnlyInternetGatewayResult> {
    let gateway = cx.egress_only_internet_gateways.find(&cx.account, input.egress_only_internet_gateway_id())?;
    cx.egress_only_internet_gateways.ask(&gateway.id, EgressOnlyInternetGatewayCommand::Delete).await?;
    Ok(DeleteEgressOnlyInternetGatewayResult { return_code: Some(true) })
}

async fn describe_egress_only_internet_gateways(
    cx: Context,
    input: DescribeEgressOnlyInternetGatewaysRequest,
) -> Ec2Result<DescribeEgressOnlyInternetGatewaysResult> {
    let describe = Describe {
        ids: &input.egress_only_internet_gateway_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 5..=255,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.egress_only_internet_gateways, FILTERS)?;
    let egress_only_internet_gateways = page.map(|gateway| gateway.state.public.clone());
    Ok(DescribeEgressOnlyInternetGatewaysResult { egress_only_internet_gateways, next_token: page.next_token })
}
