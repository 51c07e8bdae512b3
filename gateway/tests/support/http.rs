//! HTTP as bytes, so that requests may be as wrong as they like.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The text of the first such element.
    pub fn text(&self, element: &str) -> &str {
        let found = self.body.split_once(&format!("<{element}>"));
        let (_, rest) = found.unwrap_or_else(|| panic!("no <{element}> in {}", self.body));
        rest.split_once(&format!("</{element}>")).unwrap().0
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Its status and code, once it is sure that it has the shape of EC2's errors.
    pub fn error(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), Some("text/xml;charset=UTF-8"), "{self:?}");
        assert!(self.body.contains("<Response><Errors><Error><Code>"), "{self:?}");
        assert_eq!(self.header("x-amzn-requestid"), Some(self.text("RequestID")));
        assert!(!self.text("Message").is_empty());
        (self.status, self.text("Code"))
    }
}

/// Sends one request and reads until the other side closes.
pub async fn send(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {answer}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A request recorded in `testdata/`, ready to be sent.
pub fn recorded(name: &str) -> String {
    let file = format!("{}/testdata/botocore/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let head = head.trim_end().replace('\n', "\r\n");
    let body = body.trim_end();
    format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The target of a GET signed with Signature Version 2 for `localhost`.
pub fn signed(access_key: &str, secret: &str, token: Option<&str>, query: &[(&str, &str)]) -> String {
    let mut parameters: BTreeMap<&str, &str> = query.iter().copied().collect();
    parameters.extend([("AWSAccessKeyId", access_key), ("SignatureVersion", "2"), ("SignatureMethod", "HmacSHA256")]);
    parameters.insert("Timestamp", "2014-10-01T12:00:00Z");
    parameters.extend(token.map(|token| ("SecurityToken", token)));
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let query = pairs.join("&");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("GET\nlocalhost\n/\n{query}").as_bytes());
    let signature = base64::prelude::BASE64_STANDARD.encode(mac.finalize().into_bytes());
    format!("/?{query}&Signature={}", escaped(&signature))
}

fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let letter = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(letter).collect()
}
