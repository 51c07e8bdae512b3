//! Checks of parameters that many actions share.

use archipelago_proto::{Ec2Error, Ec2Result};

/// The value of a parameter that must be given in this situation.
pub fn required<'a, T: ?Sized>(name: &str, value: Option<&'a T>) -> Ec2Result<&'a T> {
    value.ok_or_else(|| Ec2Error::missing_parameter(name))
}

/// Exactly one of two ways to say something: both or neither is an error.
pub fn one_of<'a>(a: (&str, Option<&'a str>), b: (&str, Option<&'a str>)) -> Ec2Result<&'a str> {
    match (a.1, b.1) {
        (Some(value), None) | (None, Some(value)) => Ok(value),
        (None, None) => {
            Err(Ec2Error::new("MissingParameter", format!("The request must contain the parameter {} or {}", a.0, b.0)))
        }
        (Some(_), Some(_)) => Err(Ec2Error::invalid_combination(format!(
            "The parameters {} and {} may not be specified together",
            a.0, b.0
        ))),
    }
}
