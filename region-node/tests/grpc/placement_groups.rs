//! Placement groups over gRPC, and the placement of instances.

use crate::support::launch::{describe, instances, launch, run, stop, terminate};
use crate::support::network::{filter, some};
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::placement_groups_service_client::PlacementGroupsServiceClient;
use archipelago_proto::ec2::v1::{
    CreatePlacementGroupRequest, DeletePlacementGroupRequest, DescribePlacementGroupsRequest,
    ModifyInstancePlacementRequest, Placement, PlacementGroup, RunInstancesRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

fn groups(sandbox: &Sandbox) -> PlacementGroupsServiceClient<Channel> {
    PlacementGroupsServiceClient::new(sandbox.channel.clone())
}

fn create(name: &str, strategy: &str) -> CreatePlacementGroupRequest {
    CreatePlacementGroupRequest { group_name: some(name), strategy: some(strategy), ..Default::default() }
}

async fn group(sandbox: &Sandbox, name: &str, strategy: &str) -> PlacementGroup {
    let created = groups(sandbox).create_placement_group(sandbox.ask(create(name, strategy))).await.unwrap();
    created.into_inner().placement_group.unwrap()
}

async fn launch_into(sandbox: &Sandbox, name: &str, instance_type: &str, count: i32) -> RunInstancesRequest {
    let placement = Placement { group_name: some(name), ..Default::default() };
    RunInstancesRequest { placement: Some(placement), ..launch(sandbox, instance_type, count, count).await }
}

async fn delete(sandbox: &Sandbox, name: &str) -> Result<(), String> {
    let request = DeletePlacementGroupRequest { group_name: some(name), ..Default::default() };
    let outcome = groups(sandbox).delete_placement_group(sandbox.ask(request)).await;
    if outcome.is_ok() { Ok(()) } else { Err(code(outcome)) }
}

#[tokio::test]
async fn a_group_in_use_stays_until_its_instances_are_terminated() {
    let sandbox = Sandbox::new().await;
    let created = group(&sandbox, "hpc", "cluster").await;
    assert_eq!(created.state(), "available");
    assert!(created.group_arn().ends_with(":placement-group/hpc"));
    let twice = groups(&sandbox).create_placement_group(sandbox.ask(create("hpc", "cluster"))).await;
    assert_eq!(code(twice), "InvalidPlacementGroup.Duplicate");
    let request = launch_into(&sandbox, "hpc", "c5.large", 2).await;
    let launched = run(&sandbox, request).await;
    let placement = launched[0].placement.clone().unwrap();
    assert_eq!((placement.group_name(), placement.group_id()), ("hpc", created.group_id()));
    assert_eq!(describe(&sandbox, filter("placement-group-name", "hpc")).await.len(), 2);
    assert_eq!(delete(&sandbox, "hpc").await, Err("InvalidPlacementGroup.InUse".to_owned()));
    for instance in &launched {
        terminate(&sandbox, instance.instance_id()).await;
    }
    assert_eq!(delete(&sandbox, "hpc").await, Ok(()));
    let gone = DescribePlacementGroupsRequest { group_names: vec!["hpc".into()], ..Default::default() };
    assert_eq!(
        code(groups(&sandbox).describe_placement_groups(sandbox.ask(gone)).await),
        "InvalidPlacementGroup.Unknown"
    );
}

#[tokio::test]
async fn a_spread_group_takes_seven_instances_in_a_zone_also_after_a_crash() {
    let (path, crashed) = (folder("spread"), folder("spread-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    group(&sandbox, "few", "spread").await;
    let request = launch_into(&sandbox, "few", "t3.micro", 7).await;
    run(&sandbox, request).await;
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    let request = launch_into(&sandbox, "few", "t3.micro", 1).await;
    let refused = instances(&sandbox).run_instances(sandbox.ask(request)).await;
    assert_eq!(code(refused), "InsufficientInstanceCapacity");
    assert_eq!(delete(&sandbox, "few").await, Err("InvalidPlacementGroup.InUse".to_owned()));
}

#[tokio::test]
async fn a_stopped_instance_moves_between_groups_and_partitions() {
    let sandbox = Sandbox::new().await;
    group(&sandbox, "parts", "partition").await;
    group(&sandbox, "other", "spread").await;
    let request = launch_into(&sandbox, "parts", "t3.micro", 3).await;
    let launched = run(&sandbox, request).await;
    let partitions: Vec<_> = launched.iter().map(|i| i.placement.as_ref().unwrap().partition_number()).collect();
    assert_eq!(partitions, [1, 2, 1]);
    let id = launched[0].instance_id();
    let modify = |name: &str, partition: Option<i32>| ModifyInstancePlacementRequest {
        instance_id: some(id),
        group_name: some(name).filter(|name| name != "-"),
        partition_number: partition,
        ..Default::default()
    };
    let mut client = instances(&sandbox);
    let running = client.modify_instance_placement(sandbox.ask(modify("other", None))).await;
    assert_eq!(code(running), "IncorrectInstanceState");
    stop(&sandbox, id).await;
    client.modify_instance_placement(sandbox.ask(modify("-", Some(2)))).await.unwrap();
    assert_eq!(describe(&sandbox, filter("placement-partition-number", "2")).await.len(), 2);
    client.modify_instance_placement(sandbox.ask(modify("other", None))).await.unwrap();
    client.modify_instance_placement(sandbox.ask(modify("", None))).await.unwrap();
    assert_eq!(delete(&sandbox, "other").await, Ok(()));
}

#[tokio::test]
async fn what_does_not_fit_a_strategy_is_refused() {
    let sandbox = Sandbox::new().await;
    group(&sandbox, "hpc", "cluster").await;
    let request = launch_into(&sandbox, "hpc", "t3.micro", 1).await;
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(request)).await), "InvalidParameterCombination");
    let request = launch_into(&sandbox, "nobody", "c5.large", 1).await;
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(request)).await), "InvalidPlacementGroup.Unknown");
    let many = CreatePlacementGroupRequest { partition_count: Some(8), ..create("p", "partition") };
    assert_eq!(code(groups(&sandbox).create_placement_group(sandbox.ask(many)).await), "InvalidParameterValue");
}
