//! What a launch would make, for who must know it before: policies ask what is to be.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{Instance, NetworkInterface, RunInstancesRequest, Volume};

use super::interfaces::Wanted;
use super::order::Order;
use super::run::plan;
use crate::families::images;
use crate::families::volumes::launch::VolumeTemplate;
use crate::request::{Context, required};

/// A launch that could be carried out.
pub(crate) struct Outlook {
    pub(crate) instance: Instance,
    pub(crate) volumes: Vec<Volume>,
    /// Those that are new.
    pub(crate) interfaces: Vec<NetworkInterface>,
    /// The subnets and the groups of the new interfaces, named in the request or not.
    pub(crate) ids: Vec<String>,
}

/// The request over the launch template that it names.
pub(crate) fn request_in_full(cx: &Context, request: RunInstancesRequest) -> Ec2Result<RunInstancesRequest> {
    Order::read(cx, request).map(|order| order.request)
}

/// What would come of a request in full.
pub(crate) fn outlook(cx: &Context, request: RunInstancesRequest) -> Ec2Result<Outlook> {
    let order = Order { request, ..Order::default() };
    let image = images::launchable(cx, required("ImageId", order.request.image_id.as_deref())?)?;
    let plan = plan(cx, &order, &image.state)?;
    let mut ids = Vec::new();
    let mut interfaces = Vec::new();
    for wanted in &plan.interfaces {
        let Wanted::New(new) = wanted else { continue };
        let subnet = &new.interface.subnet;
        interfaces.push(NetworkInterface {
            subnet_id: Some(subnet.id.to_string()),
            vpc_id: subnet.state.public.vpc_id.clone(),
            availability_zone: subnet.state.public.availability_zone.clone(),
            availability_zone_id: subnet.state.public.availability_zone_id.clone(),
            ..NetworkInterface::default()
        });
        ids.push(subnet.id.to_string());
        ids.extend(new.interface.groups.iter().cloned());
        if new.interface.groups.is_empty() {
            let vpc = cx.vpcs.index().get(subnet.state.public.vpc_id());
            ids.extend(vpc.map(|vpc| vpc.state.default_group.to_string()));
        }
    }
    let volumes = plan.volumes.iter().map(VolumeTemplate::public).cloned().collect();
    Ok(Outlook { instance: plan.instance, volumes, interfaces, ids })
}
