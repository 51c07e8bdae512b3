//! Public keys: their OpenSSH form, their DER, their fingerprints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rsa::pkcs1v15::Pkcs1v15Encrypt;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Mpint, PublicKey};

/// A public key of a type that EC2 takes.
pub(super) enum Public {
    Rsa(RsaPublicKey),
    Ed25519(Ed25519PublicKey),
}

impl Public {
    pub(super) fn from_openssh(text: &str) -> Option<Self> {
        Self::of(PublicKey::from_openssh(text).ok()?.key_data())
    }

    /// From the binary form that stands in base64 in an OpenSSH line.
    pub(super) fn from_blob(bytes: &[u8]) -> Option<Self> {
        Self::of(PublicKey::from_bytes(bytes).ok()?.key_data())
    }

    fn of(key: &KeyData) -> Option<Self> {
        match key {
            KeyData::Rsa(key) => {
                let number = |n: &Mpint| n.as_positive_bytes().map(BigUint::from_bytes_be);
                RsaPublicKey::new(number(&key.n)?, number(&key.e)?).ok().map(Self::Rsa)
            }
            KeyData::Ed25519(key) => Some(Self::Ed25519(*key)),
            _ => None,
        }
    }

    /// The type as DescribeKeyPairs tells it.
    pub(super) fn key_type(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519(_) => "ed25519",
        }
    }

    /// A line of `authorized_keys`; EC2 puts the key pair's name behind it.
    pub(super) fn openssh(&self, comment: &str) -> Option<String> {
        let data = match self {
            Self::Rsa(key) => KeyData::Rsa(ssh_key::public::RsaPublicKey {
                n: Mpint::from_positive_bytes(&key.n().to_bytes_be()).ok()?,
                e: Mpint::from_positive_bytes(&key.e().to_bytes_be()).ok()?,
            }),
            Self::Ed25519(key) => KeyData::Ed25519(*key),
        };
        PublicKey::new(data, comment).to_openssh().ok()
    }

    /// AWS, "Verify the fingerprint of your key pair": of an imported RSA key it is the MD5 of the public DER.
    pub(super) fn imported_fingerprint(&self) -> Option<String> {
        match self {
            Self::Rsa(key) => Some(colons(&Md5::digest(key.to_public_key_der().ok()?.as_bytes()))),
            Self::Ed25519(_) => self.openssh_fingerprint(),
        }
    }

    /// Of an ED25519 key it is the SHA-256 that OpenSSH shows.
    pub(super) fn openssh_fingerprint(&self) -> Option<String> {
        let line = self.openssh("")?;
        let blob = STANDARD.decode(line.split(' ').nth(1)?).ok()?;
        Some(STANDARD.encode(Sha256::digest(blob)))
    }
}

/// Of an RSA key that EC2 has made, it is the SHA-1 of the private key's PKCS#8 DER.
pub(super) fn created_fingerprint(private_der: &[u8]) -> String {
    colons(&Sha1::digest(private_der))
}

fn colons(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

impl super::KeyPairState {
    /// Encrypts as GetPasswordData does: RSA with PKCS#1 v1.5 padding. None for keys of other types.
    pub fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        match Public::from_openssh(self.public.public_key())? {
            Public::Rsa(key) => key.encrypt(&mut rsa::rand_core::OsRng, Pkcs1v15Encrypt, plain).ok(),
            Public::Ed25519(_) => None,
        }
    }
}
