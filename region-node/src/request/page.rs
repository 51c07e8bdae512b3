//! Pagination tokens: where the next page begins, bound to the parameters of the first.

use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// What a token is bound to: other parameters make it invalid.
pub(crate) struct Binding([u8; 8]);

impl Binding {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut binding = [0; 8];
        binding.copy_from_slice(&hash.finalize()[..8]);
        Self(binding)
    }

    pub(crate) fn token(&self, after: &str) -> String {
        URL_SAFE_NO_PAD.encode([&self.0, after.as_bytes()].concat())
    }

    /// The position that a token stands for.
    pub(crate) fn read(&self, token: &str) -> Ec2Result<String> {
        let invalid = || Ec2Error::new("InvalidNextToken", "The token is not valid for this request.");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let (binding, after) = bytes.split_at_checked(8).ok_or_else(invalid)?;
        if *binding != self.0 {
            return Err(invalid());
        }
        String::from_utf8(after.to_vec()).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_bound_to_its_parameters() {
        let first = Binding::new(&[b"DescribeVolumes", b"filters"]);
        let token = first.token("42");
        assert_eq!(first.read(&token).unwrap(), "42");
        let error = Binding::new(&[b"DescribeVolumes", b"others"]).read(&token).unwrap_err();
        assert_eq!(error.code, "InvalidNextToken");
        assert!(first.read("garbage").is_err());
    }
}
