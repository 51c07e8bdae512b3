//! Flow logs over gRPC.

use crate::support::network::{filter, some, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::flow_logs_service_client::FlowLogsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateFlowLogsRequest, CreateFlowLogsResult, DeleteFlowLogsRequest, DeleteVpcRequest, DescribeFlowLogsRequest, Tag,
    TagSpecification, Vpc,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> FlowLogsServiceClient<Channel> {
    FlowLogsServiceClient::new(sandbox.channel.clone())
}

fn to_s3(vpc: &Vpc) -> CreateFlowLogsRequest {
    CreateFlowLogsRequest {
        resource_type: some("VPC"),
        resource_ids: vec![vpc.vpc_id().to_owned()],
        traffic_type: some("ALL"),
        log_destination_type: some("s3"),
        log_destination: some("arn:aws:s3:::bucket/folder/"),
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox, input: CreateFlowLogsRequest) -> CreateFlowLogsResult {
    client(sandbox).create_flow_logs(sandbox.ask(input)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_log_is_described_as_it_was_made_and_outlives_its_vpc() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let tags = vec![Tag { key: some("Name"), value: some("all") }];
    let tagged = CreateFlowLogsRequest {
        tag_specifications: vec![TagSpecification { resource_type: some("vpc-flow-log"), tags }],
        max_aggregation_interval: Some(60),
        ..to_s3(&vpc)
    };
    let made = create(&sandbox, tagged).await;
    assert!(made.unsuccessful.is_empty());
    let again = create(&sandbox, to_s3(&vpc)).await;
    assert_eq!(again.unsuccessful[0].error.as_ref().unwrap().code(), "FlowLogAlreadyExists");
    let other = create(&sandbox, CreateFlowLogsRequest { traffic_type: some("REJECT"), ..to_s3(&vpc) }).await;
    assert_eq!(other.flow_log_ids.len(), 1);

    let find = DescribeFlowLogsRequest { filter: filter("tag:Name", "all"), ..Default::default() };
    let found = client(&sandbox).describe_flow_logs(sandbox.ask(find.clone())).await.unwrap().into_inner().flow_logs;
    assert_eq!((found[0].flow_log_status(), found[0].deliver_logs_status()), ("ACTIVE", "SUCCESS"));
    assert_eq!((found[0].max_aggregation_interval(), found[0].resource_id()), (60, vpc.vpc_id()));
    assert!(found[0].log_format().starts_with("${version} ${account-id}"));
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let away = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    vpcs.delete_vpc(sandbox.ask(away)).await.unwrap();
    let delete = DeleteFlowLogsRequest {
        flow_log_ids: vec![made.flow_log_ids[0].clone(), "fl-1a2b3c4d".into()],
        ..Default::default()
    };
    let gone = client(&sandbox).delete_flow_logs(sandbox.ask(delete)).await.unwrap().into_inner().unsuccessful;
    assert_eq!((gone.len(), gone[0].error.as_ref().unwrap().code()), (1, "InvalidFlowLogId.NotFound"));
    let found = client(&sandbox).describe_flow_logs(sandbox.ask(find)).await.unwrap().into_inner().flow_logs;
    assert!(found.is_empty());
}

#[tokio::test]
async fn destinations_and_formats_are_checked() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let to_group = CreateFlowLogsRequest {
        log_destination_type: None,
        log_destination: None,
        log_group_name: some("group"),
        deliver_logs_permission_arn: some("arn:aws:iam::000000000000:role/logs"),
        ..to_s3(&vpc)
    };
    for (input, expected) in [
        (CreateFlowLogsRequest { deliver_logs_permission_arn: None, ..to_group.clone() }, "InvalidParameter"),
        (CreateFlowLogsRequest { log_group_name: None, ..to_group.clone() }, "InvalidParameter"),
        (CreateFlowLogsRequest { log_group_name: some("group"), ..to_s3(&vpc) }, "InvalidParameter"),
        (CreateFlowLogsRequest { log_destination: some("bucket"), ..to_s3(&vpc) }, "InvalidParameter"),
        (CreateFlowLogsRequest { log_destination: some("arn:aws:s3:::b/AWSLogs/"), ..to_s3(&vpc) }, "InvalidParameter"),
        (CreateFlowLogsRequest { log_format: some("${weather}"), ..to_s3(&vpc) }, "InvalidParameter"),
        (CreateFlowLogsRequest { max_aggregation_interval: Some(61), ..to_s3(&vpc) }, "InvalidParameter"),
        (CreateFlowLogsRequest { traffic_type: None, ..to_s3(&vpc) }, "MissingParameter"),
    ] {
        assert_eq!(code(client(&sandbox).create_flow_logs(sandbox.ask(input)).await), expected);
    }
    assert_eq!(create(&sandbox, to_group).await.flow_log_ids.len(), 1);
    let unknown = CreateFlowLogsRequest { resource_ids: vec!["vpc-1a2b3c4d".into()], ..to_s3(&vpc) };
    let unknown = create(&sandbox, unknown).await.unsuccessful;
    assert_eq!(unknown[0].error.as_ref().unwrap().code(), "InvalidVpcID.NotFound");
}
