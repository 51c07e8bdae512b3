//! The actions on the rules of filters.

use archipelago_proto::ec2::v1::{
    CreateTrafficMirrorFilterRuleRequest, CreateTrafficMirrorFilterRuleResult, DeleteTrafficMirrorFilterRuleRequest,
    DeleteTrafficMirrorFilterRuleResult, DescribeTrafficMirrorFilterRulesRequest,
    DescribeTrafficMirrorFilterRulesResult, ModifyTrafficMirrorFilterRuleRequest, ModifyTrafficMirrorFilterRuleResult,
    TrafficMirrorFilterRule, TrafficMirrorPortRange, TrafficMirrorPortRangeRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::filter::{MirrorFilterCommand, RULE};
use super::filters::RULES;
use crate::request::{Context, Describe, tags_for};

/// AWS: rule numbers are 1 to 32766.
fn check(rule: &TrafficMirrorFilterRule) -> Ec2Result<()> {
    if !(1..=32_766).contains(&rule.rule_number()) {
        return Err(Ec2Error::invalid_value("ruleNumber", rule.rule_number()));
    }
    for (name, block) in
        [("destinationCidrBlock", rule.destination_cidr_block()), ("sourceCidrBlock", rule.source_cidr_block())]
    {
        if block.parse::<IpNet>().is_err() {
            return Err(Ec2Error::invalid_value(name, block));
        }
    }
    if let Some(protocol) = rule.protocol.filter(|protocol| !(0..=255).contains(protocol)) {
        return Err(Ec2Error::invalid_value("protocol", protocol));
    }
    let ranges = rule.destination_port_range.iter().chain(&rule.source_port_range);
    for range in ranges {
        if !matches!(rule.protocol, Some(6 | 17)) {
            return Err(Ec2Error::invalid_combination("Port ranges are for the protocols TCP (6) and UDP (17) only."));
        }
        let ports = 0..=65_535;
        if !ports.contains(&range.from_port())
            || !ports.contains(&range.to_port())
            || range.from_port() > range.to_port()
        {
            return Err(Ec2Error::invalid_parameter(format!(
                "Invalid TCP/UDP port range ({}:{})",
                range.from_port(),
                range.to_port()
            )));
        }
    }
    Ok(())
}

fn ports(given: TrafficMirrorPortRangeRequest) -> TrafficMirrorPortRange {
    TrafficMirrorPortRange { from_port: given.from_port, to_port: given.to_port }
}

pub(super) async fn create_traffic_mirror_filter_rule(
    cx: Context,
    input: CreateTrafficMirrorFilterRuleRequest,
) -> Ec2Result<CreateTrafficMirrorFilterRuleResult> {
    let tags = tags_for(&RULE, &[&RULE], &input.tag_specifications)?;
    let rule = TrafficMirrorFilterRule {
        traffic_mirror_filter_rule_id: Some(cx.shell.ids.fresh(&RULE).to_string()),
        traffic_mirror_filter_id: input.traffic_mirror_filter_id.clone(),
        traffic_direction: input.traffic_direction,
        rule_number: input.rule_number,
        rule_action: input.rule_action,
        protocol: input.protocol,
        destination_port_range: input.destination_port_range.map(ports),
        source_port_range: input.source_port_range.map(ports),
        destination_cidr_block: input.destination_cidr_block,
        source_cidr_block: input.source_cidr_block,
        description: input.description,
        tags,
    };
    check(&rule)?;
    let filter = cx.traffic_mirror_filters.find(&cx.account, rule.traffic_mirror_filter_id())?;
    cx.traffic_mirror_filters.ask(&filter.id, MirrorFilterCommand::SetRule(rule.clone())).await?;
    Ok(CreateTrafficMirrorFilterRuleResult { traffic_mirror_filter_rule: Some(rule), client_token: input.client_token })
}

pub(super) async fn modify_traffic_mirror_filter_rule(
    cx: Context,
    input: ModifyTrafficMirrorFilterRuleRequest,
) -> Ec2Result<ModifyTrafficMirrorFilterRuleResult> {
    let id = input.traffic_mirror_filter_rule_id();
    RULE.check(id)?;
    let filter = cx.traffic_mirror_filters.of_part(&cx.account, id).ok_or_else(|| RULE.not_found(id))?;
    let mut rule = filter.state.rule(id).cloned().ok_or_else(|| RULE.not_found(id))?;
    for field in &input.remove_fields {
        match field.as_str() {
            "destination-port-range" => rule.destination_port_range = None,
            "source-port-range" => rule.source_port_range = None,
            "protocol" => rule.protocol = None,
            _ => rule.description = None,
        }
    }
    rule.traffic_direction = input.traffic_direction.or(rule.traffic_direction);
    rule.rule_number = input.rule_number.or(rule.rule_number);
    rule.rule_action = input.rule_action.or(rule.rule_action);
    rule.destination_port_range = input.destination_port_range.map(ports).or(rule.destination_port_range);
    rule.source_port_range = input.source_port_range.map(ports).or(rule.source_port_range);
    rule.protocol = input.protocol.or(rule.protocol);
    rule.destination_cidr_block = input.destination_cidr_block.or(rule.destination_cidr_block);
    rule.source_cidr_block = input.source_cidr_block.or(rule.source_cidr_block);
    rule.description = input.description.or(rule.description);
    check(&rule)?;
    cx.traffic_mirror_filters.ask(&filter.id, MirrorFilterCommand::SetRule(rule.clone())).await?;
    Ok(ModifyTrafficMirrorFilterRuleResult { traffic_mirror_filter_rule: Some(rule) })
}

pub(super) async fn delete_traffic_mirror_filter_rule(
    cx: Context,
    input: DeleteTrafficMirrorFilterRuleRequest,
) -> Ec2Result<DeleteTrafficMirrorFilterRuleResult> {
    let id = input.traffic_mirror_filter_rule_id();
    RULE.check(id)?;
    let filter = cx.traffic_mirror_filters.of_part(&cx.account, id).ok_or_else(|| RULE.not_found(id))?;
    cx.traffic_mirror_filters.ask(&filter.id, MirrorFilterCommand::RemoveRule(id.to_owned())).await?;
    Ok(DeleteTrafficMirrorFilterRuleResult { traffic_mirror_filter_rule_id: input.traffic_mirror_filter_rule_id })
}

pub(super) async fn describe_traffic_mirror_filter_rules(
    cx: Context,
    input: DescribeTrafficMirrorFilterRulesRequest,
) -> Ec2Result<DescribeTrafficMirrorFilterRulesResult> {
    let wanted = &input.traffic_mirror_filter_rule_ids;
    let mut rules: Vec<_> = match &input.traffic_mirror_filter_id {
        Some(filter) => cx.traffic_mirror_filters.find(&cx.account, filter)?.state.rules.clone(),
        None => {
            let filters = cx.traffic_mirror_filters.owned_by(&cx.account);
            filters.values().flat_map(|filter| filter.state.rules.iter().cloned()).collect()
        }
    };
    for id in wanted {
        RULE.check(id)?;
        if !rules.iter().any(|rule| rule.traffic_mirror_filter_rule_id() == id) {
            return Err(RULE.not_found(id));
        }
    }
    rules.retain(|rule| wanted.is_empty() || wanted.iter().any(|id| id == rule.traffic_mirror_filter_rule_id()));
    let describe = Describe {
        ids: wanted,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from(RULE.resource_type, RULES, rules)?;
    Ok(DescribeTrafficMirrorFilterRulesResult { traffic_mirror_filter_rules: page.items, next_token: page.next_token })
}
