//! Why a request is not believed. EC2 and STS have different words for it.

use archipelago_proto::Ec2Error;

use crate::keyring::KeyError;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No credentials at all.
    Missing,
    /// Credentials that do not follow the signing process.
    Incomplete(String),
    UnknownKey,
    /// A session token that does not belong to the key.
    WrongToken,
    ExpiredToken,
    WrongSignature,
    /// The request is too old, or from the future.
    Expired(String),
    /// Scoped to a service that is not here.
    WrongService,
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unknown => Self::UnknownKey,
            KeyError::WrongToken => Self::WrongToken,
            KeyError::Expired => Self::ExpiredToken,
        }
    }
}

impl Refusal {
    pub(crate) fn into_error(self, service: Service) -> Ec2Error {
        let sts = service == Service::Sts;
        let unbelieved =
            || Ec2Error::new("AuthFailure", "AWS was not able to validate the provided access credentials");
        match self {
            Self::Missing => Ec2Error::new("MissingAuthenticationToken", "Request is missing Authentication Token"),
            Self::Incomplete(message) => Ec2Error::new("IncompleteSignature", message),
            Self::UnknownKey | Self::WrongToken if sts => {
                Ec2Error::new("InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            Self::WrongSignature if sts => Ec2Error::new(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
            Self::UnknownKey | Self::WrongToken | Self::WrongSignature => unbelieved(),
            Self::ExpiredToken if sts => {
                Ec2Error::new("ExpiredToken", "The security token included in the request is expired")
            }
            Self::ExpiredToken => Ec2Error::new("RequestExpired", "Request has expired."),
            Self::Expired(message) => Ec2Error::new("RequestExpired", message),
            Self::WrongService if sts => {
                Ec2Error::new("SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.")
            }
            Self::WrongService => {
                Ec2Error::new("AuthFailure", "Credential should be scoped to correct service: 'ec2'.")
            }
        }
    }
}
