//! Carrier gateways over gRPC.

use crate::support::network::{filter, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::carrier_gateways_service_client::CarrierGatewaysServiceClient;
use archipelago_proto::ec2::v1::{
    CreateCarrierGatewayRequest, DeleteCarrierGatewayRequest, DescribeCarrierGatewaysRequest,
};

#[tokio::test]
async fn a_vpc_has_one_carrier_gateway_at_most() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let mut client = CarrierGatewaysServiceClient::new(sandbox.channel.clone());
    let create = CreateCarrierGatewayRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let made = client.create_carrier_gateway(sandbox.ask(create.clone())).await.unwrap().into_inner();
    let made = made.carrier_gateway.unwrap();
    assert_eq!(made.state(), "pending");
    let second = client.create_carrier_gateway(sandbox.ask(create)).await;
    assert_eq!(code(second), "Resource.AlreadyAssociated");
    let describe = DescribeCarrierGatewaysRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = client.describe_carrier_gateways(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(found.carrier_gateways[0].state(), "available");
    let delete = DeleteCarrierGatewayRequest { carrier_gateway_id: made.carrier_gateway_id, ..Default::default() };
    let gone = client.delete_carrier_gateway(sandbox.ask(delete.clone())).await.unwrap().into_inner();
    assert_eq!(gone.carrier_gateway.unwrap().state(), "deleting");
    let again = client.delete_carrier_gateway(sandbox.ask(delete)).await;
    assert_eq!(code(again), "InvalidCarrierGatewayID.NotFound");
}
