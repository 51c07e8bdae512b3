//! Instances over gRPC.

use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    AttachVolumeRequest, AttributeBooleanValue, AttributeValue, CpuOptionsRequest, CreateImageRequest,
    CreateSnapshotsRequest, CreateVolumeRequest, DescribeImagesRequest, DescribeInstanceStatusRequest,
    DescribeInstancesRequest, DescribeNetworkInterfacesRequest, DescribeVolumesRequest, DetachVolumeRequest, Filter,
    Instance, InstanceNetworkInterfaceSpecification, InstanceSpecification, LaunchTemplateSpecification,
    ModifyInstanceAttributeRequest, Placement, RunInstancesRequest, StartInstancesRequest, StopInstancesRequest,
    TerminateInstancesRequest, TerminateInstancesResult,
};
use tonic::transport::Channel;

type Client = InstancesServiceClient<Channel>;

struct World {
    sandbox: Sandbox,
    instances: Client,
    image: String,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::new().await;
        let mut images = ImagesServiceClient::new(sandbox.channel.clone());
        let filters =
            vec![filter("name", "al2023-ami-2*"), filter("architecture", "x86_64"), filter("state", "available")];
        let request = DescribeImagesRequest { filters, ..Default::default() };
        let found = images.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images;
        let image = found.first().expect("the catalogue has Amazon Linux").image_id().to_owned();
        let instances = InstancesServiceClient::new(sandbox.channel.clone());
        Self { sandbox, instances, image }
    }

    fn launch(&self, count: i32) -> RunInstancesRequest {
        RunInstancesRequest {
            image_id: Some(self.image.clone()),
            instance_type: Some("t3.micro".into()),
            min_count: Some(count),
            max_count: Some(count),
            ..Default::default()
        }
    }

    async fn run(&mut self, request: RunInstancesRequest) -> Vec<Instance> {
        self.instances.run_instances(self.sandbox.ask(request)).await.unwrap().into_inner().instances
    }

    async fn refused(&mut self, request: RunInstancesRequest) -> String {
        code(self.instances.run_instances(self.sandbox.ask(request)).await)
    }

    async fn one(&mut self) -> String {
        let request = self.launch(1);
        self.run(request).await.remove(0).instance_id.unwrap()
    }

    async fn describe(&mut self, ids: &[&str], filters: Vec<Filter>) -> Vec<Instance> {
        let instance_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let request = DescribeInstancesRequest { instance_ids, filters, ..Default::default() };
        let found = self.instances.describe_instances(self.sandbox.ask(request)).await.unwrap().into_inner();
        found.reservations.into_iter().flat_map(|reservation| reservation.instances).collect()
    }

    async fn state(&mut self, id: &str) -> String {
        self.describe(&[id], Vec::new()).await[0].state.as_ref().unwrap().name().to_owned()
    }

    async fn stop(&mut self, id: &str) {
        let request = StopInstancesRequest { instance_ids: vec![id.into()], ..Default::default() };
        self.instances.stop_instances(self.sandbox.ask(request)).await.unwrap();
    }

    async fn terminate(&mut self, id: &str) -> Result<tonic::Response<TerminateInstancesResult>, tonic::Status> {
        let request = TerminateInstancesRequest { instance_ids: vec![id.into()], ..Default::default() };
        self.instances.terminate_instances(self.sandbox.ask(request)).await
    }

    fn volumes(&self) -> VolumesServiceClient<Channel> {
        VolumesServiceClient::new(self.sandbox.channel.clone())
    }
}

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: vec![value.into()] }
}

#[tokio::test]
async fn a_launch_shows_pending_and_is_running_with_its_volume_and_interface() {
    let mut world = World::new().await;
    let request = world.launch(2);
    let launched = world.run(request).await;
    assert_eq!(launched.len(), 2);
    assert_eq!(launched[1].ami_launch_index(), 1);
    assert_eq!(launched[0].state.as_ref().unwrap().name(), "pending");
    assert!(launched[0].block_device_mappings.is_empty() && launched[0].network_interfaces.len() == 1);

    let id = launched[0].instance_id().to_owned();
    let shown = world.describe(&[&id], Vec::new()).await.remove(0);
    assert_eq!(shown.state.as_ref().unwrap().name(), "running");
    let root = &shown.block_device_mappings[0];
    assert_eq!((root.device_name(), root.ebs.as_ref().unwrap().status()), (shown.root_device_name(), "attached"));
    let primary = &shown.network_interfaces[0];
    assert_eq!(shown.private_ip_address(), primary.private_ip_address());
    assert!(shown.private_dns_name().starts_with("ip-172-31-") && shown.public_dns_name().starts_with("ec2-"));
    assert_eq!(shown.security_groups[0].group_name(), "default");
    assert_eq!(shown.cpu_options.as_ref().unwrap().threads_per_core(), 2);
    assert_eq!(shown.metadata_options.as_ref().unwrap().state(), "applied");
    assert_eq!(shown.placement.as_ref().unwrap().tenancy(), "default");
    assert_eq!(shown.launch_time(), crate::support::START);
}

#[tokio::test]
async fn instances_are_found_by_what_is_attached_to_them() {
    let mut world = World::new().await;
    let id = world.one().await;
    world.one().await;
    let shown = world.describe(&[&id], Vec::new()).await.remove(0);
    let volume = shown.block_device_mappings[0].ebs.as_ref().unwrap().volume_id().to_owned();
    for (name, value) in [
        ("block-device-mapping.volume-id", volume.as_str()),
        ("private-ip-address", shown.private_ip_address()),
        ("ip-address", shown.public_ip_address()),
        ("network-interface.network-interface-id", shown.network_interfaces[0].network_interface_id()),
        ("network-interface.addresses.association.public-ip", shown.public_ip_address()),
        ("dns-name", shown.public_dns_name()),
    ] {
        let found = world.describe(&[], vec![filter(name, value)]).await;
        assert_eq!(found.iter().map(Instance::instance_id).collect::<Vec<_>>(), [id.as_str()], "{name}");
    }
    let filters = vec![filter("vpc-id", shown.vpc_id()), filter("instance-state-name", "run*")];
    assert_eq!(world.describe(&[], filters).await.len(), 2);
    assert_eq!(world.describe(&[], vec![filter("image-id", shown.image_id())]).await.len(), 2);
}

#[tokio::test]
async fn a_terminated_instance_takes_its_volume_and_interface_with_it_and_is_shown_for_an_hour() {
    let mut world = World::new().await;
    let id = world.one().await;
    let shown = world.describe(&[&id], Vec::new()).await.remove(0);
    let change = world.terminate(&id).await.unwrap().into_inner().terminating_instances.remove(0);
    assert_eq!(change.current_state.unwrap().name(), "shutting-down");
    assert_eq!(change.previous_state.unwrap().name(), "running");

    let gone = world.describe(&[&id], Vec::new()).await.remove(0);
    assert_eq!(gone.state.as_ref().unwrap().name(), "terminated");
    assert_eq!(gone.state_reason.as_ref().unwrap().code(), "Client.UserInitiatedShutdown");
    assert_eq!(gone.state_transition_reason(), "User initiated (2026-01-01 00:00:00 GMT)");
    assert!(gone.block_device_mappings.is_empty() && gone.network_interfaces.is_empty() && gone.vpc_id.is_none());
    let volume = shown.block_device_mappings[0].ebs.as_ref().unwrap().volume_id().to_owned();
    let request = DescribeVolumesRequest { volume_ids: vec![volume], ..Default::default() };
    assert_eq!(code(world.volumes().describe_volumes(world.sandbox.ask(request)).await), "InvalidVolume.NotFound");
    let mut interfaces = NetworkInterfacesServiceClient::new(world.sandbox.channel.clone());
    let found = interfaces
        .describe_network_interfaces(world.sandbox.ask(DescribeNetworkInterfacesRequest::default()))
        .await
        .unwrap();
    assert!(found.into_inner().network_interfaces.is_empty());

    world.sandbox.region.advance(3_600_000).await;
    let request = DescribeInstancesRequest { instance_ids: vec![id], ..Default::default() };
    let outcome = world.instances.describe_instances(world.sandbox.ask(request)).await;
    assert_eq!(code(outcome), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn a_stop_gives_the_public_address_back_and_a_start_brings_another() {
    let mut world = World::new().await;
    let id = world.one().await;
    let before = world.describe(&[&id], Vec::new()).await.remove(0);
    world.stop(&id).await;
    let stopped = world.describe(&[&id], Vec::new()).await.remove(0);
    assert_eq!(stopped.state.as_ref().unwrap().name(), "stopped");
    assert_eq!((&stopped.public_ip_address, stopped.public_dns_name()), (&None, ""));
    assert_eq!(stopped.private_ip_address(), before.private_ip_address());
    let request = StartInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    world.instances.start_instances(world.sandbox.ask(request)).await.unwrap();
    let started = world.describe(&[&id], Vec::new()).await.remove(0);
    assert!(started.public_ip_address.is_some() && started.public_ip_address != before.public_ip_address);
    assert_eq!(started.state_transition_reason(), "");
}

#[tokio::test]
async fn protection_keeps_an_instance_until_it_is_taken_off() {
    let mut world = World::new().await;
    let request =
        RunInstancesRequest { disable_api_termination: Some(true), disable_api_stop: Some(true), ..world.launch(1) };
    let id = world.run(request).await.remove(0).instance_id.unwrap();
    assert_eq!(code(world.terminate(&id).await), "OperationNotPermitted");
    let stop = StopInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    assert_eq!(code(world.instances.stop_instances(world.sandbox.ask(stop)).await), "OperationNotPermitted");
    assert_eq!(world.state(&id).await, "running");
    let modify = ModifyInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        disable_api_termination: Some(AttributeBooleanValue { value: Some(false) }),
        ..Default::default()
    };
    world.instances.modify_instance_attribute(world.sandbox.ask(modify)).await.unwrap();
    world.terminate(&id).await.unwrap();
    assert_eq!(world.state(&id).await, "terminated");
}

#[tokio::test]
async fn launches_that_make_no_sense_are_refused_with_awss_codes() {
    let mut world = World::new().await;
    let base = world.launch(1);
    let cases = vec![
        (RunInstancesRequest { instance_type: Some("t9.huge".into()), ..base.clone() }, "InvalidParameterValue"),
        (RunInstancesRequest { instance_type: Some("t4g.micro".into()), ..base.clone() }, "InvalidParameterValue"),
        (RunInstancesRequest { image_id: Some("ami-12345678".into()), ..base.clone() }, "InvalidAMIID.NotFound"),
        (RunInstancesRequest { image_id: Some("ami-xyz".into()), ..base.clone() }, "InvalidAMIID.Malformed"),
        (RunInstancesRequest { key_name: Some("none".into()), ..base.clone() }, "InvalidKeyPair.NotFound"),
        (RunInstancesRequest { min_count: Some(2), ..base.clone() }, "InvalidParameterValue"),
        (RunInstancesRequest { user_data: Some("?".into()), ..base.clone() }, "InvalidUserData.Malformed"),
        (RunInstancesRequest { subnet_id: Some("subnet-12345678".into()), ..base.clone() }, "InvalidSubnetID.NotFound"),
        (
            RunInstancesRequest {
                instance_type: Some("a1.large".into()),
                placement: Some(Placement { availability_zone: Some("us-east-1a".into()), ..Default::default() }),
                ..base.clone()
            },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest {
                placement: Some(Placement { availability_zone: Some("us-east-1e".into()), ..Default::default() }),
                ..base.clone()
            },
            "Unsupported",
        ),
        (
            RunInstancesRequest {
                placement: Some(Placement { group_name: Some("none".into()), ..Default::default() }),
                ..base.clone()
            },
            "InvalidPlacementGroup.Unknown",
        ),
        (
            RunInstancesRequest {
                subnet_id: Some("subnet-1".into()),
                network_interfaces: vec![InstanceNetworkInterfaceSpecification {
                    device_index: Some(0),
                    ..Default::default()
                }],
                ..base.clone()
            },
            "InvalidParameterCombination",
        ),
        (
            RunInstancesRequest {
                cpu_options: Some(CpuOptionsRequest {
                    core_count: Some(3),
                    threads_per_core: Some(1),
                    ..Default::default()
                }),
                ..base.clone()
            },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest {
                launch_template: Some(LaunchTemplateSpecification {
                    launch_template_id: Some("lt-1".into()),
                    ..Default::default()
                }),
                ..base.clone()
            },
            "InvalidLaunchTemplateId.Malformed",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(world.refused(request).await, expected);
    }
    assert!(world.describe(&[], Vec::new()).await.is_empty());
}

#[tokio::test]
async fn a_token_of_a_terminated_instance_launches_nothing() {
    let mut world = World::new().await;
    let request = RunInstancesRequest { client_token: Some("once".into()), ..world.launch(1) };
    let first = world.run(request.clone()).await.remove(0);
    assert_eq!(world.run(request.clone()).await.remove(0).instance_id, first.instance_id);
    let other = RunInstancesRequest { instance_type: Some("t3.small".into()), ..request.clone() };
    assert_eq!(world.refused(other).await, "IdempotentParameterMismatch");
    world.terminate(first.instance_id()).await.unwrap();
    assert_eq!(world.refused(request).await, "IdempotentInstanceTerminated");
}

#[tokio::test]
async fn a_device_takes_one_volume() {
    let mut world = World::new().await;
    let id = world.one().await;
    let zone = world.describe(&[&id], Vec::new()).await[0].placement.clone().unwrap().availability_zone;
    let mut volumes = world.volumes();
    let create = CreateVolumeRequest { availability_zone: zone, size: Some(1), ..Default::default() };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = volumes.create_volume(world.sandbox.ask(create.clone())).await.unwrap().into_inner();
        ids.push(made.volume_id.unwrap());
    }
    let attach = |volume: &str, device: &str| AttachVolumeRequest {
        device: Some(device.into()),
        instance_id: Some(id.clone()),
        volume_id: Some(volume.into()),
        ..Default::default()
    };
    let attached = world.instances.attach_volume(world.sandbox.ask(attach(&ids[0], "/dev/sdf"))).await.unwrap();
    assert_eq!(attached.into_inner().state(), "attaching");
    let taken = world.instances.attach_volume(world.sandbox.ask(attach(&ids[1], "/dev/sdf"))).await;
    assert_eq!(code(taken), "InvalidParameterValue");
    let again = world.instances.attach_volume(world.sandbox.ask(attach(&ids[0], "/dev/sdg"))).await;
    assert_eq!(code(again), "VolumeInUse");
    let wrong = world.instances.attach_volume(world.sandbox.ask(attach(&ids[1], "sdf"))).await;
    assert_eq!(code(wrong), "InvalidParameterValue");
    let detach = DetachVolumeRequest { volume_id: Some(ids[0].clone()), ..Default::default() };
    world.instances.detach_volume(world.sandbox.ask(detach)).await.unwrap();
    world.instances.attach_volume(world.sandbox.ask(attach(&ids[1], "/dev/sdf"))).await.unwrap();
    let elsewhere = CreateVolumeRequest { availability_zone: Some("us-east-1f".into()), ..create };
    let elsewhere = volumes.create_volume(world.sandbox.ask(elsewhere)).await.unwrap().into_inner();
    let mismatch = world.instances.attach_volume(world.sandbox.ask(attach(elsewhere.volume_id(), "/dev/sdh"))).await;
    assert_eq!(code(mismatch), "InvalidVolume.ZoneMismatch");
}

#[tokio::test]
async fn the_instance_type_changes_only_while_the_instance_is_stopped() {
    let mut world = World::new().await;
    let id = world.one().await;
    let modify = |name: &str| ModifyInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        instance_type: Some(AttributeValue { value: Some(name.into()) }),
        ..Default::default()
    };
    let running = world.instances.modify_instance_attribute(world.sandbox.ask(modify("m5.large"))).await;
    assert_eq!(code(running), "IncorrectInstanceState");
    world.stop(&id).await;
    let other = world.instances.modify_instance_attribute(world.sandbox.ask(modify("m6g.large"))).await;
    assert_eq!(code(other), "InvalidParameterValue", "another architecture");
    world.instances.modify_instance_attribute(world.sandbox.ask(modify("m5.large"))).await.unwrap();
    assert_eq!(world.describe(&[&id], Vec::new()).await[0].instance_type(), "m5.large");
}

#[tokio::test]
async fn an_image_of_an_instance_can_be_launched() {
    let mut world = World::new().await;
    let id = world.one().await;
    let request = CreateImageRequest { instance_id: Some(id.clone()), name: Some("copy".into()), ..Default::default() };
    let made = world.instances.create_image(world.sandbox.ask(request)).await.unwrap().into_inner();
    let request = RunInstancesRequest { image_id: made.image_id.clone(), ..world.launch(1) };
    let launched = world.run(request).await.remove(0);
    assert_eq!(launched.image_id, made.image_id);
    let specification = InstanceSpecification { instance_id: Some(id), ..Default::default() };
    let request = CreateSnapshotsRequest { instance_specification: Some(specification), ..Default::default() };
    let snapshots = world.instances.create_snapshots(world.sandbox.ask(request)).await.unwrap().into_inner().snapshots;
    assert_eq!((snapshots.len(), snapshots[0].state()), (1, "pending"));
}

#[tokio::test]
async fn status_tells_of_running_instances_unless_all_are_wanted() {
    let mut world = World::new().await;
    let (running, stopped) = (world.one().await, world.one().await);
    world.stop(&stopped).await;
    let ask = |all| DescribeInstanceStatusRequest { include_all_instances: Some(all), ..Default::default() };
    let shown = world.instances.describe_instance_status(world.sandbox.ask(ask(false))).await.unwrap().into_inner();
    let [status] = shown.instance_statuses.as_slice() else { panic!("one runs") };
    assert_eq!((status.instance_id(), status.system_status.as_ref().unwrap().status()), (running.as_str(), "ok"));
    let all = world.instances.describe_instance_status(world.sandbox.ask(ask(true))).await.unwrap().into_inner();
    assert_eq!(all.instance_statuses.len(), 2);
}

#[tokio::test]
async fn a_thousand_instances_are_launched_in_one_call() {
    let mut world = World::new().await;
    let request = world.launch(1000);
    assert_eq!(world.run(request).await.len(), 1000);
    assert_eq!(world.describe(&[], Vec::new()).await.len(), 1000);
}
