//! Finding templates and versions by what a request says of them.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{LaunchTemplateSpecification, ResponseLaunchTemplateData};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::LaunchTemplateState;
use crate::entity::{Entity as _, Id, Published};
use crate::families::accounts;
use crate::request::{Context, one_of};

pub(super) type Template = Arc<Published<LaunchTemplateState>>;

/// A version that something is launched from.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub template: Id,
    pub name: String,
    pub version: i64,
    pub data: ResponseLaunchTemplateData,
}

/// The caller's template, named either by its id or by its name.
pub(super) fn template(cx: &Context, id: Option<&str>, name: Option<&str>) -> Ec2Result<Template> {
    let (id, name) = (id.filter(|id| !id.is_empty()), name.filter(|name| !name.is_empty()));
    one_of(("LaunchTemplateId", id), ("LaunchTemplateName", name))?;
    match (id, name) {
        (Some(id), _) => by_id(cx, id),
        (None, name) => by_name(cx, name.unwrap_or_default()),
    }
}

pub(super) fn by_id(cx: &Context, id: &str) -> Ec2Result<Template> {
    let kind = &LaunchTemplateState::KIND;
    kind.check(id)?;
    cx.launch_templates.find(&cx.account, id).map_err(|_| {
        let message = format!("The specified launch template, with template ID {id}, does not exist.");
        Ec2Error::new(kind.not_found, message)
    })
}

pub(super) fn by_name(cx: &Context, name: &str) -> Ec2Result<Template> {
    let id = accounts::holder(cx, &LaunchTemplateState::KIND, name);
    id.and_then(|id| cx.launch_templates.index().get(&id)).ok_or_else(|| {
        let message = format!("The specified launch template, with template name {name}, does not exist.");
        Ec2Error::new("InvalidLaunchTemplateName.NotFoundException", message)
    })
}

/// The version that a launch is to be made from; `$Default` if none is named.
pub fn chosen(cx: &Context, specification: &LaunchTemplateSpecification) -> Ec2Result<Chosen> {
    let (id, name) = (&specification.launch_template_id, &specification.launch_template_name);
    let template = template(cx, id.as_deref(), name.as_deref())?;
    let version = template.state.version(specification.version())?;
    Ok(Chosen {
        template: template.id.clone(),
        name: template.state.public.launch_template_name().to_owned(),
        version: version.version_number(),
        data: version.launch_template_data.clone().unwrap_or_default(),
    })
}
