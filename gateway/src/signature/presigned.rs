//! URLs that clients have signed for others to use: the node of the region that they are for asks who it was.

use http::header::HOST;
use http::uri::Uri;
use http::{HeaderMap, HeaderValue, Method};

use super::{AuthMode, Signable, authenticate, presented};
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::query::Form;
use crate::region;
use crate::service::Service;

/// A request in a URL whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presigned {
    pub account: String,
    /// For which it was signed.
    pub region: String,
    pub parameters: Vec<(String, String)>,
}

impl Presigned {
    /// Reads and verifies a URL as the gateway would if it were called; tells what is wrong with it.
    pub fn verify(url: &str, keyring: &Keyring, mode: AuthMode, now_ms: i64) -> Result<Self, String> {
        let malformed = || "it is not a URL".to_owned();
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let host = uri.authority().ok_or_else(malformed)?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host.as_str()).map_err(|_| malformed())?);
        let limits = Limits::default();
        let query = uri.query().unwrap_or_default().as_bytes();
        let form = Form::parse(query, &[], &limits).map_err(|error| error.message)?;
        let request = Signable { method: &Method::GET, path: uri.path(), headers: &headers, form: &form, body: &[] };
        let identity = authenticate(&request, keyring, mode, now_ms);
        let identity = identity.map_err(|refusal| refusal.into_error(Service::Ec2).message)?;
        let scope = presented(&request).map(|(_, scope)| scope.region);
        let region = region::resolve(scope, Some(host.as_str())).map_err(|error| error.message)?;
        let pairs = form.pairs().iter().map(|pair| (pair.name.to_string(), pair.value.to_string()));
        Ok(Self { account: identity.account, region, parameters: pairs.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hmac_sha256;

    const NOW: i64 = 1_767_225_600_000;

    /// What the account 111122223333 would sign for us-west-2 on 2026-01-01.
    fn signed(query: &str) -> String {
        let query = format!(
            "{query}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=111122223333%2F20260101%2Fus-west-2%2Fec2%2F\
             aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
        );
        let hash = |text: &str| hex::encode(crate::crypto::sha256(text.as_bytes()));
        let canonical = format!("GET\n/\n{query}\nhost:127.0.0.1:4566\n\nhost\n{}", hash(""));
        let scope = "20260101/us-west-2/ec2/aws4_request";
        let text = format!("AWS4-HMAC-SHA256\n20260101T000000Z\n{scope}\n{}", hash(&canonical));
        let parts = ["20260101", "us-west-2", "ec2", "aws4_request"];
        let key = parts.iter().fold(b"AWS4test".to_vec(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
        let signature = hex::encode(hmac_sha256(&key, text.as_bytes()));
        format!("http://127.0.0.1:4566/?{query}&X-Amz-Signature={signature}")
    }

    fn verify(url: &str, mode: AuthMode, now_ms: i64) -> Result<Presigned, String> {
        Presigned::verify(url, &Keyring::new(b"secret"), mode, now_ms)
    }

    #[test]
    fn a_url_tells_its_signer_its_region_and_what_it_asks() {
        let url = signed("Action=Ask&Resource=one");
        let known = verify(&url, AuthMode::Strict, NOW).unwrap();
        assert_eq!((known.account.as_str(), known.region.as_str()), ("111122223333", "us-west-2"));
        assert!(known.parameters.contains(&("Resource".to_owned(), "one".to_owned())));
    }

    #[test]
    fn what_was_changed_or_is_too_old_is_not_believed() {
        let url = signed("Action=Ask&Resource=one");
        assert!(verify(&url.replace("one", "two"), AuthMode::Strict, NOW).is_err());
        assert!(verify(&url, AuthMode::Strict, NOW + 5 * 3_600_000).is_err());
        assert!(verify("https://127.0.0.1:4566/?Action=Ask", AuthMode::Strict, NOW).is_err());
        assert!(verify("no url", AuthMode::Strict, NOW).is_err());
        let forged = verify(&url.replace("one", "two"), AuthMode::Permissive, NOW).unwrap();
        assert_eq!(forged.account, "111122223333");
    }
}
