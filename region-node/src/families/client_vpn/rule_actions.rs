//! Who may reach which networks by an endpoint.

use archipelago_proto::ec2::v1::{
    AuthorizationRule, AuthorizeClientVpnIngressRequest, AuthorizeClientVpnIngressResult,
    DescribeClientVpnAuthorizationRulesRequest, DescribeClientVpnAuthorizationRulesResult,
    RevokeClientVpnIngressRequest, RevokeClientVpnIngressResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{RULES, RuleRow};
use super::route_actions::block;
use super::state::ClientVpnCommand;
use super::transitions::{AUTHORIZING, REVOKING, rule_status};
use crate::request::{Action, Context, Describe};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(authorize_client_vpn_ingress),
        Action::new(describe_client_vpn_authorization_rules),
        Action::new(revoke_client_vpn_ingress),
    ]
}

/// Either a group, or all of them.
fn check(group: Option<&str>, all: bool, parameter: &str) -> Ec2Result<()> {
    match (group, all) {
        (Some(_), true) => Err(Ec2Error::invalid_combination(format!(
            "The parameters AccessGroupId and {parameter} may not be specified together"
        ))),
        (None, false) => Err(Ec2Error::new(
            "MissingParameter",
            format!("The request must contain the parameter AccessGroupId or {parameter}"),
        )),
        _ => Ok(()),
    }
}

async fn authorize_client_vpn_ingress(
    cx: Context,
    input: AuthorizeClientVpnIngressRequest,
) -> Ec2Result<AuthorizeClientVpnIngressResult> {
    check(input.access_group_id.as_deref(), input.authorize_all_groups(), "AuthorizeAllGroups")?;
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let rule = AuthorizationRule {
        client_vpn_endpoint_id: Some(endpoint.id.to_string()),
        destination_cidr: Some(block("targetNetworkCidr", input.target_network_cidr())?),
        access_all: Some(input.authorize_all_groups()),
        group_id: input.access_group_id,
        description: input.description,
        status: None,
    };
    cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Authorize(rule)).await?;
    Ok(AuthorizeClientVpnIngressResult { status: rule_status(AUTHORIZING) })
}

async fn revoke_client_vpn_ingress(
    cx: Context,
    input: RevokeClientVpnIngressRequest,
) -> Ec2Result<RevokeClientVpnIngressResult> {
    check(input.access_group_id.as_deref(), input.revoke_all_groups(), "RevokeAllGroups")?;
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let command = ClientVpnCommand::Revoke {
        destination: block("targetNetworkCidr", input.target_network_cidr())?,
        group: input.access_group_id,
    };
    cx.client_vpn_endpoints.ask(&endpoint.id, command).await?;
    Ok(RevokeClientVpnIngressResult { status: rule_status(REVOKING) })
}

async fn describe_client_vpn_authorization_rules(
    cx: Context,
    input: DescribeClientVpnAuthorizationRulesRequest,
) -> Ec2Result<DescribeClientVpnAuthorizationRulesResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let rows = endpoint.state.rules.iter().map(|known| RuleRow::new(known.public.clone())).collect();
    let page = describe.pick_from(&endpoint.id, RULES, rows)?;
    let authorization_rules = page.items.into_iter().map(|row| row.public).collect();
    Ok(DescribeClientVpnAuthorizationRulesResult { authorization_rules, next_token: page.next_token })
}
