//! CIDR blocks as parameters: `10.0.0.7/16` is taken as `10.0.0.0/16`.

use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

/// The block, with the bits that its mask hides set to zero.
pub fn ipv4_block(parameter: &str, text: &str) -> Ec2Result<Ipv4Net> {
    text.parse().map(|block: Ipv4Net| block.trunc()).map_err(|_| not_a_block(parameter, text))
}

/// The block, in its shortest spelling.
pub fn ipv6_block(parameter: &str, text: &str) -> Ec2Result<Ipv6Net> {
    text.parse().map(|block: Ipv6Net| block.trunc()).map_err(|_| not_a_block(parameter, text))
}

fn not_a_block(parameter: &str, text: &str) -> Ec2Error {
    Ec2Error::invalid_parameter(format!(
        "Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_canonical() {
        assert_eq!(ipv4_block("cidrBlock", "100.68.0.18/18").unwrap().to_string(), "100.68.0.0/18");
        assert_eq!(ipv6_block("ipv6CidrBlock", "2600:1F18:0::9/56").unwrap().to_string(), "2600:1f18::/56");
        for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "", "::/0"] {
            assert_eq!(ipv4_block("cidrBlock", text).unwrap_err().code, "InvalidParameterValue", "{text}");
        }
    }
}
