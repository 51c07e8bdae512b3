//! The reverse DNS names of addresses (reference: DescribeAddressesAttribute, ModifyAddressAttribute, ResetAddressAttribute).

use archipelago_proto::ec2::v1::{
    DescribeAddressesAttributeRequest, DescribeAddressesAttributeResult, ModifyAddressAttributeRequest,
    ModifyAddressAttributeResult, ResetAddressAttributeRequest, ResetAddressAttributeResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::AddressCommand;
use crate::request::{Context, Describe};

pub(super) async fn describe_addresses_attribute(
    cx: Context,
    input: DescribeAddressesAttributeRequest,
) -> Ec2Result<DescribeAddressesAttributeResult> {
    let describe = Describe {
        ids: &input.allocation_ids,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.addresses, &[])?;
    let addresses = page.items.iter().filter_map(|address| address.state.domain_name()).collect();
    Ok(DescribeAddressesAttributeResult { addresses, next_token: page.next_token })
}

pub(super) async fn modify_address_attribute(
    cx: Context,
    input: ModifyAddressAttributeRequest,
) -> Ec2Result<ModifyAddressAttributeResult> {
    let name = input.domain_name.as_deref().ok_or_else(|| Ec2Error::missing_parameter("DomainName"))?;
    let name = full_name(name)?;
    let address = cx.addresses.find(&cx.account, input.allocation_id())?;
    let changed = cx.addresses.ask(&address.id, AddressCommand::SetPtr(Some(name))).await?.published;
    Ok(ModifyAddressAttributeResult { address: changed.state.domain_name() })
}

/// `mail.example.com` is written `mail.example.com.`
fn full_name(name: &str) -> Ec2Result<String> {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(letter);
    if labels.len() > 253 || !labels.contains('.') || !labels.split('.').all(label) {
        return Err(Ec2Error::invalid_value("domainName", name));
    }
    Ok(format!("{labels}."))
}

pub(super) async fn reset_address_attribute(
    cx: Context,
    input: ResetAddressAttributeRequest,
) -> Ec2Result<ResetAddressAttributeResult> {
    let address = cx.addresses.find(&cx.account, input.allocation_id())?;
    let changed = cx.addresses.ask(&address.id, AddressCommand::SetPtr(None)).await?.published;
    Ok(ResetAddressAttributeResult { address: changed.state.domain_name() })
}
