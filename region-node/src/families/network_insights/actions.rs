//! The actions on paths.

use archipelago_proto::ec2::v1::{
    CreateNetworkInsightsPathRequest, CreateNetworkInsightsPathResult, DeleteNetworkInsightsPathRequest,
    DeleteNetworkInsightsPathResult, DescribeNetworkInsightsPathsRequest, DescribeNetworkInsightsPathsResult,
    FilterPortRange, NetworkInsightsPath, PathFilter, PathRequestFilter, RequestFilterPortRange,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::endpoints::{check, id_of};
use super::explain::arn;
use super::filters::PATHS;
use super::state::{PathCommand, PathState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_network_insights_path),
        Action::new(delete_network_insights_path),
        Action::new(describe_network_insights_paths),
    ]
}

fn check_address(parameter: &str, text: Option<&str>) -> Ec2Result<()> {
    let block = |text: &str| text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok();
    match text.filter(|text| !block(text)) {
        Some(text) => Err(Ec2Error::invalid_value(parameter, text)),
        None => Ok(()),
    }
}

fn check_port(parameter: &str, port: Option<i32>) -> Ec2Result<()> {
    match port.filter(|port| !(0..=65535).contains(port)) {
        Some(port) => Err(Ec2Error::invalid_value(parameter, port)),
        None => Ok(()),
    }
}

fn ports(parameter: &str, range: Option<RequestFilterPortRange>) -> Ec2Result<Option<FilterPortRange>> {
    let Some(range) = range else { return Ok(None) };
    check_port(parameter, range.from_port)?;
    check_port(parameter, range.to_port)?;
    let (from, to) = (range.from_port.or(range.to_port), range.to_port.or(range.from_port));
    if from > to {
        return Err(Ec2Error::invalid_parameter(format!("The range of {parameter} ends before it begins.")));
    }
    Ok(Some(FilterPortRange { from_port: from, to_port: to }))
}

fn filter(filter: Option<PathRequestFilter>) -> Ec2Result<Option<PathFilter>> {
    let Some(filter) = filter else { return Ok(None) };
    check_address("sourceAddress", filter.source_address.as_deref())?;
    check_address("destinationAddress", filter.destination_address.as_deref())?;
    Ok(Some(PathFilter {
        source_address: filter.source_address,
        source_port_range: ports("sourcePortRange", filter.source_port_range)?,
        destination_address: filter.destination_address,
        destination_port_range: ports("destinationPortRange", filter.destination_port_range)?,
    }))
}

async fn create_network_insights_path(
    cx: Context,
    input: CreateNetworkInsightsPathRequest,
) -> Ec2Result<CreateNetworkInsightsPathResult> {
    let kind = &PathState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let filters = input.filter_at_source.is_some() || input.filter_at_destination.is_some();
    let plain = input.source_ip.is_some() || input.destination_ip.is_some() || input.destination_port.is_some();
    if filters && plain {
        return Err(Ec2Error::invalid_combination(
            "The parameters SourceIp, DestinationIp and DestinationPort may not be specified together with path filters",
        ));
    }
    check_address("sourceIp", input.source_ip.as_deref())?;
    check_address("destinationIp", input.destination_ip.as_deref())?;
    check_port("destinationPort", input.destination_port)?;
    let filter_at_source = filter(input.filter_at_source.clone())?;
    let filter_at_destination = filter(input.filter_at_destination.clone())?;
    let addressed =
        input.destination_ip.is_some() || filter_at_source.as_ref().is_some_and(|at| at.destination_address.is_some());
    if input.destination.is_none() && !addressed {
        return Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter Destination, or a destination address",
        ));
    }
    let source = id_of(input.source());
    let destination = input.destination.as_deref().map(id_of);
    check(&cx, "source", &source)?;
    destination.as_deref().map_or(Ok(()), |destination| check(&cx, "destination", destination))?;
    let id = cx.network_insights_paths.fresh_id();
    let public = NetworkInsightsPath {
        network_insights_path_id: Some(id.to_string()),
        network_insights_path_arn: Some(cx.arn(kind.resource_type, &id)),
        created_date: Some(cx.shell.clock.now()),
        source_arn: arn(&cx, &source),
        source: Some(source),
        destination_arn: destination.as_deref().and_then(|destination| arn(&cx, destination)),
        destination,
        source_ip: input.source_ip,
        destination_ip: input.destination_ip,
        protocol: input.protocol,
        destination_port: input.destination_port,
        tags,
        filter_at_source,
        filter_at_destination,
    };
    let mut batch = cx.batch();
    batch.create(&cx.network_insights_paths, &id, PathState { public: public.clone() })?;
    cx.commit(batch, CreateNetworkInsightsPathResult { network_insights_path: Some(public) }).await
}

async fn delete_network_insights_path(
    cx: Context,
    input: DeleteNetworkInsightsPathRequest,
) -> Ec2Result<DeleteNetworkInsightsPathResult> {
    let path = cx.network_insights_paths.find(&cx.account, input.network_insights_path_id())?;
    cx.network_insights_paths.ask(&path.id, PathCommand::Delete).await?;
    Ok(DeleteNetworkInsightsPathResult { network_insights_path_id: Some(path.id.to_string()) })
}

async fn describe_network_insights_paths(
    cx: Context,
    input: DescribeNetworkInsightsPathsRequest,
) -> Ec2Result<DescribeNetworkInsightsPathsResult> {
    let describe = Describe {
        ids: &input.network_insights_path_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=100,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.network_insights_paths, PATHS)?;
    let network_insights_paths = page.map(|path| path.state.public.clone());
    Ok(DescribeNetworkInsightsPathsResult { network_insights_paths, next_token: page.next_token })
}
