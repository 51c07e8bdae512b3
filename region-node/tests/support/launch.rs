//! Instances to test with.

use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::{
    DescribeImagesRequest, DescribeInstancesRequest, Instance, Placement, RunInstancesRequest, StartInstancesRequest,
    StopInstancesRequest, TerminateInstancesRequest,
};
use tonic::transport::Channel;

use super::Sandbox;
use super::network::{filter, some};

pub fn instances(sandbox: &Sandbox) -> InstancesServiceClient<Channel> {
    InstancesServiceClient::new(sandbox.channel.clone())
}

/// `count` instances of a type in a zone, of an image of Amazon's.
pub async fn request(sandbox: &Sandbox, instance_type: &str, zone: &str, count: i32) -> RunInstancesRequest {
    let filters = [filter("name", "al2023*"), filter("architecture", "x86_64")].concat();
    let mut client = ImagesServiceClient::new(sandbox.channel.clone());
    let request = DescribeImagesRequest { filters, ..Default::default() };
    let image = client.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images.remove(0);
    RunInstancesRequest {
        image_id: image.image_id,
        instance_type: some(instance_type),
        min_count: Some(count),
        max_count: Some(count),
        placement: Some(Placement { availability_zone: some(zone), ..Placement::default() }),
        ..Default::default()
    }
}

pub async fn run(sandbox: &Sandbox, request: RunInstancesRequest) -> Vec<Instance> {
    instances(sandbox).run_instances(sandbox.ask(request)).await.unwrap().into_inner().instances
}

pub async fn instance(sandbox: &Sandbox, id: &str) -> Instance {
    let request = DescribeInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    let answer = instances(sandbox).describe_instances(sandbox.ask(request)).await.unwrap().into_inner();
    answer.reservations[0].instances[0].clone()
}

pub async fn stop(sandbox: &Sandbox, id: &str) {
    let request = StopInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(sandbox).stop_instances(sandbox.ask(request)).await.unwrap();
}

pub fn starting(id: &str) -> StartInstancesRequest {
    StartInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() }
}

pub async fn terminate(sandbox: &Sandbox, id: &str) {
    let request = TerminateInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(sandbox).terminate_instances(sandbox.ask(request)).await.unwrap();
}
