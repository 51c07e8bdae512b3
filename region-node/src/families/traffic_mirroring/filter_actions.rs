//! The actions on filters.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateTrafficMirrorFilterRequest, CreateTrafficMirrorFilterResult, DeleteTrafficMirrorFilterRequest,
    DeleteTrafficMirrorFilterResult, DescribeTrafficMirrorFiltersRequest, DescribeTrafficMirrorFiltersResult,
    ModifyTrafficMirrorFilterNetworkServicesRequest, ModifyTrafficMirrorFilterNetworkServicesResult,
    TrafficMirrorFilter,
};

use super::MirrorFilterState;
use super::filter::MirrorFilterCommand;
use super::filters::FILTERS;
use crate::entity::Entity as _;
use crate::request::{Context, Describe, tags_for};

pub(super) async fn create_traffic_mirror_filter(
    cx: Context,
    input: CreateTrafficMirrorFilterRequest,
) -> Ec2Result<CreateTrafficMirrorFilterResult> {
    let kind = &MirrorFilterState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let id = cx.traffic_mirror_filters.fresh_id();
    let public = TrafficMirrorFilter {
        traffic_mirror_filter_id: Some(id.to_string()),
        description: input.description,
        tags,
        ..TrafficMirrorFilter::default()
    };
    let mut batch = cx.batch();
    let state = MirrorFilterState { public: public.clone(), rules: Vec::new() };
    batch.create(&cx.traffic_mirror_filters, &id, state)?;
    let response =
        CreateTrafficMirrorFilterResult { traffic_mirror_filter: Some(public), client_token: input.client_token };
    cx.commit(batch, response).await
}

pub(super) async fn delete_traffic_mirror_filter(
    cx: Context,
    input: DeleteTrafficMirrorFilterRequest,
) -> Ec2Result<DeleteTrafficMirrorFilterResult> {
    let filter = cx.traffic_mirror_filters.find(&cx.account, input.traffic_mirror_filter_id())?;
    cx.traffic_mirror_filters.ask(&filter.id, MirrorFilterCommand::Delete).await?;
    Ok(DeleteTrafficMirrorFilterResult { traffic_mirror_filter_id: input.traffic_mirror_filter_id })
}

pub(super) async fn describe_traffic_mirror_filters(
    cx: Context,
    input: DescribeTrafficMirrorFiltersRequest,
) -> Ec2Result<DescribeTrafficMirrorFiltersResult> {
    let describe = Describe {
        ids: &input.traffic_mirror_filter_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.traffic_mirror_filters, FILTERS)?;
    let traffic_mirror_filters = page.map(|filter| filter.state.view());
    Ok(DescribeTrafficMirrorFiltersResult { traffic_mirror_filters, next_token: page.next_token })
}

pub(super) async fn modify_traffic_mirror_filter_network_services(
    cx: Context,
    input: ModifyTrafficMirrorFilterNetworkServicesRequest,
) -> Ec2Result<ModifyTrafficMirrorFilterNetworkServicesResult> {
    let filter = cx.traffic_mirror_filters.find(&cx.account, input.traffic_mirror_filter_id())?;
    let services =
        MirrorFilterCommand::Services { add: input.add_network_services, remove: input.remove_network_services };
    let changed = cx.traffic_mirror_filters.ask(&filter.id, services).await?.published;
    Ok(ModifyTrafficMirrorFilterNetworkServicesResult { traffic_mirror_filter: Some(changed.state.view()) })
}
