//! Signature Version 2: all parameters, sorted, under the secret itself.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::claim::{Signable, V2};
use crate::crypto::{hmac_sha1, hmac_sha256, same};
use crate::query::encode;

pub(super) fn holds(claim: &V2<'_>, secret: &str, request: &Signable<'_>) -> bool {
    let Ok(given) = BASE64_STANDARD.decode(claim.signature) else { return false };
    let text = string_to_sign(request);
    if claim.sha1 {
        same(&hmac_sha1(secret.as_bytes(), text.as_bytes()), &given)
    } else {
        same(&hmac_sha256(secret.as_bytes(), text.as_bytes()), &given)
    }
}

fn string_to_sign(request: &Signable<'_>) -> String {
    let host = request.header("host").unwrap_or_default().to_ascii_lowercase();
    let path = if request.path.is_empty() { "/" } else { request.path };
    let mut text = format!("{}\n{host}\n{path}\n", request.method);
    let mut pairs: Vec<_> = request.form.pairs().iter().filter(|pair| pair.name != "Signature").collect();
    pairs.sort_by(|a, b| (&a.name, &a.value).cmp(&(&b.name, &b.value)));
    for (place, pair) in pairs.into_iter().enumerate() {
        if place > 0 {
            text.push('&');
        }
        encode(pair.name.as_bytes(), &mut text);
        let _ = text.write_char('=');
        encode(pair.value.as_bytes(), &mut text);
    }
    text
}
