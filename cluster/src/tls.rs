//! Certificates and keys as the options name them: the gateway's for HTTPS, and those of a process among its cluster's.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use archipelago_gateway::Tls;
use archipelago_proto::tls::ClusterTls;

use crate::authority::Authority;
use crate::cli::{ClusterOptions, TlsOptions};
use crate::error::{Error, Result};

/// A file, or what would be in it: a variable of the environment may hold either.
#[derive(Clone)]
pub(crate) enum Pem {
    Text(String),
    File(PathBuf),
}

impl FromStr for Pem {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        let is_text = text.trim_start().starts_with("-----BEGIN");
        Ok(if is_text { Self::Text(text.to_owned()) } else { Self::File(text.into()) })
    }
}

impl Pem {
    fn read(self) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::File(file) => std::fs::read_to_string(&file).map_err(|error| Error::File(file, error.to_string())),
        }
    }
}

/// What the gateway serves HTTPS with, if it is to.
pub(crate) fn front(options: &TlsOptions) -> Result<Option<Tls>> {
    match (&options.tls_cert, &options.tls_key, &options.tls_self_signed) {
        (None, None, None) => Ok(None),
        (Some(certificate), Some(key), None) => {
            let tls = Tls::new(&read(certificate)?, &read(key)?);
            let wrong = |error| Error::other(format!("{} and {}: {error}", certificate.display(), key.display()));
            tls.map(Some).map_err(wrong)
        }
        (None, None, Some(file)) => self_signed(file).map(Some),
        (Some(_), None, None) => Err(Error::other("--tls-cert needs --tls-key beside it")),
        (None, Some(_), None) => Err(Error::other("--tls-key needs --tls-cert beside it")),
        (_, _, Some(_)) => Err(Error::other("--tls-self-signed makes its own certificate: give no other beside it")),
    }
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| Error::File(file.into(), error.to_string()))
}

/// The authority is forgotten once it has signed: who trusts the file trusts this one certificate.
fn self_signed(file: &Path) -> Result<Tls> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let authority = Authority::new("Archipelago, for development")?;
    let issued = authority.issue(&["localhost", "127.0.0.1", "::1", &host])?;
    std::fs::write(file, &authority.certificate).map_err(|error| Error::File(file.into(), error.to_string()))?;
    Tls::new(issued.certificate.as_bytes(), issued.key.as_bytes()).map_err(Error::other)
}

/// How a process that runs by itself talks to the others of its cluster.
pub(crate) fn cluster(options: &ClusterOptions) -> Result<Option<ClusterTls>> {
    let given = (options.cluster_ca.clone(), options.cluster_cert.clone(), options.cluster_key.clone());
    match given {
        (None, None, None) => Ok(None),
        (Some(authority), Some(certificate), Some(key)) => {
            let (authority, certificate, key) = (authority.read()?, certificate.read()?, key.read()?);
            check(&authority, &certificate, &key).map_err(Error::other)?;
            Ok(Some(ClusterTls::new(&authority, &certificate, &key)))
        }
        _ => Err(Error::other("--cluster-ca, --cluster-cert and --cluster-key go together: give all three, or none")),
    }
}

/// tonic would say less, and not before the first call.
fn check(authority: &str, certificate: &str, key: &str) -> std::result::Result<(), String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    if CertificateDer::from_pem_slice(authority.as_bytes()).is_err() {
        return Err("--cluster-ca: there is no certificate in PEM".to_owned());
    }
    Tls::new(certificate.as_bytes(), key.as_bytes())
        .map(drop)
        .map_err(|error| format!("--cluster-cert and --cluster-key: {error}"))
}
