//! The actions on NAT gateways.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DeleteNatGatewayRequest, DeleteNatGatewayResult, DescribeNatGatewaysRequest, DescribeNatGatewaysResult,
};

use super::NatGatewayCommand;
use super::address_actions::{
    assign_private_nat_gateway_address, associate_nat_gateway_address, disassociate_nat_gateway_address,
    unassign_private_nat_gateway_address,
};
use super::creation::create_nat_gateway;
use super::filters::FILTERS;
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(assign_private_nat_gateway_address),
        Action::new(associate_nat_gateway_address),
        Action::new(create_nat_gateway),
        Action::new(delete_nat_gateway),
        Action::new(describe_nat_gateways),
        Action::new(disassociate_nat_gateway_address),
        Action::new(unassign_private_nat_gateway_address),
    ]
}

async fn delete_nat_gateway(cx: Context, input: DeleteNatGatewayRequest) -> Ec2Result<DeleteNatGatewayResult> {
    let gateway = cx.nat_gateways.find(&cx.account, input.nat_gateway_id())?;
    cx.nat_gateways.ask(&gateway.id, NatGatewayCommand::Delete).await?;
    Ok(DeleteNatGatewayResult { nat_gateway_id: input.nat_gateway_id })
}

async fn describe_nat_gateways(cx: Context, input: DescribeNatGatewaysRequest) -> Ec2Result<DescribeNatGatewaysResult> {
    let describe = Describe {
        ids: &input.nat_gateway_ids,
        filters: &input.filter,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.nat_gateways, FILTERS)?;
    let nat_gateways = page.map(|gateway| gateway.state.view());
    Ok(DescribeNatGatewaysResult { nat_gateways, next_token: page.next_token })
}
