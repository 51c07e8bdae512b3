use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const VOLUME: &str = "arn:aws:ec2:us-east-1:123456789012:volume/vol-1";

fn context(keys: &[(&str, &[&str])]) -> Context {
    let mut context = Context::default();
    for (key, values) in keys {
        context.set_all(key, values.iter().map(|value| (*value).to_owned()).collect());
    }
    context
}

fn document(statement: Value) -> Document {
    Document::identity(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string()).unwrap()
}

/// Whether a statement that allows everything under a condition lets a request through.
fn holds(condition: Value, keys: &[(&str, &[&str])]) -> bool {
    let allow = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition });
    allows(&document(allow), "ec2:CreateVolume", VOLUME, keys)
}

fn allows(document: &Document, action: &str, resource: &str, keys: &[(&str, &[&str])]) -> bool {
    judge([document], &Request { action, resource, context: &context(keys) }).is_allowed()
}

#[test]
fn each_operator_compares_as_documented() {
    for (operator, wanted, passes, fails) in [
        ("StringEquals", json!("a"), "a", "A"),
        ("StringEquals", json!(["a", "b"]), "b", "c"),
        ("StringEquals", json!("a*"), "a*", "ab"),
        ("StringNotEquals", json!(["a", "b"]), "c", "b"),
        ("StringEqualsIgnoreCase", json!("aB"), "Ab", "a"),
        ("StringNotEqualsIgnoreCase", json!("aB"), "a", "AB"),
        ("StringLike", json!("m5.*"), "m5.large", "m6.large"),
        ("StringLike", json!("t?.micro"), "t3.micro", "t33.micro"),
        ("StringNotLike", json!(["m5.*", "t3.*"]), "c5.large", "t3.micro"),
        ("NumericEquals", json!("10"), "10.0", "11"),
        ("NumericEquals", json!(10), "10", "ten"),
        ("NumericNotEquals", json!("10"), "11", "10"),
        ("NumericLessThan", json!("10"), "9", "10"),
        ("NumericLessThanEquals", json!("10"), "10", "10.5"),
        ("NumericGreaterThan", json!("-1"), "0", "-1"),
        ("NumericGreaterThanEquals", json!("10"), "10", "9"),
        ("DateEquals", json!("2014-10-01T12:00:00Z"), "1412164800", "2014-10-01"),
        ("DateNotEquals", json!("2014"), "2014-10-01", "2014-01-01T00:00:00Z"),
        ("DateLessThan", json!("2014-10-01"), "2014-09-30T23:59:59Z", "2014-10-01T00:00:00Z"),
        ("DateLessThanEquals", json!("2014-10"), "2014-10-01", "2014-10-02"),
        ("DateGreaterThan", json!("2014-10-01T00:00:00+02:00"), "2014-09-30T22:00:01Z", "2014-09-30T22:00:00Z"),
        ("DateGreaterThanEquals", json!("1412164800"), "2014-10-01T12:00:00.000Z", "2014-10-01T11:59:59Z"),
        ("Bool", json!("true"), "True", "false"),
        ("Bool", json!(false), "false", "no"),
        ("BinaryEquals", json!("QmluYXJ5"), "QmluYXJ5", "QmluYXJ6"),
        ("IpAddress", json!("203.0.113.0/24"), "203.0.113.9", "203.0.114.9"),
        ("IpAddress", json!("2001:db8::/32"), "2001:db8::1", "203.0.113.9"),
        ("IpAddress", json!("203.0.113.9"), "203.0.113.9", "nowhere"),
        ("NotIpAddress", json!(["10.0.0.0/8", "192.168.0.0/16"]), "172.16.0.1", "192.168.1.1"),
        (
            "ArnEquals",
            json!("arn:aws:ec2:*:*:vpc/vpc-1"),
            "arn:aws:ec2:us-east-1:1:vpc/vpc-1",
            "arn:aws:ec2:us-east-1:1:vpc/vpc-2",
        ),
        ("ArnLike", json!("arn:aws:ec2:*:vpc/vpc-1"), "arn:aws:ec2:x:vpc/vpc-1", "arn:aws:ec2:us-east-1:1:vpc/vpc-1"),
        (
            "ArnNotEquals",
            json!("arn:aws:ec2:*:*:vpc/*"),
            "arn:aws:ec2:us-east-1:1:subnet/s",
            "arn:aws:ec2:us-east-1:1:vpc/a/b",
        ),
        ("ArnNotLike", json!("arn:aws:iam::*:role/x"), "arn:aws:iam::1:role/y", "arn:aws:iam::1:role/x"),
    ] {
        let with = |value| holds(json!({ operator: { "ec2:Key": wanted.clone() } }), &[("ec2:Key", &[value])]);
        assert!(with(passes), "{operator} {wanted} {passes}");
        assert!(!with(fails), "{operator} {wanted} {fails}");
    }
}

#[test]
fn a_missing_key_fails_a_condition_unless_it_is_negated_or_may_be_missing() {
    for (operator, missing) in [
        ("StringEquals", false),
        ("StringNotEquals", true),
        ("StringNotLike", true),
        ("StringEqualsIfExists", true),
        ("NumericLessThan", false),
        ("NumericLessThanIfExists", true),
        ("NumericNotEquals", true),
        ("DateNotEquals", true),
        ("Bool", false),
        ("BoolIfExists", true),
        ("IpAddress", false),
        ("NotIpAddress", true),
        ("ArnNotLike", true),
        ("ForAllValues:StringEquals", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
    ] {
        assert_eq!(holds(json!({ operator: { "ec2:Key": "1" } }), &[]), missing, "{operator}");
    }
}

#[test]
fn null_asks_whether_a_key_is_there() {
    let null = |wanted: Value, keys: &[(&str, &[&str])]| holds(json!({ "Null": { "ec2:Key": wanted } }), keys);
    assert!(null(json!("true"), &[]) && null(json!(false), &[("EC2:KEY", &["x"])]));
    assert!(!null(json!("false"), &[]) && !null(json!(true), &[("ec2:key", &["x"])]));
    // A key without any value is missing.
    assert!(null(json!(true), &[("ec2:Key", &[])]));
}

#[test]
fn set_operators_ask_of_all_values_or_of_any() {
    let given: &[(&str, &[&str])] = &[("aws:TagKeys", &["a", "b"])];
    for (operator, wanted, expected) in [
        ("ForAllValues:StringEquals", json!(["a", "b", "c"]), true),
        ("ForAllValues:StringEquals", json!(["a"]), false),
        ("ForAnyValue:StringEquals", json!(["b", "c"]), true),
        ("ForAnyValue:StringEquals", json!(["c"]), false),
        ("ForAllValues:StringNotEquals", json!(["c"]), true),
        ("ForAllValues:StringNotEquals", json!(["a"]), false),
        ("ForAnyValue:StringNotEquals", json!(["a"]), true),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), false),
        ("forallvalues:stringlike", json!("?"), true),
    ] {
        assert_eq!(holds(json!({ operator: { "aws:TagKeys": wanted } }), given), expected, "{operator} {wanted}");
    }
}

#[test]
fn all_operators_and_keys_of_a_condition_must_hold() {
    let both = json!({ "StringEquals": { "ec2:A": "1", "ec2:B": "2" }, "Bool": { "ec2:C": "true" } });
    assert!(holds(both.clone(), &[("ec2:A", &["1"]), ("ec2:B", &["2"]), ("ec2:C", &["true"])]));
    assert!(!holds(both.clone(), &[("ec2:A", &["1"]), ("ec2:B", &["1"]), ("ec2:C", &["true"])]));
    assert!(!holds(both, &[("ec2:A", &["1"]), ("ec2:B", &["2"]), ("ec2:C", &["false"])]));
}

#[test]
fn actions_and_resources_have_wildcards_and_negations() {
    for (statement, allowed) in [
        (json!({ "Action": "EC2:create*", "Resource": "*" }), true),
        (json!({ "Action": ["ec2:Describe*", "ec2:CreateVolum?"], "Resource": VOLUME }), true),
        (json!({ "Action": "ec2:CreateVolume?", "Resource": "*" }), false),
        (json!({ "NotAction": "ec2:Delete*", "Resource": "*" }), true),
        (json!({ "NotAction": ["ec2:Create*"], "Resource": "*" }), false),
        (json!({ "Action": "*", "Resource": "arn:aws:ec2:us-east-1:*:volume/*" }), true),
        (json!({ "Action": "*", "Resource": "arn:aws:ec2:us-east-1:*" }), true),
        (json!({ "Action": "*", "Resource": "arn:aws:ec2:eu-west-1:*:volume/*" }), false),
        (json!({ "Action": "*", "Resource": "arn:aws:ec2:us-east-1:*:Volume/*" }), false),
        (json!({ "Action": "*", "NotResource": "arn:aws:ec2:*:*:instance/*" }), true),
        (json!({ "Action": "*", "NotResource": ["arn:aws:ec2:*:*:volume/*"] }), false),
    ] {
        let mut statement = statement;
        statement["Effect"] = json!("Allow");
        assert_eq!(allows(&document(statement.clone()), "ec2:CreateVolume", VOLUME, &[]), allowed, "{statement}");
    }
    // What has no resource is only in the statements about everything.
    let volumes = document(json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:volume/*" }));
    assert!(!allows(&volumes, "ec2:DescribeVolumes", "*", &[]));
}

#[test]
fn variables_stand_for_values_of_the_request() {
    let keys: &[(&str, &[&str])] = &[("aws:username", &["al*ce"]), ("ec2:Key", &["al*ce"]), ("aws:Many", &["a", "b"])];
    for (condition, expected) in [
        (json!({ "StringEquals": { "ec2:Key": "${aws:username}" } }), true),
        (json!({ "StringLike": { "ec2:Key": "a${*}" } }), false),
        (json!({ "StringLike": { "ec2:Key": "al${*}c?" } }), true),
        (json!({ "StringEquals": { "ec2:Key": "${aws:PrincipalTag/none, 'al*ce'}" } }), true),
        (json!({ "StringEquals": { "ec2:Key": "${aws:PrincipalTag/none}" } }), false),
        (json!({ "StringNotEquals": { "ec2:Key": "${aws:PrincipalTag/none}" } }), true),
        (json!({ "StringLike": { "ec2:Key": "*${aws:Many}" } }), false),
    ] {
        assert_eq!(holds(condition.clone(), keys), expected, "{condition}");
    }
    // A value's own stars are no wildcards.
    let own = json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:volume/${aws:username}" });
    let resource = "arn:aws:ec2:us-east-1:123456789012:volume/al";
    assert!(allows(&document(own.clone()), "a:B", &format!("{resource}*ce"), keys));
    assert!(!allows(&document(own.clone()), "a:B", &format!("{resource}ice"), keys));
    // Before 2012-10-17 there were none.
    let old = json!({ "Version": "2008-10-17", "Statement": own }).to_string();
    assert!(!allows(&Document::identity(&old).unwrap(), "a:B", &format!("{resource}*ce"), keys));
}

#[test]
fn policies_that_iam_refuses_are_refused() {
    let allow = json!({ "Effect": "Allow", "Action": "ec2:*", "Resource": "*" });
    let with = |name: &str, value: Value| {
        let mut statement = allow.clone();
        statement[name] = value;
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    for (text, reason) in [
        ("", "Syntax errors"),
        ("{}", "Syntax errors"),
        (r#"{"Statement":[]}"#, "Syntax errors"),
        (&with("Effect", json!("Maybe")), "Syntax errors"),
        (&with("Action", json!([])), "Syntax errors"),
        (&with("Action", json!("Everything")), "prefaced by a vendor"),
        (&with("NotAction", json!("ec2:*")), "Syntax errors"),
        (&with("Resource", json!("vol-1")), "must be in ARN format"),
        (&with("Principal", json!("*")), "should not specify a principal"),
        (&with("Condition", json!({ "StringSimilar": { "ec2:Key": "x" } })), "Invalid Condition type"),
        (&with("Condition", json!({ "NullIfExists": { "ec2:Key": "true" } })), "Invalid Condition type"),
        (&with("Condition", json!({ "StringEquals": { "Key": "x" } })), "prefaced by a vendor"),
        (&with("Condition", json!({ "StringEquals": { "ec2:Key": { "a": 1 } } })), "Syntax errors"),
        (&with("Resource", json!("arn:aws:ec2:${aws:username")), "has no end"),
        (&with("Comment", json!("x")), "prohibited field Comment"),
        (&json!({ "Version": "2020-01-01", "Statement": allow }).to_string(), "valid version"),
        (&format!("{}{}", json!({ "Statement": allow }), " ".repeat(10_240)), "Cannot exceed quota"),
        (&"[".repeat(10_000), "Syntax errors"),
    ] {
        let refused = Document::identity(text).expect_err(text);
        assert!(refused.contains(reason), "{text:.80}: {refused}");
    }
    let missing = json!({ "Statement": { "Effect": "Allow", "Action": "*" } }).to_string();
    assert!(Document::identity(&missing).unwrap_err().contains("must contain resources"));
    assert!(Document::trust(&missing).unwrap_err().contains("Principal"));
}

#[test]
fn a_role_trusts_callers_or_their_accounts() {
    let trust = |principal: Value, effect: &str| {
        let statement = json!({ "Effect": effect, "Action": "sts:AssumeRole", "Principal": principal });
        Document::trust(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string()).unwrap()
    };
    let who = Who { account: "123456789012", arn: "arn:aws:iam::123456789012:user/alice", role: None };
    let context = Context::default();
    let request = Request { action: "sts:AssumeRole", resource: "arn:aws:iam::1:role/x", context: &context };
    for (principal, expected) in [
        (json!("*"), Trust::Itself),
        (json!({ "AWS": "*" }), Trust::Itself),
        (json!({ "AWS": ["arn:aws:iam::123456789012:user/alice"] }), Trust::Itself),
        (json!({ "AWS": "arn:aws:iam::123456789012:user/bob" }), Trust::No),
        (json!({ "AWS": "123456789012" }), Trust::Account),
        (json!({ "AWS": "arn:aws:iam::123456789012:root" }), Trust::Account),
        (json!({ "AWS": "arn:aws:iam::210987654321:root" }), Trust::No),
        (json!({ "Service": "ec2.amazonaws.com" }), Trust::No),
    ] {
        assert_eq!(trust(principal.clone(), "Allow").trusted(who, &request), Some(expected), "{principal}");
    }
    assert_eq!(trust(json!("*"), "Deny").trusted(who, &request), None);
}

#[test]
fn documents_tell_whether_resources_matter_to_them() {
    let indifferent = |statement: Value| indifferent([&document(statement)], "ec2:CreateVolume");
    let with = |name: &str, value: Value| {
        let mut statement = json!({ "Effect": "Allow", "Action": "ec2:*", "Resource": "*" });
        statement[name] = value;
        statement
    };
    assert!(indifferent(with("Sid", json!("x"))));
    assert!(indifferent(with("Condition", json!({ "StringEquals": { "ec2:Region": "us-east-1" } }))));
    assert!(!indifferent(with("Condition", json!({ "StringEquals": { "ec2:VolumeType": "gp3" } }))));
    assert!(!indifferent(with("Resource", json!(VOLUME))));
    let mut other = with("Resource", json!(VOLUME));
    other["Action"] = json!("ec2:DeleteVolume");
    assert!(indifferent(other));
}

fn statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["*", "ec2:*", "ec2:Create*", "ec2:CreateVolume", "ec2:DeleteVolume"]);
    let resource = prop::sample::select(vec!["*", "arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:*:instance/*", VOLUME]);
    let effect = prop::sample::select(vec!["Allow", "Deny"]);
    let kind = prop::sample::select(vec!["gp2", "gp3"]);
    let condition = prop::option::of((prop::sample::select(vec!["StringEquals", "StringNotEquals"]), kind));
    (effect, action, resource, condition).prop_map(|(effect, action, resource, condition)| {
        let mut statement = json!({ "Effect": effect, "Action": action, "Resource": resource });
        if let Some((operator, kind)) = condition {
            statement["Condition"] = json!({ operator: { "ec2:VolumeType": kind } });
        }
        statement
    })
}

proptest! {
    /// Wherever it stands, and whatever else is allowed.
    #[test]
    fn a_denial_wins(statements in prop::collection::vec(statement(), 1..8), split in 0..8_usize) {
        let keys: &[(&str, &[&str])] = &[("ec2:VolumeType", &["gp3"])];
        let alone = |statement: &Value| document(json!({ "Effect": "Allow", "Action": statement["Action"],
            "Resource": statement["Resource"], "Condition": statement.get("Condition").unwrap_or(&json!({})) }));
        let applies = |statement: &&Value| allows(&alone(statement), "ec2:CreateVolume", VOLUME, keys);
        let (denials, allowances): (Vec<_>, Vec<_>) = statements.iter().filter(applies)
            .partition(|statement| statement["Effect"] == "Deny");
        let at = split.min(statements.len());
        let documents: Vec<_> = [&statements[..at], &statements[at..]].into_iter().filter(|part| !part.is_empty())
            .map(|part| document(json!(part))).collect();
        let context = context(keys);
        let verdict = judge(&documents, &Request { action: "ec2:CreateVolume", resource: VOLUME, context: &context });
        prop_assert_eq!(matches!(verdict, Verdict::Denied(_)), !denials.is_empty());
        prop_assert_eq!(verdict.is_allowed(), denials.is_empty() && !allowances.is_empty());
    }

    #[test]
    fn no_text_breaks_the_parser(text in ".{0,200}") {
        let _ = Document::identity(&text);
        let _ = Document::trust(&text);
    }

    #[test]
    fn no_value_breaks_a_condition(operator in "(ForA(ll|ny)Values?:)?(String|Numeric|Date|Arn|Bool|Ip)[A-Za-z]{0,12}", wanted in ".{0,40}", value in ".{0,40}") {
        let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { operator: { "ec2:Key": wanted } } } });
        if let Ok(document) = Document::identity(&policy.to_string()) {
            allows(&document, "ec2:CreateVolume", VOLUME, &[("ec2:Key", &[&value])]);
        }
    }
}
