//! The shape of STS answers: a result and the metadata, inside the response.

use jiff::Timestamp;

use crate::keyring::Temporary;
use crate::reply::element;
use crate::service::STS_VERSION;

pub(super) fn response(action: &str, request_id: &str, result: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let namespace = format!("https://sts.amazonaws.com/doc/{STS_VERSION}/");
    let mut out = format!("<{action}Response xmlns=\"{namespace}\"><{action}Result>").into_bytes();
    result(&mut out);
    out.extend_from_slice(format!("</{action}Result><ResponseMetadata>").as_bytes());
    element("RequestId", request_id, &mut out);
    out.extend_from_slice(format!("</ResponseMetadata></{action}Response>").as_bytes());
    out
}

pub(super) fn credentials(temporary: &Temporary, expires_ms: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Credentials>");
    element("AccessKeyId", &temporary.access_key, out);
    element("SecretAccessKey", &temporary.secret, out);
    element("SessionToken", &temporary.token, out);
    let expires = Timestamp::from_millisecond(expires_ms).unwrap_or(Timestamp::MAX);
    element("Expiration", &expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), out);
    out.extend_from_slice(b"</Credentials>");
}
