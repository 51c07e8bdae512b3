//! Whether a request names what nobody sees yet.

use archipelago_proto::Ec2Result;
use archipelago_proto::names::upper_camel;

use crate::permissions;
use crate::request::Context;

/// Fails as if it did not exist.
pub(crate) fn check(cx: &Context, action: &str, input: &[u8]) -> Ec2Result<()> {
    let registry = cx.shell.registry();
    if !registry.any_lags() {
        return Ok(());
    }
    for mention in permissions::mentions(action, input)? {
        let mut types = mention.resource_types().iter().filter(|named| !makes(action, named));
        let by_name = || types.find_map(|named| registry.hidden_by_name(&cx.account, named, &mention.text));
        if let Some(kind) = registry.hidden(&mention.text).or_else(by_name) {
            return Err(kind.not_found(&mention.text));
        }
    }
    Ok(())
}

/// Whether an action gives a name to a new resource of this type, so that it names none that is there.
fn makes(action: &str, resource_type: &str) -> bool {
    let made = action.strip_prefix("Create").or_else(|| action.strip_prefix("Import"));
    made.is_some_and(|made| made == upper_camel(&resource_type.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_given_is_no_mention() {
        assert!(makes("CreateSecurityGroup", "security-group"));
        assert!(makes("ImportKeyPair", "key-pair"));
        assert!(!makes("DeleteKeyPair", "key-pair"));
        assert!(!makes("CreateFleet", "launch-template"));
    }
}
