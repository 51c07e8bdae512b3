//! PuTTY's private key files, version 2, without a passphrase (PuTTY manual, appendix C).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};

/// The private half in PuTTY's own order.
pub(super) enum Secret<'a> {
    /// d, p, q and the inverse of q, big-endian.
    Rsa([Vec<u8>; 4]),
    Ed25519(&'a [u8; 32]),
}

pub(super) fn write(algorithm: &str, comment: &str, public: &[u8], secret: &Secret<'_>) -> String {
    let mut private = Vec::new();
    match secret {
        Secret::Rsa(numbers) => numbers.iter().for_each(|number| put(&mut private, &positive(number))),
        Secret::Ed25519(seed) => put(&mut private, *seed),
    }

    let mut authenticated = Vec::new();
    for part in [algorithm.as_bytes(), b"none", comment.as_bytes(), public, &private] {
        put(&mut authenticated, part);
    }
    let key = Sha1::digest(b"putty-private-key-file-mac-key");
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(&authenticated);
    let mac: Vec<_> = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mac = mac.concat();

    let (public_count, public_lines) = lines(public);
    let (private_count, private_lines) = lines(&private);
    format!(
        "PuTTY-User-Key-File-2: {algorithm}\nEncryption: none\nComment: {comment}\n\
         Public-Lines: {public_count}\n{public_lines}Private-Lines: {private_count}\n{private_lines}Private-MAC: {mac}\n"
    )
}

/// A string of SSH: its length, then itself.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(bytes);
}

/// A number whose highest bit is set needs a zero in front, or it would be negative.
fn positive(number: &[u8]) -> Vec<u8> {
    let zero = number.first().is_some_and(|first| first & 0x80 != 0).then_some(0);
    zero.into_iter().chain(number.iter().copied()).collect()
}

fn lines(bytes: &[u8]) -> (usize, String) {
    let text = STANDARD.encode(bytes);
    let (mut count, mut lines) = (0, String::new());
    for at in (0..text.len()).step_by(64) {
        lines.push_str(&text[at..text.len().min(at + 64)]);
        lines.push('\n');
        count += 1;
    }
    (count, lines)
}
