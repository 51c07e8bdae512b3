//! What a template's data must be like at once, and what AWS only warns of.

use archipelago_proto::ec2::v1::{
    InstanceRequirements, RequestLaunchTemplateData, ResponseLaunchTemplateData, ValidationError, ValidationWarning,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::entity::TagChange;
use crate::families::{images, instance_types, key_pairs};
use crate::request::{Context, recode};

/// The resources that a template may tag (AWS: LaunchTemplateTagSpecificationRequest).
const TAGGED: [&str; 5] = ["instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"];

pub(super) fn read(data: &RequestLaunchTemplateData) -> Ec2Result<ResponseLaunchTemplateData> {
    if *data == RequestLaunchTemplateData::default() {
        return Err(Ec2Error::missing_parameter("LaunchTemplateData"));
    }
    if data.instance_type.is_some() && data.instance_requirements.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters InstanceType and InstanceRequirements may not be specified together",
        ));
    }
    let requirements = data.instance_requirements.as_ref().map(recode::<_, InstanceRequirements>);
    requirements.as_ref().map_or(Ok(()), instance_types::requirements::check)?;
    if data.operator.is_some() {
        return Err(Ec2Error::unsupported("Managed instances are not supported."));
    }
    let encoded: String = data.user_data().split_whitespace().collect();
    if STANDARD.decode(encoded).is_err() {
        return Err(Ec2Error::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."));
    }
    for (position, specification) in data.tag_specifications.iter().enumerate() {
        let resource_type = specification.resource_type();
        if !TAGGED.contains(&resource_type) {
            return Err(Ec2Error::invalid_parameter(format!(
                "'{resource_type}' is not a valid taggable resource type for this operation."
            )));
        }
        let twice = data.tag_specifications[..position].iter().any(|known| known.resource_type() == resource_type);
        if twice {
            return Err(Ec2Error::invalid_parameter(format!(
                "The resource type '{resource_type}' has more than one tag specification"
            )));
        }
        TagChange::Set(specification.tags.clone()).apply(&mut Vec::new())?;
    }
    Ok(recode(data))
}

/// What the template names and is not there. AWS: the template is made all the same, with a warning.
pub(super) fn warning(cx: &Context, data: &ResponseLaunchTemplateData) -> Option<ValidationWarning> {
    let mut errors = Vec::new();
    let mut note = |outcome: Ec2Result<()>| {
        if let Err(error) = outcome {
            errors.push(ValidationError { code: Some(error.code), message: Some(error.message) });
        }
    };
    if let Some(id) = data.image_id.as_deref().filter(|id| !id.starts_with("resolve:ssm:")) {
        note(images::launchable(cx, id).map(drop));
    }
    if let Some(name) = data.instance_type.as_deref().filter(|name| instance_types::find(name).is_none()) {
        note(Err(Ec2Error::invalid_parameter(format!("Invalid value '{name}' for InstanceType."))));
    }
    if let Some(name) = data.key_name.as_deref() {
        note(key_pairs::named(cx, name).map(drop));
    }
    let interfaces = &data.network_interfaces;
    for id in data.security_group_ids.iter().chain(interfaces.iter().flat_map(|interface| &interface.groups)) {
        note(cx.security_groups.find(&cx.account, id).map(drop));
    }
    for id in interfaces.iter().filter_map(|interface| interface.subnet_id.as_deref()) {
        note(cx.subnets.find(&cx.account, id).map(drop));
    }
    (!errors.is_empty()).then_some(ValidationWarning { errors })
}
