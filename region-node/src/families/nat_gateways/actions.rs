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
use crate::request::{Context, Describe, family};

family! {
    NatGatewaysService in nat_gateways_service_server {
        assign_private_nat_gateway_address(AssignPrivateNatGatewayAddressRequest),
        associate_nat_gateway_address(AssociateNatGatewayAddressRequest),
        create_nat_gateway(CreateNatGatewayRequest),
        delete_nat_gateway(DeleteNatGatewayRequest),
        describe_nat_gateways(DescribeNatGatewaysRequest),
        disassociate_nat_gateway_address(DisassociateNatGatewayAddressRequest),
        unassign_private_nat_gateway_address(UnassignPrivateNatGatewayAddressRequest),
    }
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
