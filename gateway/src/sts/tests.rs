use archipelago_proto::Ec2Error;

use super::*;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::query::Form;
use crate::signature::Identity;

const NOW: i64 = 1_412_164_800_000;

fn caller() -> Identity {
    Identity {
        account: "123456789012".into(),
        principal: "arn:aws:iam::123456789012:user/alice".into(),
        access_key: "AKIDEXAMPLE".into(),
    }
}

fn ask(query: &str) -> Result<String, Ec2Error> {
    let limits = Limits::default();
    let form = Form::parse(query.as_bytes(), b"", &limits)?;
    let xml = answer(&form, &caller(), &Keyring::new(b"cluster"), NOW, "r-1")?;
    Ok(String::from_utf8(xml).unwrap())
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
