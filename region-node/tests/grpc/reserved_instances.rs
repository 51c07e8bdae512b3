//! Reserved instances over gRPC.

use crate::support::network::{filter, some};
use crate::support::{START, Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::reserved_instances_service_client::ReservedInstancesServiceClient;
use archipelago_proto::ec2::v1::tags_service_client::TagsServiceClient;
use archipelago_proto::ec2::v1::{
    CancelReservedInstancesListingRequest, CreateReservedInstancesListingRequest, CreateTagsRequest,
    DeleteQueuedReservedInstancesRequest, DescribeReservedInstancesListingsRequest,
    DescribeReservedInstancesModificationsRequest, DescribeReservedInstancesOfferingsRequest,
    DescribeReservedInstancesRequest, InstanceCount, ModifyReservedInstancesRequest, PriceScheduleSpecification,
    PurchaseReservedInstancesOfferingRequest, ReservedInstanceLimitPrice, ReservedInstances,
    ReservedInstancesConfiguration, ReservedInstancesListing, ReservedInstancesOffering, Tag,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

const SELLER: &str = "000000000000";
const BUYER: &str = "222222222222";
const DAY: i64 = 86_400_000;

type Client = ReservedInstancesServiceClient<Channel>;

fn client(sandbox: &Sandbox) -> Client {
    Client::new(sandbox.channel.clone())
}

fn m5_large() -> DescribeReservedInstancesOfferingsRequest {
    DescribeReservedInstancesOfferingsRequest {
        instance_type: some("m5.large"),
        product_description: some("Linux/UNIX"),
        offering_class: some("standard"),
        offering_type: some("No Upfront"),
        max_duration: Some(31_536_000),
        ..Default::default()
    }
}

async fn offerings(
    client: &mut Client,
    account: &str,
    request: DescribeReservedInstancesOfferingsRequest,
) -> Vec<ReservedInstancesOffering> {
    let answer = client.describe_reserved_instances_offerings(ask_as(account, request)).await.unwrap();
    answer.into_inner().reserved_instances_offerings
}

async fn offering(client: &mut Client, zone: Option<&str>) -> ReservedInstancesOffering {
    let scope = if zone.is_some() { "Availability Zone" } else { "Region" };
    let request = DescribeReservedInstancesOfferingsRequest {
        availability_zone: zone.map(str::to_owned),
        filters: filter("scope", scope),
        ..m5_large()
    };
    offerings(client, SELLER, request).await.remove(0)
}

async fn buy(client: &mut Client, zone: Option<&str>, count: i32) -> String {
    let offering = offering(client, zone).await;
    let purchase = PurchaseReservedInstancesOfferingRequest {
        instance_count: Some(count),
        reserved_instances_offering_id: offering.reserved_instances_offering_id,
        ..Default::default()
    };
    let bought = client.purchase_reserved_instances_offering(ask_as(SELLER, purchase)).await.unwrap();
    bought.into_inner().reserved_instances_id.unwrap()
}

async fn all(client: &mut Client, account: &str) -> Vec<ReservedInstances> {
    let request = DescribeReservedInstancesRequest::default();
    client.describe_reserved_instances(ask_as(account, request)).await.unwrap().into_inner().reserved_instances
}

async fn described(client: &mut Client, account: &str, id: &str) -> ReservedInstances {
    let request =
        DescribeReservedInstancesRequest { reserved_instances_ids: vec![id.to_owned()], ..Default::default() };
    client
        .describe_reserved_instances(ask_as(account, request))
        .await
        .unwrap()
        .into_inner()
        .reserved_instances
        .remove(0)
}

fn target(count: i32, instance_type: &str) -> ReservedInstancesConfiguration {
    ReservedInstancesConfiguration {
        instance_count: Some(count),
        instance_type: some(instance_type),
        ..Default::default()
    }
}

fn modify(id: &str, targets: Vec<ReservedInstancesConfiguration>) -> ModifyReservedInstancesRequest {
    ModifyReservedInstancesRequest {
        reserved_instances_ids: vec![id.to_owned()],
        target_configurations: targets,
        ..Default::default()
    }
}

fn list(id: &str, count: i32, months: i64) -> CreateReservedInstancesListingRequest {
    let price = |term, price| PriceScheduleSpecification { term: Some(term), price: Some(price), currency_code: None };
    CreateReservedInstancesListingRequest {
        reserved_instances_id: some(id),
        instance_count: Some(count),
        price_schedules: vec![price(months, 100.0), price(months - 5, 50.0)],
        client_token: some(&format!("list {id}")),
    }
}

#[tokio::test]
async fn a_one_year_reservation_is_paid_for_and_retires_on_the_clock() {
    let lifecycle = Lifecycle::instant().with(Transition::ReservedInstancesPayment, 30_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let mut client = client(&sandbox);
    let id = buy(&mut client, Some("us-east-1a"), 3).await;
    let bought = described(&mut client, SELLER, &id).await;
    assert_eq!((bought.state(), bought.instance_count()), ("payment-pending", 3));
    assert_eq!((bought.scope(), bought.availability_zone()), ("Availability Zone", "us-east-1a"));
    assert_eq!((bought.start(), bought.end()), (START, START + 365 * DAY));

    sandbox.region.advance(30_000).await;
    assert_eq!(described(&mut client, SELLER, &id).await.state(), "active");
    sandbox.region.advance(365 * DAY).await;
    assert_eq!(described(&mut client, SELLER, &id).await.state(), "retired");
}

#[tokio::test]
async fn the_catalogue_is_the_same_each_time_and_comes_in_pages() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let request = DescribeReservedInstancesOfferingsRequest {
        instance_type: some("m5.large"),
        max_results: Some(50),
        ..Default::default()
    };
    let whole = offerings(
        &mut client,
        SELLER,
        DescribeReservedInstancesOfferingsRequest { max_results: None, ..request.clone() },
    )
    .await;
    assert_eq!(whole.len(), 100);
    let first = client.describe_reserved_instances_offerings(sandbox.ask(request.clone())).await.unwrap().into_inner();
    let next = DescribeReservedInstancesOfferingsRequest { next_token: first.next_token.clone(), ..request.clone() };
    let second = client.describe_reserved_instances_offerings(sandbox.ask(next)).await.unwrap().into_inner();
    let pages = [first.reserved_instances_offerings, second.reserved_instances_offerings].concat();
    assert_eq!(pages, whole);

    let other = DescribeReservedInstancesOfferingsRequest {
        next_token: first.next_token,
        instance_type: some("m5.xlarge"),
        ..request
    };
    assert_eq!(code(client.describe_reserved_instances_offerings(sandbox.ask(other)).await), "InvalidNextToken");

    let one = DescribeReservedInstancesOfferingsRequest {
        reserved_instances_offering_ids: vec![whole[7].reserved_instances_offering_id().to_owned()],
        ..Default::default()
    };
    assert_eq!(offerings(&mut client, SELLER, one).await, whole[7..8]);
    let unknown = DescribeReservedInstancesOfferingsRequest {
        reserved_instances_offering_ids: vec!["e5a2ff3b-7d14-494f-a0af-0b5d0a1b2c3d".into()],
        ..Default::default()
    };
    let refused = client.describe_reserved_instances_offerings(sandbox.ask(unknown)).await;
    assert_eq!(code(refused), "InvalidReservedInstancesOfferingId");
}

#[tokio::test]
async fn a_queued_purchase_is_made_at_its_time_unless_it_is_deleted() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let offering = offering(&mut client, None).await;
    let purchase = PurchaseReservedInstancesOfferingRequest {
        instance_count: Some(1),
        reserved_instances_offering_id: offering.reserved_instances_offering_id.clone(),
        purchase_time: Some(START + DAY),
        ..Default::default()
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let bought = client.purchase_reserved_instances_offering(sandbox.ask(purchase.clone())).await.unwrap();
        ids.push(bought.into_inner().reserved_instances_id.unwrap());
    }
    assert_eq!(described(&mut client, SELLER, &ids[0]).await.state(), "queued");
    let unknown = "e5a2ff3b-7d14-494f-80af-0b5d0a1b2c3d".to_owned();
    let delete = DeleteQueuedReservedInstancesRequest {
        reserved_instances_ids: vec![ids[0].clone(), unknown],
        ..Default::default()
    };
    let answer = client.delete_queued_reserved_instances(sandbox.ask(delete)).await.unwrap().into_inner();
    assert_eq!(answer.successful_queued_purchase_deletions[0].reserved_instances_id(), ids[0]);
    let failed = answer.failed_queued_purchase_deletions[0].error.clone().unwrap();
    assert_eq!(failed.code(), "reserved-instances-id-invalid");

    sandbox.region.advance(DAY).await;
    let states: Vec<_> = all(&mut client, SELLER).await.into_iter().map(|item| item.state.unwrap()).collect();
    assert_eq!(states, ["queued-deleted", "active"]);

    let zonal = self::offering(&mut client, Some("us-east-1a")).await.reserved_instances_offering_id;
    let zonal = PurchaseReservedInstancesOfferingRequest {
        reserved_instances_offering_id: zonal,
        purchase_time: Some(START + 3 * DAY),
        ..purchase
    };
    assert_eq!(code(client.purchase_reserved_instances_offering(sandbox.ask(zonal)).await), "UnsupportedOperation");
}

#[tokio::test]
async fn a_modification_splits_by_the_normalization_factor() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let id = buy(&mut client, None, 4).await;
    for (targets, wanted) in [
        (vec![target(4, "m5.xlarge")], "InvalidParameterValue"),
        (vec![target(4, "c5.large")], "InvalidParameterValue"),
        (vec![target(0, "m5.large")], "InvalidParameterValue"),
    ] {
        assert_eq!(code(client.modify_reserved_instances(sandbox.ask(modify(&id, targets))).await), wanted);
    }
    let zonal = ReservedInstancesConfiguration {
        scope: some("Availability Zone"),
        availability_zone: some("us-east-1b"),
        ..target(2, "m5.large")
    };
    let request = modify(&id, vec![target(1, "m5.xlarge"), zonal]);
    let modification = client.modify_reserved_instances(sandbox.ask(request)).await.unwrap().into_inner();
    let request = DescribeReservedInstancesModificationsRequest {
        reserved_instances_modification_ids: vec![modification.reserved_instances_modification_id().to_owned()],
        ..Default::default()
    };
    let told = client.describe_reserved_instances_modifications(sandbox.ask(request)).await.unwrap().into_inner();
    let told = &told.reserved_instances_modifications[0];
    assert_eq!(told.status(), "fulfilled");
    assert_eq!(told.modification_results.len(), 2);
    assert_eq!(described(&mut client, SELLER, &id).await.state(), "retired");

    let [larger, zonal] = [0, 1].map(|at| told.modification_results[at].reserved_instances_id().to_owned());
    let larger = described(&mut client, SELLER, &larger).await;
    assert_eq!((larger.instance_type(), larger.instance_count(), larger.state()), ("m5.xlarge", 1, "active"));
    assert_eq!((larger.end(), larger.fixed_price()), (START + 365 * DAY, 0.0));
    let zonal = described(&mut client, SELLER, &zonal).await;
    assert_eq!((zonal.availability_zone(), zonal.instance_count()), ("us-east-1b", 2));

    let merged = ModifyReservedInstancesRequest {
        reserved_instances_ids: vec![larger.reserved_instances_id.unwrap(), zonal.reserved_instances_id.unwrap()],
        target_configurations: vec![ReservedInstancesConfiguration { scope: some("Region"), ..target(4, "m5.large") }],
        ..Default::default()
    };
    client.modify_reserved_instances(sandbox.ask(merged)).await.unwrap();
    let active: Vec<_> = all(&mut client, SELLER).await.into_iter().filter(|item| item.state() == "active").collect();
    assert_eq!((active.len(), active[0].instance_count(), active[0].scope()), (1, 4, "Region"));
}

#[tokio::test]
async fn a_modification_under_way_goes_on_after_a_crash() {
    let (at, copy) = (folder("modification"), folder("modification-crashed"));
    let lifecycle = || Lifecycle::instant().with(Transition::ReservedInstancesModify, 60_000);
    let sandbox = Sandbox::with(lifecycle(), Store::open(&at).unwrap()).await;
    let mut before = client(&sandbox);
    let id = buy(&mut before, None, 2).await;
    before.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(1, "m5.xlarge")]))).await.unwrap();
    let again = before.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(1, "m5.xlarge")]))).await;
    assert_eq!(code(again), "IncorrectState");
    copy_folder(&at, &copy);
    let sandbox = Sandbox::with(lifecycle(), Store::open(&copy).unwrap()).await;
    sandbox.region.advance(60_000).await;
    let mut after = client(&sandbox);
    let states: Vec<_> = all(&mut after, SELLER)
        .await
        .into_iter()
        .map(|item| (item.instance_type.unwrap(), item.state.unwrap()))
        .collect();
    let wanted = [("m5.large", "retired"), ("m5.xlarge", "active")];
    assert_eq!(states, wanted.map(|(name, state)| (name.to_owned(), state.to_owned())));
}

async fn listings(client: &mut Client) -> Vec<ReservedInstancesListing> {
    let request = DescribeReservedInstancesListingsRequest::default();
    let answer = client.describe_reserved_instances_listings(ask_as(SELLER, request)).await.unwrap();
    answer.into_inner().reserved_instances_listings
}

fn counts(listing: &ReservedInstancesListing) -> Vec<i32> {
    listing.instance_counts.iter().map(InstanceCount::instance_count).collect()
}

#[tokio::test]
#[allow(clippy::float_cmp)] // Prices are as they were given.
async fn what_one_account_lists_another_buys() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let id = buy(&mut client, Some("us-east-1a"), 3).await;
    let early = client.create_reserved_instances_listing(sandbox.ask(list(&id, 2, 11))).await;
    assert_eq!(code(early), "UnsupportedOperation");
    sandbox.region.advance(31 * DAY).await;
    let listed = client.create_reserved_instances_listing(sandbox.ask(list(&id, 2, 11))).await.unwrap().into_inner();
    let listed = &listed.reserved_instances_listings[0];
    assert_eq!((listed.status(), counts(listed)), ("active", vec![2, 0, 0, 0]));
    assert_eq!((listed.price_schedules.len(), listed.price_schedules[0].price()), (11, 100.0));
    assert!(listed.price_schedules[0].active() && listed.price_schedules[6].price() < 100.0);
    let listed_now = client.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(3, "m5.large")]))).await;
    assert_eq!(code(listed_now), "IncorrectState");

    let request = DescribeReservedInstancesOfferingsRequest { filters: filter("marketplace", "true"), ..m5_large() };
    assert!(offerings(&mut client, SELLER, request.clone()).await.is_empty(), "nobody buys from himself");
    let offered = offerings(&mut client, BUYER, request).await;
    assert_eq!((offered.len(), offered[0].fixed_price(), offered[0].pricing_details[0].count()), (1, 100.0, 2));

    let mut purchase = PurchaseReservedInstancesOfferingRequest {
        instance_count: Some(1),
        reserved_instances_offering_id: offered[0].reserved_instances_offering_id.clone(),
        limit_price: Some(ReservedInstanceLimitPrice { amount: Some(99.0), currency_code: some("USD") }),
        ..Default::default()
    };
    let dear = client.purchase_reserved_instances_offering(ask_as(BUYER, purchase.clone())).await;
    assert_eq!(code(dear), "InvalidParameterValue");
    purchase.limit_price = None;
    let bought = client.purchase_reserved_instances_offering(ask_as(BUYER, purchase.clone())).await.unwrap();
    let bought = described(&mut client, BUYER, bought.into_inner().reserved_instances_id()).await;
    assert_eq!((bought.state(), bought.instance_count(), bought.fixed_price()), ("active", 1, 100.0));
    assert_eq!(bought.end(), START + 365 * DAY);
    assert_eq!(described(&mut client, SELLER, &id).await.instance_count(), 2);
    assert_eq!(counts(&listings(&mut client).await[0]), [1, 1, 0, 0]);

    // Five months later the price has fallen, but not the term's end.
    sandbox.region.advance(150 * DAY).await;
    purchase.instance_count = Some(2);
    let many = client.purchase_reserved_instances_offering(ask_as(BUYER, purchase.clone())).await;
    assert_eq!(code(many), "InsufficientReservedInstanceCapacity");
    purchase.instance_count = Some(1);
    let bought = client.purchase_reserved_instances_offering(ask_as(BUYER, purchase)).await.unwrap();
    assert_eq!(described(&mut client, BUYER, bought.into_inner().reserved_instances_id()).await.fixed_price(), 50.0);
    let closed = listings(&mut client).await;
    assert_eq!((closed[0].status(), counts(&closed[0])), ("closed", vec![0, 2, 0, 0]));
    client.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(1, "m5.large")]))).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_listing_frees_what_was_listed() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let id = buy(&mut client, Some("us-east-1a"), 1).await;
    sandbox.region.advance(31 * DAY).await;
    client.create_reserved_instances_listing(sandbox.ask(list(&id, 1, 11))).await.unwrap();
    let listing = listings(&mut client).await.remove(0).reserved_instances_listing_id;
    let cancel = CancelReservedInstancesListingRequest { reserved_instances_listing_id: listing };
    let cancelled = client.cancel_reserved_instances_listing(sandbox.ask(cancel.clone())).await.unwrap().into_inner();
    assert_eq!(counts(&cancelled.reserved_instances_listings[0]), [0, 0, 1, 0]);
    assert_eq!(code(client.cancel_reserved_instances_listing(sandbox.ask(cancel)).await), "IncorrectState");
    client.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(1, "m5.large")]))).await.unwrap();
}

#[tokio::test]
async fn reservations_have_tags_and_modifications_have_none() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let id = buy(&mut client, None, 1).await;
    let mut tags = TagsServiceClient::new(sandbox.channel.clone());
    let tag = |id: &str| CreateTagsRequest {
        resources: vec![id.to_owned()],
        tags: vec![Tag { key: some("team"), value: some("blue") }],
        ..Default::default()
    };
    tags.create_tags(sandbox.ask(tag(&id))).await.unwrap();
    let request = DescribeReservedInstancesRequest { filters: filter("tag:team", "blue"), ..Default::default() };
    let found = client.describe_reserved_instances(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(found.reserved_instances.len(), 1);
    let modified =
        client.modify_reserved_instances(sandbox.ask(modify(&id, vec![target(1, "m5.large")]))).await.unwrap();
    let modification = modified.into_inner().reserved_instances_modification_id.unwrap();
    assert_eq!(code(tags.create_tags(sandbox.ask(tag(&modification))).await), "InvalidID");
}

#[tokio::test]
async fn unknown_reservations_are_told_by_their_documented_code() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    for id in ["e5a2ff3b-7d14-494f-80af-0b5d0a1b2c3d", "nonsense"] {
        let request =
            DescribeReservedInstancesRequest { reserved_instances_ids: vec![id.into()], ..Default::default() };
        assert_eq!(code(client.describe_reserved_instances(sandbox.ask(request)).await), "InvalidReservedInstancesId");
    }
}
