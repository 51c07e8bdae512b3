//! A VPC to test in.

use archipelago_proto::ec2::v1::internet_gateways_service_client::InternetGatewaysServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AttachInternetGatewayRequest, CreateInternetGatewayRequest, CreateSubnetRequest, CreateVpcRequest, Filter, Subnet,
    Vpc,
};

use super::Sandbox;

pub(crate) fn filter(name: &str, value: &str) -> Vec<Filter> {
    vec![Filter { name: Some(name.into()), values: vec![value.into()] }]
}

#[allow(clippy::unnecessary_wraps)] // Every text of a request is optional.
pub(crate) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A VPC with this block, and with IPv6.
pub(crate) async fn vpc(sandbox: &Sandbox, block: &str) -> Vpc {
    let input = CreateVpcRequest {
        cidr_block: some(block),
        amazon_provided_ipv6_cidr_block: Some(true),
        ..CreateVpcRequest::default()
    };
    let mut client = VpcsServiceClient::new(sandbox.channel.clone());
    client.create_vpc(sandbox.ask(input)).await.unwrap().into_inner().vpc.unwrap()
}

pub(crate) async fn subnet(sandbox: &Sandbox, vpc: &Vpc, block: &str) -> Subnet {
    let input =
        CreateSubnetRequest { vpc_id: vpc.vpc_id.clone(), cidr_block: some(block), ..CreateSubnetRequest::default() };
    let mut client = SubnetsServiceClient::new(sandbox.channel.clone());
    client.create_subnet(sandbox.ask(input)).await.unwrap().into_inner().subnet.unwrap()
}

/// The id of a new internet gateway that is attached to the VPC.
pub(crate) async fn gateway(sandbox: &Sandbox, vpc: &Vpc) -> Option<String> {
    let mut gateways = InternetGatewaysServiceClient::new(sandbox.channel.clone());
    let input = CreateInternetGatewayRequest::default();
    let made = gateways.create_internet_gateway(sandbox.ask(input)).await.unwrap().into_inner();
    let internet_gateway_id = made.internet_gateway.unwrap().internet_gateway_id;
    let attach = AttachInternetGatewayRequest {
        internet_gateway_id: internet_gateway_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    gateways.attach_internet_gateway(sandbox.ask(attach)).await.unwrap();
    internet_gateway_id
}

/// A subnet that has the first IPv6 block of its VPC too.
pub(crate) async fn subnet_with_ipv6(sandbox: &Sandbox, vpc: &Vpc, block: &str) -> Subnet {
    let ipv6 = vpc.ipv6_cidr_block_association_set[0].ipv6_cidr_block().replace("/56", "/64");
    let input = CreateSubnetRequest {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: some(block),
        ipv6_cidr_block: Some(ipv6),
        ..CreateSubnetRequest::default()
    };
    let mut client = SubnetsServiceClient::new(sandbox.channel.clone());
    client.create_subnet(sandbox.ask(input)).await.unwrap().into_inner().subnet.unwrap()
}
