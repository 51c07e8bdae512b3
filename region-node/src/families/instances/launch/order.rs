//! What is to be launched, whoever asks for it: RunInstances, a spot request or a fleet.

use archipelago_proto::ec2::v1::{RunInstancesRequest, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::Id;
use crate::families::instances::state::Membership;
use crate::families::launch_templates::{self, Chosen};
use crate::request::Context;

#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// Complete: what a template says is in it already.
    pub(crate) request: RunInstancesRequest,
    /// The tags that AWS gives the instances.
    pub(crate) marks: Vec<Tag>,
    /// The Spot request that this fulfils. A launch without one makes a request for each Spot Instance.
    pub(crate) spot_request: Option<Id>,
    /// The fleet that the instances belong to.
    pub(crate) fleet: Option<Membership>,
}

impl Order {
    /// A request, over the template that it names.
    pub(super) fn read(cx: &Context, mut request: RunInstancesRequest) -> Ec2Result<Self> {
        let Some(named) = request.launch_template.take() else { return Ok(Self { request, ..Self::default() }) };
        Self::of_template(&launch_templates::chosen(cx, &named)?, request)
    }

    /// A request, over a template.
    fn of_template(chosen: &Chosen, request: RunInstancesRequest) -> Ec2Result<Self> {
        if chosen.data.instance_requirements.is_some() && request.instance_type.is_none() {
            return Err(Ec2Error::unsupported(
                "A launch template with InstanceRequirements needs a fleet, or an instance type in the request.",
            ));
        }
        let order = Self::of_data(chosen);
        Ok(Self { request: launch_templates::beneath(order.request, request), ..order })
    }

    /// A template alone, which says nothing of how many.
    pub(crate) fn of_data(chosen: &Chosen) -> Self {
        let mark =
            |key: &str, value: String| Tag { key: Some(format!("aws:ec2launchtemplate:{key}")), value: Some(value) };
        let marks = vec![mark("id", chosen.template.to_string()), mark("version", chosen.version.to_string())];
        Self { request: launch_templates::request(&chosen.data), marks, ..Self::default() }
    }
}
