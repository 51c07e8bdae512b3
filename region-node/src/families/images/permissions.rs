//! Who may launch an image: accounts, everybody, organizations and their units.

use archipelago_proto::ec2::v1::{LaunchPermission, ModifyImageAttributeRequest};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::ImageState;
use crate::request::{is_account, required};

pub(super) fn of(image: &ImageState) -> Vec<LaunchPermission> {
    let everyone =
        image.public.public().then(|| LaunchPermission { group: Some("all".into()), ..LaunchPermission::default() });
    let users = image.users.iter().cloned();
    let users = users.map(|user| LaunchPermission { user_id: Some(user), ..LaunchPermission::default() });
    let organizations = image.organizations.iter().cloned();
    let organizations =
        organizations.map(|arn| LaunchPermission { organization_arn: Some(arn), ..LaunchPermission::default() });
    let units = image.organizational_units.iter().cloned();
    let units = units.map(|arn| LaunchPermission { organizational_unit_arn: Some(arn), ..LaunchPermission::default() });
    everyone.into_iter().chain(users).chain(organizations).chain(units).collect()
}

/// What is added to the permissions and removed from them.
#[derive(Clone, Debug)]
pub struct Change {
    add: Vec<LaunchPermission>,
    remove: Vec<LaunchPermission>,
}

impl Change {
    /// The two ways to say it: the modifications themselves, or an operation on lists.
    pub(super) fn of(input: &ModifyImageAttributeRequest) -> Ec2Result<Self> {
        let listed = listed(input);
        let change = match &input.launch_permission {
            Some(_) if !listed.is_empty() => {
                return Err(Ec2Error::invalid_combination(
                    "The parameter LaunchPermission may not be specified together with lists of users and groups",
                ));
            }
            Some(both) => Self { add: both.add.clone(), remove: both.remove.clone() },
            None => match required("OperationType", input.operation_type.as_deref())? {
                "add" => Self { add: listed, remove: Vec::new() },
                "remove" => Self { add: Vec::new(), remove: listed },
                other => return Err(Ec2Error::invalid_value("OperationType", other)),
            },
        };
        if change.add.is_empty() && change.remove.is_empty() {
            return Err(Ec2Error::missing_parameter("LaunchPermission"));
        }
        change.add.iter().chain(&change.remove).try_for_each(check)?;
        Ok(change)
    }

    pub(super) fn adds(&self) -> bool {
        !self.add.is_empty()
    }

    pub(super) fn adds_everyone(&self) -> bool {
        self.add.iter().any(|permission| permission.group.is_some())
    }

    pub(super) fn apply(self, image: &mut ImageState) {
        let mut everyone = image.public.public();
        let mut lists = [&mut image.users, &mut image.organizations, &mut image.organizational_units];
        for permission in self.remove {
            everyone &= permission.group.is_none();
            for (list, value) in lists.iter_mut().zip(values(permission)) {
                list.retain(|known| Some(known) != value.as_ref());
            }
        }
        for permission in self.add {
            everyone |= permission.group.is_some();
            for (list, value) in lists.iter_mut().zip(values(permission)) {
                let new = value.filter(|value| !list.contains(value));
                list.extend(new);
            }
        }
        image.public.public = Some(everyone);
    }
}

fn values(permission: LaunchPermission) -> [Option<String>; 3] {
    [permission.user_id, permission.organization_arn, permission.organizational_unit_arn]
}

/// The lists of users, groups and organizations.
pub(super) fn listed(input: &ModifyImageAttributeRequest) -> Vec<LaunchPermission> {
    let none = LaunchPermission::default;
    let users = input.user_ids.iter().cloned().map(|user| LaunchPermission { user_id: Some(user), ..none() });
    let groups = input.user_groups.iter().cloned().map(|group| LaunchPermission { group: Some(group), ..none() });
    let organizations = input.organization_arns.iter().cloned();
    let organizations = organizations.map(|arn| LaunchPermission { organization_arn: Some(arn), ..none() });
    let units = input.organizational_unit_arns.iter().cloned();
    let units = units.map(|arn| LaunchPermission { organizational_unit_arn: Some(arn), ..none() });
    users.chain(groups).chain(organizations).chain(units).collect()
}

fn check(permission: &LaunchPermission) -> Ec2Result<()> {
    let invalid = |value: &str, item: &str| {
        let message = format!("Invalid attribute item value \"{value}\" for {item} item type.");
        Err(Ec2Error::new("InvalidAMIAttributeItemValue", message))
    };
    let group = permission.group.as_deref();
    let given = values(permission.clone());
    let given = given.each_ref().map(Option::as_deref);
    match (group, given) {
        (Some("all"), [None, None, None]) => Ok(()),
        (Some(group), [None, None, None]) => invalid(group, "userGroup"),
        (None, [Some(user), None, None]) if is_account(user) => Ok(()),
        (None, [Some(user), None, None]) => invalid(user, "userId"),
        (None, [None, Some(arn), None]) if is_organizations_arn(arn, "organization/o-") => Ok(()),
        (None, [None, Some(arn), None]) => invalid(arn, "organizationArn"),
        (None, [None, None, Some(arn)]) if is_organizations_arn(arn, "ou/o-") => Ok(()),
        (None, [None, None, Some(arn)]) => invalid(arn, "organizationalUnitArn"),
        _ => Err(Ec2Error::invalid_combination(
            "A launch permission is for one of UserId, Group, OrganizationArn and OrganizationalUnitArn",
        )),
    }
}

/// `arn:aws:organizations::111122223333:organization/o-abcdefghij`
fn is_organizations_arn(arn: &str, resource: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "organizations", "", account, what] if is_account(account) && what.starts_with(resource))
}
