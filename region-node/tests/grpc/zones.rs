//! A zone that loses its power, and has it back.

use crate::support::launch::{instance, instances, launch, request, run, running, starting, stop};
use crate::support::network::{filter, some, subnet, vpc};
use crate::support::outage::{power_off, power_on};
use crate::support::{START, Sandbox, code, copy_folder, folder};
use archipelago_proto::Ec2Error;
use archipelago_proto::ec2::v1::capacity_reservations_service_client::CapacityReservationsServiceClient;
use archipelago_proto::ec2::v1::hosts_service_client::HostsServiceClient;
use archipelago_proto::ec2::v1::regions_service_client::RegionsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    AllocateHostsRequest, AttributeBooleanValue, AvailabilityZone, CreateCapacityReservationRequest,
    CreateSubnetRequest, CreateVolumeRequest, DescribeAvailabilityZonesRequest, DescribeInstanceStatusRequest,
    DescribeVolumeStatusRequest, DescribeVolumesRequest, EnableVolumeIoRequest, Instance, InstanceStatus,
    ModifyVolumeAttributeRequest, VolumeStatusItem,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

const B: &str = "us-east-1b";

fn volumes(sandbox: &Sandbox) -> VolumesServiceClient<Channel> {
    VolumesServiceClient::new(sandbox.channel.clone())
}

async fn launched(sandbox: &Sandbox, zone: &str) -> Instance {
    run(sandbox, request(sandbox, "t3.micro", zone, 1).await).await.remove(0)
}

fn state(instance: &Instance) -> (&str, &str) {
    let reason = instance.state_reason.as_ref().map_or("", |reason| reason.code());
    (instance.state.as_ref().unwrap().name(), reason)
}

async fn root_volume(sandbox: &Sandbox, instance: &Instance) -> String {
    let filters = filter("attachment.instance-id", instance.instance_id());
    let request = DescribeVolumesRequest { filters, ..Default::default() };
    let found = volumes(sandbox).describe_volumes(sandbox.ask(request)).await.unwrap().into_inner();
    found.volumes[0].volume_id().to_owned()
}

async fn volume(sandbox: &Sandbox, zone: &str) -> Result<String, Ec2Error> {
    let request = CreateVolumeRequest { availability_zone: some(zone), size: Some(1), ..Default::default() };
    let created = volumes(sandbox).create_volume(sandbox.ask(request)).await.map_err(Ec2Error::from)?;
    Ok(created.into_inner().volume_id.unwrap())
}

async fn volume_status(sandbox: &Sandbox, id: &str) -> VolumeStatusItem {
    let request = DescribeVolumeStatusRequest { volume_ids: vec![id.to_owned()], ..Default::default() };
    let found = volumes(sandbox).describe_volume_status(sandbox.ask(request)).await.unwrap().into_inner();
    found.volume_statuses.into_iter().next().unwrap()
}

async fn health(sandbox: &Sandbox, id: &str) -> String {
    volume_status(sandbox, id).await.volume_status.unwrap().status.unwrap()
}

async fn enable_io(sandbox: &Sandbox, id: &str) -> Result<(), Ec2Error> {
    let request = EnableVolumeIoRequest { volume_id: some(id), ..Default::default() };
    volumes(sandbox).enable_volume_io(sandbox.ask(request)).await.map(drop).map_err(Ec2Error::from)
}

async fn instance_status(sandbox: &Sandbox, id: &str) -> InstanceStatus {
    let request = DescribeInstanceStatusRequest {
        instance_ids: vec![id.to_owned()],
        include_all_instances: Some(true),
        ..Default::default()
    };
    let found = instances(sandbox).describe_instance_status(sandbox.ask(request)).await.unwrap().into_inner();
    found.instance_statuses.into_iter().next().unwrap()
}

async fn zone(sandbox: &Sandbox, name: &str) -> AvailabilityZone {
    let request = DescribeAvailabilityZonesRequest { zone_names: vec![name.to_owned()], ..Default::default() };
    let mut client = RegionsServiceClient::new(sandbox.channel.clone());
    client.describe_availability_zones(sandbox.ask(request)).await.unwrap().into_inner().availability_zones.remove(0)
}

#[tokio::test]
async fn instances_of_a_zone_without_power_stop_and_others_go_on() {
    let sandbox = Sandbox::new().await;
    let (lost, kept) = (launched(&sandbox, B).await, launched(&sandbox, "us-east-1a").await);
    let dark = power_off(&sandbox, "use1-az2").await.unwrap();
    assert_eq!((dark[0].name.as_str(), dark[0].off_since), (B, Some(START)), "by its id as by its name");
    let shown = instance(&sandbox, lost.instance_id()).await;
    assert_eq!(state(&shown), ("stopped", "Server.InternalError"));
    let status = instance_status(&sandbox, lost.instance_id()).await;
    let system = status.system_status.unwrap();
    assert_eq!((system.status(), system.details[0].impaired_since), ("impaired", Some(START)));
    assert_eq!(running(&sandbox).await.len(), 1);
    let kept = instance_status(&sandbox, kept.instance_id()).await;
    assert_eq!(kept.system_status.unwrap().status(), "ok");
    let shown = zone(&sandbox, B).await;
    assert_eq!((shown.state(), shown.messages[0].message()), ("unavailable", "us-east-1b has no power."));
    power_on(&sandbox, B).await;
    let shown = zone(&sandbox, B).await;
    assert_eq!((shown.state(), shown.messages.len()), ("available", 0));
    let status = instance_status(&sandbox, lost.instance_id()).await;
    assert_eq!(status.system_status.unwrap().status(), "not-applicable");
    assert_eq!(running(&sandbox).await.len(), 1, "nobody has started it");
    instances(&sandbox).start_instances(sandbox.ask(starting(lost.instance_id()))).await.unwrap();
    assert_eq!(running(&sandbox).await.len(), 2);
}

#[tokio::test]
async fn what_starts_or_stops_while_the_power_goes_is_stopped_too() {
    let slow = Lifecycle::instant().with(Transition::InstanceLaunch, 60_000).with(Transition::InstanceStop, 60_000);
    let sandbox = Sandbox::with(slow, Store::Memory).await;
    let stopping = launched(&sandbox, B).await;
    sandbox.region.advance(60_000).await;
    stop(&sandbox, stopping.instance_id()).await;
    let pending = launched(&sandbox, B).await;
    power_off(&sandbox, B).await.unwrap();
    assert_eq!(state(&instance(&sandbox, pending.instance_id()).await), ("stopped", "Server.InternalError"));
    let shown = instance(&sandbox, stopping.instance_id()).await;
    assert_eq!(state(&shown), ("stopped", "Client.UserInitiatedShutdown"));
}

#[tokio::test]
async fn nothing_is_launched_started_or_made_where_there_is_no_power() {
    let sandbox = Sandbox::new().await;
    let lost = launched(&sandbox, B).await;
    power_off(&sandbox, B).await.unwrap();
    let refused = instances(&sandbox).run_instances(sandbox.ask(request(&sandbox, "t3.micro", B, 1).await)).await;
    let error = Ec2Error::from(refused.unwrap_err());
    assert_eq!((error.code.as_str(), error.http_status().as_u16()), ("InsufficientInstanceCapacity", 500));
    let begins = "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested \
                  (us-east-1b).";
    assert!(error.message.starts_with(begins) && error.message.ends_with("us-east-1c, us-east-1d, us-east-1f."));
    let refused = instances(&sandbox).start_instances(sandbox.ask(starting(lost.instance_id()))).await;
    let error = Ec2Error::from(refused.unwrap_err());
    assert!(error.code == "InsufficientInstanceCapacity" && error.message.starts_with(begins), "{error}");

    let error = volume(&sandbox, B).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.http_status().as_u16()), ("InsufficientVolumeCapacity", 500));
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let input = CreateSubnetRequest {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: some("10.0.1.0/24"),
        availability_zone: some(B),
        ..Default::default()
    };
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(subnets.create_subnet(sandbox.ask(input)).await), "InvalidParameterValue");
    assert_ne!(subnet(&sandbox, &vpc, "10.0.2.0/24").await.availability_zone(), B);
    let hosts = AllocateHostsRequest {
        availability_zone: some(B),
        instance_type: some("m5.large"),
        quantity: Some(1),
        ..Default::default()
    };
    let mut client = HostsServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(client.allocate_hosts(sandbox.ask(hosts)).await), "InsufficientHostCapacity");

    let anywhere = run(&sandbox, launch(&sandbox, "t3.micro", 9, 9).await).await;
    assert!(anywhere.iter().all(|instance| instance.placement.as_ref().unwrap().availability_zone() != B));
    power_on(&sandbox, B).await;
    launched(&sandbox, B).await;
    volume(&sandbox, B).await.unwrap();
}

#[tokio::test]
async fn a_reservation_is_of_no_use_without_power() {
    let sandbox = Sandbox::new().await;
    let reserve = |zone: &str| CreateCapacityReservationRequest {
        instance_type: some("t3.micro"),
        instance_platform: some("Linux/UNIX"),
        availability_zone: some(zone),
        instance_count: Some(2),
        ..Default::default()
    };
    let mut client = CapacityReservationsServiceClient::new(sandbox.channel.clone());
    client.create_capacity_reservation(sandbox.ask(reserve(B))).await.unwrap();
    power_off(&sandbox, B).await.unwrap();
    let refused = instances(&sandbox).run_instances(sandbox.ask(request(&sandbox, "t3.micro", B, 1).await)).await;
    assert_eq!(code(refused), "InsufficientInstanceCapacity");
    let refused = client.create_capacity_reservation(sandbox.ask(reserve(B))).await;
    assert_eq!(code(refused), "InsufficientInstanceCapacity");
    power_on(&sandbox, B).await;
    assert!(launched(&sandbox, B).await.capacity_reservation_id.is_some());
}

#[tokio::test]
async fn volumes_are_impaired_and_those_that_were_written_to_wait_for_their_io_to_be_enabled() {
    let sandbox = Sandbox::new().await;
    let free = volume(&sandbox, B).await.unwrap();
    let root = root_volume(&sandbox, &launched(&sandbox, B).await).await;
    let trusting = root_volume(&sandbox, &launched(&sandbox, B).await).await;
    let elsewhere = root_volume(&sandbox, &launched(&sandbox, "us-east-1a").await).await;
    let auto = ModifyVolumeAttributeRequest {
        volume_id: some(&trusting),
        auto_enable_io: Some(AttributeBooleanValue { value: Some(true) }),
        ..Default::default()
    };
    volumes(&sandbox).modify_volume_attribute(sandbox.ask(auto)).await.unwrap();
    power_off(&sandbox, B).await.unwrap();
    for id in [&free, &root, &trusting] {
        let status = volume_status(&sandbox, id).await;
        assert_eq!(status.volume_status.as_ref().unwrap().details[0].status(), "failed");
        assert_eq!(status.events[0].event_type(), "potential-data-inconsistency");
        assert_eq!(health(&sandbox, id).await, "impaired");
    }
    assert_eq!(health(&sandbox, &elsewhere).await, "ok");
    assert_eq!(enable_io(&sandbox, &root).await.unwrap_err().code, "Unavailable");
    power_on(&sandbox, B).await;
    assert_eq!((health(&sandbox, &free).await, health(&sandbox, &trusting).await), ("ok".into(), "ok".into()));
    assert_eq!(health(&sandbox, &root).await, "impaired");
    enable_io(&sandbox, &root).await.unwrap();
    assert_eq!(health(&sandbox, &root).await, "ok");
}

#[tokio::test]
async fn a_zone_stays_without_power_after_a_crash_and_what_the_crash_left_running_stops() {
    let (path, crashed) = (folder("zones"), folder("zones-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    let stopped = launched(&sandbox, B).await;
    power_off(&sandbox, B).await.unwrap();
    // As if the crash came before this one had stopped.
    sandbox.region.dark_zones.end(B);
    let running = launched(&sandbox, B).await;
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    assert_eq!(zone(&sandbox, B).await.state(), "unavailable");
    for lost in [stopped, running] {
        assert_eq!(state(&instance(&sandbox, lost.instance_id()).await).0, "stopped");
        assert_eq!(health(&sandbox, &root_volume(&sandbox, &lost).await).await, "impaired");
    }
    power_on(&sandbox, B).await;
    launched(&sandbox, B).await;
}

#[tokio::test]
async fn a_zone_that_is_none_of_the_region_is_refused() {
    let sandbox = Sandbox::new().await;
    let refused = power_off(&sandbox, "eu-west-1a").await.unwrap_err();
    assert_eq!(Ec2Error::from(refused).message, "us-east-1 has no zone 'eu-west-1a'.");
}
