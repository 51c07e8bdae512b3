//! Event windows over gRPC.

use crate::support::launch::{request, run};
use crate::support::network::{filter, some};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::instance_event_windows_service_client::InstanceEventWindowsServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateInstanceEventWindowRequest, CreateInstanceEventWindowRequest, DeleteInstanceEventWindowRequest,
    DescribeInstanceEventWindowsRequest, DisassociateInstanceEventWindowRequest, InstanceEventWindowAssociationRequest,
    InstanceEventWindowDisassociationRequest, ModifyInstanceEventWindowRequest, Tag,
};

fn create() -> CreateInstanceEventWindowRequest {
    CreateInstanceEventWindowRequest {
        name: some("nights"),
        cron_expression: some("* 21-23 * * 2,3"),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_window_has_targets_of_one_kind() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceEventWindowsServiceClient::new(sandbox.channel.clone());
    let created = client.create_instance_event_window(sandbox.ask(create())).await.unwrap().into_inner();
    let window = created.instance_event_window.unwrap();
    assert_eq!(window.state(), "creating");
    let launched = run(&sandbox, request(&sandbox, "t3.micro", "us-east-1a", 1).await).await.remove(0);
    let target = |instance_ids: Vec<String>, instance_tags: Vec<Tag>| AssociateInstanceEventWindowRequest {
        instance_event_window_id: window.instance_event_window_id.clone(),
        association_target: Some(InstanceEventWindowAssociationRequest {
            instance_ids,
            instance_tags,
            ..Default::default()
        }),
        ..Default::default()
    };
    let id = launched.instance_id().to_owned();
    client.associate_instance_event_window(sandbox.ask(target(vec![id.clone()], Vec::new()))).await.unwrap();
    let tag = Tag { key: some("team"), value: some("blue") };
    let mixed = client.associate_instance_event_window(sandbox.ask(target(Vec::new(), vec![tag]))).await;
    assert_eq!(code(mixed), "InvalidParameterCombination");
    let found = DescribeInstanceEventWindowsRequest { filters: filter("instance-id", &id), ..Default::default() };
    let found = client.describe_instance_event_windows(sandbox.ask(found)).await.unwrap().into_inner();
    assert_eq!(found.instance_event_windows[0].state(), "active");

    let other = client.create_instance_event_window(sandbox.ask(create())).await.unwrap().into_inner();
    let mut taken = target(vec![id.clone()], Vec::new());
    taken.instance_event_window_id = other.instance_event_window.unwrap().instance_event_window_id;
    assert_eq!(code(client.associate_instance_event_window(sandbox.ask(taken)).await), "InvalidParameterValue");

    let delete = DeleteInstanceEventWindowRequest {
        instance_event_window_id: window.instance_event_window_id.clone(),
        ..Default::default()
    };
    let refused = client.delete_instance_event_window(sandbox.ask(delete.clone())).await;
    assert_eq!(code(refused), "DependencyViolation");
    let free = DisassociateInstanceEventWindowRequest {
        instance_event_window_id: window.instance_event_window_id.clone(),
        association_target: Some(InstanceEventWindowDisassociationRequest {
            instance_ids: vec![id],
            ..Default::default()
        }),
        ..Default::default()
    };
    client.disassociate_instance_event_window(sandbox.ask(free)).await.unwrap();
    client.delete_instance_event_window(sandbox.ask(delete.clone())).await.unwrap();
    let gone = client.delete_instance_event_window(sandbox.ask(delete)).await;
    assert_eq!(code(gone), "InvalidInstanceEventWindowId.NotFound");
}

#[tokio::test]
async fn the_times_of_a_window_are_checked_and_changed() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceEventWindowsServiceClient::new(sandbox.channel.clone());
    let timeless = CreateInstanceEventWindowRequest { cron_expression: None, ..create() };
    assert_eq!(code(client.create_instance_event_window(sandbox.ask(timeless)).await), "MissingParameter");
    let short = CreateInstanceEventWindowRequest { cron_expression: some("* 1-2 * * 1"), ..create() };
    assert_eq!(code(client.create_instance_event_window(sandbox.ask(short)).await), "InvalidParameterValue");
    let created = client.create_instance_event_window(sandbox.ask(create())).await.unwrap().into_inner();
    let modify = ModifyInstanceEventWindowRequest {
        instance_event_window_id: created.instance_event_window.unwrap().instance_event_window_id,
        cron_expression: some("* 0-4 * * SAT"),
        ..Default::default()
    };
    let modified = client.modify_instance_event_window(sandbox.ask(modify)).await.unwrap().into_inner();
    let window = modified.instance_event_window.unwrap();
    assert_eq!((window.cron_expression(), window.name()), ("* 0-4 * * SAT", "nights"));
}
