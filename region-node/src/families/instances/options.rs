//! Metadata and credit options of instances that exist (AWS: ModifyInstanceMetadataOptions,
//! DescribeInstanceCreditSpecifications).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    DescribeInstanceCreditSpecificationsRequest, DescribeInstanceCreditSpecificationsResult,
    InstanceCreditSpecification, InstanceMetadataOptionsRequest, ModifyInstanceMetadataOptionsRequest,
    ModifyInstanceMetadataOptionsResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::launch;
use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState};
use crate::entity::{Published, Shelf};
use crate::request::{Column, Context, Describe, FilterTable};

pub(super) async fn modify_instance_metadata_options(
    cx: Context,
    input: ModifyInstanceMetadataOptionsRequest,
) -> Ec2Result<ModifyInstanceMetadataOptionsResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let wanted = InstanceMetadataOptionsRequest {
        http_tokens: input.http_tokens,
        http_put_response_hop_limit: input.http_put_response_hop_limit,
        http_endpoint: input.http_endpoint,
        http_protocol_ipv6: input.http_protocol_ipv6,
        instance_metadata_tags: input.instance_metadata_tags,
    };
    if wanted == InstanceMetadataOptionsRequest::default() {
        return Err(Ec2Error::new("MissingParameter", "The request must contain at least one metadata option"));
    }
    if wanted.instance_metadata_tags.as_deref() == Some("enabled") {
        let spelled = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "+-=.,_:@".contains(c));
        if let Some(tag) = instance.state.public.tags.iter().find(|tag| !spelled(tag.key())) {
            return Err(Ec2Error::invalid_parameter(format!(
                "'{}' is not a valid tag key for the instance metadata. Tag keys must match pattern \
                 ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), and must not be a reserved name ('.', '..', '_index')",
                tag.key()
            )));
        }
    }
    let known = instance.state.public.metadata_options.clone().unwrap_or_default();
    let mut options = launch::metadata(&wanted, &known)?;
    cx.instances.ask(&instance.id, InstanceCommand::SetMetadataOptions(Box::new(options.clone()))).await?;
    options.state = Some("pending".to_owned());
    Ok(ModifyInstanceMetadataOptionsResult { instance_id: input.instance_id, instance_metadata_options: Some(options) })
}

const FILTERS: FilterTable<InstanceState> = &[("instance-id", Column::Id)];

/// Without ids, those that are `unlimited`; by id, any burstable instance.
pub(super) async fn describe_instance_credit_specifications(
    cx: Context,
    input: DescribeInstanceCreditSpecificationsRequest,
) -> Ec2Result<DescribeInstanceCreditSpecificationsResult> {
    let describe = Describe {
        ids: &input.instance_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = if input.instance_ids.is_empty() {
        let shown = |instance: &Published<InstanceState>| {
            *instance.account == *cx.account
                && instance.state.private.cpu_credits() == "unlimited"
                && instance.state.phase() != Phase::Terminated
        };
        let shelves = [Shelf::Owner(cx.account.clone())];
        describe.find_where(&cx.instances, FILTERS, &shelves, shown, |instance| instance)?
    } else {
        describe.find(&cx, &cx.instances, FILTERS)?
    };
    let fixed = page.items.iter().find(|instance| instance.state.private.cpu_credits.is_none());
    if let Some(instance) = fixed {
        return Err(Ec2Error::unsupported(format!(
            "The instance '{}' is not a burstable performance instance.",
            instance.id
        )));
    }
    let specification = |instance: &Arc<Published<InstanceState>>| InstanceCreditSpecification {
        instance_id: Some(instance.id.to_string()),
        cpu_credits: instance.state.private.cpu_credits.clone(),
    };
    Ok(DescribeInstanceCreditSpecificationsResult {
        instance_credit_specifications: page.map(specification),
        next_token: page.next_token,
    })
}
