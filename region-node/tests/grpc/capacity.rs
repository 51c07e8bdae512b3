//! Room for instances: pools that are bounded, and what launches meet there.

use crate::support::launch::{bound, in_zone, instances, launch, run, running, stop, terminate};
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{CapacityBound, CapacityRequest};
use archipelago_proto::ec2::v1::StartInstancesRequest;
use archipelago_region_node::capacity::{Bound, Market};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;

#[tokio::test]
async fn a_launch_takes_what_there_is_room_for_if_that_is_enough() {
    let sandbox = Sandbox::new().await;
    bound(&sandbox, "us-east-1a", "t3.micro", None, Some(3));
    let mut request = launch(&sandbox, "t3.micro", 2, 5).await;
    request.placement = in_zone("us-east-1a");
    assert_eq!(run(&sandbox, request.clone()).await.len(), 3);
    let refused = instances(&sandbox).run_instances(sandbox.ask(request)).await.unwrap_err();
    let error = Ec2Error::from(refused);
    assert_eq!(error.code, "InsufficientInstanceCapacity");
    let zones = "You can currently get t3.micro capacity by not specifying an Availability Zone in your request or \
                 choosing us-east-1b, us-east-1c, us-east-1d, us-east-1f.";
    assert!(error.message.ends_with(zones), "{}", error.message);
    assert_eq!(running(&sandbox).await.len(), 3, "nothing is left of the refused launch");
}

#[tokio::test]
async fn a_launch_that_names_no_zone_goes_where_there_is_room() {
    let sandbox = Sandbox::new().await;
    bound(&sandbox, "*", "*", None, Some(0));
    bound(&sandbox, "us-east-1c", "t3.*", Some(Market::OnDemand), Some(1));
    let request = launch(&sandbox, "t3.micro", 1, 1).await;
    let launched = run(&sandbox, request.clone()).await.remove(0);
    assert_eq!(launched.placement.unwrap().availability_zone(), "us-east-1c");
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(request)).await), "InsufficientInstanceCapacity");
}

#[tokio::test]
async fn stopping_and_terminating_give_room_back_and_starting_needs_some() {
    let sandbox = Sandbox::new().await;
    bound(&sandbox, "*", "*", None, Some(0));
    bound(&sandbox, "us-east-1a", "*", None, Some(1));
    let request = launch(&sandbox, "t3.micro", 1, 1).await;
    let first = run(&sandbox, request.clone()).await.remove(0).instance_id.unwrap();
    stop(&sandbox, &first).await;
    let second = run(&sandbox, request).await.remove(0).instance_id.unwrap();
    let start = StartInstancesRequest { instance_ids: vec![first.clone()], ..Default::default() };
    let refused = instances(&sandbox).start_instances(sandbox.ask(start.clone())).await;
    assert_eq!(code(refused), "InsufficientInstanceCapacity");
    terminate(&sandbox, &second).await;
    instances(&sandbox).start_instances(sandbox.ask(start)).await.unwrap();
    assert_eq!(running(&sandbox).await.len(), 1);
}

#[tokio::test]
async fn what_is_in_the_pools_is_known_again_after_a_crash() {
    let (path, crashed) = (folder("capacity"), folder("capacity-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    let mut request = launch(&sandbox, "t3.micro", 2, 2).await;
    request.placement = in_zone("us-east-1a");
    run(&sandbox, request.clone()).await;
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    bound(&sandbox, "us-east-1a", "*", None, Some(3));
    assert_eq!(code(instances(&sandbox).run_instances(sandbox.ask(request)).await), "InsufficientInstanceCapacity");
}

#[tokio::test]
async fn what_the_operator_bounds_stays_bounded_after_a_crash() {
    let (path, crashed) = (folder("bounds"), folder("bounds-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    let mut operator = AdminClient::new(sandbox.channel.clone());
    let bound = CapacityBound {
        zone: "us-east-1a".into(),
        instance_type: "t3.*".into(),
        market: "spot".into(),
        limit: Some(2),
    };
    let request = CapacityRequest { bounds: vec![bound.clone()], ..Default::default() };
    operator.capacity(sandbox.ask(request)).await.unwrap();
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    sandbox.region.capacity.configure(Bound {
        zone: "us-east-1a".into(),
        instance_type: "t3.*".into(),
        market: Some(Market::Spot),
        limit: Some(9),
    });
    let mut operator = AdminClient::new(sandbox.channel.clone());
    let known = operator.capacity(sandbox.ask(CapacityRequest::default())).await.unwrap().into_inner();
    assert_eq!(known.bounds, [bound], "and counts before that of the configuration");
    let request = CapacityRequest { unbound: true, ..Default::default() };
    let known = operator.capacity(sandbox.ask(request)).await.unwrap().into_inner();
    assert!(known.bounds.is_empty());
}
