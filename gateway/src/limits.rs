//! How much a client may ask for, and what it is told when it asks for more.

use std::time::Duration;

use archipelago_proto::Ec2Error;
use http::HeaderMap;

/// All limits of the front door. The defaults fit every request that the documented API allows:
/// user data, policies and a thousand ids with their filters.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Parameters of one request, those of the query string and of the body together.
    pub parameters: usize,
    /// Bytes of one parameter's name.
    pub name: usize,
    /// Dots in one parameter's name.
    pub depth: usize,
    /// Bytes of all header names and values.
    pub headers: usize,
    pub header_count: usize,
    /// Bytes of all bodies that are being received or answered at one time.
    pub bodies: usize,
    /// How long a client may take to send its headers, and again its body.
    pub receive: Duration,
    /// How long a region may take to answer.
    pub answer: Duration,
    /// Requests being answered at one time.
    pub requests: usize,
    /// Connections open at one time; further ones wait to be accepted.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 << 20,
            bodies: 512 << 20,
            parameters: 10_000,
            name: 512,
            depth: 12,
            headers: 64 << 10,
            header_count: 200,
            receive: Duration::from_secs(30),
            answer: Duration::from_mins(1),
            requests: 4096,
            connections: 16_384,
        }
    }
}

impl Limits {
    pub(crate) fn check_headers(&self, headers: &HeaderMap) -> Result<(), Ec2Error> {
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > self.header_count || bytes > self.headers {
            return Err(Ec2Error::new(
                "InvalidRequest",
                format!("The headers exceed {} bytes or {} lines.", self.headers, self.header_count),
            ));
        }
        Ok(())
    }

    pub(crate) fn body_too_large(&self) -> Ec2Error {
        Ec2Error::new("RequestEntityTooLarge", format!("The request body exceeds {} bytes.", self.body))
    }

    pub(crate) fn too_many_parameters(&self) -> Ec2Error {
        malformed(format!("The request has more than {} parameters.", self.parameters))
    }
}

/// Too many requests at one time.
pub(crate) fn busy() -> Ec2Error {
    Ec2Error::new("RequestLimitExceeded", "Request limit exceeded.")
}

/// The client stopped sending.
pub(crate) fn slow_sender() -> Ec2Error {
    Ec2Error::new("RequestTimeout", "The request was not received in full within the time allowed.")
}

/// As much of what a client sent as an error repeats to it.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

pub(crate) fn malformed(message: impl Into<String>) -> Ec2Error {
    Ec2Error::new("MalformedQueryString", message)
}
