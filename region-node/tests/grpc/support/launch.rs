//! What a launch needs, and what is often asked of instances.

use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::{
    DescribeImagesRequest, DescribeInstancesRequest, Filter, Instance, Placement, RunInstancesRequest,
    StartInstancesRequest, StopInstancesRequest, TerminateInstancesRequest,
};
use archipelago_region_node::capacity::{Bound, Market};
use tonic::transport::Channel;

use super::Sandbox;
use super::network::{filter, some};

pub(crate) fn instances(sandbox: &Sandbox) -> InstancesServiceClient<Channel> {
    InstancesServiceClient::new(sandbox.channel.clone())
}

/// Amazon Linux 2023 for x86.
pub(crate) async fn image(sandbox: &Sandbox) -> String {
    let mut filters = filter("name", "al2023-ami-2*");
    filters.extend(filter("architecture", "x86_64"));
    let request = DescribeImagesRequest { filters, ..Default::default() };
    let mut images = ImagesServiceClient::new(sandbox.channel.clone());
    images.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images[0].image_id().to_owned()
}

pub(crate) async fn launch(sandbox: &Sandbox, instance_type: &str, least: i32, most: i32) -> RunInstancesRequest {
    RunInstancesRequest {
        image_id: Some(image(sandbox).await),
        instance_type: some(instance_type),
        min_count: Some(least),
        max_count: Some(most),
        ..Default::default()
    }
}

/// `count` instances of a type in a zone.
pub(crate) async fn request(sandbox: &Sandbox, instance_type: &str, zone: &str, count: i32) -> RunInstancesRequest {
    RunInstancesRequest { placement: in_zone(zone), ..launch(sandbox, instance_type, count, count).await }
}

#[allow(clippy::unnecessary_wraps)] // As requests have it.
pub(crate) fn in_zone(zone: &str) -> Option<Placement> {
    Some(Placement { availability_zone: some(zone), ..Default::default() })
}

pub(crate) async fn run(sandbox: &Sandbox, request: RunInstancesRequest) -> Vec<Instance> {
    instances(sandbox).run_instances(sandbox.ask(request)).await.unwrap().into_inner().instances
}

pub(crate) async fn describe(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<Instance> {
    let request = DescribeInstancesRequest { filters, ..Default::default() };
    let found = instances(sandbox).describe_instances(sandbox.ask(request)).await.unwrap().into_inner();
    found.reservations.into_iter().flat_map(|reservation| reservation.instances).collect()
}

/// The instances that run.
pub(crate) async fn running(sandbox: &Sandbox) -> Vec<Instance> {
    describe(sandbox, filter("instance-state-name", "running")).await
}

pub(crate) async fn instance(sandbox: &Sandbox, id: &str) -> Instance {
    let request = DescribeInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    let answer = instances(sandbox).describe_instances(sandbox.ask(request)).await.unwrap().into_inner();
    answer.reservations[0].instances[0].clone()
}

pub(crate) async fn stop(sandbox: &Sandbox, id: &str) {
    let request = StopInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(sandbox).stop_instances(sandbox.ask(request)).await.unwrap();
}

pub(crate) fn starting(id: &str) -> StartInstancesRequest {
    StartInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() }
}

pub(crate) async fn terminate(sandbox: &Sandbox, id: &str) {
    let request = TerminateInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(sandbox).terminate_instances(sandbox.ask(request)).await.unwrap();
}

/// Bounds the pools of these zones and types.
pub(crate) fn bound(sandbox: &Sandbox, zone: &str, instance_type: &str, market: Option<Market>, limit: Option<u64>) {
    sandbox.region.capacity.set(Bound { zone: zone.into(), instance_type: instance_type.into(), market, limit });
}
