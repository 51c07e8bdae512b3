//! Capacity Reservations over gRPC.

use crate::support::launch::{bound, instance, instances, request, run, starting, stop, terminate};
use crate::support::network::{filter, some};
use crate::support::{START, Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::capacity_reservations_service_client::CapacityReservationsServiceClient;
use archipelago_proto::ec2::v1::instance_settings_service_client::InstanceSettingsServiceClient;
use archipelago_proto::ec2::v1::{
    CancelCapacityReservationRequest, CapacityReservation, CapacityReservationSpecification, CapacityReservationTarget,
    CreateCapacityReservationRequest, DescribeCapacityReservationsRequest, GetCapacityReservationUsageRequest,
    ModifyCapacityReservationRequest, ModifyInstanceCapacityReservationAttributesRequest, RunInstancesRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

type Client = CapacityReservationsServiceClient<Channel>;

const DAY: i64 = 86_400_000;

fn client(sandbox: &Sandbox) -> Client {
    Client::new(sandbox.channel.clone())
}

fn of(count: i32) -> CreateCapacityReservationRequest {
    CreateCapacityReservationRequest {
        instance_type: some("m5.large"),
        instance_platform: some("Linux/UNIX"),
        availability_zone: some("us-east-1a"),
        instance_count: Some(count),
        ..Default::default()
    }
}

fn aimed_at(count: i32) -> CreateCapacityReservationRequest {
    CreateCapacityReservationRequest { instance_match_criteria: some("targeted"), ..of(count) }
}

async fn create(sandbox: &Sandbox, request: CreateCapacityReservationRequest) -> CapacityReservation {
    let answer = client(sandbox).create_capacity_reservation(sandbox.ask(request)).await.unwrap();
    answer.into_inner().capacity_reservation.unwrap()
}

async fn described(sandbox: &Sandbox, id: &str) -> CapacityReservation {
    let request =
        DescribeCapacityReservationsRequest { capacity_reservation_ids: vec![id.to_owned()], ..Default::default() };
    let answer = client(sandbox).describe_capacity_reservations(sandbox.ask(request)).await.unwrap().into_inner();
    answer.capacity_reservations[0].clone()
}

async fn available(sandbox: &Sandbox, id: &str) -> i32 {
    described(sandbox, id).await.available_instance_count()
}

#[allow(clippy::unnecessary_wraps)] // As requests have it.
fn target(id: &str) -> Option<CapacityReservationSpecification> {
    let target = CapacityReservationTarget { capacity_reservation_id: some(id), ..Default::default() };
    Some(CapacityReservationSpecification {
        capacity_reservation_preference: None,
        capacity_reservation_target: Some(target),
    })
}

#[tokio::test]
async fn matching_instances_run_in_an_open_reservation_and_others_do_not() {
    let sandbox = Sandbox::new().await;
    let reservation = create(&sandbox, of(2)).await;
    let id = reservation.capacity_reservation_id();
    assert_eq!((reservation.state(), reservation.available_instance_count()), ("active", 2));
    assert_eq!(
        reservation.capacity_reservation_arn(),
        format!("arn:aws:ec2:us-east-1:000000000000:capacity-reservation/{id}")
    );
    run(&sandbox, request(&sandbox, "m5.large", "us-east-1b", 1).await).await;
    run(&sandbox, request(&sandbox, "m5.xlarge", "us-east-1a", 1).await).await;
    let none = CapacityReservationSpecification { capacity_reservation_preference: some("none"), ..Default::default() };
    let mut unwilling = request(&sandbox, "m5.large", "us-east-1a", 1).await;
    unwilling.capacity_reservation_specification = Some(none);
    run(&sandbox, unwilling).await;
    assert_eq!(available(&sandbox, id).await, 2);

    let launched = run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 3).await).await;
    let inside: Vec<_> = launched.iter().filter(|instance| instance.capacity_reservation_id.is_some()).collect();
    assert_eq!((inside.len(), available(&sandbox, id).await), (2, 0));
    let usage = GetCapacityReservationUsageRequest { capacity_reservation_id: some(id), ..Default::default() };
    let usage = client(&sandbox).get_capacity_reservation_usage(sandbox.ask(usage)).await.unwrap().into_inner();
    assert_eq!(usage.instance_usages[0].used_instance_count(), 2);

    stop(&sandbox, inside[0].instance_id()).await;
    assert_eq!(available(&sandbox, id).await, 1);
    assert_eq!(instance(&sandbox, inside[0].instance_id()).await.capacity_reservation_id, None);
    instances(&sandbox).start_instances(sandbox.ask(starting(inside[0].instance_id()))).await.unwrap();
    assert_eq!(instance(&sandbox, inside[0].instance_id()).await.capacity_reservation_id(), id);
    terminate(&sandbox, inside[1].instance_id()).await;
    assert_eq!(available(&sandbox, id).await, 1);
}

#[tokio::test]
async fn a_targeted_reservation_takes_only_those_that_aim_at_it() {
    let sandbox = Sandbox::new().await;
    let id = create(&sandbox, aimed_at(1)).await.capacity_reservation_id.unwrap();
    let plain = request(&sandbox, "m5.large", "us-east-1a", 1).await;
    run(&sandbox, plain.clone()).await;
    assert_eq!(available(&sandbox, &id).await, 1);

    let mut aimed = plain.clone();
    aimed.capacity_reservation_specification = target(&id);
    let inside = run(&sandbox, aimed.clone()).await.remove(0);
    assert_eq!(inside.capacity_reservation_id(), id);
    let shown = inside.capacity_reservation_specification.unwrap().capacity_reservation_target.unwrap();
    assert_eq!(shown.capacity_reservation_id(), id);
    let full = instances(&sandbox).run_instances(sandbox.ask(aimed.clone())).await;
    assert_eq!(code(full), "ReservationCapacityExceeded");
    aimed.instance_type = some("m5.xlarge");
    let other = instances(&sandbox).run_instances(sandbox.ask(aimed.clone())).await;
    assert_eq!(code(other), "InvalidParameterCombination");
    aimed.capacity_reservation_specification = target("cr-0123456789abcdef0");
    let unknown = instances(&sandbox).run_instances(sandbox.ask(aimed)).await;
    assert_eq!(code(unknown), "InvalidCapacityReservationId.NotFound");
}

#[tokio::test]
async fn a_stopped_instance_is_aimed_at_a_reservation() {
    let sandbox = Sandbox::new().await;
    let id = create(&sandbox, aimed_at(1)).await.capacity_reservation_id.unwrap();
    let launched = run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 1).await).await.remove(0);
    let mut settings = InstanceSettingsServiceClient::new(sandbox.channel.clone());
    let modify = ModifyInstanceCapacityReservationAttributesRequest {
        instance_id: launched.instance_id.clone(),
        capacity_reservation_specification: target(&id),
        ..Default::default()
    };
    let running = settings.modify_instance_capacity_reservation_attributes(sandbox.ask(modify.clone())).await;
    assert_eq!(code(running), "IncorrectInstanceState");
    stop(&sandbox, launched.instance_id()).await;
    settings.modify_instance_capacity_reservation_attributes(sandbox.ask(modify)).await.unwrap();
    instances(&sandbox).start_instances(sandbox.ask(starting(launched.instance_id()))).await.unwrap();
    assert_eq!(instance(&sandbox, launched.instance_id()).await.capacity_reservation_id(), id);
}

#[tokio::test]
async fn an_open_reservation_takes_in_what_runs_already_and_lets_go_of_it_at_its_end() {
    let sandbox = Sandbox::new().await;
    let launched = run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 1).await).await.remove(0);
    let limited =
        CreateCapacityReservationRequest { end_date_type: some("limited"), end_date: Some(START + DAY), ..of(2) };
    let reservation = create(&sandbox, limited).await;
    let id = reservation.capacity_reservation_id();
    assert_eq!(reservation.available_instance_count(), 1);
    assert_eq!(instance(&sandbox, launched.instance_id()).await.capacity_reservation_id(), id);

    sandbox.region.advance(DAY).await;
    assert_eq!(described(&sandbox, id).await.state(), "expired");
    let left = instance(&sandbox, launched.instance_id()).await;
    assert_eq!((left.capacity_reservation_id, left.state.unwrap().name()), (None, "running"));
    let late = CancelCapacityReservationRequest { capacity_reservation_id: some(id), ..Default::default() };
    let late = client(&sandbox).cancel_capacity_reservation(sandbox.ask(late)).await;
    assert_eq!(code(late), "InvalidCapacityReservationState");
}

#[tokio::test]
async fn a_reservation_is_modified_and_cancelled() {
    let sandbox = Sandbox::new().await;
    let id = create(&sandbox, of(2)).await.capacity_reservation_id.unwrap();
    run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 2).await).await;
    let change = ModifyCapacityReservationRequest { capacity_reservation_id: Some(id.clone()), ..Default::default() };
    let few = ModifyCapacityReservationRequest { instance_count: Some(1), ..change.clone() };
    let few = client(&sandbox).modify_capacity_reservation(sandbox.ask(few)).await;
    assert_eq!(code(few), "InvalidParameterValue");
    let aimed = ModifyCapacityReservationRequest { instance_match_criteria: some("targeted"), ..change.clone() };
    let aimed = client(&sandbox).modify_capacity_reservation(sandbox.ask(aimed)).await;
    assert_eq!(code(aimed), "UnsupportedOperation");
    let undated = ModifyCapacityReservationRequest { end_date_type: some("limited"), ..change.clone() };
    let undated = client(&sandbox).modify_capacity_reservation(sandbox.ask(undated)).await;
    assert_eq!(code(undated), "InvalidParameterCombination");
    let more = ModifyCapacityReservationRequest {
        instance_count: Some(5),
        end_date_type: some("limited"),
        end_date: Some(START + DAY),
        ..change
    };
    client(&sandbox).modify_capacity_reservation(sandbox.ask(more)).await.unwrap();
    let modified = described(&sandbox, &id).await;
    assert_eq!((modified.total_instance_count(), modified.available_instance_count()), (5, 3));
    assert_eq!(modified.end_date(), START + DAY);

    let cancel = CancelCapacityReservationRequest { capacity_reservation_id: Some(id.clone()), ..Default::default() };
    client(&sandbox).cancel_capacity_reservation(sandbox.ask(cancel)).await.unwrap();
    let request = DescribeCapacityReservationsRequest { filters: filter("state", "cancelled"), ..Default::default() };
    let found = client(&sandbox).describe_capacity_reservations(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(found.capacity_reservations[0].capacity_reservation_id(), id);
}

#[tokio::test]
async fn a_future_dated_reservation_is_scheduled_then_active_and_committed_to() {
    let sandbox = Sandbox::new().await;
    let future = CreateCapacityReservationRequest {
        start_date: Some(START + 10 * DAY),
        commitment_duration: Some(14 * 86_400),
        delivery_preference: some("incremental"),
        ..aimed_at(16)
    };
    let near = CreateCapacityReservationRequest { start_date: Some(START + DAY), ..future.clone() };
    assert_eq!(code(client(&sandbox).create_capacity_reservation(sandbox.ask(near)).await), "InvalidParameterValue");
    let id = create(&sandbox, future).await.capacity_reservation_id.unwrap();
    assert_eq!(described(&sandbox, &id).await.state(), "scheduled");
    sandbox.region.advance(10 * DAY).await;
    assert_eq!(described(&sandbox, &id).await.state(), "active");
    let cancel = CancelCapacityReservationRequest { capacity_reservation_id: Some(id), ..Default::default() };
    let early = client(&sandbox).cancel_capacity_reservation(sandbox.ask(cancel.clone())).await;
    assert_eq!(code(early), "UnsupportedOperation");
    sandbox.region.advance(14 * DAY).await;
    client(&sandbox).cancel_capacity_reservation(sandbox.ask(cancel)).await.unwrap();
}

#[tokio::test]
async fn what_runs_in_a_reservation_is_known_after_a_restart() {
    let (at, copy) = (folder("reservation"), folder("reservation-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&at).unwrap()).await;
    let id = create(&sandbox, of(3)).await.capacity_reservation_id.unwrap();
    run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 2).await).await;
    copy_folder(&at, &copy);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&copy).unwrap()).await;
    assert_eq!(available(&sandbox, &id).await, 1);
}

#[tokio::test]
async fn a_reservation_takes_its_places_out_of_the_pool_and_its_instances_take_none() {
    let sandbox = Sandbox::new().await;
    bound(&sandbox, "us-east-1a", "m5.large", None, Some(3));
    assert_eq!(
        code(client(&sandbox).create_capacity_reservation(sandbox.ask(of(4))).await),
        "InsufficientInstanceCapacity"
    );
    let made = create(&sandbox, of(2)).await;
    let id = made.capacity_reservation_id();
    let aside = RunInstancesRequest {
        capacity_reservation_specification: Some(CapacityReservationSpecification {
            capacity_reservation_preference: some("none"),
            capacity_reservation_target: None,
        }),
        ..request(&sandbox, "m5.large", "us-east-1a", 1).await
    };
    let beside = run(&sandbox, aside.clone()).await.remove(0);
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(aside)).await), "InsufficientInstanceCapacity");
    // Two of three find room, both of them in the reservation.
    let most = RunInstancesRequest { min_count: Some(1), ..request(&sandbox, "m5.large", "us-east-1a", 3).await };
    let inside = run(&sandbox, most).await;
    assert_eq!((inside.len(), available(&sandbox, id).await), (2, 0));
    let used = |sandbox: &Sandbox| sandbox.region.capacity.usage()[0].1;
    assert_eq!(used(&sandbox), 3);
    terminate(&sandbox, beside.instance_id()).await;
    assert_eq!(used(&sandbox), 2);
    stop(&sandbox, inside[0].instance_id()).await;
    assert_eq!(used(&sandbox), 2, "what is reserved stays reserved");
    instances(&sandbox).start_instances(sandbox.ask(starting(inside[0].instance_id()))).await.unwrap();
    assert_eq!((used(&sandbox), available(&sandbox, id).await), (2, 0));

    let modify = |count| ModifyCapacityReservationRequest {
        capacity_reservation_id: some(id),
        instance_count: Some(count),
        ..Default::default()
    };
    let refused = client(&sandbox).modify_capacity_reservation(sandbox.ask(modify(4))).await;
    assert_eq!(code(refused), "InsufficientInstanceCapacity");
    client(&sandbox).modify_capacity_reservation(sandbox.ask(modify(3))).await.unwrap();
    assert_eq!(used(&sandbox), 3);
    let cancel = CancelCapacityReservationRequest { capacity_reservation_id: some(id), ..Default::default() };
    client(&sandbox).cancel_capacity_reservation(sandbox.ask(cancel)).await.unwrap();
    assert_eq!(used(&sandbox), 2, "those that ran in it have places of their own now");
}

#[tokio::test]
async fn the_places_of_a_reservation_are_known_after_a_restart() {
    let (data, copy) = (folder("reserved-places"), folder("reserved-places-copy"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&data).unwrap()).await;
    create(&sandbox, of(5)).await;
    run(&sandbox, request(&sandbox, "m5.large", "us-east-1a", 2).await).await;
    assert_eq!(sandbox.region.capacity.usage()[0].1, 5);
    copy_folder(&data, &copy);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&copy).unwrap()).await;
    assert_eq!(sandbox.region.capacity.usage()[0].1, 5);
}
