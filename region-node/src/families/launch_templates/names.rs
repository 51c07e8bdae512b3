//! A template's name is unique in its account (AWS: CreateLaunchTemplate).

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::LaunchTemplateState;
use crate::Region;
use crate::entity::{Account, Entity as _, Id};
use crate::families::accounts;

/// 3 to 128 letters, digits and a few signs.
pub(super) fn check(name: &str) -> Ec2Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-()./_".contains(c);
    if (3..=128).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(Ec2Error::new(
        "InvalidLaunchTemplateName.MalformedException",
        format!(
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the \
             following characters: - ( ) . / _. The name '{name}' is not valid."
        ),
    ))
}

pub(super) async fn claim(region: &Region, account: &Account, name: &str, by: &Id) -> Ec2Result<()> {
    let taken = Ec2Error::new(
        "InvalidLaunchTemplateName.AlreadyExistsException",
        format!("Launch template name already in use: {name}."),
    );
    accounts::claim(region, account, &LaunchTemplateState::KIND, name, by, taken).await
}

pub(super) async fn disclaim(region: &Region, account: &Account, name: &str, by: &Id) {
    accounts::disclaim(region, account, &LaunchTemplateState::KIND, name, by).await;
}

/// Names are not stored with the account; they are claimed again by those who have them.
pub async fn rebuild(region: &Arc<Region>) {
    for template in region.launch_templates.index().all() {
        let claimed =
            claim(region, &template.account, template.state.public.launch_template_name(), &template.id).await;
        if let Err(error) = claimed {
            tracing::error!(id = %template.id, %error, "a launch template's name cannot be claimed again");
        }
    }
}
