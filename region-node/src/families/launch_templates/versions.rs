//! The actions on the versions of a template.

use archipelago_proto::ec2::v1::{
    CreateLaunchTemplateVersionRequest, CreateLaunchTemplateVersionResult, DeleteLaunchTemplateVersionsRequest,
    DeleteLaunchTemplateVersionsResponseErrorItem as Kept, DeleteLaunchTemplateVersionsResponseSuccessItem as Removed,
    DeleteLaunchTemplateVersionsResult, DescribeLaunchTemplateVersionsRequest, DescribeLaunchTemplateVersionsResult,
    LaunchTemplateVersion, ResponseError,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::actions::check_description;
use super::filters::{VERSIONS, VersionRow};
use super::find::Template;
use super::state::{LaunchTemplateCommand, Removal};
use super::{data, find};
use crate::request::{Context, Describe};

/// AWS: at most 200 versions in a request.
const MOST: usize = 200;

pub(super) async fn create_launch_template_version(
    cx: Context,
    input: CreateLaunchTemplateVersionRequest,
) -> Ec2Result<CreateLaunchTemplateVersionResult> {
    check_description(input.version_description.as_deref())?;
    let data = data::read(&input.launch_template_data.unwrap_or_default())?;
    let template = find::template(&cx, input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let command = LaunchTemplateCommand::AddVersion {
        source: input.source_version.filter(|source| !source.is_empty()),
        description: input.version_description,
        created_by: cx.call.caller.principal.clone(),
        data: Box::new(data),
    };
    let answer = cx.launch_templates.ask(&template.id, command).await?;
    let state = &answer.published.state;
    let version = state.versions.last().map(|version| state.shown(version));
    let warning = version.as_ref().and_then(|version| data::warning(&cx, version.launch_template_data.as_ref()?));
    Ok(CreateLaunchTemplateVersionResult { launch_template_version: version, warning })
}

pub(super) async fn delete_launch_template_versions(
    cx: Context,
    input: DeleteLaunchTemplateVersionsRequest,
) -> Ec2Result<DeleteLaunchTemplateVersionsResult> {
    check_count(&input.versions)?;
    let template = find::template(&cx, input.launch_template_id.as_deref(), input.launch_template_name.as_deref())?;
    let answer = cx.launch_templates.ask(&template.id, LaunchTemplateCommand::DeleteVersions(input.versions)).await?;
    let mut result = DeleteLaunchTemplateVersionsResult::default();
    let id = Some(template.id.to_string());
    let name = template.state.public.launch_template_name.clone();
    for removal in answer.reply {
        match removal {
            Removal::Removed(number) => result.successfully_deleted_launch_template_versions.push(Removed {
                launch_template_id: id.clone(),
                launch_template_name: name.clone(),
                version_number: Some(number),
            }),
            Removal::Kept(number, code, message) => result.unsuccessfully_deleted_launch_template_versions.push(Kept {
                launch_template_id: id.clone(),
                launch_template_name: name.clone(),
                version_number: number,
                response_error: Some(ResponseError { code: Some(code.to_owned()), message: Some(message) }),
            }),
        }
    }
    Ok(result)
}

fn check_count(versions: &[String]) -> Ec2Result<()> {
    if versions.len() > MOST {
        return Err(Ec2Error::invalid_parameter(format!("At most {MOST} versions may be specified")));
    }
    Ok(())
}

/// The newest first.
pub(super) async fn describe_launch_template_versions(
    cx: Context,
    input: DescribeLaunchTemplateVersionsRequest,
) -> Ec2Result<DescribeLaunchTemplateVersionsResult> {
    check_count(&input.versions)?;
    let (min, max) =
        (bound("MinVersion", input.min_version.as_deref())?, bound("MaxVersion", input.max_version.as_deref())?);
    if !input.versions.is_empty() && (min.is_some() || max.is_some()) {
        return Err(Ec2Error::invalid_combination(
            "The parameter LaunchTemplateVersion cannot be used with MinVersion or MaxVersion",
        ));
    }
    if !input.versions.is_empty() && input.max_results.is_some() && input.launch_template_id.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameter MaxResults cannot be used with a list of versions in the same call",
        ));
    }
    let (id, name) = (input.launch_template_id.as_deref(), input.launch_template_name.as_deref());
    let within = |version: &LaunchTemplateVersion| {
        let number = version.version_number();
        min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
    };
    let versions = if id.is_none() && name.is_none() && !input.versions.is_empty() {
        of_all(&cx, &input.versions)?
    } else {
        let template = find::template(&cx, id, name)?;
        let mut versions = of_one(&template, &input.versions)?;
        versions.retain(within);
        versions
    };
    let unresolved = |version: &LaunchTemplateVersion| {
        let data = version.launch_template_data.as_ref();
        data.is_some_and(|data| data.image_id().starts_with("resolve:ssm:"))
    };
    if input.resolve_alias() && versions.iter().any(unresolved) {
        return Err(Ec2Error::unsupported("Systems Manager parameters cannot be resolved."));
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=200,
        ..Describe::default()
    };
    let of = format!("versions/{id:?}/{name:?}/{:?}/{min:?}/{max:?}", input.versions);
    let page = describe.pick(&of, VERSIONS, |after| {
        let rows: Vec<_> = versions.into_iter().map(VersionRow::new).collect();
        let start = after.and_then(|after| rows.iter().position(|row| row.key == after)).map_or(0, |at| at + 1);
        rows.into_iter().skip(start)
    })?;
    let launch_template_versions = page.map(|row| row.version.clone());
    Ok(DescribeLaunchTemplateVersionsResult { launch_template_versions, next_token: page.next_token })
}

fn bound(name: &str, text: Option<&str>) -> Ec2Result<Option<i64>> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| Ec2Error::invalid_value(name, text))).transpose()
}

fn of_one(template: &Template, wanted: &[String]) -> Ec2Result<Vec<LaunchTemplateVersion>> {
    let state = &template.state;
    let mut versions: Vec<_> = match wanted {
        [] => state.versions.iter().map(|version| state.shown(version)).collect(),
        wanted => {
            let found = wanted.iter().map(|version| state.version(version).map(|version| state.shown(version)));
            found.collect::<Ec2Result<_>>()?
        }
    };
    versions.sort_by_key(|version| std::cmp::Reverse(version.version_number()));
    versions.dedup_by_key(|version| version.version_number());
    Ok(versions)
}

/// AWS: of all templates, only the latest or the default versions can be asked for.
fn of_all(cx: &Context, wanted: &[String]) -> Ec2Result<Vec<LaunchTemplateVersion>> {
    if let Some(other) = wanted.iter().find(|version| !matches!(version.as_str(), "$Latest" | "$Default")) {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({other}) for parameter LaunchTemplateVersion is invalid. Without a launch template, only $Latest \
             and $Default may be specified."
        )));
    }
    let mut versions = Vec::new();
    for template in cx.launch_templates.owned_by(&cx.account).values() {
        versions.extend(of_one(template, wanted)?);
    }
    Ok(versions)
}
