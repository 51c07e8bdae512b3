//! Whether a request names what nobody sees yet.

use archipelago_proto::Ec2Result;

use crate::permissions;
use crate::request::Context;

/// Fails as if it did not exist.
pub(crate) fn check(cx: &Context, action: &str, input: &[u8]) -> Ec2Result<()> {
    let registry = cx.shell.registry();
    if !registry.any_lags() {
        return Ok(());
    }
    for mention in permissions::mentions(action, input)? {
        let types = mention.resource_types();
        let by_name = || types.iter().find_map(|named| registry.hidden_by_name(&cx.account, named, &mention.text));
        if let Some(kind) = registry.hidden(&mention.text).or_else(by_name) {
            return Err(kind.not_found(&mention.text));
        }
    }
    Ok(())
}
