//! The names and descriptions that groups and rules may have (AWS: CreateSecurityGroup, IpRange).

use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::DEFAULT;

const LONGEST: usize = 255;
const SIGNS: &str = " ._-:/()#,@[]+=&;{}!$*";

fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || SIGNS.contains(letter))
}

/// A name for a group that a client makes.
pub(super) fn check_name(name: &str) -> Ec2Result<()> {
    check("groupName", name)?;
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Err(Ec2Error::invalid_parameter(format!("Cannot use reserved security group name: {name}")));
    }
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(Ec2Error::invalid_parameter(format!(
            "invalid value for parameter groupName: {name}. Group names may not be in the format sg-*."
        )));
    }
    Ok(())
}

pub(super) fn check_description(description: &str) -> Ec2Result<()> {
    check("GroupDescription", description)
}

fn check(parameter: &str, text: &str) -> Ec2Result<()> {
    if text.is_empty() {
        return Err(Ec2Error::missing_parameter(parameter));
    }
    if !text.is_ascii() {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
        )));
    }
    if text.len() > LONGEST || !is_plain(text) {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({text}) for parameter {parameter} is invalid. Valid values are strings of up to {LONGEST} \
             characters from the set a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{{}}!$*"
        )));
    }
    Ok(())
}

pub(super) fn check_rule_description(description: &str) -> Ec2Result<()> {
    if description.chars().count() > LONGEST || !is_plain(description) {
        return Err(Ec2Error::invalid_parameter(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_strange_names_are_refused() {
        assert!(check_name("web servers (prod): a/b_1.2, $x").is_ok());
        for name in ["", "default", "sg-web", "SG-1", "naïve", "a\"b", "<x>", &"n".repeat(256)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_rule_may_say_default() {
        assert!(check_rule_description("default").is_ok());
        assert!(check_rule_description("a%b").is_err());
    }
}
