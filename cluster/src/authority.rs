//! A private authority: it signs certificates for as long as it is remembered, and keeps its key to itself.

use std::time::Duration;

use archipelago_gateway::{Clock as _, WallClock};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use crate::error::{Error, Result};

const DAY: Duration = Duration::from_hours(24);

/// Browsers and some operating systems believe in none that lasts longer.
const LONGEST: Duration = DAY.saturating_mul(397);

pub(crate) struct Authority {
    /// In PEM.
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let mut params = lasting(CertificateParams::default());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(Error::other)?;
        let certificate = params.self_signed(&key).map_err(Error::other)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// For these host names and addresses, to answer as and to call as.
    pub(crate) fn issue(&self, names: &[&str]) -> Result<Issued> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = lasting(CertificateParams::new(names).map_err(Error::other)?);
        params.distinguished_name.push(DnType::CommonName, "archipelago");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(Error::other)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// From yesterday on, since clocks differ.
fn lasting(mut params: CertificateParams) -> CertificateParams {
    let now = Duration::from_millis(u64::try_from(WallClock.now_ms()).unwrap_or_default());
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
    params.not_after = params.not_before + LONGEST;
    params
}
