//! EC2 Fleets and Spot Fleets over gRPC, on a clock that is moved by hand.

use crate::support::launch::{bound, image, running, terminate};
use crate::support::network::some;
use crate::support::outage::power_off;
use crate::support::{START, Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{ImpairInstanceRequest, InterruptSpotRequest};
use archipelago_proto::ec2::v1::fleets_service_client::FleetsServiceClient;
use archipelago_proto::ec2::v1::launch_templates_service_client::LaunchTemplatesServiceClient;
use archipelago_proto::ec2::v1::spot_fleets_service_client::SpotFleetsServiceClient;
use archipelago_proto::ec2::v1::{
    ActiveInstance, CancelSpotFleetRequestsRequest, CreateFleetRequest, CreateFleetResult, CreateLaunchTemplateRequest,
    DeleteFleetsRequest, DescribeFleetHistoryRequest, DescribeFleetInstancesRequest, DescribeFleetsRequest,
    DescribeSpotFleetInstancesRequest, DescribeSpotFleetRequestHistoryRequest, DescribeSpotFleetRequestsRequest,
    FleetData, FleetLaunchTemplateConfigRequest, FleetLaunchTemplateOverridesRequest,
    FleetLaunchTemplateSpecificationRequest, FleetSpotCapacityRebalanceRequest, FleetSpotMaintenanceStrategiesRequest,
    InstanceRequirementsRequest, MemoryMiBRequest, ModifyFleetRequest, ModifySpotFleetRequestRequest,
    OnDemandOptionsRequest, RequestLaunchTemplateData, RequestSpotFleetRequest, SpotFleetLaunchSpecification,
    SpotFleetRequestConfig, SpotFleetRequestConfigData, SpotOptionsRequest, Tag, TagSpecification,
    TargetCapacitySpecificationRequest, VCpuCountRangeRequest,
};
use archipelago_region_node::capacity::Market;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

const MINUTE: i64 = 60_000;

fn client(sandbox: &Sandbox) -> FleetsServiceClient<Channel> {
    FleetsServiceClient::new(sandbox.channel.clone())
}

async fn template(sandbox: &Sandbox) {
    let data = RequestLaunchTemplateData {
        image_id: Some(image(sandbox).await),
        instance_type: some("m5.large"),
        ..Default::default()
    };
    let request = CreateLaunchTemplateRequest {
        launch_template_name: some("node"),
        launch_template_data: Some(data),
        ..Default::default()
    };
    let mut templates = LaunchTemplatesServiceClient::new(sandbox.channel.clone());
    templates.create_launch_template(sandbox.ask(request)).await.unwrap();
}

fn over(instance_type: &str, zone: &str) -> FleetLaunchTemplateOverridesRequest {
    FleetLaunchTemplateOverridesRequest {
        instance_type: some(instance_type),
        availability_zone: some(zone),
        ..Default::default()
    }
}

fn fleet(
    fleet_type: &str,
    market: &str,
    total: i32,
    overrides: Vec<FleetLaunchTemplateOverridesRequest>,
) -> CreateFleetRequest {
    let specification =
        FleetLaunchTemplateSpecificationRequest { launch_template_name: some("node"), ..Default::default() };
    let config = FleetLaunchTemplateConfigRequest { launch_template_specification: Some(specification), overrides };
    CreateFleetRequest {
        launch_template_configs: vec![config],
        target_capacity_specification: Some(target(market, total)),
        r#type: some(fleet_type),
        ..Default::default()
    }
}

fn target(market: &str, total: i32) -> TargetCapacitySpecificationRequest {
    TargetCapacitySpecificationRequest {
        total_target_capacity: Some(total),
        default_target_capacity_type: some(market),
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox, request: CreateFleetRequest) -> CreateFleetResult {
    client(sandbox).create_fleet(sandbox.ask(request)).await.unwrap().into_inner()
}

async fn shown(sandbox: &Sandbox, id: &str) -> FleetData {
    let request = DescribeFleetsRequest { fleet_ids: vec![id.to_owned()], ..Default::default() };
    client(sandbox).describe_fleets(sandbox.ask(request)).await.unwrap().into_inner().fleets.remove(0)
}

async fn members(sandbox: &Sandbox, id: &str) -> usize {
    let request = DescribeFleetInstancesRequest { fleet_id: some(id), ..Default::default() };
    client(sandbox).describe_fleet_instances(sandbox.ask(request)).await.unwrap().into_inner().active_instances.len()
}

async fn delete(sandbox: &Sandbox, id: &str, terminate: bool) -> (String, String) {
    let request = DeleteFleetsRequest {
        fleet_ids: vec![id.to_owned()],
        terminate_instances: Some(terminate),
        ..Default::default()
    };
    let mut deleted = client(sandbox).delete_fleets(sandbox.ask(request)).await.unwrap().into_inner();
    match deleted.successful_fleet_deletions.pop() {
        Some(done) => (done.previous_fleet_state().to_owned(), done.current_fleet_state().to_owned()),
        None => {
            let error = deleted.unsuccessful_fleet_deletions.remove(0).error.unwrap();
            (error.code().to_owned(), String::new())
        }
    }
}

#[tokio::test]
async fn an_instant_fleet_tells_of_each_override_what_it_launched_or_why_not() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    bound(&sandbox, "us-east-1a", "*", None, Some(0));
    bound(&sandbox, "us-east-1b", "*", None, Some(0));
    let overrides = ["us-east-1a", "us-east-1b", "us-east-1c"].map(|zone| over("m5.large", zone)).to_vec();
    let tags = vec![Tag { key: some("pool"), value: some("x") }];
    let mut request = fleet("instant", "on-demand", 2, overrides);
    request.tag_specifications =
        ["instance", "fleet"].map(|kind| TagSpecification { resource_type: some(kind), tags: tags.clone() }).to_vec();
    let created = create(&sandbox, request).await;
    assert_eq!(created.errors.len(), 2);
    for (error, zone) in created.errors.iter().zip(["us-east-1a", "us-east-1b"]) {
        assert_eq!((error.error_code(), error.lifecycle()), ("InsufficientInstanceCapacity", "on-demand"));
        let told = error.launch_template_and_overrides.as_ref().unwrap();
        let overrides = told.overrides.as_ref().unwrap();
        assert_eq!((overrides.instance_type(), overrides.availability_zone()), ("m5.large", zone));
        assert_eq!(told.launch_template_specification.as_ref().unwrap().version(), "1");
    }
    let launched = &created.instances[0];
    assert_eq!(
        (launched.instance_ids.len(), launched.instance_type(), launched.lifecycle()),
        (2, "m5.large", "on-demand")
    );
    let overrides = launched.launch_template_and_overrides.as_ref().unwrap().overrides.as_ref().unwrap();
    assert_eq!(overrides.availability_zone(), "us-east-1c");
    let instance = running(&sandbox).await.remove(0);
    for (key, value) in
        [("pool", "x"), ("aws:ec2:fleet-id", created.fleet_id()), ("aws:ec2launchtemplate:version", "1")]
    {
        assert!(instance.tags.iter().any(|tag| tag.key() == key && tag.value() == value), "{key}");
    }
    let described = shown(&sandbox, created.fleet_id()).await;
    assert_eq!((described.instances.len(), described.errors.len(), described.tags.len()), (1, 2, 1));
    assert_eq!((described.fulfilled_capacity(), described.activity_status()), (2.0, "fulfilled"));
    assert_eq!(delete(&sandbox, created.fleet_id(), false).await.0, "fleetNotInDeletableState");
    delete(&sandbox, created.fleet_id(), true).await;
    assert!(running(&sandbox).await.is_empty());
}

#[tokio::test]
async fn a_maintained_fleet_heals_and_follows_its_target() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let mut request =
        fleet("maintain", "spot", 4, vec![over("m5.large", "us-east-1a"), over("c5.large", "us-east-1b")]);
    request.target_capacity_specification.as_mut().unwrap().on_demand_target_capacity = Some(1);
    let id = create(&sandbox, request).await.fleet_id.unwrap();
    let described = shown(&sandbox, &id).await;
    assert_eq!((described.fleet_state(), described.activity_status()), ("active", "fulfilled"));
    assert_eq!((described.fulfilled_capacity(), described.fulfilled_on_demand_capacity()), (4.0, 1.0));
    let lost = running(&sandbox).await.remove(0).instance_id.unwrap();
    terminate(&sandbox, &lost).await;
    assert_eq!(members(&sandbox, &id).await, 4, "it launches another");

    let modify = |total| ModifyFleetRequest {
        fleet_id: some(&id),
        target_capacity_specification: Some(TargetCapacitySpecificationRequest {
            total_target_capacity: Some(total),
            ..Default::default()
        }),
        ..Default::default()
    };
    client(&sandbox).modify_fleet(sandbox.ask(modify(2))).await.unwrap();
    assert_eq!((members(&sandbox, &id).await, running(&sandbox).await.len()), (2, 2));
    client(&sandbox).modify_fleet(sandbox.ask(modify(5))).await.unwrap();
    assert_eq!(members(&sandbox, &id).await, 5);
    let grown = shown(&sandbox, &id).await;
    assert_eq!((grown.fleet_state(), grown.fulfilled_on_demand_capacity()), ("active", 1.0), "what is not said stays");

    let history = DescribeFleetHistoryRequest {
        fleet_id: some(&id),
        start_time: Some(START),
        event_type: some("instance-change"),
        ..Default::default()
    };
    let told = client(&sandbox).describe_fleet_history(sandbox.ask(history)).await.unwrap().into_inner();
    let launched = told
        .history_records
        .iter()
        .filter(|record| record.event_information.as_ref().unwrap().event_sub_type() == "launched");
    assert_eq!(launched.count(), 4 + 1 + 3);

    assert_eq!(delete(&sandbox, &id, true).await, ("active".to_owned(), "deleted_terminating".to_owned()));
    assert!(running(&sandbox).await.is_empty(), "and nothing comes back");
    assert_eq!(shown(&sandbox, &id).await.fleet_state(), "deleted");
    assert_eq!(delete(&sandbox, "fleet-12345678-1234-1234-1234-123456789012", true).await.0, "fleetIdDoesNotExist");
}

#[tokio::test]
async fn what_is_missing_is_launched_when_there_is_room() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    bound(&sandbox, "us-east-1a", "*", Some(Market::OnDemand), Some(1));
    let id = create(&sandbox, fleet("request", "on-demand", 3, vec![over("m5.large", "us-east-1a")]))
        .await
        .fleet_id
        .unwrap();
    assert_eq!((members(&sandbox, &id).await, shown(&sandbox, &id).await.activity_status()), (1, "error"));
    bound(&sandbox, "us-east-1a", "*", Some(Market::OnDemand), None);
    sandbox.region.advance(MINUTE).await;
    assert_eq!(members(&sandbox, &id).await, 3);
    let lost = running(&sandbox).await.remove(0).instance_id.unwrap();
    terminate(&sandbox, &lost).await;
    sandbox.region.advance(100 * MINUTE).await;
    assert_eq!(members(&sandbox, &id).await, 2, "a request is fulfilled once");
    assert_eq!(shown(&sandbox, &id).await.activity_status(), "fulfilled");
}

#[tokio::test]
async fn a_fleet_whose_launch_a_crash_cut_off_goes_on_and_launches_nothing_twice() {
    let (path, crashed) = (folder("fleets"), folder("fleets-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    template(&sandbox).await;
    bound(&sandbox, "*", "*", None, Some(0));
    bound(&sandbox, "us-east-1a", "*", None, Some(2));
    let id =
        create(&sandbox, fleet("maintain", "spot", 5, vec![over("m5.large", "us-east-1a")])).await.fleet_id.unwrap();
    assert_eq!(members(&sandbox, &id).await, 2);
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    sandbox.region.advance(MINUTE).await;
    assert_eq!((members(&sandbox, &id).await, running(&sandbox).await.len()), (5, 5));
}

#[tokio::test]
async fn weights_priorities_and_strategies_decide_what_is_launched() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let weighted =
        FleetLaunchTemplateOverridesRequest { weighted_capacity: Some(4.0), ..over("m5.2xlarge", "us-east-1a") };
    let created = create(&sandbox, fleet("instant", "on-demand", 10, vec![weighted])).await;
    assert_eq!(created.instances[0].instance_ids.len(), 3, "ten units take three of four");
    let prioritized =
        |priority, name| FleetLaunchTemplateOverridesRequest { priority: Some(priority), ..over(name, "us-east-1a") };
    let mut request =
        fleet("instant", "on-demand", 1, vec![prioritized(2.0, "m5.large"), prioritized(1.0, "m5.4xlarge")]);
    request.on_demand_options =
        Some(OnDemandOptionsRequest { allocation_strategy: some("prioritized"), ..Default::default() });
    assert_eq!(create(&sandbox, request.clone()).await.instances[0].instance_type(), "m5.4xlarge");
    request.on_demand_options = None;
    assert_eq!(create(&sandbox, request).await.instances[0].instance_type(), "m5.large");
    let mut request = fleet("instant", "spot", 4, vec![over("m5.large", "us-east-1a"), over("c5.large", "us-east-1b")]);
    request.spot_options = Some(SpotOptionsRequest { allocation_strategy: some("diversified"), ..Default::default() });
    let spread: Vec<_> =
        create(&sandbox, request).await.instances.iter().map(|group| group.instance_ids.len()).collect();
    assert_eq!(spread, [2, 2]);
}

#[tokio::test]
async fn an_instant_fleet_without_its_minimum_launches_nothing() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    bound(&sandbox, "us-east-1a", "*", None, Some(2));
    let mut request = fleet("instant", "on-demand", 4, vec![over("m5.large", "us-east-1a")]);
    request.on_demand_options = Some(OnDemandOptionsRequest { min_target_capacity: Some(3), ..Default::default() });
    let created = create(&sandbox, request).await;
    assert!(created.instances.is_empty());
    assert_eq!(created.errors.last().unwrap().error_code(), "UnfulfillableCapacity");
    assert!(running(&sandbox).await.is_empty());
}

#[tokio::test]
async fn fleets_that_make_no_sense_are_refused() {
    let sandbox = Sandbox::new().await;
    let missing = client(&sandbox).create_fleet(sandbox.ask(fleet("instant", "spot", 1, Vec::new()))).await;
    assert_eq!(code(missing), "InvalidLaunchTemplateName.NotFoundException");
    template(&sandbox).await;
    let mut request = fleet("maintain", "spot", 1, Vec::new());
    let tags = vec![Tag { key: some("a"), value: some("b") }];
    request.tag_specifications = vec![TagSpecification { resource_type: some("instance"), tags }];
    assert_eq!(code(client(&sandbox).create_fleet(sandbox.ask(request)).await), "InvalidParameterValue");
    let mut request = fleet("maintain", "spot", 1, Vec::new());
    request.target_capacity_specification.as_mut().unwrap().on_demand_target_capacity = Some(2);
    assert_eq!(code(client(&sandbox).create_fleet(sandbox.ask(request)).await), "InvalidParameterValue");
    let mut request = fleet("maintain", "spot", 1, Vec::new());
    let target = request.target_capacity_specification.as_mut().unwrap();
    (target.on_demand_target_capacity, target.spot_target_capacity) = (Some(i32::MAX), Some(i32::MAX));
    assert_eq!(code(client(&sandbox).create_fleet(sandbox.ask(request)).await), "InvalidParameterValue");
    let others = ask_as("111111111111", fleet("instant", "spot", 1, Vec::new()));
    assert_eq!(code(client(&sandbox).create_fleet(others).await), "InvalidLaunchTemplateName.NotFoundException");
}

#[tokio::test]
async fn a_fleet_ends_with_its_validity() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let mut request = fleet("maintain", "on-demand", 1, vec![over("m5.large", "us-east-1a")]);
    (request.valid_from, request.valid_until) = (Some(START + MINUTE), Some(START + 10 * MINUTE));
    request.terminate_instances_with_expiration = Some(true);
    let id = create(&sandbox, request).await.fleet_id.unwrap();
    assert_eq!((shown(&sandbox, &id).await.fleet_state(), running(&sandbox).await.len()), ("submitted", 0));
    sandbox.region.advance(MINUTE).await;
    assert_eq!((shown(&sandbox, &id).await.fleet_state(), running(&sandbox).await.len()), ("active", 1));
    sandbox.region.advance(10 * MINUTE).await;
    assert_eq!((shown(&sandbox, &id).await.fleet_state(), running(&sandbox).await.len()), ("deleted", 0));
}

async fn spot_fleet(sandbox: &Sandbox, id: &str) -> SpotFleetRequestConfig {
    let mut client = SpotFleetsServiceClient::new(sandbox.channel.clone());
    let request =
        DescribeSpotFleetRequestsRequest { spot_fleet_request_ids: vec![id.to_owned()], ..Default::default() };
    let found = client.describe_spot_fleet_requests(sandbox.ask(request)).await.unwrap().into_inner();
    found.spot_fleet_request_configs.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_spot_fleet_is_launched_maintained_modified_and_cancelled() {
    let sandbox = Sandbox::new().await;
    let mut client = SpotFleetsServiceClient::new(sandbox.channel.clone());
    let specification = SpotFleetLaunchSpecification {
        image_id: Some(image(&sandbox).await),
        instance_type: some("m5.large"),
        weighted_capacity: Some(2.0),
        ..Default::default()
    };
    let config = SpotFleetRequestConfigData {
        iam_fleet_role: some("arn:aws:iam::000000000000:role/fleet"),
        target_capacity: Some(4),
        launch_specifications: vec![specification],
        ..Default::default()
    };
    let request = RequestSpotFleetRequest { spot_fleet_request_config: Some(config), ..Default::default() };
    let requested = client.request_spot_fleet(sandbox.ask(request)).await.unwrap().into_inner();
    let id = requested.spot_fleet_request_id.unwrap();
    assert!(id.starts_with("sfr-"));
    let described = spot_fleet(&sandbox, &id).await;
    assert_eq!((described.spot_fleet_request_state(), described.activity_status()), ("active", "fulfilled"));
    assert!(described.spot_fleet_request_config.unwrap().fulfilled_capacity() >= 4.0);
    let instances = running(&sandbox).await;
    assert!(instances.iter().all(|instance| instance.instance_lifecycle() == "spot"));
    assert!(instances[0].tags.iter().any(|tag| tag.key() == "aws:ec2spot:fleet-request-id" && tag.value() == id));
    terminate(&sandbox, instances[0].instance_id()).await;
    let modify = ModifySpotFleetRequestRequest {
        spot_fleet_request_id: some(&id),
        target_capacity: Some(8),
        ..Default::default()
    };
    client.modify_spot_fleet_request(sandbox.ask(modify)).await.unwrap();
    let request = DescribeSpotFleetInstancesRequest { spot_fleet_request_id: some(&id), ..Default::default() };
    let active = client.describe_spot_fleet_instances(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(active.active_instances.len(), 4);
    let history = DescribeSpotFleetRequestHistoryRequest {
        spot_fleet_request_id: some(&id),
        start_time: Some(START),
        ..Default::default()
    };
    let told = client.describe_spot_fleet_request_history(sandbox.ask(history)).await.unwrap().into_inner();
    assert!(told.history_records.iter().any(|record| record.event_type() == "instanceChange"));
    let cancel = CancelSpotFleetRequestsRequest {
        spot_fleet_request_ids: vec![id.clone()],
        terminate_instances: Some(true),
        ..Default::default()
    };
    let cancelled = client.cancel_spot_fleet_requests(sandbox.ask(cancel)).await.unwrap().into_inner();
    assert_eq!(cancelled.successful_fleet_requests[0].current_spot_fleet_request_state(), "cancelled_terminating");
    assert_eq!(spot_fleet(&sandbox, &id).await.spot_fleet_request_state(), "cancelled");
    assert!(running(&sandbox).await.is_empty());
}

#[tokio::test]
async fn an_instant_fleet_is_answered_again_to_its_token_after_a_crash() {
    let (path, crashed) = (folder("fleet-token"), folder("fleet-token-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    template(&sandbox).await;
    let request = CreateFleetRequest {
        client_token: some("one"),
        ..fleet("instant", "on-demand", 2, vec![over("m5.large", "us-east-1a")])
    };
    let first = create(&sandbox, request.clone()).await;
    assert_eq!(first.instances[0].instance_ids.len(), 2);
    assert_eq!(create(&sandbox, request.clone()).await, first);
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    assert_eq!(create(&sandbox, request).await, first);
    assert_eq!(running(&sandbox).await.len(), 2);
}

async fn of_maintained(sandbox: &Sandbox, options: SpotOptionsRequest, unhealthy: bool) -> String {
    let request = CreateFleetRequest {
        spot_options: Some(options),
        replace_unhealthy_instances: Some(unhealthy),
        ..fleet("maintain", "spot", 2, vec![over("m5.large", "us-east-1a")])
    };
    create(sandbox, request).await.fleet_id.unwrap()
}

#[tokio::test]
async fn a_fleet_that_rebalances_replaces_an_instance_before_it_is_interrupted() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let rebalance = FleetSpotCapacityRebalanceRequest { replacement_strategy: some("launch"), ..Default::default() };
    let strategies = FleetSpotMaintenanceStrategiesRequest { capacity_rebalance: Some(rebalance) };
    let options = SpotOptionsRequest { maintenance_strategies: Some(strategies), ..Default::default() };
    let rebalancing = of_maintained(&sandbox, options, false).await;
    let waiting = of_maintained(&sandbox, SpotOptionsRequest::default(), false).await;
    let mut operator = AdminClient::new(sandbox.channel.clone());
    for (id, then) in [(&rebalancing, 3), (&waiting, 2)] {
        let listed = DescribeFleetInstancesRequest { fleet_id: some(id), ..Default::default() };
        let listed = client(&sandbox).describe_fleet_instances(sandbox.ask(listed)).await.unwrap().into_inner();
        let request = InterruptSpotRequest { instance_ids: vec![listed.active_instances[0].instance_id().to_owned()] };
        operator.interrupt_spot(sandbox.ask(request)).await.unwrap();
        assert_eq!(members(&sandbox, id).await, then, "at the notice");
    }
    sandbox.region.advance(3 * MINUTE).await;
    assert_eq!((members(&sandbox, &rebalancing).await, members(&sandbox, &waiting).await), (2, 2));
}

#[tokio::test]
async fn a_fleet_replaces_an_impaired_instance_if_it_is_to() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let mut operator = AdminClient::new(sandbox.channel.clone());
    for replaces in [true, false] {
        let id = of_maintained(&sandbox, SpotOptionsRequest::default(), replaces).await;
        let listed = async || {
            let listed = DescribeFleetInstancesRequest { fleet_id: some(&id), ..Default::default() };
            client(&sandbox).describe_fleet_instances(sandbox.ask(listed)).await.unwrap().into_inner().active_instances
        };
        let ill = listed().await[0].instance_id().to_owned();
        operator
            .impair_instance(sandbox.ask(ImpairInstanceRequest { instance_id: ill.clone(), healed: false }))
            .await
            .unwrap();
        let now = listed().await;
        let known = now.iter().find(|known| known.instance_id() == ill);
        assert_eq!((now.len(), known.map(ActiveInstance::instance_health)), (2, (!replaces).then_some("unhealthy")));
    }
}

#[tokio::test]
async fn requirements_leave_out_what_costs_more_than_the_price_protection_allows() {
    let sandbox = Sandbox::new().await;
    template(&sandbox).await;
    let requiring = |percentage| FleetLaunchTemplateOverridesRequest {
        availability_zone: some("us-east-1a"),
        instance_requirements: Some(InstanceRequirementsRequest {
            v_cpu_count: Some(VCpuCountRangeRequest { min: Some(2), max: Some(96) }),
            memory_mi_b: Some(MemoryMiBRequest { min: Some(8192), max: None }),
            allowed_instance_types: vec!["m5.large".into(), "m5.24xlarge".into()],
            on_demand_max_price_percentage_over_lowest_price: percentage,
            ..Default::default()
        }),
        ..Default::default()
    };
    bound(&sandbox, "*", "m5.large", None, Some(0));
    let refused = create(&sandbox, fleet("instant", "on-demand", 1, vec![requiring(None)])).await;
    assert!(refused.instances.is_empty(), "only the cheap one is near the lowest price");
    let launched = create(&sandbox, fleet("instant", "on-demand", 1, vec![requiring(Some(999_999))])).await;
    assert_eq!(launched.instances[0].instance_type(), "m5.24xlarge");
}

#[tokio::test]
async fn a_maintained_fleet_replaces_what_a_zone_without_power_has_stopped_in_other_zones() {
    for market in ["on-demand", "spot"] {
        let sandbox = Sandbox::new().await;
        template(&sandbox).await;
        let zones = ["us-east-1a", "us-east-1b"];
        let wanted = fleet("maintain", market, 2, zones.iter().map(|zone| over("m5.large", zone)).collect());
        let id = create(&sandbox, wanted).await.fleet_id.unwrap();
        let places = |running: Vec<archipelago_proto::ec2::v1::Instance>| {
            let mut zones: Vec<_> =
                running.into_iter().map(|instance| instance.placement.unwrap().availability_zone.unwrap()).collect();
            zones.sort();
            zones
        };
        let before = places(running(&sandbox).await);
        let (lost, kept) = if before[0] == zones[0] { (zones[0], zones[1]) } else { (zones[1], zones[0]) };
        power_off(&sandbox, lost).await.unwrap();
        assert_eq!(places(running(&sandbox).await), [kept, kept], "{market}");
        assert_eq!(members(&sandbox, &id).await, 2);
    }
}
