//! The actions on DHCP options sets (reference: "DHCP Options").

use archipelago_proto::ec2::v1::{
    AttributeValue, CreateDhcpOptionsRequest, CreateDhcpOptionsResult, DeleteDhcpOptionsRequest,
    DeleteDhcpOptionsResponse, DescribeDhcpOptionsRequest, DescribeDhcpOptionsResult, DhcpConfiguration, DhcpOptions,
    NewDhcpConfiguration,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::DhcpOptionsState;
use super::filters::FILTERS;
use super::state::DhcpOptionsCommand;
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, required, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![Action::new(create_dhcp_options), Action::new(delete_dhcp_options), Action::new(describe_dhcp_options)]
}

async fn create_dhcp_options(cx: Context, input: CreateDhcpOptionsRequest) -> Ec2Result<CreateDhcpOptionsResult> {
    let kind = &DhcpOptionsState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let dhcp_configurations =
        input.dhcp_configurations.into_iter().map(configuration).collect::<Ec2Result<Vec<_>>>()?;
    let id = cx.dhcp_options.fresh_id();
    let public = DhcpOptions {
        owner_id: Some(cx.account.to_string()),
        tags,
        dhcp_options_id: Some(id.to_string()),
        dhcp_configurations,
    };
    let mut batch = cx.batch();
    batch.create(&cx.dhcp_options, &id, DhcpOptionsState { public: public.clone() })?;
    cx.commit(batch, CreateDhcpOptionsResult { dhcp_options: Some(public) }).await
}

/// The options that a set may have (AWS: "DHCP option sets in Amazon VPC").
const KEYS: [&str; 6] = [
    "domain-name-servers",
    "domain-name",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ipv6-address-preferred-lease-time",
];

fn configuration(new: NewDhcpConfiguration) -> Ec2Result<DhcpConfiguration> {
    let key = required("DhcpConfiguration.Key", new.key.as_deref())?;
    if !KEYS.contains(&key) {
        return Err(Ec2Error::invalid_parameter(format!("Unrecognized DHCP option: {key}")));
    }
    if new.values.is_empty() {
        return Err(Ec2Error::missing_parameter("DhcpConfiguration.Value"));
    }
    if key == "netbios-node-type" && !new.values.iter().all(|v| matches!(v.as_str(), "1" | "2" | "4" | "8")) {
        return Err(Ec2Error::invalid_value("netbios-node-type", new.values.join(",")));
    }
    let values = new.values.into_iter().map(|value| AttributeValue { value: Some(value) }).collect();
    Ok(DhcpConfiguration { key: new.key, values })
}

async fn delete_dhcp_options(cx: Context, input: DeleteDhcpOptionsRequest) -> Ec2Result<DeleteDhcpOptionsResponse> {
    let set = cx.dhcp_options.find(&cx.account, input.dhcp_options_id())?;
    cx.dhcp_options.ask(&set.id, DhcpOptionsCommand::Delete).await?;
    Ok(DeleteDhcpOptionsResponse {})
}

async fn describe_dhcp_options(cx: Context, input: DescribeDhcpOptionsRequest) -> Ec2Result<DescribeDhcpOptionsResult> {
    let describe = Describe {
        ids: &input.dhcp_options_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.dhcp_options, FILTERS)?;
    let dhcp_options = page.map(|set| set.state.public.clone());
    Ok(DescribeDhcpOptionsResult { next_token: page.next_token, dhcp_options })
}
