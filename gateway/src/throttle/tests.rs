use crate::limits::Limits;

use super::*;

const SECOND: i64 = 1000;

fn throttle(config: &str) -> Throttle {
    Throttle::new(toml::from_str(config).unwrap()).unwrap()
}

fn ask(throttle: &Throttle, action: &str, parameters: &str, now_ms: i64) -> bool {
    let form = Form::parse(parameters.as_bytes(), b"", &Limits::default()).unwrap();
    let taken = throttle.take("123456789012", "us-east-1", action, &form, now_ms);
    assert!(taken.as_ref().err().is_none_or(|error| error.code == "RequestLimitExceeded"));
    taken.is_ok()
}

/// How many of these requests get through, one each millisecond.
fn passed(throttle: &Throttle, action: &str, parameters: &str, window: std::ops::Range<i64>) -> usize {
    window.filter(|now| ask(throttle, action, parameters, *now)).count()
}

#[test]
fn nothing_is_throttled_where_nobody_says_so() {
    let throttle = throttle("");
    assert_eq!(passed(&throttle, "RunInstances", "MaxCount=5000", 0..SECOND), 1000);
    assert!(throttle.buckets.is_empty());
}

#[test]
fn requests_drain_at_the_documented_rates() {
    let throttle = throttle("profile = 'aws'");
    for (action, parameters, max, refill) in [
        ("RunInstances", "MaxCount=1", 5, 2),
        ("TerminateInstances", "InstanceId.1=i-1", 100, 5),
        ("CopyImage", "", 100, 1),
        ("CreateTags", "", 100, 10),
        ("CreateNatGateway", "", 10, 1),
        ("CreateDefaultVpc", "", 1, 1),
        ("DescribeReservedInstancesOfferings", "", 10, 10),
        ("DescribeVpcs", "", 100, 20),
        ("DescribeInstances", "Filter.1.Name=vpc-id", 100, 20),
        ("DescribeInstances", "", 50, 10),
        ("CreateVpc", "", 50, 5),
        ("CreateVpcPeeringConnection", "", 50, 5),
    ] {
        assert_eq!(passed(&throttle, action, parameters, 0..SECOND), max + refill - 1, "{action}");
        assert_eq!(passed(&throttle, action, parameters, SECOND..11 * SECOND), 10 * refill, "{action}");
    }
}

#[test]
fn two_thousand_instances_take_their_time() {
    let throttle = throttle("profile = 'aws'\n[requests]\nRunInstances = { max = 1000000, refill = 0 }");
    // A thousand at once, and then two a second.
    assert!(ask(&throttle, "RunInstances", "MaxCount=1000", 0));
    assert!(!ask(&throttle, "RunInstances", "MaxCount=1000", 499_999));
    assert!(ask(&throttle, "RunInstances", "MaxCount=1000", 500_000));
    assert!(!ask(&throttle, "RunInstances", "MaxCount=1", 500_499));
    assert!(ask(&throttle, "RunInstances", "MaxCount=1", 500_500));
}

#[test]
fn instances_are_counted_by_their_ids() {
    let throttle = throttle("[resources]\nStopInstances = { max = 3, refill = 1 }");
    assert!(ask(&throttle, "StopInstances", "InstanceId.1=i-1&InstanceId.2=i-2", 0));
    assert!(!ask(&throttle, "StopInstances", "InstanceId.1=i-1&InstanceId.2=i-2", 0));
    assert!(ask(&throttle, "StopInstances", "InstanceId.1=i-1", 0));
}

#[test]
fn a_request_that_is_refused_takes_nothing() {
    let throttle = throttle("profile = 'aws'");
    for _ in 0..100 {
        assert!(!ask(&throttle, "RunInstances", "MaxCount=1001", 0));
    }
    assert_eq!(passed(&throttle, "RunInstances", "MaxCount=1", 0..1), 1);
    assert!(ask(&throttle, "RunInstances", "MaxCount=900", 0));
}

#[test]
fn accounts_regions_and_actions_have_buckets_of_their_own() {
    let throttle = throttle("[categories]\nmutating = { max = 1, refill = 0 }");
    let form = Form::parse(b"", b"", &Limits::default()).unwrap();
    for (account, region, action) in [("1", "a", "X"), ("2", "a", "X"), ("1", "b", "X"), ("1", "a", "Y")] {
        assert!(throttle.take(account, region, action, &form, 0).is_ok());
        assert!(throttle.take(account, region, action, &form, 0).is_err());
    }
}

#[test]
fn tokens_are_handed_out_once_to_many_at_a_time() {
    let throttle = throttle("[requests]\nX = { max = 1000, refill = 0 }");
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| passed(&throttle, "X", "", 0..500))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(taken, 1000);
}

#[test]
fn full_buckets_are_forgotten() {
    let throttle = throttle("profile = 'aws'");
    ask(&throttle, "RunInstances", "MaxCount=100", 0);
    throttle.upkeep(49 * SECOND);
    assert_eq!(throttle.buckets.len(), 1);
    throttle.upkeep(50 * SECOND);
    assert!(throttle.buckets.is_empty());
}

#[test]
fn the_operator_changes_single_buckets_and_all() {
    let throttle = throttle("");
    let change = |text: &str| throttle.change(&Form::parse(text.as_bytes(), b"", &Limits::default()).unwrap());
    change("action=X&max=1&refill=0").unwrap();
    assert_eq!(passed(&throttle, "X", "", 0..10), 1);
    change("action=X&max=none").unwrap();
    assert_eq!(passed(&throttle, "X", "", 0..10), 10);
    change("profile=aws").unwrap();
    assert_eq!(passed(&throttle, "CreateDefaultVpc", "", 0..10), 1);
    change("category=mutating&max=2&refill=0").unwrap();
    assert_eq!(passed(&throttle, "CreateVpc", "", 0..10), 2);
    change("profile=off").unwrap();
    assert_eq!(passed(&throttle, "CreateVpc", "", 0..10), 10);
    for wrong in ["", "max=1&refill=1", "action=X&max=1", "category=odd&max=none", "resources_of=X&max=1&refill=1"] {
        assert!(change(wrong).is_err(), "{wrong}");
    }
    assert!(change("action=X&max=1&refill=-1").is_err());
}

#[test]
fn figures_that_make_no_sense_are_told_at_the_start() {
    assert!(toml::from_str::<ThrottleConfig>("profile = 'some'").is_err());
    assert!(toml::from_str::<ThrottleConfig>("requests = { X = { max = 1 } }").is_err());
    assert!(toml::from_str::<ThrottleConfig>("requests = { X = { max = 1, refill = -1 } }").is_err());
    let config = toml::from_str("resources = { X = { max = 1, refill = 1 } }").unwrap();
    assert!(Throttle::new(config).is_err());
}
