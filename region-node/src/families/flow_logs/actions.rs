//! The actions on flow logs.

use archipelago_proto::ec2::v1::{
    CreateFlowLogsRequest, CreateFlowLogsResult, DeleteFlowLogsRequest, DeleteFlowLogsResult, DescribeFlowLogsRequest,
    DescribeFlowLogsResult, FlowLog, GetFlowLogsIntegrationTemplateRequest, GetFlowLogsIntegrationTemplateResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::FlowLogState;
use super::destination::Destination;
use super::filters::FILTERS;
use super::format;
use super::state::FlowLogCommand;
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for, unsuccessful};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_flow_logs),
        Action::new(delete_flow_logs),
        Action::new(describe_flow_logs),
        Action::new(get_flow_logs_integration_template),
    ]
}

/// AWS: at most 1,000 resources a call.
const MOST: usize = 1000;

/// One log for each of the resources; those that cannot have one are named in the answer.
async fn create_flow_logs(cx: Context, input: CreateFlowLogsRequest) -> Ec2Result<CreateFlowLogsResult> {
    let kind = &FlowLogState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let destination = Destination::of(&input)?;
    let traffic = input.traffic_type.clone();
    if traffic.is_none() && !input.resource_type().starts_with("TransitGateway") {
        return Err(Ec2Error::missing_parameter("TrafficType"));
    }
    let log_format = input.log_format.as_deref().unwrap_or(format::DEFAULT);
    format::check(log_format)?;
    let interval = input.max_aggregation_interval.unwrap_or(600);
    if !matches!(interval, 60 | 600) {
        return Err(Ec2Error::new("InvalidParameter", "Invalid Flow Log Max Aggregation Interval"));
    }
    if input.resource_ids.len() > MOST {
        return Err(Ec2Error::invalid_parameter(format!("At most {MOST} resources may be specified")));
    }

    let (mut batch, mut flow_log_ids, mut failed) = (cx.batch(), Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    for resource in &input.resource_ids {
        let template = FlowLog {
            creation_time: Some(cx.shell.clock.now()),
            deliver_logs_permission_arn: input.deliver_logs_permission_arn.clone(),
            deliver_cross_account_role: input.deliver_cross_account_role.clone(),
            deliver_logs_status: Some("SUCCESS".into()),
            flow_log_status: Some("ACTIVE".into()),
            log_group_name: destination.log_group.clone(),
            resource_id: Some(resource.clone()),
            traffic_type: traffic.clone(),
            log_destination_type: Some(destination.kind.into()),
            log_destination: destination.arn.clone(),
            log_format: Some(log_format.to_owned()),
            tags: tags.clone(),
            max_aggregation_interval: Some(interval),
            destination_options: destination.options.clone(),
            ..FlowLog::default()
        };
        let outcome = check_resource(&cx, input.resource_type(), resource);
        let outcome = outcome.and_then(|()| check_new(&cx, &template, seen.contains(&resource.as_str())));
        if let Some(item) = unsuccessful(resource, outcome) {
            failed.push(item);
            continue;
        }
        seen.push(resource);
        let id = cx.flow_logs.fresh_id();
        let public = FlowLog { flow_log_id: Some(id.to_string()), ..template };
        batch.create(&cx.flow_logs, &id, FlowLogState { public })?;
        flow_log_ids.push(id.to_string());
    }
    let response =
        CreateFlowLogsResult { client_token: input.client_token.clone(), flow_log_ids, unsuccessful: failed };
    cx.commit(batch, response).await
}

fn check_resource(cx: &Context, kind: &str, id: &str) -> Ec2Result<()> {
    match kind {
        "VPC" => cx.vpcs.find(&cx.account, id).map(drop),
        "Subnet" => cx.subnets.find(&cx.account, id).map(drop),
        "NetworkInterface" => cx.network_interfaces.find(&cx.account, id).map(drop),
        "RegionalNatGateway" => cx
            .nat_gateways
            .find(&cx.account, id)
            .and_then(|_| Err(Ec2Error::invalid_parameter(format!("The NAT gateway {id} is not a regional one.")))),
        "TransitGateway" => cx.transit_gateways.find(&cx.account, id).map(drop),
        _ => cx.transit_gateway_attachments.find(&cx.account, id).map(drop),
    }
}

/// A resource has one log for each kind of traffic and destination.
fn check_new(cx: &Context, new: &FlowLog, twice: bool) -> Ec2Result<()> {
    let same = |known: &FlowLog| {
        known.resource_id == new.resource_id
            && known.traffic_type == new.traffic_type
            && known.log_destination_type == new.log_destination_type
            && known.log_destination == new.log_destination
            && known.log_group_name == new.log_group_name
    };
    if twice || cx.flow_logs.owned_by(&cx.account).values().any(|known| same(&known.state.public)) {
        return Err(Ec2Error::new(
            "FlowLogAlreadyExists",
            "Error. There is an existing Flow Log with the same configuration and log destination.",
        ));
    }
    Ok(())
}

async fn delete_flow_logs(cx: Context, input: DeleteFlowLogsRequest) -> Ec2Result<DeleteFlowLogsResult> {
    let mut failed = Vec::new();
    for id in &input.flow_log_ids {
        let outcome = match cx.flow_logs.find(&cx.account, id) {
            Ok(log) => cx.flow_logs.ask(&log.id, FlowLogCommand::Delete).await.map(drop),
            Err(error) => Err(error),
        };
        failed.extend(unsuccessful(id, outcome));
    }
    Ok(DeleteFlowLogsResult { unsuccessful: failed })
}

async fn describe_flow_logs(cx: Context, input: DescribeFlowLogsRequest) -> Ec2Result<DescribeFlowLogsResult> {
    let describe = Describe {
        ids: &input.flow_log_ids,
        filters: &input.filter,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.flow_logs, FILTERS)?;
    let flow_logs = page.map(|log| log.state.public.clone());
    Ok(DescribeFlowLogsResult { flow_logs, next_token: page.next_token })
}

/// The template would be written to a bucket, and there is no S3 here.
async fn get_flow_logs_integration_template(
    cx: Context,
    input: GetFlowLogsIntegrationTemplateRequest,
) -> Ec2Result<GetFlowLogsIntegrationTemplateResult> {
    cx.flow_logs.find(&cx.account, input.flow_log_id())?;
    Err(Ec2Error::unsupported("Templates cannot be written to Amazon S3."))
}
