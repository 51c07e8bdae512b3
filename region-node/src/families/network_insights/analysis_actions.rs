//! The actions on analyses.

use archipelago_proto::ec2::v1::{
    DeleteNetworkInsightsAnalysisRequest, DeleteNetworkInsightsAnalysisResult, DescribeNetworkInsightsAnalysesRequest,
    DescribeNetworkInsightsAnalysesResult, Explanation, NetworkInsightsAnalysis, StartNetworkInsightsAnalysisRequest,
    StartNetworkInsightsAnalysisResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::explain::{explain, named};
use super::filters::ANALYSES;
use super::state::{AnalysisCommand, AnalysisState};
use super::trip::{Outcome, travel};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for};
use crate::time::Transition;

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(delete_network_insights_analysis),
        Action::new(describe_network_insights_analyses),
        Action::new(start_network_insights_analysis),
    ]
}

/// A path must go through what is filtered in, and must not through what is filtered out.
fn keep_to(cx: &Context, outcome: Outcome, filter_in: &[String], filter_out: &[String]) -> Outcome {
    let meets = |arn: &String| {
        let components = outcome.forward.iter().filter_map(|component| component.component.as_ref());
        components.into_iter().any(|component| component.arn() == arn)
    };
    let wrong = filter_in.iter().find(|arn| !meets(arn)).or_else(|| filter_out.iter().find(|arn| meets(arn)));
    match wrong.filter(|_| outcome.found()) {
        None => outcome,
        Some(arn) => {
            let component = arn.rsplit_once('/').and_then(|(_, id)| named(cx, id));
            let explanation = explain("NO_PATH", Explanation { component, ..Explanation::default() });
            Outcome { forward: Vec::new(), back: Vec::new(), explanations: vec![*explanation] }
        }
    }
}

async fn start_network_insights_analysis(
    cx: Context,
    input: StartNetworkInsightsAnalysisRequest,
) -> Ec2Result<StartNetworkInsightsAnalysisResult> {
    let kind = &AnalysisState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if !input.additional_accounts.is_empty() {
        return Err(Ec2Error::unsupported("Analyses across accounts (AdditionalAccounts) are not supported."));
    }
    let path = cx.network_insights_paths.find(&cx.account, input.network_insights_path_id())?;
    // It sees the network as it is now; what it finds is shown when it is over.
    let outcome = travel(&cx, &path.state.public);
    let outcome = keep_to(&cx, outcome, &input.filter_in_arns, &input.filter_out_arns);
    let id = cx.network_insights_analyses.fresh_id();
    let public = NetworkInsightsAnalysis {
        network_insights_analysis_id: Some(id.to_string()),
        network_insights_analysis_arn: Some(cx.arn(kind.resource_type, &id)),
        network_insights_path_id: Some(path.id.to_string()),
        filter_in_arns: input.filter_in_arns,
        filter_out_arns: input.filter_out_arns,
        start_date: Some(cx.shell.clock.now()),
        status: Some("succeeded".into()),
        network_path_found: Some(outcome.found()),
        forward_path_components: outcome.forward,
        return_path_components: outcome.back,
        explanations: outcome.explanations,
        tags,
        ..NetworkInsightsAnalysis::default()
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::NetworkAnalysis);
    let state = AnalysisState { public, settles: Some(settles) };
    let shown = state.view();
    let mut batch = cx.batch();
    batch.create(&cx.network_insights_analyses, &id, state)?;
    cx.commit(batch, StartNetworkInsightsAnalysisResult { network_insights_analysis: Some(shown) }).await
}

async fn delete_network_insights_analysis(
    cx: Context,
    input: DeleteNetworkInsightsAnalysisRequest,
) -> Ec2Result<DeleteNetworkInsightsAnalysisResult> {
    let analysis = cx.network_insights_analyses.find(&cx.account, input.network_insights_analysis_id())?;
    cx.network_insights_analyses.ask(&analysis.id, AnalysisCommand::Delete).await?;
    Ok(DeleteNetworkInsightsAnalysisResult { network_insights_analysis_id: Some(analysis.id.to_string()) })
}

async fn describe_network_insights_analyses(
    cx: Context,
    input: DescribeNetworkInsightsAnalysesRequest,
) -> Ec2Result<DescribeNetworkInsightsAnalysesResult> {
    let text = |time: Option<i64>| time.map(|time| time.to_string()).unwrap_or_default();
    let path = input.network_insights_path_id.clone();
    let scope = [path.clone().unwrap_or_default(), text(input.analysis_start_time), text(input.analysis_end_time)];
    let describe = Describe {
        ids: &input.network_insights_analysis_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&scope],
        sizes: 1..=100,
    };
    if let Some(path) = &path {
        cx.network_insights_paths.find(&cx.account, path)?;
    }
    let host = &cx.network_insights_analyses;
    let shelves = [crate::entity::Shelf::Owner(cx.account.clone())];
    let wanted = |analysis: &crate::entity::Published<AnalysisState>| {
        let public = &analysis.state.public;
        analysis.account == cx.account
            && path.as_deref().is_none_or(|path| public.network_insights_path_id() == path)
            && input.analysis_start_time.is_none_or(|from| public.start_date() >= from)
            && input.analysis_end_time.is_none_or(|to| public.start_date() <= to)
    };
    let page = describe.find_where(host, ANALYSES, &shelves, wanted, |analysis| analysis)?;
    let network_insights_analyses = page.map(|analysis| analysis.state.view());
    Ok(DescribeNetworkInsightsAnalysesResult { network_insights_analyses, next_token: page.next_token })
}
