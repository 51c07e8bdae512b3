//! Against requests that others signed: AWS's own test suite, and botocore.

use std::fs;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::claim::Claim;
use super::verify::verify;
use super::*;
use crate::keyring::{Key, Keyring};
use crate::limits::Limits;
use crate::query::Form;
use crate::service::Service;

/// 2014-10-01T12:00:00Z
const RECORDED: i64 = 1_412_164_800_000;
/// 2015-08-30T12:36:00Z
const SUITE: i64 = 1_440_938_160_000;
const MINUTE: i64 = 60_000;

/// A request as its file has it: the line, the headers, an empty line, the body.
#[derive(Clone)]
struct Recorded {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Recorded {
    fn read(folder: &str, name: &str) -> Self {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder).join(format!("{name}.txt"));
        let text = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        // A line that begins with spaces goes on with the header before it.
        let head = head.replace("\n ", " ");
        let (line, lines) = head.split_once('\n').unwrap_or((&head, ""));
        let (method, rest) = line.split_once(' ').unwrap();
        let target = rest.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (method, body) = (method.parse().unwrap(), body.to_owned());
        Self { method, path: path.to_owned(), query: query.to_owned(), headers, body }
    }

    fn with<T>(&self, see: impl FnOnce(&Signable<'_>) -> T) -> T {
        let form = Form::parse(self.query.as_bytes(), self.body.as_bytes(), &Limits::default()).unwrap();
        let (method, path, headers, body) = (&self.method, &*self.path, &self.headers, self.body.as_bytes());
        see(&Signable { method, path, headers, form: &form, body })
    }

    fn verified(&self, now_ms: i64) -> Result<Identity, Refusal> {
        self.with(|request| verify(request, &Claim::read(request)?, &keyring(), now_ms))
    }

    fn authenticated(&self, mode: AuthMode, now_ms: i64) -> Result<Identity, Refusal> {
        self.with(|request| authenticate(request, &keyring(), mode, now_ms))
    }
}

fn keyring() -> Keyring {
    let keyring = Keyring::new(b"cluster");
    let key = |access_key: &str, secret: &str| Key {
        access_key: access_key.into(),
        secret: secret.into(),
        account: "123456789012".into(),
        principal: Some("arn:aws:iam::123456789012:user/alice".into()),
        session_token: None,
    };
    keyring.add(key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
    keyring
}

fn botocore_keyring() -> Keyring {
    let keyring = keyring();
    keyring.add(Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: "secret/with+signs".into(),
        account: "123456789012".into(),
        principal: None,
        session_token: Some("a/token+with=signs".into()),
    });
    keyring
}

#[test]
fn awss_test_suite_is_verified() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/sigv4");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let names: Vec<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.len() > 70);
    let verified = |name: &String| Recorded::read("sigv4", name).verified(SUITE).is_ok();
    let refused: Vec<_> = names.iter().filter(|name| !verified(name)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn any_change_breaks_a_signature() {
    let recorded = Recorded::read("sigv4", "post-x-www-form-urlencoded.header");
    let mut request = recorded.clone();
    request.body.push('x');
    assert_eq!(request.verified(SUITE), Err(Refusal::WrongSignature));
    request.headers.remove("x-amz-content-sha256");
    assert_eq!(request.verified(SUITE), Err(Refusal::WrongSignature));
    let mut request = recorded.clone();
    request.method = Method::GET;
    assert_eq!(request.verified(SUITE), Err(Refusal::WrongSignature));
    let mut request = recorded.clone();
    request.headers.insert("host", HeaderValue::from_static("example.com"));
    assert_eq!(request.verified(SUITE), Err(Refusal::WrongSignature));
    let mut request = recorded;
    request.query = "Param2=value2".into();
    assert_eq!(request.verified(SUITE), Err(Refusal::WrongSignature));
}

#[test]
fn botocores_requests_are_verified() {
    for (name, account) in [
        ("v4-header", "000000000000"),
        ("v4-header-token", "123456789012"),
        ("v4-presigned", "000000000000"),
        ("v4-presigned-token", "123456789012"),
        ("v2-get", "000000000000"),
        ("v2-post-token", "123456789012"),
        ("v2-sha1-expires", "000000000000"),
    ] {
        let request = Recorded::read("botocore", name);
        let who = request.with(|request| authenticate(request, &botocore_keyring(), AuthMode::Strict, RECORDED));
        assert_eq!(who.map(|who| who.account), Ok(account.into()), "{name}");
    }
}

#[test]
fn changed_requests_of_botocores_are_refused() {
    for name in ["v4-header", "v4-presigned", "v2-get", "v2-sha1-expires"] {
        let mut request = Recorded::read("botocore", name);
        request.query = request.query.replace("tag", "bag");
        request.body = request.body.replace("tag", "bag");
        assert_eq!(request.authenticated(AuthMode::Strict, RECORDED), Err(Refusal::WrongSignature), "{name}");
    }
}

#[test]
fn a_clock_may_be_off_by_a_quarter_of_an_hour() {
    let request = Recorded::read("botocore", "v4-header");
    let strict = |now_ms| request.authenticated(AuthMode::Strict, now_ms).map(drop);
    assert_eq!(strict(RECORDED + 15 * MINUTE), Ok(()));
    assert_eq!(strict(RECORDED - 15 * MINUTE), Ok(()));
    assert!(matches!(strict(RECORDED + 16 * MINUTE), Err(Refusal::Expired(_))));
    assert!(matches!(strict(RECORDED - 16 * MINUTE), Err(Refusal::Expired(_))));
}

#[test]
fn a_presigned_url_lives_as_long_as_it_says() {
    for name in ["v4-presigned", "v2-sha1-expires"] {
        let request = Recorded::read("botocore", name);
        // Ten minutes, and the quarter of an hour that clocks may be off.
        assert!(request.authenticated(AuthMode::Strict, RECORDED + 25 * MINUTE).is_ok(), "{name}");
        let late = request.authenticated(AuthMode::Strict, RECORDED + 26 * MINUTE);
        assert!(matches!(late, Err(Refusal::Expired(_))), "{name}");
    }
}

#[test]
fn credentials_for_other_services_are_refused() {
    let request = Recorded::read("sigv4", "get-vanilla.header");
    assert_eq!(request.authenticated(AuthMode::Strict, SUITE), Err(Refusal::WrongService));
}

#[test]
fn incomplete_credentials_are_told_what_they_lack() {
    let authorization = |value: &str, date: bool| {
        let mut request = Recorded::read("botocore", "v4-header");
        request.headers.insert("authorization", HeaderValue::from_str(value).unwrap());
        if !date {
            request.headers.remove("x-amz-date");
        }
        request.authenticated(AuthMode::Strict, RECORDED).unwrap_err()
    };
    let credential = "Credential=test/20141001/eu-west-1/ec2/aws4_request";
    for (value, date) in [
        ("Bearer x".to_owned(), true),
        ("AWS4-HMAC-SHA256".to_owned(), true),
        ("AWS4-HMAC-SHA256 Credential=test".to_owned(), true),
        (format!("AWS4-HMAC-SHA256 {credential}"), true),
        (format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host"), true),
        (format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=x, Signature=00"), true),
        (format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00"), false),
        (format!("AWS4-HMAC-SHA256 {}, SignedHeaders=host, Signature=00", credential.replace("1001", "1002")), true),
    ] {
        let refusal = authorization(&value, date);
        assert!(matches!(refusal, Refusal::Incomplete(_)), "{value}: {refusal:?}");
        assert_eq!(refusal.into_error(Service::Ec2).code, "IncompleteSignature");
    }
}

#[test]
fn ec2_and_sts_have_their_own_words() {
    for (refusal, ec2, sts) in [
        (Refusal::Missing, "MissingAuthenticationToken", "MissingAuthenticationToken"),
        (Refusal::UnknownKey, "AuthFailure", "InvalidClientTokenId"),
        (Refusal::WrongSignature, "AuthFailure", "SignatureDoesNotMatch"),
        (Refusal::ExpiredToken, "RequestExpired", "ExpiredToken"),
    ] {
        assert_eq!(refusal.clone().into_error(Service::Ec2).code, ec2);
        assert_eq!(refusal.into_error(Service::Sts).code, sts);
    }
}

#[test]
fn permissive_gateways_believe_what_is_there() {
    let mut request = Recorded::read("botocore", "v4-header");
    let permissive = |request: &Recorded| request.authenticated(AuthMode::Permissive, 0).unwrap().account;
    let nonsense = "AWS4-HMAC-SHA256 Credential=210987654321/20140101/eu-west-1/ec2/aws4_request, Signature=x";
    request.headers.insert("authorization", HeaderValue::from_static(nonsense));
    assert_eq!(permissive(&request), "210987654321");
    assert_eq!(request.with(|request| presented(request).unwrap().1.region.to_owned()), "eu-west-1");
    request.headers.remove("authorization");
    assert_eq!(permissive(&request), "000000000000");
    request.query = "AWSAccessKeyId=AKIDEXAMPLE".into();
    assert_eq!(permissive(&request), "123456789012");
    request.query = "AWSAccessKeyId=nobody".into();
    assert_eq!(permissive(&request), "000000000000");
}

#[test]
fn a_request_without_credentials_is_refused() {
    let mut request = Recorded::read("botocore", "v4-header");
    request.headers.remove("authorization");
    assert_eq!(request.authenticated(AuthMode::Strict, RECORDED), Err(Refusal::Missing));
}
