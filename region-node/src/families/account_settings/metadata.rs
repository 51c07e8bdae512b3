//! What new instances have unless their launch says otherwise: metadata options, credits.

use archipelago_proto::ec2::v1::InstanceMetadataOptionsResponse;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::find::of;
use crate::request::Context;

/// The options of an image, as the account changes them (AWS: "Order of precedence for instance metadata options").
pub(crate) fn metadata(cx: &Context, image: InstanceMetadataOptionsResponse) -> InstanceMetadataOptionsResponse {
    let defaults = of(&cx.region, &cx.account).metadata_defaults.unwrap_or_default();
    InstanceMetadataOptionsResponse {
        http_tokens: defaults.http_tokens.or(image.http_tokens),
        http_put_response_hop_limit: defaults.http_put_response_hop_limit.or(image.http_put_response_hop_limit),
        http_endpoint: defaults.http_endpoint.or(image.http_endpoint),
        instance_metadata_tags: defaults.instance_metadata_tags.or(image.instance_metadata_tags),
        ..image
    }
}

/// Where the account enforces version 2 of the metadata service, no instance is launched without it.
pub(crate) fn check_tokens(cx: &Context, options: &InstanceMetadataOptionsResponse) -> Ec2Result<()> {
    let defaults = of(&cx.region, &cx.account).metadata_defaults.unwrap_or_default();
    let enforced = defaults.http_tokens_enforced.as_deref() == Some("enabled");
    if !enforced || options.http_tokens.as_deref() == Some("required") {
        return Ok(());
    }
    Err(Ec2Error::unsupported(
        "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. Either launch the \
         instance with httpTokens=required or contact your account owner to disable httpTokensEnforced.",
    ))
}

/// The credit option of new instances of a family. T2 alone is `standard` by itself.
pub(crate) fn credits(cx: &Context, family: &str) -> String {
    let set = of(&cx.region, &cx.account).credits.get(family).cloned();
    set.unwrap_or_else(|| if family == "t2" { "standard" } else { "unlimited" }.to_owned())
}
