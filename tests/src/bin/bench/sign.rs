//! Signature Version 4, and the bytes of a whole signed request.

use std::fmt::Write as _;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::template::Query;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
const SIGNED_HEADERS: &str = "content-type;host;x-amz-date";

/// The account, and the access key that stands for it.
const ACCOUNT: &str = "123456789012";
const SECRET: &str = "test";

/// Signs for one region at one moment; a signature holds for 15 minutes.
pub(crate) struct Signer {
    host: String,
    scope: String,
    time: String,
    key: [u8; 32],
}

impl Signer {
    pub(crate) fn new(host: String, region: &str) -> Self {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = &time[..8];
        let first = hmac(format!("AWS4{SECRET}").as_bytes(), date);
        let key = [region, "ec2", "aws4_request"].iter().fold(first, |key, part| hmac(&key, part));
        let scope = format!("{date}/{region}/ec2/aws4_request");
        Self { host, scope, time, key }
    }

    /// A POST as it goes over the wire. `answer_bytes` is for the ceiling, which has to be told; it is not signed.
    pub(crate) fn request(&self, query: &Query, answer_bytes: usize) -> Bytes {
        let Self { host, scope, time, .. } = self;
        let body = form(query);
        let canonical = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{time}\n\n{SIGNED_HEADERS}\n{}",
            hex::encode(Sha256::digest(&body))
        );
        let hash = hex::encode(Sha256::digest(canonical));
        let signature = hex::encode(hmac(&self.key, &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}")));
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {length}\r\n\
             User-Agent: archipelago-bench\r\nX-Amz-Date: {time}\r\nX-Answer-Bytes: {answer_bytes}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/{scope}, SignedHeaders={SIGNED_HEADERS}, \
             Signature={signature}\r\n\r\n{body}"
        );
        request.into()
    }
}

fn form(query: &Query) -> String {
    let mut body = String::new();
    for (place, (name, value)) in query.iter().enumerate() {
        let separator = if place == 0 { "" } else { "&" };
        let value = utf8_percent_encode(value, UNRESERVED);
        let _ = write!(body, "{separator}{name}={value}");
    }
    body
}

fn hmac(key: &[u8], data: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().into()
}
