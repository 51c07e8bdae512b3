//! DescribeVpcAttribute, ModifyVpcAttribute and ModifyVpcTenancy.

use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, DescribeVpcAttributeRequest, DescribeVpcAttributeResult, ModifyVpcAttributeRequest,
    ModifyVpcAttributeResponse, ModifyVpcTenancyRequest, ModifyVpcTenancyResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{Attribute, VpcCommand};
use crate::request::Context;

pub(super) async fn describe_vpc_attribute(
    cx: Context,
    input: DescribeVpcAttributeRequest,
) -> Ec2Result<DescribeVpcAttributeResult> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let attributes = vpc.state.attributes;
    let mut result = DescribeVpcAttributeResult { vpc_id: input.vpc_id, ..DescribeVpcAttributeResult::default() };
    let value = |value| Some(AttributeBooleanValue { value: Some(value) });
    match input.attribute.as_deref() {
        Some("enableDnsSupport") => result.enable_dns_support = value(attributes.dns_support),
        Some("enableDnsHostnames") => result.enable_dns_hostnames = value(attributes.dns_hostnames),
        Some("enableNetworkAddressUsageMetrics") => {
            result.enable_network_address_usage_metrics = value(attributes.address_usage_metrics);
        }
        other => return Err(Ec2Error::invalid_value("attribute", other.unwrap_or_default())),
    }
    Ok(result)
}

/// One attribute a call (reference: ModifyVpcAttribute).
pub(super) async fn modify_vpc_attribute(
    cx: Context,
    input: ModifyVpcAttributeRequest,
) -> Ec2Result<ModifyVpcAttributeResponse> {
    let value = |value: &Option<AttributeBooleanValue>| value.as_ref().map(AttributeBooleanValue::value);
    let given: Vec<_> = [
        ("enableDnsSupport", value(&input.enable_dns_support).map(Attribute::DnsSupport)),
        ("enableDnsHostnames", value(&input.enable_dns_hostnames).map(Attribute::DnsHostnames)),
        (
            "enableNetworkAddressUsageMetrics",
            value(&input.enable_network_address_usage_metrics).map(Attribute::AddressUsageMetrics),
        ),
    ]
    .into_iter()
    .filter_map(|(name, attribute)| attribute.map(|attribute| (name, attribute)))
    .collect();
    let attribute = match given[..] {
        [(_, attribute)] => attribute,
        [] => return Err(Ec2Error::invalid_combination("No attributes specified.")),
        _ => {
            let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
            let message = format!("Fields for multiple attribute types specified: {}", names.join(", "));
            return Err(Ec2Error::invalid_combination(message));
        }
    };
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    cx.vpcs.ask(&vpc.id, VpcCommand::Set(attribute)).await?;
    Ok(ModifyVpcAttributeResponse {})
}

/// A VPC of dedicated tenancy can be changed to the default one, and never back.
pub(super) async fn modify_vpc_tenancy(
    cx: Context,
    input: ModifyVpcTenancyRequest,
) -> Ec2Result<ModifyVpcTenancyResult> {
    if input.instance_tenancy() != "default" {
        return Err(Ec2Error::invalid_value("instanceTenancy", input.instance_tenancy()));
    }
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    cx.vpcs.ask(&vpc.id, VpcCommand::UseDefaultTenancy).await?;
    Ok(ModifyVpcTenancyResult { return_value: Some(true) })
}
