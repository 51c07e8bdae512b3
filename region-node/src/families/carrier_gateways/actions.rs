//! The actions on carrier gateways.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CarrierGateway, CreateCarrierGatewayRequest, CreateCarrierGatewayResult, DeleteCarrierGatewayRequest,
    DeleteCarrierGatewayResult, DescribeCarrierGatewaysRequest, DescribeCarrierGatewaysResult,
};

use super::CarrierGatewayState;
use super::state::CarrierGatewayCommand;
use crate::entity::Entity as _;
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_carrier_gateway),
        Action::new(delete_carrier_gateway),
        Action::new(describe_carrier_gateways),
    ]
}

/// AWS: DescribeCarrierGateways.
const FILTERS: FilterTable<CarrierGatewayState> = &[
    ("carrier-gateway-id", Column::Id),
    ("owner-id", Column::Of(|gateway, probe| probe.text(gateway.state.public.owner_id()))),
    ("state", Column::Of(|gateway, probe| probe.text(gateway.state.public.state()))),
    ("vpc-id", Column::Link(|gateway, probe| probe.text(gateway.state.public.vpc_id()))),
];

async fn create_carrier_gateway(
    cx: Context,
    input: CreateCarrierGatewayRequest,
) -> Ec2Result<CreateCarrierGatewayResult> {
    let kind = &CarrierGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let id = cx.carrier_gateways.fresh_id();
    let public = CarrierGateway {
        carrier_gateway_id: Some(id.to_string()),
        vpc_id: Some(vpc.id.to_string()),
        state: Some("pending".into()),
        owner_id: Some(cx.account.to_string()),
        tags,
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::GatewayAttach);
    let mut batch = cx.batch();
    let state = CarrierGatewayState { public: public.clone(), settles: Some(settles) };
    batch.create(&cx.carrier_gateways, &id, state)?;
    cx.commit(batch, CreateCarrierGatewayResult { carrier_gateway: Some(public) }).await
}

async fn delete_carrier_gateway(
    cx: Context,
    input: DeleteCarrierGatewayRequest,
) -> Ec2Result<DeleteCarrierGatewayResult> {
    let gateway = cx.carrier_gateways.find(&cx.account, input.carrier_gateway_id())?;
    let deleting = cx.carrier_gateways.ask(&gateway.id, CarrierGatewayCommand::Delete).await?.published;
    Ok(DeleteCarrierGatewayResult { carrier_gateway: Some(deleting.state.public.clone()) })
}

async fn describe_carrier_gateways(
    cx: Context,
    input: DescribeCarrierGatewaysRequest,
) -> Ec2Result<DescribeCarrierGatewaysResult> {
    let describe = Describe {
        ids: &input.carrier_gateway_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.carrier_gateways, FILTERS)?;
    let carrier_gateways = page.map(|gateway| gateway.state.public.clone());
    Ok(DescribeCarrierGatewaysResult { carrier_gateways, next_token: page.next_token })
}
