//! VPC Block Public Access over gRPC.

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::vpc_block_public_access_service_client::VpcBlockPublicAccessServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateVpcBlockPublicAccessExclusionRequest, DeleteVpcBlockPublicAccessExclusionRequest, DescribeSubnetsRequest,
    DescribeVpcBlockPublicAccessExclusionsRequest, DescribeVpcBlockPublicAccessOptionsRequest, DescribeVpcsRequest,
    ModifyVpcBlockPublicAccessExclusionRequest, ModifyVpcBlockPublicAccessOptionsRequest,
};

#[tokio::test]
async fn an_accounts_mode_holds_for_its_vpcs_but_for_those_that_are_excluded() {
    let sandbox = Sandbox::new().await;
    let mut client = VpcBlockPublicAccessServiceClient::new(sandbox.channel.clone());
    let (one, two) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let inner = subnet(&sandbox, &one, "10.0.0.0/24").await;
    let read = DescribeVpcBlockPublicAccessOptionsRequest::default();
    let options = client.describe_vpc_block_public_access_options(sandbox.ask(read)).await.unwrap().into_inner();
    let options = options.vpc_block_public_access_options.unwrap();
    assert_eq!((options.state(), options.internet_gateway_block_mode()), ("default-state", "off"));
    let block = ModifyVpcBlockPublicAccessOptionsRequest {
        internet_gateway_block_mode: some("block-bidirectional"),
        ..Default::default()
    };
    client.modify_vpc_block_public_access_options(sandbox.ask(block)).await.unwrap();
    let options = client.describe_vpc_block_public_access_options(sandbox.ask(read)).await.unwrap().into_inner();
    let options = options.vpc_block_public_access_options.unwrap();
    assert_eq!((options.state(), options.internet_gateway_block_mode()), ("update-complete", "block-bidirectional"));
    let other = client.describe_vpc_block_public_access_options(ask_as("111111111111", read)).await.unwrap();
    assert_eq!(other.into_inner().vpc_block_public_access_options.unwrap().internet_gateway_block_mode(), "off");

    let exclude = |mode: &str| CreateVpcBlockPublicAccessExclusionRequest {
        vpc_id: one.vpc_id.clone(),
        internet_gateway_exclusion_mode: some(mode),
        ..Default::default()
    };
    let neither = CreateVpcBlockPublicAccessExclusionRequest { vpc_id: None, ..exclude("allow-egress") };
    let neither = client.create_vpc_block_public_access_exclusion(sandbox.ask(neither)).await;
    assert_eq!(code(neither), "MissingParameter");
    let made = client.create_vpc_block_public_access_exclusion(sandbox.ask(exclude("allow-egress"))).await.unwrap();
    let made = made.into_inner().vpc_block_public_access_exclusion.unwrap();
    assert_eq!(made.state(), "create-in-progress");
    let twice = client.create_vpc_block_public_access_exclusion(sandbox.ask(exclude("allow-egress"))).await;
    assert_eq!(code(twice), "VpcBlockPublicAccessExclusionAlreadyExists");

    let modes = async || {
        let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
        let ids = [&one, &two].map(|vpc| vpc.vpc_id().to_owned()).to_vec();
        let input = DescribeVpcsRequest { vpc_ids: ids, ..Default::default() };
        let found = vpcs.describe_vpcs(sandbox.ask(input)).await.unwrap().into_inner().vpcs;
        let mut modes: Vec<_> = found.into_iter().map(|vpc| vpc.block_public_access_states).collect();
        let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
        let input = DescribeSubnetsRequest { subnet_ids: vec![inner.subnet_id().to_owned()], ..Default::default() };
        let found = subnets.describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets;
        modes.extend(found.into_iter().map(|subnet| subnet.block_public_access_states));
        modes.into_iter().map(|mode| mode.unwrap().internet_gateway_block_mode.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(modes().await, ["block-ingress", "block-bidirectional", "block-ingress"]);
    let wider = ModifyVpcBlockPublicAccessExclusionRequest {
        exclusion_id: made.exclusion_id.clone(),
        internet_gateway_exclusion_mode: some("allow-bidirectional"),
        ..Default::default()
    };
    client.modify_vpc_block_public_access_exclusion(sandbox.ask(wider)).await.unwrap();
    assert_eq!(modes().await, ["off", "block-bidirectional", "off"]);
    let find = DescribeVpcBlockPublicAccessExclusionsRequest {
        filters: filter("state", "update-complete"),
        ..Default::default()
    };
    let found = client.describe_vpc_block_public_access_exclusions(sandbox.ask(find)).await.unwrap().into_inner();
    assert_eq!(found.vpc_block_public_access_exclusions.len(), 1);
    let away = DeleteVpcBlockPublicAccessExclusionRequest { exclusion_id: made.exclusion_id, ..Default::default() };
    client.delete_vpc_block_public_access_exclusion(sandbox.ask(away.clone())).await.unwrap();
    let again = client.delete_vpc_block_public_access_exclusion(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidVpcBlockPublicAccessExclusionId.NotFound");
    assert_eq!(modes().await, ["block-bidirectional"; 3]);
}
