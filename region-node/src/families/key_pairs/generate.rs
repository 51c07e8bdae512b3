//! New key pairs. Making one takes a while, so it is never done on an async thread.

use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, RsaPrivateKey};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::ppk::{self, Secret};
use super::public::{Public, created_fingerprint};

/// A key pair, at the only time at which its private half is known.
pub(super) struct Generated {
    pub(super) public: Public,
    pub(super) fingerprint: String,
    /// The private key as the client asked for it.
    pub(super) material: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pem,
    Ppk,
}

pub(super) async fn generate(key_type: &str, format: Format, name: &str) -> Ec2Result<Generated> {
    let (ed25519, name) = (key_type == "ed25519", name.to_owned());
    let made =
        tokio::task::spawn_blocking(move || if ed25519 { make_ed25519(format, &name) } else { rsa(format, &name) });
    made.await.ok().flatten().ok_or_else(Ec2Error::internal)
}

/// EC2's RSA keys have 2048 bits.
fn rsa(format: Format, name: &str) -> Option<Generated> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).ok()?;
    let public = Public::Rsa(key.to_public_key());
    let material = match format {
        Format::Pem => key.to_pkcs1_pem(LineEnding::LF).ok()?.to_string(),
        Format::Ppk => {
            let [p, q] = key.primes() else { return None };
            let inverse = q.clone().modpow(&(p - BigUint::from(2_u8)), p);
            let numbers = [key.d(), p, q, &inverse].map(BigUint::to_bytes_be);
            ppk::write("ssh-rsa", name, &blob(&public)?, &Secret::Rsa(numbers))
        }
    };
    let fingerprint = created_fingerprint(key.to_pkcs8_der().ok()?.as_bytes());
    debug_assert_eq!(key.n().bits(), 2048);
    Some(Generated { public, fingerprint, material })
}

fn make_ed25519(format: Format, name: &str) -> Option<Generated> {
    let pair = Ed25519Keypair::random(&mut rsa::rand_core::OsRng);
    let public = Public::Ed25519(pair.public);
    let material = match format {
        Format::Pem => {
            let key = PrivateKey::new(KeypairData::Ed25519(pair), name).ok()?;
            key.to_openssh(LineEnding::LF).ok()?.to_string()
        }
        Format::Ppk => ppk::write("ssh-ed25519", name, &blob(&public)?, &Secret::Ed25519(&pair.private.to_bytes())),
    };
    let fingerprint = public.openssh_fingerprint()?;
    Some(Generated { public, fingerprint, material })
}

fn blob(public: &Public) -> Option<Vec<u8>> {
    STANDARD.decode(public.openssh("")?.split(' ').nth(1)?).ok()
}
