//! Internet gateways over gRPC.

use crate::support::network::{filter, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::internet_gateways_service_client::InternetGatewaysServiceClient;
use archipelago_proto::ec2::v1::{
    AttachInternetGatewayRequest, CreateInternetGatewayRequest, DeleteInternetGatewayRequest,
    DescribeInternetGatewaysRequest, DetachInternetGatewayRequest, InternetGateway, Vpc,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> InternetGatewaysServiceClient<Channel> {
    InternetGatewaysServiceClient::new(sandbox.channel.clone())
}

async fn gateway(sandbox: &Sandbox) -> InternetGateway {
    let input = CreateInternetGatewayRequest::default();
    client(sandbox).create_internet_gateway(sandbox.ask(input)).await.unwrap().into_inner().internet_gateway.unwrap()
}

fn attach(gateway: &InternetGateway, vpc: &Vpc) -> AttachInternetGatewayRequest {
    AttachInternetGatewayRequest {
        internet_gateway_id: gateway.internet_gateway_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_gateway_has_one_vpc_and_a_vpc_one_gateway() {
    let sandbox = Sandbox::new().await;
    let (one, two) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let (first, second) = (gateway(&sandbox).await, gateway(&sandbox).await);
    client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&first, &one))).await.unwrap();
    let elsewhere = client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&first, &two))).await;
    assert_eq!(code(elsewhere), "Resource.AlreadyAssociated");
    let beside = client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&second, &one))).await;
    assert_eq!(code(beside), "InvalidParameterValue");
    client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&second, &two))).await.unwrap();
    let input =
        DescribeInternetGatewaysRequest { filters: filter("attachment.vpc-id", two.vpc_id()), ..Default::default() };
    let found = client(&sandbox).describe_internet_gateways(sandbox.ask(input)).await.unwrap().into_inner();
    assert_eq!(found.internet_gateways[0].internet_gateway_id, second.internet_gateway_id);
    assert_eq!(found.internet_gateways[0].attachments[0].state(), "available");
}

#[tokio::test]
async fn an_attached_gateway_cannot_be_deleted_and_a_detached_one_can() {
    let sandbox = Sandbox::new().await;
    let (vpc, gateway) = (vpc(&sandbox, "10.0.0.0/16").await, gateway(&sandbox).await);
    let detach = DetachInternetGatewayRequest {
        internet_gateway_id: gateway.internet_gateway_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let delete =
        DeleteInternetGatewayRequest { internet_gateway_id: gateway.internet_gateway_id.clone(), ..Default::default() };
    let outcome = client(&sandbox).detach_internet_gateway(sandbox.ask(detach.clone())).await;
    assert_eq!(code(outcome), "Gateway.NotAttached");
    client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&gateway, &vpc))).await.unwrap();
    let outcome = client(&sandbox).delete_internet_gateway(sandbox.ask(delete.clone())).await;
    assert_eq!(code(outcome), "DependencyViolation");
    client(&sandbox).detach_internet_gateway(sandbox.ask(detach)).await.unwrap();
    client(&sandbox).attach_internet_gateway(sandbox.ask(attach(&gateway, &vpc))).await.unwrap();
    assert_eq!(code(client(&sandbox).delete_internet_gateway(sandbox.ask(delete)).await), "DependencyViolation");
}
