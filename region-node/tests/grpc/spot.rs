//! Spot Instances over gRPC, on a clock that is moved by hand.

use crate::support::launch::{bound, describe, image, instances, launch, run, running, terminate};
use crate::support::network::{filter, some};
use crate::support::outage::{power_off, power_on};
use crate::support::{START, Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::spot_service_client::SpotServiceClient;
use archipelago_proto::ec2::v1::{
    CancelSpotInstanceRequestsRequest, CreateSpotDatafeedSubscriptionRequest, DeleteSpotDatafeedSubscriptionRequest,
    DescribeSpotDatafeedSubscriptionRequest, DescribeSpotInstanceRequestsRequest, DescribeSpotPriceHistoryRequest,
    GetSpotPlacementScoresRequest, InstanceMarketOptionsRequest, RequestSpotInstancesRequest,
    RequestSpotLaunchSpecification, SpotInstanceRequest, SpotMarketOptions, SpotPlacement, SpotPrice,
    StartInstancesRequest, StopInstancesRequest, Tag, TagSpecification,
};
use archipelago_region_node::capacity::Market;
use archipelago_region_node::families::spot_market::SpotRequestCommand;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

const MINUTE: i64 = 60_000;

fn client(sandbox: &Sandbox) -> SpotServiceClient<Channel> {
    SpotServiceClient::new(sandbox.channel.clone())
}

async fn wanted(sandbox: &Sandbox) -> RequestSpotInstancesRequest {
    let specification = RequestSpotLaunchSpecification {
        image_id: Some(image(sandbox).await),
        instance_type: some("m5.large"),
        ..Default::default()
    };
    RequestSpotInstancesRequest { launch_specification: Some(specification), ..Default::default() }
}

async fn request(sandbox: &Sandbox, input: RequestSpotInstancesRequest) -> Vec<SpotInstanceRequest> {
    let requested = client(sandbox).request_spot_instances(sandbox.ask(input)).await.unwrap();
    requested.into_inner().spot_instance_requests
}

async fn shown(sandbox: &Sandbox, id: &str) -> SpotInstanceRequest {
    let input =
        DescribeSpotInstanceRequestsRequest { spot_instance_request_ids: vec![id.to_owned()], ..Default::default() };
    let found = client(sandbox).describe_spot_instance_requests(sandbox.ask(input)).await.unwrap().into_inner();
    found.spot_instance_requests.into_iter().next().unwrap()
}

async fn status(sandbox: &Sandbox, id: &str) -> (String, String) {
    let shown = shown(sandbox, id).await;
    (shown.state().to_owned(), shown.status.unwrap().code().to_owned())
}

fn is(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

async fn prices(sandbox: &Sandbox, start: Option<i64>) -> Vec<SpotPrice> {
    let input = DescribeSpotPriceHistoryRequest {
        instance_types: vec!["m5.large".into()],
        product_descriptions: vec!["Linux/UNIX (Amazon VPC)".into()],
        availability_zone: some("us-east-1a"),
        start_time: start,
        ..Default::default()
    };
    let found = client(sandbox).describe_spot_price_history(sandbox.ask(input)).await.unwrap().into_inner();
    found.spot_price_history
}

#[tokio::test]
async fn a_request_is_open_in_its_answer_and_active_when_it_is_read() {
    let sandbox = Sandbox::new().await;
    let answer = request(&sandbox, wanted(&sandbox).await).await.remove(0);
    let id = answer.spot_instance_request_id();
    assert_eq!((answer.state(), answer.status.as_ref().unwrap().code()), ("open", "pending-evaluation"));
    assert_eq!(answer.spot_price(), "0.095960");
    let active = shown(&sandbox, id).await;
    assert_eq!(status(&sandbox, id).await, is("active", "fulfilled"));
    let instance = running(&sandbox).await.remove(0);
    assert_eq!(active.instance_id, instance.instance_id);
    assert_eq!((instance.instance_lifecycle(), instance.spot_instance_request_id()), ("spot", id));
    terminate(&sandbox, instance.instance_id()).await;
    assert_eq!(status(&sandbox, id).await, is("closed", "instance-terminated-by-user"));
}

#[tokio::test]
async fn a_persistent_request_gets_another_instance_until_it_is_cancelled() {
    let sandbox = Sandbox::new().await;
    let input = RequestSpotInstancesRequest { r#type: some("persistent"), ..wanted(&sandbox).await };
    let id = request(&sandbox, input).await.remove(0).spot_instance_request_id.unwrap();
    let first = shown(&sandbox, &id).await.instance_id.unwrap();
    sandbox
        .region
        .spot_requests
        .ask(
            &id.as_str().into(),
            SpotRequestCommand::Mark(archipelago_region_node::families::spot_market::Cause::Capacity),
        )
        .await
        .unwrap();
    assert_eq!(status(&sandbox, &id).await, is("active", "marked-for-termination"));
    sandbox.region.advance(2 * MINUTE - 1).await;
    assert_eq!(running(&sandbox).await.len(), 1, "the notice is not over");
    sandbox.region.advance(1).await;
    let lost = describe(&sandbox, filter("instance-id", &first)).await.remove(0);
    assert_eq!(lost.state_reason.unwrap().code(), "Server.SpotInstanceTermination");
    assert_eq!(status(&sandbox, &id).await, is("active", "fulfilled"));
    let second = shown(&sandbox, &id).await.instance_id.unwrap();
    assert_ne!(first, second);

    let cancel =
        CancelSpotInstanceRequestsRequest { spot_instance_request_ids: vec![id.clone()], ..Default::default() };
    client(&sandbox).cancel_spot_instance_requests(sandbox.ask(cancel)).await.unwrap();
    assert_eq!(status(&sandbox, &id).await, is("cancelled", "request-canceled-and-instance-running"));
    terminate(&sandbox, &second).await;
    assert_eq!(status(&sandbox, &id).await, is("cancelled", "instance-terminated-by-user"));
    assert!(running(&sandbox).await.is_empty());
}

#[tokio::test]
async fn an_instance_is_lost_when_the_price_rises_above_its_maximum() {
    let sandbox = Sandbox::new().await;
    let price = prices(&sandbox, Some(START)).await.remove(0).spot_price.unwrap();
    let mut input = wanted(&sandbox).await;
    input.spot_price = Some(price);
    input.launch_specification.as_mut().unwrap().placement =
        Some(SpotPlacement { availability_zone: some("us-east-1a"), ..Default::default() });
    input.valid_until = Some(START + 90 * 24 * 60 * MINUTE);
    let id = request(&sandbox, input.clone()).await.remove(0).spot_instance_request_id.unwrap();
    assert_eq!(status(&sandbox, &id).await, is("active", "fulfilled"));
    while status(&sandbox, &id).await == is("active", "fulfilled") {
        sandbox.region.advance(6 * 60 * MINUTE).await;
    }
    sandbox.region.advance(3 * MINUTE).await;
    assert_eq!(status(&sandbox, &id).await, is("closed", "instance-terminated-by-price"));
    input.spot_price = some("0.0001");
    let low = request(&sandbox, input).await.remove(0).spot_instance_request_id.unwrap();
    assert_eq!(status(&sandbox, &low).await, is("open", "price-too-low"));
}

#[tokio::test]
async fn an_open_request_waits_for_room_and_for_its_time() {
    let sandbox = Sandbox::new().await;
    bound(&sandbox, "*", "*", Some(Market::Spot), Some(0));
    let id = request(&sandbox, wanted(&sandbox).await).await.remove(0).spot_instance_request_id.unwrap();
    assert_eq!(status(&sandbox, &id).await, is("open", "capacity-not-available"));
    let later = RequestSpotInstancesRequest { valid_from: Some(START + 10 * MINUTE), ..wanted(&sandbox).await };
    let later = request(&sandbox, later).await.remove(0).spot_instance_request_id.unwrap();
    bound(&sandbox, "*", "*", Some(Market::Spot), None);
    sandbox.region.advance(MINUTE).await;
    assert_eq!(status(&sandbox, &id).await, is("active", "fulfilled"));
    assert_eq!(status(&sandbox, &later).await.0, "open");
    sandbox.region.advance(10 * MINUTE).await;
    assert_eq!(status(&sandbox, &later).await, is("active", "fulfilled"));
}

#[tokio::test]
async fn run_instances_makes_a_request_for_each_spot_instance() {
    let sandbox = Sandbox::new().await;
    let options = |spot_options| InstanceMarketOptionsRequest { market_type: some("spot"), spot_options };
    let mut input = launch(&sandbox, "m5.large", 2, 2).await;
    input.instance_market_options = Some(options(None));
    let tags = vec![Tag { key: some("a"), value: some("b") }];
    input.tag_specifications = vec![TagSpecification { resource_type: some("spot-instances-request"), tags }];
    let launched = run(&sandbox, input.clone()).await;
    let own = shown(&sandbox, launched[1].spot_instance_request_id()).await;
    assert_eq!((own.state(), own.instance_id(), own.tags.len()), ("active", launched[1].instance_id(), 1));
    assert_eq!(own.launch_specification.unwrap().instance_type(), "m5.large");
    let stop =
        StopInstancesRequest { instance_ids: vec![launched[0].instance_id.clone().unwrap()], ..Default::default() };
    assert_eq!(code(instances(&sandbox).stop_instances(sandbox.ask(stop)).await), "UnsupportedOperation");
    let low = SpotMarketOptions { max_price: some("0.0001"), ..Default::default() };
    input.instance_market_options = Some(options(Some(low)));
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(input.clone())).await), "SpotMaxPriceTooLow");
    let stop = SpotMarketOptions { instance_interruption_behavior: some("stop"), ..Default::default() };
    input.instance_market_options = Some(options(Some(stop)));
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(input)).await), "InvalidParameterCombination");
}

#[tokio::test]
async fn an_interrupted_instance_that_stops_comes_back_by_itself() {
    let sandbox = Sandbox::new().await;
    let input = RequestSpotInstancesRequest {
        r#type: some("persistent"),
        instance_interruption_behavior: some("stop"),
        ..wanted(&sandbox).await
    };
    let id = request(&sandbox, input).await.remove(0).spot_instance_request_id.unwrap();
    let instance = shown(&sandbox, &id).await.instance_id.unwrap();
    sandbox
        .region
        .spot_requests
        .ask(
            &id.as_str().into(),
            SpotRequestCommand::Mark(archipelago_region_node::families::spot_market::Cause::Capacity),
        )
        .await
        .unwrap();
    sandbox.region.advance(2 * MINUTE).await;
    assert_eq!(status(&sandbox, &id).await, is("disabled", "instance-stopped-no-capacity"));
    let start = StartInstancesRequest { instance_ids: vec![instance.clone()], ..Default::default() };
    assert_eq!(code(instances(&sandbox).start_instances(sandbox.ask(start)).await), "IncorrectSpotRequestState");
    sandbox.region.advance(MINUTE).await;
    assert_eq!(status(&sandbox, &id).await, is("active", "fulfilled"));
    assert_eq!(running(&sandbox).await[0].instance_id(), instance);
}

#[tokio::test]
async fn a_request_that_a_crash_left_unevaluated_gets_one_instance() {
    let (path, crashed) = (folder("spot"), folder("spot-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    bound(&sandbox, "*", "*", None, Some(0));
    let id = request(&sandbox, wanted(&sandbox).await).await.remove(0).spot_instance_request_id.unwrap();
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    sandbox.region.advance(5 * MINUTE).await;
    assert_eq!(status(&sandbox, &id).await, is("active", "fulfilled"));
    assert_eq!(running(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn prices_are_told_newest_first_and_in_pages() {
    let sandbox = Sandbox::new().await;
    let week = prices(&sandbox, Some(START - 7 * 24 * 60 * MINUTE)).await;
    assert_eq!(week.len(), 29);
    assert!(week.windows(2).all(|pair| pair[0].timestamp() > pair[1].timestamp()));
    assert_eq!(prices(&sandbox, Some(START)).await, week[..1], "the price of now");
    let mut input = DescribeSpotPriceHistoryRequest {
        instance_types: vec!["m5.large".into(), "c5.large".into()],
        start_time: Some(START),
        max_results: Some(7),
        ..Default::default()
    };
    let mut all = Vec::new();
    loop {
        let page = client(&sandbox).describe_spot_price_history(sandbox.ask(input.clone())).await.unwrap().into_inner();
        all.extend(page.spot_price_history);
        match page.next_token.as_deref() {
            Some("") => break,
            token => input.next_token = token.map(str::to_owned),
        }
    }
    assert_eq!(all.len(), 2 * 5 * 4, "two types in five zones, as four products");
}

#[tokio::test]
async fn an_account_has_one_data_feed() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let describe = DescribeSpotDatafeedSubscriptionRequest::default();
    assert_eq!(
        code(client.describe_spot_datafeed_subscription(sandbox.ask(describe)).await),
        "InvalidSpotDatafeed.NotFound"
    );
    let create = CreateSpotDatafeedSubscriptionRequest { bucket: some("my-bucket"), ..Default::default() };
    client.create_spot_datafeed_subscription(sandbox.ask(create)).await.unwrap();
    let found = client.describe_spot_datafeed_subscription(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(found.spot_datafeed_subscription.unwrap().state(), "Active");
    let delete = DeleteSpotDatafeedSubscriptionRequest::default();
    client.delete_spot_datafeed_subscription(sandbox.ask(delete)).await.unwrap();
    assert!(client.describe_spot_datafeed_subscription(sandbox.ask(describe)).await.is_err());
}

fn scores(types: &[&str], target: i32) -> GetSpotPlacementScoresRequest {
    GetSpotPlacementScoresRequest {
        instance_types: types.iter().map(ToString::to_string).collect(),
        target_capacity: Some(target),
        ..Default::default()
    }
}

async fn scored(sandbox: &Sandbox, input: GetSpotPlacementScoresRequest) -> Vec<(String, i32)> {
    let told = client(sandbox).get_spot_placement_scores(sandbox.ask(input)).await.unwrap().into_inner();
    let place = |told: &archipelago_proto::ec2::v1::SpotPlacementScore| {
        told.availability_zone_id.clone().or(told.region.clone()).unwrap()
    };
    told.spot_placement_scores.iter().map(|told| (place(told), told.score())).collect()
}

#[tokio::test]
async fn placement_scores_fall_with_the_target_and_with_few_types() {
    let sandbox = Sandbox::new().await;
    let types = ["m5.large", "c5.large", "r5.large"];
    let regions = scored(&sandbox, scores(&types, 10)).await;
    assert_eq!(regions.len(), 10, "the top ten");
    assert!(regions.iter().all(|(_, score)| *score == 10));
    assert!(scored(&sandbox, scores(&types, 2_000_000)).await.iter().all(|(_, score)| *score == 1));
    let variations = scored(&sandbox, scores(&["m5.large", "m5d.large", "m5a.large"], 10)).await;
    assert!(variations.iter().all(|(_, score)| *score <= 3));
    assert_eq!(regions, scored(&sandbox, scores(&types, 10)).await, "the same at any time");
}

#[tokio::test]
async fn placement_scores_of_zones_know_the_bounds_of_this_region() {
    let sandbox = Sandbox::new().await;
    let zones = || GetSpotPlacementScoresRequest {
        single_availability_zone: Some(true),
        region_names: vec!["us-east-1".into()],
        ..scores(&["m5.large", "c5.large", "r5.large"], 100)
    };
    let before = scored(&sandbox, zones()).await;
    assert!(before.iter().all(|(zone, _)| zone.starts_with("use1-az")), "{before:?}");
    bound(&sandbox, "us-east-1a", "*", Some(Market::Spot), Some(1));
    let after = scored(&sandbox, zones()).await;
    let first = sandbox.region.facts.zone("us-east-1a").unwrap().id;
    let of = |zone: &str, all: &[(String, i32)]| all.iter().find(|(known, _)| known == zone).unwrap().1;
    assert!(of(first, &before) > 5);
    assert_eq!(of(first, &after), 1);
}

#[tokio::test]
async fn placement_scores_need_types_or_requirements_of_known_names() {
    let sandbox = Sandbox::new().await;
    let refused = async |input| code(client(&sandbox).get_spot_placement_scores(sandbox.ask(input)).await);
    assert_eq!(refused(scores(&[], 1)).await, "MissingParameter");
    assert_eq!(refused(scores(&["t3.gigantic"], 1)).await, "InvalidParameterValue");
    assert_eq!(refused(scores(&["m5.large"], 0)).await, "InvalidParameterValue");
    let few = GetSpotPlacementScoresRequest { max_results: Some(9), ..scores(&["m5.large"], 1) };
    assert_eq!(refused(few).await, "InvalidParameterValue");
    let region = GetSpotPlacementScoresRequest { region_names: vec!["mars-1".into()], ..scores(&["m5.large"], 1) };
    assert_eq!(refused(region).await, "InvalidParameterValue");
}

#[tokio::test]
async fn a_request_goes_to_the_cheapest_zone_that_has_room() {
    let sandbox = Sandbox::new().await;
    let placed = async |zone: &str| {
        let mut input = wanted(&sandbox).await;
        let specification = input.launch_specification.as_mut().unwrap();
        let placement = SpotPlacement { availability_zone: some(zone), ..Default::default() };
        specification.placement = Some(placement).filter(|_| !zone.is_empty());
        let id = request(&sandbox, input).await.remove(0).spot_instance_request_id.unwrap();
        shown(&sandbox, &id).await.launched_availability_zone.unwrap_or_default()
    };
    bound(&sandbox, "*", "m5.large", Some(Market::Spot), Some(0));
    bound(&sandbox, "us-east-1c", "m5.large", Some(Market::Spot), Some(2));
    assert_eq!(placed("").await, "us-east-1c");
    assert_eq!(placed("us-east-1a, us-east-1c").await, "us-east-1c");
    sandbox.region.capacity.unbound();
    let history = DescribeSpotPriceHistoryRequest {
        instance_types: vec!["m5.large".into()],
        product_descriptions: vec!["Linux/UNIX (Amazon VPC)".into()],
        start_time: Some(START),
        end_time: Some(START),
        ..Default::default()
    };
    let told = client(&sandbox).describe_spot_price_history(sandbox.ask(history)).await.unwrap().into_inner();
    let price = |told: &SpotPrice| told.spot_price().parse::<f64>().unwrap();
    let prices = told.spot_price_history;
    let cheapest = prices.iter().min_by(|a, b| price(a).total_cmp(&price(b))).unwrap();
    assert_eq!(placed("").await, cheapest.availability_zone());
}

#[tokio::test]
async fn prices_of_long_ago_are_not_known_and_not_looked_for() {
    let sandbox = Sandbox::new().await;
    let told = async |input| {
        let told = client(&sandbox).describe_spot_price_history(sandbox.ask(input)).await.unwrap().into_inner();
        (told.spot_price_history.len(), told.next_token.unwrap())
    };
    let day = 86_400_000;
    let (start_time, end_time) = (Some(START - 400 * day), Some(START - 399 * day));
    let input = DescribeSpotPriceHistoryRequest { start_time, end_time, ..Default::default() };
    assert_eq!(told(input).await, (0, String::new()));
    let filters = filter("timestamp", "2014-12-01*");
    assert_eq!(told(DescribeSpotPriceHistoryRequest { filters, ..Default::default() }).await, (0, String::new()));
    let of_type = DescribeSpotPriceHistoryRequest {
        instance_types: vec!["m5.large".into()],
        filters: filter("timestamp", "2025-12-3?T*"),
        ..Default::default()
    };
    assert!(told(of_type).await.0 > 0);
}

#[tokio::test]
async fn spot_instances_of_a_zone_without_power_are_interrupted_at_once() {
    let sandbox = Sandbox::new().await;
    let in_b = |input: RequestSpotInstancesRequest| {
        let mut input = input;
        let placement = SpotPlacement { availability_zone: some("us-east-1b, us-east-1c"), ..Default::default() };
        input.launch_specification.as_mut().unwrap().placement = Some(placement);
        input
    };
    bound(&sandbox, "us-east-1c", "*", None, Some(0));
    let once = request(&sandbox, in_b(wanted(&sandbox).await)).await.remove(0);
    let again = RequestSpotInstancesRequest { r#type: some("persistent"), ..in_b(wanted(&sandbox).await) };
    let again = request(&sandbox, again).await.remove(0);
    let stopping = RequestSpotInstancesRequest {
        r#type: some("persistent"),
        instance_interruption_behavior: some("stop"),
        ..in_b(wanted(&sandbox).await)
    };
    let stopping = request(&sandbox, stopping).await.remove(0);
    bound(&sandbox, "us-east-1c", "*", None, None);
    power_off(&sandbox, "us-east-1b").await.unwrap();
    assert_eq!(
        status(&sandbox, once.spot_instance_request_id()).await,
        is("closed", "instance-terminated-no-capacity")
    );
    let again = shown(&sandbox, again.spot_instance_request_id()).await;
    assert_eq!((again.state(), again.launched_availability_zone()), ("active", "us-east-1c"));
    let stopping = stopping.spot_instance_request_id();
    assert_eq!(status(&sandbox, stopping).await, is("disabled", "instance-stopped-no-capacity"));
    sandbox.region.advance(2 * MINUTE).await;
    assert_eq!(status(&sandbox, stopping).await, is("disabled", "instance-stopped-no-capacity"), "no power, no start");
    power_on(&sandbox, "us-east-1b").await;
    assert_eq!(status(&sandbox, stopping).await, is("active", "fulfilled"));
    assert_eq!(running(&sandbox).await.len(), 2);
}
