//! The actions on launch templates (AWS: "Launch templates"); those on versions alone have a file of their own.

use archipelago_proto::ec2::v1::{
    CreateLaunchTemplateRequest, CreateLaunchTemplateResult, DeleteLaunchTemplateRequest, DeleteLaunchTemplateResult,
    DescribeLaunchTemplatesRequest, DescribeLaunchTemplatesResult, LaunchTemplate, ModifyLaunchTemplateRequest,
    ModifyLaunchTemplateResult, OperatorResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::state::LaunchTemplateCommand;
use super::versions::{
    create_launch_template_version, delete_launch_template_versions, describe_launch_template_versions,
};
use super::{LaunchTemplateState, data, find, names};
use crate::entity::{Entity as _, Undo, workflow};
use crate::request::{Action, Context, Describe, required, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_launch_template),
        Action::new(create_launch_template_version),
        Action::new(modify_launch_template),
        Action::new(delete_launch_template),
        Action::new(delete_launch_template_versions),
        Action::new(describe_launch_templates),
        Action::new(describe_launch_template_versions),
    ]
}

async fn create_launch_template(
    cx: Context,
    input: CreateLaunchTemplateRequest,
) -> Ec2Result<CreateLaunchTemplateResult> {
    let kind = &LaunchTemplateState::KIND;
    let name = required("LaunchTemplateName", input.launch_template_name.as_deref())?;
    names::check(name)?;
    if input.operator.is_some() {
        return Err(Ec2Error::unsupported("Managed launch templates are not supported."));
    }
    check_description(input.version_description.as_deref())?;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let data = data::read(&input.launch_template_data.unwrap_or_default())?;
    let warning = data::warning(&cx, &data);
    let id = cx.launch_templates.fresh_id();
    let public = LaunchTemplate {
        launch_template_id: Some(id.to_string()),
        launch_template_name: Some(name.to_owned()),
        create_time: Some(cx.shell.clock.now()),
        created_by: Some(cx.call.caller.principal.clone()),
        default_version_number: Some(1),
        latest_version_number: Some(1),
        tags,
        operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
    };
    names::claim(&cx.region, &cx.account, name, &id).await?;
    let mut undo = Undo::default();
    let (cx_undo, name, id_undo) = (cx.clone(), name.to_owned(), id.clone());
    undo.push(async move { names::disclaim(&cx_undo.region, &cx_undo.account, &name, &id_undo).await });
    let outcome = async {
        let mut batch = cx.batch();
        let state = LaunchTemplateState::new(public.clone(), input.version_description, data);
        batch.create(&cx.launch_templates, &id, state)?;
        cx.commit(batch, CreateLaunchTemplateResult { launch_template: Some(public), warning }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

pub(super) fn check_description(description: Option<&str>) -> Ec2Result<()> {
    match description {
        Some(text) if text.chars().count() > 255 => Err(Ec2Error::invalid_value("VersionDescription", text)),
        _ => Ok(()),
    }
}

async fn modify_launch_template(
    cx: Context,
    input: ModifyLaunchTemplateRequest,
) -> Ec2Result<ModifyLaunchTemplateResult> {
    let template = find::template(&cx, input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let version = required("DefaultVersion", input.default_version.as_deref().filter(|version| !version.is_empty()))?;
    let command = LaunchTemplateCommand::SetDefault(version.to_owned());
    let answer = cx.launch_templates.ask(&template.id, command).await?;
    Ok(ModifyLaunchTemplateResult { launch_template: Some(answer.published.state.public.clone()) })
}

async fn delete_launch_template(
    cx: Context,
    input: DeleteLaunchTemplateRequest,
) -> Ec2Result<DeleteLaunchTemplateResult> {
    let template = find::template(&cx, input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let answer = cx.launch_templates.ask(&template.id, LaunchTemplateCommand::Delete).await?;
    let public = answer.published.state.public.clone();
    names::disclaim(&cx.region, &cx.account, public.launch_template_name(), &template.id).await;
    Ok(DeleteLaunchTemplateResult { launch_template: Some(public) })
}

async fn describe_launch_templates(
    cx: Context,
    input: DescribeLaunchTemplatesRequest,
) -> Ec2Result<DescribeLaunchTemplatesResult> {
    let mut ids = Vec::new();
    for id in &input.launch_template_ids {
        ids.push(find::by_id(&cx, id)?.id.to_string());
    }
    for name in &input.launch_template_names {
        ids.push(find::by_name(&cx, name)?.id.to_string());
    }
    let describe = Describe {
        ids: &ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=200,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.launch_templates, FILTERS)?;
    let launch_templates = page.map(|template| template.state.public.clone());
    Ok(DescribeLaunchTemplatesResult { launch_templates, next_token: page.next_token })
}
