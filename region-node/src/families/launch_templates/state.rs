//! A launch template with its versions. A version never changes; its number is never used again.

use archipelago_proto::ec2::v1::{LaunchTemplate, LaunchTemplateVersion, ResponseLaunchTemplateData};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::merge;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;

#[derive(Clone, PartialEq, Message)]
pub struct LaunchTemplateState {
    #[prost(message, required, tag = "1")]
    pub public: LaunchTemplate,
    /// In the order of their numbers. Which one is the default is told by `public`.
    #[prost(message, repeated, tag = "2")]
    pub versions: Vec<LaunchTemplateVersion>,
    /// The highest number that was ever given: none is given twice.
    #[prost(int64, tag = "3")]
    pub last: i64,
}

pub enum LaunchTemplateCommand {
    AddVersion {
        /// The version whose data the new one begins with.
        source: Option<String>,
        description: Option<String>,
        created_by: String,
        data: Box<ResponseLaunchTemplateData>,
    },
    /// Versions by number, `$Latest` or `$Default`.
    SetDefault(String),
    DeleteVersions(Vec<String>),
    Delete,
}

/// What became of a version that was to be deleted.
#[derive(Clone, Debug, PartialEq)]
pub enum Removal {
    Removed(i64),
    /// With one of the codes of LaunchTemplateErrorCode, and a message.
    Kept(Option<i64>, &'static str, String),
}

impl LaunchTemplateState {
    /// A template with its first version.
    pub fn new(public: LaunchTemplate, description: Option<String>, data: ResponseLaunchTemplateData) -> Self {
        let first = LaunchTemplateVersion {
            launch_template_id: public.launch_template_id.clone(),
            launch_template_name: public.launch_template_name.clone(),
            version_number: Some(1),
            version_description: description,
            create_time: public.create_time,
            created_by: public.created_by.clone(),
            default_version: None,
            launch_template_data: Some(data),
            operator: public.operator.clone(),
        };
        Self { public, versions: vec![first], last: 1 }
    }

    /// The number that a version's name stands for, whether there is such a version or not.
    fn number(&self, version: &str) -> Ec2Result<i64> {
        match version {
            "$Latest" => Ok(self.public.latest_version_number()),
            "$Default" | "" => Ok(self.public.default_version_number()),
            number => number.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
                Ec2Error::new(
                    "InvalidLaunchTemplateVersion.Malformed",
                    format!(
                        "Invalid launch template version '{version}': it must be a number, '$Latest' or '$Default'"
                    ),
                )
            }),
        }
    }

    /// A version by its number, `$Latest` or `$Default`.
    pub fn version(&self, version: &str) -> Ec2Result<&LaunchTemplateVersion> {
        let number = self.number(version)?;
        self.versions.iter().find(|known| known.version_number() == number).ok_or_else(|| {
            let id = self.public.launch_template_id();
            Ec2Error::new(
                "InvalidLaunchTemplateId.VersionNotFound",
                format!("Could not find the specified version {number} for the launch template with ID {id}."),
            )
        })
    }

    /// As it is described.
    pub fn shown(&self, version: &LaunchTemplateVersion) -> LaunchTemplateVersion {
        let default = version.version_number == self.public.default_version_number;
        LaunchTemplateVersion { default_version: Some(default), ..version.clone() }
    }

    fn remove(&mut self, version: &str) -> Removal {
        let number = match self.number(version) {
            Ok(number) => number,
            Err(error) => return Removal::Kept(None, "unexpectedError", error.message),
        };
        if self.version(version).is_err() {
            let message = format!(
                "The specified version, {number}, does not exist for launch template ID {}.",
                self.public.launch_template_id()
            );
            return Removal::Kept(Some(number), "launchTemplateVersionDoesNotExist", message);
        }
        if number == self.public.default_version_number() {
            let message = "The default version of a launch template cannot be deleted. Make another version the \
                           default first, or delete the launch template.";
            return Removal::Kept(Some(number), "unexpectedError", message.to_owned());
        }
        self.versions.retain(|known| known.version_number() != number);
        Removal::Removed(number)
    }
}

impl Entity for LaunchTemplateState {
    const KIND: Kind = Kind {
        resource_type: "launch-template",
        prefix: "lt",
        not_found: "InvalidLaunchTemplateId.NotFound",
        malformed: "InvalidLaunchTemplateId.Malformed",
        noun: "launch template",
    };
    type Command = LaunchTemplateCommand;
    type Reply = Vec<Removal>;

    fn name(&self) -> Option<&str> {
        self.public.launch_template_name.as_deref()
    }

    fn decide(&self, command: LaunchTemplateCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = Vec::new();
        match command {
            LaunchTemplateCommand::AddVersion { source, description, created_by, mut data } => {
                if let Some(source) = source {
                    let beneath = self.version(&source)?.launch_template_data.clone().unwrap_or_default();
                    *data = merge::overlay(*data, beneath);
                }
                let number = self.last + 1;
                next.last = number;
                next.public.latest_version_number = Some(number);
                next.versions.push(LaunchTemplateVersion {
                    launch_template_id: self.public.launch_template_id.clone(),
                    launch_template_name: self.public.launch_template_name.clone(),
                    version_number: Some(number),
                    version_description: description,
                    create_time: Some(facts.now),
                    created_by: Some(created_by),
                    default_version: None,
                    launch_template_data: Some(*data),
                    operator: self.public.operator.clone(),
                });
            }
            LaunchTemplateCommand::SetDefault(version) => {
                next.public.default_version_number = self.version(&version)?.version_number;
            }
            LaunchTemplateCommand::DeleteVersions(versions) => {
                reply.extend(versions.iter().map(|version| next.remove(version)));
                next.public.latest_version_number = next.versions.last().and_then(|last| last.version_number);
            }
            LaunchTemplateCommand::Delete => return Ok(Decision { next: Next::Gone(next), reply }),
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        vec![Weight::new("launch-template-versions", self.versions.len()).per(id)]
    }

    resource!(tags);
}
