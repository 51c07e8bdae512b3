//! What else is asked of an instance: its attachments, console, password, attributes, options, sleep.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::key_pairs_service_client::KeyPairsServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    AttachNetworkInterfaceRequest, AttributeBooleanValue, AttributeValue, BlockDeviceMapping, CreateImageRequest,
    CreateKeyPairRequest, CreateNetworkInterfaceRequest, CreditSpecificationRequest, DescribeImagesRequest,
    DescribeInstanceAttributeRequest, DescribeInstanceCreditSpecificationsRequest, DescribeInstancesRequest,
    DescribeNetworkInterfacesRequest, DescribeVolumesRequest, DetachNetworkInterfaceRequest, EbsBlockDevice, Filter,
    GetConsoleOutputRequest, GetInstanceUefiDataRequest, GetPasswordDataRequest, HibernationOptionsRequest, Image,
    Instance, InstanceNetworkInterfaceSpecification, ModifyInstanceAttributeRequest,
    ModifyInstanceMetadataOptionsRequest, MonitorInstancesRequest, NetworkInterface, RegisterImageRequest,
    ResetInstanceAttributeRequest, RunInstancesRequest, StartInstancesRequest, StopInstancesRequest,
    TerminateInstancesRequest, UnmonitorInstancesRequest,
};
use archipelago_region_node::entity::{Entity as _, Id};
use archipelago_region_node::families::instances::InstanceCommand;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::transport::Channel;

struct World {
    sandbox: Sandbox,
    instances: InstancesServiceClient<Channel>,
}

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: vec![value.into()] }
}

impl World {
    async fn new() -> Self {
        Self::of(Sandbox::new().await)
    }

    fn of(sandbox: Sandbox) -> Self {
        let instances = InstancesServiceClient::new(sandbox.channel.clone());
        Self { sandbox, instances }
    }

    async fn image(&self, name: &str) -> Image {
        let request = DescribeImagesRequest { filters: vec![filter("name", name)], ..Default::default() };
        let mut images = ImagesServiceClient::new(self.sandbox.channel.clone());
        images.describe_images(self.sandbox.ask(request)).await.unwrap().into_inner().images.remove(0)
    }

    async fn launch(&self) -> RunInstancesRequest {
        RunInstancesRequest {
            image_id: self.image("al2023-ami-2*-x86_64").await.image_id,
            instance_type: Some("t3.micro".into()),
            min_count: Some(1),
            max_count: Some(1),
            ..Default::default()
        }
    }

    async fn run(&mut self, request: RunInstancesRequest) -> String {
        let run = self.instances.run_instances(self.sandbox.ask(request)).await.unwrap().into_inner();
        run.instances[0].instance_id().to_owned()
    }

    async fn one(&mut self) -> String {
        let request = self.launch().await;
        self.run(request).await
    }

    async fn see(&mut self, id: &str) -> Instance {
        let request = DescribeInstancesRequest { instance_ids: vec![id.into()], ..Default::default() };
        let found = self.instances.describe_instances(self.sandbox.ask(request)).await.unwrap().into_inner();
        found.reservations[0].instances[0].clone()
    }

    async fn stop(&mut self, id: &str, hibernate: bool) -> Result<(), tonic::Status> {
        let request =
            StopInstancesRequest { instance_ids: vec![id.into()], hibernate: Some(hibernate), ..Default::default() };
        self.instances.stop_instances(self.sandbox.ask(request)).await.map(drop)
    }

    fn interfaces(&self) -> NetworkInterfacesServiceClient<Channel> {
        NetworkInterfacesServiceClient::new(self.sandbox.channel.clone())
    }

    async fn interface(&self, beside: &Instance) -> NetworkInterface {
        let request = CreateNetworkInterfaceRequest { subnet_id: beside.subnet_id.clone(), ..Default::default() };
        let outcome = self.interfaces().create_network_interface(self.sandbox.ask(request)).await;
        outcome.unwrap().into_inner().network_interface.unwrap()
    }

    async fn see_interface(&self, id: &str) -> NetworkInterface {
        let request = DescribeNetworkInterfacesRequest { network_interface_ids: vec![id.into()], ..Default::default() };
        let outcome = self.interfaces().describe_network_interfaces(self.sandbox.ask(request)).await;
        outcome.unwrap().into_inner().network_interfaces.remove(0)
    }
}

fn attach(interface: &NetworkInterface, instance: &str, index: i32) -> AttachNetworkInterfaceRequest {
    AttachNetworkInterfaceRequest {
        network_interface_id: interface.network_interface_id.clone(),
        instance_id: Some(instance.into()),
        device_index: Some(index),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_interface_is_attached_and_detached() {
    let mut world = World::new().await;
    let id = world.one().await;
    let instance = world.see(&id).await;
    let second = world.interface(&instance).await;
    let mut client = world.instances.clone();
    let taken = client.attach_network_interface(world.sandbox.ask(attach(&second, &id, 0))).await;
    assert_eq!(code(taken), "InvalidParameterValue");
    let attached = client.attach_network_interface(world.sandbox.ask(attach(&second, &id, 1))).await.unwrap();
    let attachment_id = attached.into_inner().attachment_id;

    let shown = world.see(&id).await;
    assert_eq!(shown.network_interfaces.len(), 2);
    let seen = world.see_interface(second.network_interface_id()).await;
    let attachment = seen.attachment.clone().unwrap();
    assert_eq!((seen.status(), attachment.status(), attachment.device_index()), ("in-use", "attached", 1));
    assert_eq!((attachment.attachment_id, attachment.instance_id), (attachment_id.clone(), Some(id.clone())));
    assert_eq!(attachment.delete_on_termination, Some(false));

    // A t3.micro takes two.
    let third = world.interface(&instance).await;
    let again = client.attach_network_interface(world.sandbox.ask(attach(&second, &id, 2))).await;
    assert_eq!(code(again), "AttachmentLimitExceeded");
    let more = client.attach_network_interface(world.sandbox.ask(attach(&third, &id, 2))).await;
    assert_eq!(code(more), "AttachmentLimitExceeded");

    let primary = instance.network_interfaces[0].attachment.clone().unwrap();
    let detach = |attachment_id| DetachNetworkInterfaceRequest { attachment_id, ..Default::default() };
    let first = client.detach_network_interface(world.sandbox.ask(detach(primary.attachment_id))).await;
    assert_eq!(code(first), "OperationNotPermitted");
    client.detach_network_interface(world.sandbox.ask(detach(attachment_id.clone()))).await.unwrap();
    let free = world.see_interface(second.network_interface_id()).await;
    assert_eq!((free.status(), &free.attachment), ("available", &None));
    let gone = client.detach_network_interface(world.sandbox.ask(detach(attachment_id))).await;
    assert_eq!(code(gone), "InvalidAttachmentID.NotFound");
}

#[tokio::test]
async fn an_interface_with_too_many_addresses_is_not_attached() {
    let mut world = World::new().await;
    let id = world.one().await;
    let instance = world.see(&id).await;
    let request = CreateNetworkInterfaceRequest {
        subnet_id: instance.subnet_id.clone(),
        secondary_private_ip_address_count: Some(5),
        ..Default::default()
    };
    let created = world.interfaces().create_network_interface(world.sandbox.ask(request)).await.unwrap().into_inner();
    let large = created.network_interface.unwrap();
    let refused = world.instances.attach_network_interface(world.sandbox.ask(attach(&large, &id, 1))).await;
    assert_eq!(code(refused), "PrivateIpAddressLimitExceeded");
    assert_eq!(world.see_interface(large.network_interface_id()).await.status(), "available");
    // Nor launched with.
    let launch = |specification| RunInstancesRequest { network_interfaces: vec![specification], ..Default::default() };
    let base = InstanceNetworkInterfaceSpecification { device_index: Some(0), ..Default::default() };
    for (specification, expected) in [
        (
            InstanceNetworkInterfaceSpecification { secondary_private_ip_address_count: Some(2), ..base.clone() },
            "InvalidInterface.IpAddressLimitExceeded",
        ),
        (
            InstanceNetworkInterfaceSpecification {
                network_interface_id: large.network_interface_id.clone(),
                ..base.clone()
            },
            "InvalidInterface.IpAddressLimitExceeded",
        ),
        (InstanceNetworkInterfaceSpecification { ena_queue_count: Some(2), ..base.clone() }, "UnsupportedOperation"),
    ] {
        let whole = world.launch().await;
        let request = RunInstancesRequest { network_interfaces: launch(specification).network_interfaces, ..whole };
        let refused = world.instances.run_instances(world.sandbox.ask(request)).await;
        assert_eq!(code(refused), expected);
    }
}

#[tokio::test]
async fn a_windows_instance_has_a_password_after_a_while() {
    let mut world = World::new().await;
    let mut keys = KeyPairsServiceClient::new(world.sandbox.channel.clone());
    let key = CreateKeyPairRequest { key_name: Some("admin".into()), ..Default::default() };
    keys.create_key_pair(world.sandbox.ask(key)).await.unwrap();
    let windows = world.image("Windows_Server-2022-English-Full-Base*").await;
    let request =
        RunInstancesRequest { image_id: windows.image_id, key_name: Some("admin".into()), ..world.launch().await };
    let id = world.run(request).await;
    let linux = world.one().await;
    let ask = |id: &str| GetPasswordDataRequest { instance_id: Some(id.into()), ..Default::default() };
    let mut client = world.instances.clone();
    let early = client.get_password_data(world.sandbox.ask(ask(&id))).await.unwrap().into_inner();
    assert_eq!(early.password_data(), "");
    world.sandbox.region.advance(5 * 60_000).await;
    let data = client.get_password_data(world.sandbox.ask(ask(&id))).await.unwrap().into_inner();
    // As long as the key that it is encrypted with.
    assert_eq!(STANDARD.decode(data.password_data()).unwrap().len(), 256);
    let none = client.get_password_data(world.sandbox.ask(ask(&linux))).await.unwrap().into_inner();
    assert_eq!(none.password_data(), "");
}

#[tokio::test]
async fn the_console_tells_of_the_start() {
    let mut world = World::new().await;
    let id = world.one().await;
    let ask = |id: &str, latest| GetConsoleOutputRequest {
        instance_id: Some(id.into()),
        latest: Some(latest),
        ..Default::default()
    };
    let mut client = world.instances.clone();
    let output = client.get_console_output(world.sandbox.ask(ask(&id, true))).await.unwrap().into_inner();
    let text = String::from_utf8(STANDARD.decode(output.output()).unwrap()).unwrap();
    assert!(text.contains("login:") && text.contains("2 CPUs"), "{text}");
    // The latest output is kept on the Nitro System only.
    let old = RunInstancesRequest { instance_type: Some("t2.micro".into()), ..world.launch().await };
    let old = world.run(old).await;
    let refused = client.get_console_output(world.sandbox.ask(ask(&old, true))).await;
    assert_eq!(code(refused), "UnsupportedOperation");
    client.get_console_output(world.sandbox.ask(ask(&old, false))).await.unwrap();
}

#[tokio::test]
async fn credits_are_those_of_the_launch() {
    let mut world = World::new().await;
    let unlimited = world.one().await;
    let request = RunInstancesRequest {
        credit_specification: Some(CreditSpecificationRequest { cpu_credits: Some("standard".into()) }),
        ..world.launch().await
    };
    let standard = world.run(request).await;
    let fixed = RunInstancesRequest { instance_type: Some("m5.large".into()), ..world.launch().await };
    let fixed = world.run(fixed).await;
    let ask = |ids: &[&String]| DescribeInstanceCreditSpecificationsRequest {
        instance_ids: ids.iter().map(|id| (*id).clone()).collect(),
        ..Default::default()
    };
    let mut client = world.instances.clone();
    let mut credits = async |ids: &[&String]| {
        let asked = world.sandbox.ask(ask(ids));
        let answer = client.describe_instance_credit_specifications(asked).await?;
        let all = answer.into_inner().instance_credit_specifications.into_iter();
        Ok(all.map(|one| (one.instance_id.unwrap(), one.cpu_credits.unwrap())).collect::<Vec<_>>())
    };
    assert_eq!(credits(&[&standard]).await.unwrap(), [(standard.clone(), "standard".to_owned())]);
    // Without ids, those that are unlimited.
    assert_eq!(credits(&[]).await.unwrap(), [(unlimited, "unlimited".to_owned())]);
    let refused: Result<_, tonic::Status> = credits(&[&fixed]).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "UnsupportedOperation");
}

#[tokio::test]
async fn monitoring_is_switched_on_and_off() {
    let mut world = World::new().await;
    let id = world.one().await;
    let mut client = world.instances.clone();
    let on = MonitorInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    let answer = client.monitor_instances(world.sandbox.ask(on)).await.unwrap().into_inner().instance_monitorings;
    assert_eq!(answer[0].monitoring.as_ref().unwrap().state(), "pending");
    assert_eq!(world.see(&id).await.monitoring.unwrap().state(), "enabled");
    let off = UnmonitorInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    let answer = client.unmonitor_instances(world.sandbox.ask(off)).await.unwrap().into_inner().instance_monitorings;
    assert_eq!(answer[0].monitoring.as_ref().unwrap().state(), "disabling");
    assert_eq!(world.see(&id).await.monitoring.unwrap().state(), "disabled");
    let unknown = MonitorInstancesRequest { instance_ids: vec!["i-00000000000000000".into()], ..Default::default() };
    assert_eq!(code(client.monitor_instances(world.sandbox.ask(unknown)).await), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn metadata_options_are_changed_and_described_back() {
    let mut world = World::new().await;
    let id = world.one().await;
    let change = ModifyInstanceMetadataOptionsRequest {
        instance_id: Some(id.clone()),
        http_tokens: Some("required".into()),
        http_put_response_hop_limit: Some(3),
        ..Default::default()
    };
    let mut client = world.instances.clone();
    let answer = client.modify_instance_metadata_options(world.sandbox.ask(change.clone())).await.unwrap().into_inner();
    assert_eq!(answer.instance_metadata_options.unwrap().state(), "pending");
    let options = world.see(&id).await.metadata_options.unwrap();
    assert_eq!((options.state(), options.http_tokens(), options.http_endpoint()), ("applied", "required", "enabled"));
    assert_eq!(options.http_put_response_hop_limit(), 3);
    let nothing = ModifyInstanceMetadataOptionsRequest { instance_id: Some(id.clone()), ..Default::default() };
    let nothing = client.modify_instance_metadata_options(world.sandbox.ask(nothing)).await;
    assert_eq!(code(nothing), "MissingParameter");
    let far = ModifyInstanceMetadataOptionsRequest { http_put_response_hop_limit: Some(65), ..change };
    assert_eq!(code(client.modify_instance_metadata_options(world.sandbox.ask(far)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn an_image_of_an_instance_has_the_devices_that_were_asked_for() {
    let mut world = World::new().await;
    let id = world.one().await;
    let root = world.see(&id).await.root_device_name().to_owned();
    let device = |name: &str, ebs| BlockDeviceMapping { device_name: Some(name.into()), ebs, ..Default::default() };
    let large = EbsBlockDevice {
        volume_size: Some(40),
        volume_type: Some("gp3".into()),
        delete_on_termination: Some(false),
        ..Default::default()
    };
    let empty = EbsBlockDevice { volume_size: Some(5), ..Default::default() };
    let create = |name: &str, mappings| CreateImageRequest {
        instance_id: Some(id.clone()),
        name: Some(name.into()),
        block_device_mappings: mappings,
        ..Default::default()
    };
    let mappings = vec![device(&root, Some(large)), device("/dev/sdf", Some(empty))];
    let mut client = world.instances.clone();
    client.create_image(world.sandbox.ask(create("larger", mappings))).await.unwrap();
    let image = world.image("larger").await;
    let of = |name: &str| {
        let mut devices = image.block_device_mappings.iter();
        devices.find(|device| device.device_name() == name).unwrap().ebs.clone().unwrap()
    };
    let (own, added) = (of(&root), of("/dev/sdf"));
    assert_eq!((own.volume_size(), own.volume_type(), own.delete_on_termination()), (40, "gp3", false));
    assert!(own.snapshot_id.is_some() && added.snapshot_id.is_none() && added.volume_size() == 5);

    let small = EbsBlockDevice { volume_size: Some(1), ..Default::default() };
    let refused = client.create_image(world.sandbox.ask(create("smaller", vec![device(&root, Some(small))]))).await;
    assert_eq!(code(refused), "InvalidBlockDeviceMapping");
    let without = BlockDeviceMapping { no_device: Some(String::new()), ..device(&root, None) };
    let refused = client.create_image(world.sandbox.ask(create("rootless", vec![without]))).await;
    assert_eq!(code(refused), "InvalidBlockDeviceMapping");
}

#[tokio::test]
async fn attributes_are_reset_to_what_they_were() {
    let mut world = World::new().await;
    let id = world.one().await;
    let mut client = world.instances.clone();
    let change = ModifyInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        source_dest_check: Some(AttributeBooleanValue { value: Some(false) }),
        ..Default::default()
    };
    client.modify_instance_attribute(world.sandbox.ask(change)).await.unwrap();
    assert_eq!(world.see(&id).await.source_dest_check, Some(false));
    let reset = |name: &str| ResetInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        attribute: Some(name.into()),
        ..Default::default()
    };
    client.reset_instance_attribute(world.sandbox.ask(reset("sourceDestCheck"))).await.unwrap();
    assert_eq!(world.see(&id).await.source_dest_check, Some(true));
    let refused = client.reset_instance_attribute(world.sandbox.ask(reset("instanceType"))).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    // A kernel is that of the image again: this one has none.
    world.stop(&id, false).await.unwrap();
    client.reset_instance_attribute(world.sandbox.ask(reset("kernel"))).await.unwrap();
    let ask = DescribeInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        attribute: Some("kernel".into()),
        ..Default::default()
    };
    let kernel = client.describe_instance_attribute(world.sandbox.ask(ask)).await.unwrap().into_inner().kernel_id;
    assert_eq!(kernel, Some(AttributeValue { value: None }));
}

#[tokio::test]
async fn an_instance_that_was_launched_for_it_hibernates() {
    let mut world = World::new().await;
    let awake = world.one().await;
    let refused = world.stop(&awake, true).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "UnsupportedHibernationConfiguration");
    let root = world.see(&awake).await.root_device_name().to_owned();
    let ebs = |encrypted| EbsBlockDevice { encrypted: Some(encrypted), ..Default::default() };
    let mapping = |encrypted| BlockDeviceMapping {
        device_name: Some(root.clone()),
        ebs: Some(ebs(encrypted)),
        ..Default::default()
    };
    let base = RunInstancesRequest {
        instance_type: Some("m5.large".into()),
        hibernation_options: Some(HibernationOptionsRequest { configured: Some(true) }),
        ..world.launch().await
    };
    let plain = world.instances.run_instances(world.sandbox.ask(base.clone())).await;
    assert_eq!(code(plain), "UnsupportedHibernationConfiguration");
    let request = RunInstancesRequest { block_device_mappings: vec![mapping(true)], ..base };
    let id = world.run(request).await;
    world.stop(&id, true).await.unwrap();
    let asleep = world.see(&id).await;
    assert_eq!(asleep.state.unwrap().name(), "stopped");
    assert_eq!(asleep.state_reason.unwrap().message(), "Client.UserInitiatedHibernate: User initiated hibernate");
    let start = StartInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    world.instances.start_instances(world.sandbox.ask(start)).await.unwrap();
    assert_eq!(world.see(&id).await.state.unwrap().name(), "running");
}

#[tokio::test]
async fn the_uefi_variables_are_those_of_the_image() {
    let mut world = World::new().await;
    let mut images = ImagesServiceClient::new(world.sandbox.channel.clone());
    let source = world.one().await;
    let create = CreateImageRequest { instance_id: Some(source), name: Some("own".into()), ..Default::default() };
    world.instances.create_image(world.sandbox.ask(create)).await.unwrap();
    let own = world.image("own").await;
    let snapshot_id = own.block_device_mappings[0].ebs.as_ref().unwrap().snapshot_id.clone();
    let root = BlockDeviceMapping {
        device_name: own.root_device_name.clone(),
        ebs: Some(EbsBlockDevice { snapshot_id, ..Default::default() }),
        ..Default::default()
    };
    let request = RegisterImageRequest {
        name: Some("uefi".into()),
        architecture: Some("x86_64".into()),
        virtualization_type: Some("hvm".into()),
        root_device_name: own.root_device_name.clone(),
        block_device_mappings: vec![root],
        boot_mode: Some("uefi".into()),
        uefi_data: Some("QU1aTlVFRkk=".into()),
        ena_support: Some(true),
        ..Default::default()
    };
    let image_id = images.register_image(world.sandbox.ask(request)).await.unwrap().into_inner().image_id;
    let id = world.run(RunInstancesRequest { image_id, ..world.launch().await }).await;
    let ask = GetInstanceUefiDataRequest { instance_id: Some(id.clone()), ..Default::default() };
    let data = world.instances.get_instance_uefi_data(world.sandbox.ask(ask)).await.unwrap().into_inner();
    assert_eq!(data.uefi_data(), "QU1aTlVFRkk=");
    // Its owner sees that it was launched.
    assert!(world.image("uefi").await.last_launched_time.is_some());
    let launched = RunInstancesRequest { instance_type: Some("t2.micro".into()), ..world.launch().await };
    let legacy = world.run(launched).await;
    let ask = GetInstanceUefiDataRequest { instance_id: Some(legacy), ..Default::default() };
    let refused = world.instances.get_instance_uefi_data(world.sandbox.ask(ask)).await;
    assert_eq!(code(refused), "UnsupportedOperation");
}

/// A node that is killed while an instance terminates has volumes and interfaces to remove at its next start.
#[tokio::test]
async fn what_an_instance_was_left_to_do_is_done_after_a_restart() {
    let (before, after) = (folder("intent-before"), folder("intent-after"));
    let slow = || Lifecycle::instant().with(Transition::InstanceTerminate, 60_000);
    let mut world = World::of(Sandbox::with(slow(), Store::open(&before).unwrap()).await);
    let id = world.one().await;
    let terminate = TerminateInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    world.instances.terminate_instances(world.sandbox.ask(terminate)).await.unwrap();
    assert_eq!(world.see(&id).await.state.unwrap().name(), "shutting-down");
    copy_folder(&before, &after);

    let mut world = World::of(Sandbox::with(slow(), Store::open(&after).unwrap()).await);
    let attached = |name: &str| vec![filter(name, &id)];
    world.sandbox.region.advance(61_000).await;
    assert_eq!(world.see(&id).await.state.unwrap().name(), "terminated");
    let mut volumes = VolumesServiceClient::new(world.sandbox.channel.clone());
    let request = DescribeVolumesRequest { filters: attached("attachment.instance-id"), ..Default::default() };
    assert!(volumes.describe_volumes(world.sandbox.ask(request)).await.unwrap().into_inner().volumes.is_empty());
    let request =
        DescribeNetworkInterfacesRequest { filters: attached("attachment.instance-id"), ..Default::default() };
    let left = world.interfaces().describe_network_interfaces(world.sandbox.ask(request)).await.unwrap().into_inner();
    assert!(left.network_interfaces.is_empty());
}

/// The intent is stored with the state that it follows from: a node that is killed right then carries it out at its next
/// start.
#[tokio::test]
async fn what_was_owed_when_the_node_died_is_done_at_its_next_start() {
    let (before, after) = (folder("owed-before"), folder("owed-after"));
    let mut world = World::of(Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await);
    let id = world.one().await;
    assert!(world.see(&id).await.public_ip_address.is_some());
    let region = Arc::clone(&world.sandbox.region);
    let known = Id::new(&id);
    let stop = region.instances.ask(&known, InstanceCommand::Stop { hibernate: false, force: false });
    let owed = async {
        while !region.instances.index().get(&id).unwrap().state.intent() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = owed => {}
        _ = stop => panic!("it was carried out before it could be stopped"),
    }
    assert!(world.see(&id).await.public_ip_address.is_some());
    copy_folder(&before, &after);

    let mut world = World::of(Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await);
    let region = Arc::clone(&world.sandbox.region);
    let carried_out = async {
        while region.instances.index().get(&id).unwrap().state.intent() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), carried_out).await.expect("it is carried out");
    let stopped = world.see(&id).await;
    assert_eq!(stopped.state.unwrap().name(), "stopped");
    assert_eq!(stopped.public_ip_address, None);
}
