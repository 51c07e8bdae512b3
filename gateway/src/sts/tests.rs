use archipelago_proto::Ec2Error;

use super::*;
use std::net::Ipv4Addr;

use crate::access::{Directory, Guard, Identities, Surroundings};
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::query::Form;
use crate::request::Received;
use crate::signature::Identity;

const NOW: i64 = 1_412_164_800_000;

fn caller() -> Identity {
    Identity {
        account: "123456789012".into(),
        principal: "arn:aws:iam::123456789012:user/alice".into(),
        access_key: "AKIDEXAMPLE".into(),
        session: None,
    }
}

fn ask(query: &str) -> Result<String, Ec2Error> {
    ask_where(&Identities::default(), query)
}

fn ask_where(identities: &Identities, query: &str) -> Result<String, Ec2Error> {
    let limits = Limits::default();
    let form = Form::parse(query.as_bytes(), b"", &limits)?;
    let guard = Guard::new(Directory::new(identities.clone()).unwrap(), b"cluster");
    let request = Received {
        secure: false,
        _held: None,
        method: http::Method::GET,
        uri: http::Uri::from_static("/"),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
        source: Ipv4Addr::LOCALHOST.into(),
    };
    let surroundings = Surroundings { request: &request, region: REGION, now_ms: NOW };
    let desk = Desk { keyring: &Keyring::new(b"cluster"), guard: &guard, surroundings, request_id: "r-1" };
    Ok(String::from_utf8(desk.answer(&form, &caller())?).unwrap())
}

fn text<'x>(xml: &'x str, element: &str) -> &'x str {
    let (_, rest) = xml.split_once(&format!("<{element}>")).unwrap();
    rest.split_once('<').unwrap().0
}

#[test]
fn callers_learn_who_they_are() {
    let xml = ask("Action=GetCallerIdentity").unwrap();
    assert!(xml.starts_with(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
    ));
    assert_eq!(text(&xml, "Account"), "123456789012");
    assert_eq!(text(&xml, "Arn"), "arn:aws:iam::123456789012:user/alice");
    assert!(text(&xml, "UserId").starts_with("AIDA"));
    assert_eq!(text(&xml, "RequestId"), "r-1");
}

#[test]
fn an_assumed_role_is_a_session_in_the_roles_account() {
    let role = "arn:aws:iam::210987654321:role/teams/deploy";
    let xml = ask(&format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=run7&DurationSeconds=900")).unwrap();
    let arn = "arn:aws:sts::210987654321:assumed-role/deploy/run7";
    assert_eq!(text(&xml, "Arn"), arn);
    assert_eq!(text(&xml, "Expiration"), "2014-10-01T12:15:00Z");
    assert!(text(&xml, "AssumedRoleId").ends_with(":run7"));
    let (key, token) = (text(&xml, "AccessKeyId"), text(&xml, "SessionToken"));
    let holder = Keyring::new(b"cluster").find(key, Some(token), NOW).unwrap();
    assert_eq!((holder.account.as_str(), holder.principal.as_str()), ("210987654321", arn));
    assert_eq!(holder.secret, text(&xml, "SecretAccessKey"));
}

#[test]
fn a_session_keeps_its_principal() {
    let xml = ask("Action=GetSessionToken").unwrap();
    assert_eq!(text(&xml, "Expiration"), "2014-10-02T00:00:00Z");
    let holder = Keyring::new(b"cluster").find(text(&xml, "AccessKeyId"), Some(text(&xml, "SessionToken")), NOW);
    assert_eq!(holder.unwrap().principal, caller().principal);
}

#[test]
fn wrong_parameters_are_validation_errors() {
    let role = "RoleArn=arn:aws:iam::210987654321:role/deploy";
    for query in [
        "Action=AssumeRole&RoleSessionName=run7".to_owned(),
        "Action=AssumeRole&RoleArn=arn:aws:iam::1:role/x&RoleSessionName=run7".to_owned(),
        "Action=AssumeRole&RoleArn=arn:aws:iam::210987654321:user/x&RoleSessionName=run7".to_owned(),
        format!("Action=AssumeRole&{role}"),
        format!("Action=AssumeRole&{role}&RoleSessionName=a%20b"),
        format!("Action=AssumeRole&{role}&RoleSessionName=run7&DurationSeconds=899"),
        format!("Action=AssumeRole&{role}&RoleSessionName=run7&DurationSeconds=43201"),
        format!("Action=AssumeRole&{role}&RoleSessionName=run7&DurationSeconds=x"),
        "Action=GetSessionToken&DurationSeconds=129601".to_owned(),
    ] {
        assert_eq!(ask(&query).unwrap_err().code, "ValidationError", "{query}");
    }
    assert_eq!(ask("Action=DecodeEverything").unwrap_err().code, "InvalidAction");
}

/// Alice with a policy on AssumeRole, and a role of her account with a trust policy.
fn identities(allow: serde_json::Value, trust: serde_json::Value) -> Identities {
    let json = serde_json::json!({
        "users": [{ "account": "123456789012", "name": "alice", "inline": [{ "Version": "2012-10-17", "Statement": allow }] }],
        "roles": [{ "account": "123456789012", "name": "deploy", "trust": { "Version": "2012-10-17", "Statement": trust } }],
    });
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_configured_role_is_assumed_by_whom_it_trusts_and_who_may() {
    use serde_json::json;
    let query = "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/deploy&RoleSessionName=run7";
    let allow = |action: &str| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "Action": "sts:*", "Resource": "*" });
    let trust = |who: &str, condition: serde_json::Value| {
        let principal = json!({ "AWS": who });
        json!({ "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": principal, "Condition": condition })
    };
    let (root, alice) = ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/alice");
    let external = json!({ "StringEquals": { "sts:ExternalId": "e-1" } });
    for (allow, trust, more, fine) in [
        (allow("sts:*"), trust(root, json!({})), "", true),
        (allow("ec2:*"), trust(root, json!({})), "", false),
        (allow("ec2:*"), trust(alice, json!({})), "", true),
        (deny, trust(alice, json!({})), "", false),
        (allow("sts:*"), trust("arn:aws:iam::123456789012:user/bob", json!({})), "", false),
        (allow("sts:*"), trust("210987654321", json!({})), "", false),
        (allow("sts:*"), trust(root, external.clone()), "", false),
        (allow("sts:*"), trust(root, external), "&ExternalId=e-1", true),
        (allow("sts:AssumeRole"), trust(root, json!({})), "&Tags.member.1.Key=a&Tags.member.1.Value=b", false),
        (allow("sts:*"), trust(root, json!({})), "&Tags.member.1.Key=a&Tags.member.1.Value=b", true),
        (allow("sts:*"), trust(root, json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } })), "", false),
    ] {
        let outcome = ask_where(&identities(allow.clone(), trust.clone()), &format!("{query}{more}"));
        match outcome {
            Ok(_) => assert!(fine, "{allow} {trust} {more}"),
            Err(error) => assert!(!fine && error.code == "AccessDenied", "{allow} {trust} {more}: {error}"),
        }
    }
    let trusting = identities(allow("sts:*"), trust(root, json!({})));
    let unknown = ask_where(&trusting, &query.replace("deploy", "other")).unwrap_err();
    assert!(
        unknown
            .message
            .contains("is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/other")
    );
    let long = ask_where(&trusting, &format!("{query}&DurationSeconds=7200")).unwrap_err();
    assert!(long.message.contains("MaxSessionDuration"), "{long}");
    let policy = ask_where(&trusting, &format!("{query}&Policy={{}}")).unwrap_err();
    assert_eq!(policy.code, "MalformedPolicyDocument");
    let arn = ask_where(&trusting, &format!("{query}&PolicyArns.member.1.arn=arn:aws:iam::123456789012:policy/none"));
    assert_eq!(arn.unwrap_err().code, "InvalidParameterValue");
}
