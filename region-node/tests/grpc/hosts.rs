//! Dedicated Hosts over gRPC, and the placement of instances on them.

use crate::support::launch::{instance, instances, request, run, starting, stop, terminate};
use crate::support::network::{filter, some};
use crate::support::{START, Sandbox, code};
use archipelago_proto::cluster::v1::ScheduleEventRequest;
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::ec2::v1::hosts_service_client::HostsServiceClient;
use archipelago_proto::ec2::v1::instance_settings_service_client::InstanceSettingsServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::{
    AllocateHostsRequest, DescribeHostsRequest, DescribeInstanceStatusRequest, GetConsoleScreenshotRequest, Host,
    InstanceCreditSpecificationRequest, ModifyHostsRequest, ModifyInstanceCreditSpecificationRequest,
    ModifyInstanceEventStartTimeRequest, ModifyInstanceMaintenanceOptionsRequest, ModifyInstancePlacementRequest,
    ReleaseHostsRequest,
};
use base64::Engine as _;
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> HostsServiceClient<Channel> {
    HostsServiceClient::new(sandbox.channel.clone())
}

fn allocate(instance_type: &str, auto_placement: &str, quantity: i32) -> AllocateHostsRequest {
    AllocateHostsRequest {
        instance_type: some(instance_type),
        availability_zone: some("us-east-1a"),
        auto_placement: some(auto_placement),
        quantity: Some(quantity),
        ..Default::default()
    }
}

async fn hosts(sandbox: &Sandbox, request: AllocateHostsRequest) -> Vec<String> {
    client(sandbox).allocate_hosts(sandbox.ask(request)).await.unwrap().into_inner().host_ids
}

async fn host(sandbox: &Sandbox, id: &str) -> Host {
    let request = DescribeHostsRequest { host_ids: vec![id.to_owned()], ..Default::default() };
    client(sandbox).describe_hosts(sandbox.ask(request)).await.unwrap().into_inner().hosts[0].clone()
}

fn room(host: &Host) -> i32 {
    host.available_capacity.clone().unwrap().available_instance_capacity[0].available_capacity()
}

async fn on_host(
    sandbox: &Sandbox,
    count: i32,
    host: Option<&str>,
    affinity: Option<&str>,
) -> archipelago_proto::ec2::v1::RunInstancesRequest {
    let mut request = request(sandbox, "m5.24xlarge", "us-east-1a", count).await;
    let placement = request.placement.as_mut().unwrap();
    placement.tenancy = some("host");
    placement.host_id = host.map(str::to_owned);
    placement.affinity = affinity.map(str::to_owned);
    request
}

#[tokio::test]
async fn instances_are_placed_on_hosts_while_there_is_room() {
    let sandbox = Sandbox::new().await;
    let auto = hosts(&sandbox, allocate("m5.24xlarge", "on", 2)).await;
    let own = hosts(&sandbox, allocate("m5.24xlarge", "off", 1)).await.remove(0);
    let described = host(&sandbox, &auto[0]).await;
    assert_eq!(
        (described.state(), described.allows_multiple_instance_types(), room(&described)),
        ("available", "off", 1)
    );

    let placed = run(&sandbox, on_host(&sandbox, 2, None, None).await).await;
    let at: Vec<_> = placed.iter().map(|instance| instance.placement.clone().unwrap().host_id.unwrap()).collect();
    assert_eq!(at, auto);
    let full = instances(&sandbox).run_instances(sandbox.ask(on_host(&sandbox, 1, None, None).await)).await;
    assert_eq!(code(full), "InsufficientHostCapacity");
    let named = run(&sandbox, on_host(&sandbox, 1, Some(&own), Some("host")).await).await.remove(0);
    let placement = named.placement.clone().unwrap();
    assert_eq!((placement.host_id(), placement.affinity(), placement.tenancy()), (own.as_str(), "host", "host"));
    let shown = host(&sandbox, &own).await;
    assert_eq!((shown.instances[0].instance_id(), room(&shown)), (named.instance_id(), 0));

    let release = ReleaseHostsRequest { host_ids: vec![own.clone(), "h-0123456789abcdef0".into()] };
    let refused = client(&sandbox).release_hosts(sandbox.ask(release.clone())).await.unwrap().into_inner();
    let codes: Vec<_> = refused.unsuccessful.iter().map(|item| item.error.as_ref().unwrap().code()).collect();
    assert_eq!(codes, ["Client.InvalidHost.Occupied", "Client.InvalidHostID.NotFound"]);
    terminate(&sandbox, named.instance_id()).await;
    let released = client(&sandbox).release_hosts(sandbox.ask(release)).await.unwrap().into_inner();
    assert_eq!(released.successful, std::slice::from_ref(&own));
    assert_eq!(host(&sandbox, &own).await.state(), "released");
}

#[tokio::test]
async fn affinity_binds_a_stopped_instance_to_its_host() {
    let sandbox = Sandbox::new().await;
    let ids = hosts(&sandbox, allocate("m5.24xlarge", "on", 2)).await;
    let bound = run(&sandbox, on_host(&sandbox, 1, Some(&ids[0]), Some("host")).await).await.remove(0);
    let free = run(&sandbox, on_host(&sandbox, 1, Some(&ids[1]), None).await).await.remove(0);
    for id in [bound.instance_id(), free.instance_id()] {
        stop(&sandbox, id).await;
    }
    assert_eq!(instance(&sandbox, bound.instance_id()).await.placement.unwrap().host_id(), ids[0]);
    assert_eq!(instance(&sandbox, free.instance_id()).await.placement.unwrap().host_id, None);
    // The free one takes the first host that there is, and the other one has nowhere to go.
    instances(&sandbox).start_instances(sandbox.ask(starting(free.instance_id()))).await.unwrap();
    assert_eq!(instance(&sandbox, free.instance_id()).await.placement.unwrap().host_id(), ids[0]);
    let refused = instances(&sandbox).start_instances(sandbox.ask(starting(bound.instance_id()))).await;
    assert_eq!(code(refused), "InsufficientHostCapacity");

    let moved = ModifyInstancePlacementRequest {
        instance_id: bound.instance_id.clone(),
        host_id: Some(ids[1].clone()),
        affinity: some("default"),
        ..Default::default()
    };
    instances(&sandbox).modify_instance_placement(sandbox.ask(moved)).await.unwrap();
    instances(&sandbox).start_instances(sandbox.ask(starting(bound.instance_id()))).await.unwrap();
    let placement = instance(&sandbox, bound.instance_id()).await.placement.unwrap();
    assert_eq!((placement.host_id(), placement.affinity()), (ids[1].as_str(), "default"));
    let shared = ModifyInstancePlacementRequest {
        instance_id: bound.instance_id.clone(),
        tenancy: some("default"),
        ..Default::default()
    };
    assert_eq!(code(instances(&sandbox).modify_instance_placement(sandbox.ask(shared)).await), "InvalidRequest");
}

#[tokio::test]
async fn a_host_of_a_family_takes_all_its_sizes() {
    let sandbox = Sandbox::new().await;
    let family = AllocateHostsRequest { instance_type: None, instance_family: some("m5"), ..allocate("", "on", 1) };
    let id = hosts(&sandbox, family).await.remove(0);
    let described = host(&sandbox, &id).await;
    assert_eq!(described.host_properties.clone().unwrap().instance_family(), "m5");
    let mut small = request(&sandbox, "m5.large", "us-east-1a", 3).await;
    small.placement.as_mut().unwrap().tenancy = some("host");
    run(&sandbox, small).await;
    assert_eq!(host(&sandbox, &id).await.available_capacity.unwrap().available_v_cpus(), 90);

    let modify = |instance_type: &str| ModifyHostsRequest {
        host_ids: vec![id.clone()],
        instance_type: some(instance_type),
        host_recovery: some("on"),
        ..Default::default()
    };
    let refused = client(&sandbox).modify_hosts(sandbox.ask(modify("m5.xlarge"))).await.unwrap().into_inner();
    assert_eq!(refused.unsuccessful[0].error.as_ref().unwrap().code(), "Client.InvalidHost.Occupied");
    client(&sandbox).modify_hosts(sandbox.ask(modify("m5.large"))).await.unwrap();
    let modified = host(&sandbox, &id).await;
    assert_eq!((modified.host_recovery(), modified.allows_multiple_instance_types()), ("on", "off"));
    let request = DescribeHostsRequest { filter: filter("instance-type", "m5.large"), ..Default::default() };
    assert_eq!(client(&sandbox).describe_hosts(sandbox.ask(request)).await.unwrap().into_inner().hosts.len(), 1);
    let none = allocate("m1.small", "on", 1);
    assert_eq!(code(client(&sandbox).allocate_hosts(sandbox.ask(none)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn credits_maintenance_and_the_screen_of_an_instance() {
    let sandbox = Sandbox::new().await;
    let launched = run(&sandbox, request(&sandbox, "t3.micro", "us-east-1a", 1).await).await.remove(0);
    let fixed = run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 1).await).await.remove(0);
    let mut settings = InstanceSettingsServiceClient::new(sandbox.channel.clone());
    let credits = |instance: &archipelago_proto::ec2::v1::Instance| InstanceCreditSpecificationRequest {
        instance_id: instance.instance_id.clone(),
        cpu_credits: some("standard"),
    };
    let request = ModifyInstanceCreditSpecificationRequest {
        instance_credit_specifications: vec![credits(&launched), credits(&fixed)],
        ..Default::default()
    };
    let answer = settings.modify_instance_credit_specification(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(answer.successful_instance_credit_specifications[0].instance_id(), launched.instance_id());
    let error = answer.unsuccessful_instance_credit_specifications[0].error.clone().unwrap();
    assert_eq!(error.code(), "InstanceCreditSpecification.NotSupported");

    let request = ModifyInstanceMaintenanceOptionsRequest {
        instance_id: launched.instance_id.clone(),
        auto_recovery: some("disabled"),
        ..Default::default()
    };
    settings.modify_instance_maintenance_options(sandbox.ask(request)).await.unwrap();
    let options = instance(&sandbox, launched.instance_id()).await.maintenance_options.unwrap();
    assert_eq!((options.auto_recovery(), options.reboot_migration()), ("disabled", "default"));

    let request = GetConsoleScreenshotRequest { instance_id: launched.instance_id.clone(), ..Default::default() };
    let screen = settings.get_console_screenshot(sandbox.ask(request.clone())).await.unwrap().into_inner();
    let image = base64::engine::general_purpose::STANDARD.decode(screen.image_data()).unwrap();
    assert!(image.starts_with(&[0xff, 0xd8, 0xff]) && image.ends_with(&[0xff, 0xd9]));
    stop(&sandbox, launched.instance_id()).await;
    assert_eq!(code(settings.get_console_screenshot(sandbox.ask(request)).await), "IncorrectInstanceState");
}

#[tokio::test]
async fn a_scheduled_event_is_shown_and_moved() {
    let sandbox = Sandbox::new().await;
    let launched = run(&sandbox, request(&sandbox, "t3.micro", "us-east-1a", 1).await).await.remove(0);
    let wanted = ScheduleEventRequest {
        instance_id: launched.instance_id().to_owned(),
        code: "system-reboot".into(),
        in_ms: 1_000_000,
        lasts_ms: Some(1_000_000),
        deadline_ms: Some(5_000_000),
        ..Default::default()
    };
    let mut operator = AdminClient::new(sandbox.channel.clone());
    let event = operator.schedule_event(sandbox.ask(wanted)).await.unwrap().into_inner().instance_event_id;
    let mut statuses = InstancesServiceClient::new(sandbox.channel.clone());
    let request =
        DescribeInstanceStatusRequest { filters: filter("event.code", "system-reboot"), ..Default::default() };
    let found = statuses.describe_instance_status(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(found.instance_statuses[0].events[0].not_before(), START + 1_000_000);

    let mut settings = InstanceSettingsServiceClient::new(sandbox.channel.clone());
    let to = |time| ModifyInstanceEventStartTimeRequest {
        instance_id: launched.instance_id.clone(),
        instance_event_id: Some(event.clone()),
        not_before: Some(time),
        ..Default::default()
    };
    let late = settings.modify_instance_event_start_time(sandbox.ask(to(START + 6_000_000))).await;
    assert_eq!(code(late), "InvalidInstanceEventStartTime");
    let moved = settings.modify_instance_event_start_time(sandbox.ask(to(START + 4_000_000))).await.unwrap();
    let moved = moved.into_inner().event.unwrap();
    assert_eq!((moved.not_before(), moved.not_after()), (START + 4_000_000, START + 5_000_000));
}
