//! What a request says about its signer, in the `Authorization` header, in a presigned URL, or the old way as
//! parameters.

use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::Refusal;
use crate::decode::timestamp;
use crate::query::Form;

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The parts of a request that signatures cover.
#[derive(Clone, Copy)]
pub(crate) struct Signable<'r> {
    pub(crate) method: &'r Method,
    /// As it came, still encoded.
    pub(crate) path: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) form: &'r Form<'r>,
    pub(crate) body: &'r [u8],
}

impl<'r> Signable<'r> {
    pub(super) fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Claim<'r> {
    pub(crate) access_key: &'r str,
    pub(crate) token: Option<&'r str>,
    pub(crate) proof: Proof<'r>,
}

#[derive(Clone, Debug)]
pub(crate) enum Proof<'r> {
    V4(V4<'r>),
    V2(V2<'r>),
}

#[derive(Clone, Debug)]
pub(crate) struct V4<'r> {
    pub(super) scope: Scope<'r>,
    pub(super) signed_headers: &'r str,
    pub(super) signature: &'r str,
    /// In basic format, `20150830T123600Z`.
    pub(super) date: String,
    pub(super) signed_ms: i64,
    /// The lifetime of a presigned URL.
    pub(super) expires_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'r> {
    pub(super) date: &'r str,
    pub(crate) region: &'r str,
    pub(crate) service: &'r str,
}

#[derive(Clone, Debug)]
pub(crate) struct V2<'r> {
    pub(super) signature: &'r str,
    pub(super) sha1: bool,
    /// Exactly one of the two.
    pub(super) signed_ms: Option<i64>,
    pub(super) expires_ms: Option<i64>,
}

impl<'r> Claim<'r> {
    pub(crate) fn read(request: &Signable<'r>) -> Result<Self, Refusal> {
        if let Some(authorization) = request.header("authorization") {
            return Self::header(request, authorization);
        }
        if request.form.get_from_url("X-Amz-Algorithm").is_some() {
            return Self::presigned(request.form);
        }
        if request.form.get("AWSAccessKeyId").is_some() || request.form.get("Signature").is_some() {
            return Self::version_2(request.form);
        }
        Err(Refusal::Missing)
    }

    fn header(request: &Signable<'r>, authorization: &'r str) -> Result<Self, Refusal> {
        let rest = authorization
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
            .ok_or_else(|| incomplete("Authorization header requires the algorithm AWS4-HMAC-SHA256."))?;
        let part = |name: &str| {
            let mut parts = rest.split(',').filter_map(|part| part.trim().split_once('='));
            let found = parts.find(|(key, _)| *key == name).map(|(_, value)| value);
            found.ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
        };
        let date = request.header("x-amz-date").or_else(|| request.header("date")).ok_or_else(|| {
            incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        })?;
        let (access_key, scope) = credential(part("Credential")?)?;
        let (signed_ms, date) = signing_time(date, scope)?;
        let (signed_headers, signature) = (part("SignedHeaders")?, part("Signature")?);
        let proof = V4 { scope, signed_headers, signature, date, signed_ms, expires_ms: None };
        Ok(Self { access_key, token: request.header("x-amz-security-token"), proof: Proof::V4(proof) })
    }

    fn presigned(form: &'r Form<'_>) -> Result<Self, Refusal> {
        let part = |name: &str| {
            let missing = || incomplete(&format!("AWS query-string parameters must include '{name}'."));
            form.get_from_url(name).filter(|value| !value.is_empty()).ok_or_else(missing)
        };
        if part("X-Amz-Algorithm")? != ALGORITHM {
            return Err(incomplete("AWS query-string parameters require the algorithm AWS4-HMAC-SHA256."));
        }
        let (access_key, scope) = credential(part("X-Amz-Credential")?)?;
        let (signed_ms, date) = signing_time(part("X-Amz-Date")?, scope)?;
        let seconds = form.get_from_url("X-Amz-Expires").map(lifetime).transpose()?;
        let proof = V4 {
            scope,
            signed_headers: part("X-Amz-SignedHeaders")?,
            signature: part("X-Amz-Signature")?,
            date,
            signed_ms,
            expires_ms: seconds.map(|seconds| seconds * 1000),
        };
        Ok(Self { access_key, token: form.get_from_url("X-Amz-Security-Token"), proof: Proof::V4(proof) })
    }

    fn version_2(form: &'r Form<'_>) -> Result<Self, Refusal> {
        let part = |name: &str| {
            let missing = || incomplete(&format!("The request must contain the parameter {name}"));
            form.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
        };
        if part("SignatureVersion")? != "2" {
            return Err(incomplete("The signature version must be 2 or 4."));
        }
        let sha1 = match part("SignatureMethod")? {
            "HmacSHA256" => false,
            "HmacSHA1" => true,
            _ => return Err(incomplete("The signature method must be HmacSHA256 or HmacSHA1.")),
        };
        let time = |name: &str| {
            let wrong = || incomplete(&format!("The parameter {name} must be an ISO 8601 time."));
            form.get(name).map(|text| timestamp(text).ok_or_else(wrong)).transpose()
        };
        let (signed_ms, expires_ms) = (time("Timestamp")?, time("Expires")?);
        if signed_ms.is_some() == expires_ms.is_some() {
            return Err(incomplete("The request must contain either Timestamp or Expires, and not both."));
        }
        let proof = V2 { signature: part("Signature")?, sha1, signed_ms, expires_ms };
        Ok(Self { access_key: part("AWSAccessKeyId")?, token: form.get("SecurityToken"), proof: Proof::V2(proof) })
    }
}

/// The credential that a request carries, whatever else is wrong with its signature.
pub(crate) fn presented<'r>(request: &Signable<'r>) -> Option<(&'r str, Scope<'r>)> {
    let from_header =
        || request.header("authorization")?.split([' ', ',']).find_map(|part| part.strip_prefix("Credential="));
    let text = request.form.get_from_url("X-Amz-Credential").or_else(from_header)?;
    credential(text).ok()
}

/// `AKIDEXAMPLE/20150830/us-east-1/ec2/aws4_request`
fn credential(text: &str) -> Result<(&str, Scope<'_>), Refusal> {
    let parts: Vec<_> = text.trim().split('/').collect();
    if let [access_key, date, region, service, "aws4_request"] = parts[..]
        && !access_key.is_empty()
    {
        return Ok((access_key, Scope { date, region, service }));
    }
    Err(incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."))
}

/// The time of signing, and how it stands in the string to sign.
fn signing_time(text: &str, scope: Scope<'_>) -> Result<(i64, String), Refusal> {
    let time = timestamp(text).or_else(|| http_date(text)).and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = time.ok_or_else(|| incomplete("The request's date must be in ISO 8601 basic format."))?;
    let date = time.strftime("%Y%m%dT%H%M%SZ").to_string();
    if date.get(..8) != Some(scope.date) {
        return Err(incomplete(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
        ));
    }
    Ok((time.as_millisecond(), date))
}

fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp().as_millisecond())
}

fn lifetime(text: &str) -> Result<i64, Refusal> {
    let seconds = text.parse().ok().filter(|seconds| (1..=604_800).contains(seconds));
    seconds.ok_or_else(|| incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800."))
}

fn incomplete(message: &str) -> Refusal {
    Refusal::Incomplete(message.to_owned())
}
