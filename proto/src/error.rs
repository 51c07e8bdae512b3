//! EC2 errors, and their one mapping to gRPC and HTTP.

use std::fmt;

use http::StatusCode;
use prost::Message as _;
use tonic::{Code, Status};

use crate::cluster::v1::ErrorDetail;

pub type Ec2Result<T> = Result<T, Ec2Error>;

/// What a client sees: a code of the "Error Codes" page of the reference, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ec2Error {
    pub code: String,
    pub message: String,
}

impl Ec2Error {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    pub fn internal() -> Self {
        Self::new("InternalError", "An internal error has occurred")
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new("Unavailable", message)
    }

    pub fn missing_parameter(name: &str) -> Self {
        Self::new("MissingParameter", format!("The request must contain the parameter {name}"))
    }

    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    /// A value that the named parameter does not take.
    pub fn invalid_value(name: &str, value: impl fmt::Display) -> Self {
        Self::invalid_parameter(format!("Value ({value}) for parameter {name} is invalid."))
    }

    pub fn invalid_combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new("UnsupportedOperation", message)
    }

    pub fn dry_run() -> Self {
        Self::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    }

    pub fn dependency_violation(message: impl Into<String>) -> Self {
        Self::new("DependencyViolation", message)
    }

    /// The HTTP status that AWS answers with (reference: "Error Codes").
    pub fn http_status(&self) -> StatusCode {
        match self.code.as_str() {
            "AuthFailure" | "SignatureDoesNotMatch" | "InvalidClientTokenId" | "OptInRequired" | "Blocked" => {
                StatusCode::UNAUTHORIZED
            }
            "UnauthorizedOperation" | "MissingAuthenticationToken" | "PendingVerification" | "AccessDenied" => {
                StatusCode::FORBIDDEN
            }
            "DryRunOperation" => StatusCode::PRECONDITION_FAILED,
            "RequestEntityTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTimeout" => StatusCode::REQUEST_TIMEOUT,
            "UnsupportedMediaType" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "InternalError"
            | "InternalFailure"
            | "InsufficientInstanceCapacity"
            | "InsufficientHostCapacity"
            | "InsufficientReservedInstanceCapacity"
            | "InsufficientAddressCapacity"
            | "InsufficientVolumeCapacity"
            | "InsufficientCapacity" => StatusCode::INTERNAL_SERVER_ERROR,
            "RequestLimitExceeded" | "Unavailable" | "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Ec2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Ec2Error {}

/// The gRPC code only helps generic tools; the details carry the error itself.
impl From<Ec2Error> for Status {
    fn from(error: Ec2Error) -> Self {
        let code = match error.http_status() {
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::PermissionDenied,
            StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            _ => Code::FailedPrecondition,
        };
        let error = Ec2Error { message: shortened(error.message), ..error };
        let message = error.to_string();
        let detail = ErrorDetail { code: error.code, message: error.message };
        Self::with_details(code, message, detail.encode_to_vec().into())
    }
}

/// Characters of a message. It travels in headers, twice, and may repeat what a client sent: some ten thousand bytes there
/// break the call.
const LONGEST: usize = 1000;

fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push_str("...");
    }
    message
}

/// A status without an EC2 error in it comes from the transport: the peer is not there, or broke.
impl From<Status> for Ec2Error {
    fn from(status: Status) -> Self {
        if let Ok(detail) = ErrorDetail::decode(status.details())
            && !detail.code.is_empty()
        {
            return Self::new(detail.code, detail.message);
        }
        match status.code() {
            Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Unknown => {
                Self::unavailable("The service is temporarily unavailable. Please try again.")
            }
            _ => Self::internal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_transport() {
        let error = Ec2Error::new("InvalidVolume.NotFound", "The volume 'vol-1' does not exist.");
        assert_eq!(Ec2Error::from(Status::from(error.clone())), error);
    }

    #[test]
    fn a_long_message_is_shortened() {
        let error = Ec2Error::from(Status::from(Ec2Error::new("A", "\u{e9}".repeat(100_000))));
        assert_eq!(error.message, "\u{e9}".repeat(LONGEST) + "...");
    }

    #[test]
    fn a_lost_peer_is_unavailable() {
        let error = Ec2Error::from(Status::unavailable("connection refused"));
        assert_eq!((error.code.as_str(), error.http_status()), ("Unavailable", StatusCode::SERVICE_UNAVAILABLE));
    }

    #[test]
    fn codes_have_the_status_that_aws_gives_them() {
        for (code, status) in [
            ("AuthFailure", 401),
            ("SignatureDoesNotMatch", 401),
            ("UnauthorizedOperation", 403),
            ("DryRunOperation", 412),
            ("InsufficientInstanceCapacity", 500),
            ("RequestLimitExceeded", 503),
            ("InvalidVolume.NotFound", 400),
        ] {
            assert_eq!(Ec2Error::new(code, "").http_status().as_u16(), status, "{code}");
        }
    }
}
