//! Public keys as clients bring them (AWS, "Import a key pair"): an OpenSSH line, an RFC 4716 file, DER in
//! base64 or bare; and each of these in base64 once more, since some clients encode twice.

use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use ssh_key::public::Ed25519PublicKey;

use super::public::Public;

/// How the DER of an ED25519 public key begins (RFC 8410).
const ED25519_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

pub(super) fn read(material: &[u8]) -> Ec2Result<Public> {
    let invalid = || Ec2Error::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    if material.is_empty() {
        return Err(Ec2Error::missing_parameter("PublicKeyMaterial"));
    }
    let public = parse(material, 2).ok_or_else(invalid)?;
    match &public {
        // AWS: 1024, 2048 and 4096 bits.
        Public::Rsa(key) if !matches!(key.n().bits(), 1024 | 2048 | 4096) => Err(invalid()),
        _ => Ok(public),
    }
}

fn parse(material: &[u8], unwraps: u8) -> Option<Public> {
    let Ok(text) = std::str::from_utf8(material) else { return der(material) };
    let text = text.trim();
    if let Some(public) = Public::from_openssh(text) {
        return Some(public);
    }
    if text.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") {
        return rfc4716(text);
    }
    let body: String = match text.strip_prefix("-----BEGIN PUBLIC KEY-----") {
        Some(rest) => rest.split("-----").next()?.split_whitespace().collect(),
        None => text.split_whitespace().collect(),
    };
    let bytes = STANDARD.decode(body).ok()?;
    let inner = if unwraps > 0 { parse(&bytes, unwraps - 1) } else { None };
    inner.or_else(|| Public::from_blob(&bytes))
}

fn der(bytes: &[u8]) -> Option<Public> {
    if let Some(key) = bytes.strip_prefix(&ED25519_DER) {
        return key.try_into().ok().map(|key| Public::Ed25519(Ed25519PublicKey(key)));
    }
    RsaPublicKey::from_public_key_der(bytes).ok().map(Public::Rsa)
}

/// Headers are lines with a colon; a backslash at the end continues one.
fn rfc4716(text: &str) -> Option<Public> {
    let (mut body, mut in_header) = (String::new(), false);
    for line in text.lines().skip(1).map(str::trim).take_while(|line| !line.starts_with("----")) {
        let header = in_header || line.contains(':');
        in_header = header && line.ends_with('\\');
        if !header {
            body.push_str(line);
        }
    }
    Public::from_blob(&STANDARD.decode(body).ok()?)
}
