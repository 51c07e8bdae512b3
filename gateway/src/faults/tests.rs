use crate::limits::Limits;

use super::*;

fn form(text: &str) -> Form<'_> {
    Form::parse(text.as_bytes(), b"", &Limits::default()).unwrap()
}

fn faults(rule: &str) -> Faults {
    let faults = Faults::new(Vec::new(), 7, 0).unwrap();
    faults.change(&form(rule), 0).unwrap();
    faults
}

fn strike(faults: &Faults, action: &str, parameters: &str, now_ms: i64) -> Option<Strike> {
    strike_involving(faults, action, parameters, now_ms, None)
}

fn strike_involving(
    faults: &Faults,
    action: &str,
    parameters: &str,
    now_ms: i64,
    involved: Option<&Involved>,
) -> Option<Strike> {
    let target = Target {
        action,
        account: "123456789012",
        principal: "arn:aws:iam::123456789012:user/alice",
        region: "us-east-1",
        form: &form(parameters),
        involved,
    };
    faults.strike(&target, now_ms)
}

#[test]
fn a_rule_strikes_what_it_is_about() {
    for (rule, struck) in [
        ("action=Run*", true),
        ("action=Describe*", false),
        ("account=123456789012&principal=*user/alice&region=us-east-?", true),
        ("principal=*user/bob", false),
        ("region=eu-*", false),
        ("resource=us-east-1b", true),
        ("resource=us-east-1c", false),
    ] {
        let faults = faults(&format!("name=f&error=InternalError&{rule}"));
        assert_eq!(strike(&faults, "RunX", "Placement.AvailabilityZone=us-east-1b", 0).is_some(), struck, "{rule}");
    }
}

#[test]
fn the_error_is_the_one_asked_for() {
    let faults = faults("name=f&error=Unavailable&message=Not%20now&status=502&latency=5-9");
    let struck = strike(&faults, "X", "", 0).unwrap();
    assert_eq!(struck.error, Some(Ec2Error::new("Unavailable", "Not now")));
    assert_eq!(struck.status, StatusCode::from_u16(502).ok());
    assert!((5..=9).contains(&struck.latency_ms));
}

#[test]
fn a_rule_ends_with_its_count_and_its_time() {
    let counted = faults("name=f&error=X&count=2");
    assert_eq!((0..9).filter(|now| strike(&counted, "X", "", *now).is_some()).count(), 2);
    let timed = faults("name=f&error=X&after=10&lasts=5");
    let struck: Vec<_> = (0..30).filter(|second| strike(&timed, "X", "", second * 1000).is_some()).collect();
    assert_eq!(struck, [10, 11, 12, 13, 14]);
}

#[test]
fn the_same_seed_strikes_the_same_calls() {
    let rule = "name=f&error=X&probability=0.3";
    let struck = |faults: &Faults| (0..1000).filter(|now| strike(faults, "X", "", *now).is_some()).collect::<Vec<_>>();
    let first = struck(&faults(rule));
    assert_eq!(first, struck(&faults(rule)));
    assert!((200..400).contains(&first.len()), "{}", first.len());
}

#[test]
fn the_operator_replaces_and_removes_rules() {
    let faults = faults("name=f&error=X");
    faults.change(&form("name=f&connection=lose-answer"), 0).unwrap();
    assert_eq!(strike(&faults, "X", "", 0).unwrap().connection, Some(Connection::LoseAnswer));
    assert_eq!(faults.shown()["faults"][0]["struck"], 1);
    faults.change(&form("remove=f"), 0).unwrap();
    assert_eq!(strike(&faults, "X", "", 0), None);
    assert!(faults.change(&form("remove=f"), 0).is_err());
    faults.change(&form("remove=*"), 0).unwrap();
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let faults = Faults::new(Vec::new(), 0, 0).unwrap();
    for wrong in [
        "error=X",
        "name=f",
        "name=f&error=X&connection=drop",
        "name=f&message=m&latency=1",
        "name=f&error=X&status=200",
        "name=f&error=X&probability=2",
        "name=f&error=X&count=many",
        "name=f&latency=9-1",
        "name=f&latency=999999",
        "name=f&connection=explode",
        "name=f&error=X&mood=bad",
        "name=f&error=X&tag=team",
    ] {
        assert!(faults.change(&form(wrong), 0).is_err(), "{wrong}");
    }
}

#[test]
fn a_rule_strikes_by_zone_and_by_tag() {
    let zones = vec![("us-east-1b".to_owned(), "use1-az2".to_owned())];
    let tags = vec![("team".to_owned(), "blue".to_owned()), ("stage".to_owned(), "live".to_owned())];
    let involved = Involved { zones, tags };
    for (rule, struck) in [
        ("zone=us-east-1b", true),
        ("zone=us-east-1?", true),
        ("zone=use1-az2", true),
        ("zone=us-east-1a", false),
        ("tag=team%3Dblue", true),
        ("tag=*%3Dli*", true),
        ("tag=team%3Dlive", false),
        ("zone=us-east-1b&tag=team%3Dred", false),
    ] {
        let faults = faults(&format!("name=f&error=InternalError&{rule}"));
        assert_eq!(strike_involving(&faults, "X", "", 0, Some(&involved)).is_some(), struck, "{rule}");
        assert_eq!(strike(&faults, "X", "", 0), None, "{rule}: of what names nothing");
    }
}

#[test]
fn an_error_without_a_message_says_what_aws_says() {
    let faults = faults("name=f&error=InsufficientInstanceCapacity");
    let said = |parameters| strike(&faults, "X", parameters, 0).unwrap().error.unwrap().message;
    assert_eq!(
        said("InstanceType=m5.large&Placement.AvailabilityZone=us-east-1b"),
        "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-1b). Our \
         system will be working on provisioning additional capacity."
    );
    assert_eq!(said("InstanceType=m5.large"), "Insufficient capacity.");
}

#[test]
fn only_an_open_rule_by_zone_or_tag_asks_what_the_call_is_about() {
    let asks = |rule: &str, now_ms| {
        let (faults, form) = (faults(&format!("name=f&latency=1&{rule}")), form(""));
        let (account, principal, region) = ("123456789012", "", "us-east-1");
        let target = Target { action: "RunX", account, principal, region, form: &form, involved: None };
        faults.asks(&target, now_ms)
    };
    assert!(asks("zone=a", 0) && asks("tag=a%3Db", 0) && asks("zone=a&action=Run*", 0));
    assert!(!asks("action=Run*", 0) && !asks("zone=a&action=Stop*", 0) && !asks("zone=a&lasts=1", 1000));
}
