//! Signature Version 4: the canonical request, the string to sign, the signature.

use std::fmt::Write as _;

use super::claim::{ALGORITHM, Signable, V4};
use crate::crypto::{hmac_sha256, same, sha256};
use crate::query::encode;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

pub(super) fn holds(claim: &V4<'_>, secret: &str, request: &Signable<'_>) -> bool {
    let Ok(given) = hex::decode(claim.signature) else { return false };
    let Some(payload) = payload(request) else { return false };
    let key = signing_key(claim, secret);
    paths(request.path).iter().any(|path| {
        let canonical = canonical_request(claim, request, path, &payload);
        same(&hmac_sha256(&key, string_to_sign(claim, &canonical).as_bytes()), &given)
    })
}

fn signing_key(claim: &V4<'_>, secret: &str) -> [u8; 32] {
    let parts = [claim.scope.date, claim.scope.region, claim.scope.service, "aws4_request"];
    let first = hmac_sha256(format!("AWS4{secret}").as_bytes(), parts[0].as_bytes());
    parts[1..].iter().fold(first, |key, part| hmac_sha256(&key, part.as_bytes()))
}

fn string_to_sign(claim: &V4<'_>, canonical: &str) -> String {
    let scope = claim.scope;
    let hash = hex::encode(sha256(canonical.as_bytes()));
    format!("{ALGORITHM}\n{}\n{}/{}/{}/aws4_request\n{hash}", claim.date, scope.date, scope.region, scope.service)
}

fn canonical_request(claim: &V4<'_>, request: &Signable<'_>, path: &str, payload: &str) -> String {
    let mut text = format!("{}\n{path}\n", request.method);
    canonical_query(request, &mut text);
    text.push('\n');
    for name in claim.signed_headers.split(';') {
        let _ = write!(text, "{name}:");
        canonical_header(request, name, &mut text);
        text.push('\n');
    }
    let _ = write!(text, "\n{}\n{payload}", claim.signed_headers);
    text
}

fn canonical_query(request: &Signable<'_>, text: &mut String) {
    let pairs = request.form.url_pairs().iter().filter(|pair| pair.name != "X-Amz-Signature");
    let mut encoded: Vec<_> = pairs
        .map(|pair| {
            let (mut name, mut value) = (String::new(), String::new());
            encode(pair.name.as_bytes(), &mut name);
            encode(pair.value.as_bytes(), &mut value);
            (name, value)
        })
        .collect();
    encoded.sort();
    for (place, (name, value)) in encoded.iter().enumerate() {
        let separator = if place == 0 { "" } else { "&" };
        let _ = write!(text, "{separator}{name}={value}");
    }
}

/// All values of a header, without the spaces that mean nothing.
fn canonical_header(request: &Signable<'_>, name: &str, text: &mut String) {
    for (place, value) in request.headers.get_all(name).iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let words = value.split(' ').filter(|word| !word.is_empty());
        for (place, word) in words.enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
}

/// The hash that the canonical request ends with. None where the body does not have the hash that its header says.
fn payload(request: &Signable<'_>) -> Option<String> {
    let actual = || if request.body.is_empty() { EMPTY.to_owned() } else { hex::encode(sha256(request.body)) };
    match request.header("x-amz-content-sha256") {
        Some(UNSIGNED) => Some(UNSIGNED.to_owned()),
        Some(said) => Some(actual()).filter(|hash| same(hash.as_bytes(), said.to_ascii_lowercase().as_bytes())),
        None => Some(actual()),
    }
}

/// How signers may have spelled the path. They should normalise it and encode it once more; some do only one of
/// these. Nothing hangs on the path, so each spelling is accepted.
fn paths(path: &str) -> Vec<String> {
    if path == "/" || path.is_empty() {
        return vec!["/".to_owned()];
    }
    let normal = normalised(path);
    let mut paths = vec![encoded(&normal), normal, encoded(path), path.to_owned()];
    paths.dedup();
    paths
}

fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (place, segment) in path.split('/').enumerate() {
        if place > 0 {
            text.push('/');
        }
        encode(segment.as_bytes(), &mut text);
    }
    text
}

/// RFC 3986, section 5.2.4; empty segments go too.
fn normalised(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}
