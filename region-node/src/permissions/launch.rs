//! RunInstances: what the launch template adds to the request, and what would be launched.

use std::collections::HashSet;

use archipelago_proto::Input as _;
use archipelago_proto::ec2::v1::RunInstancesRequest;
use prost::Message as _;
use prost_reflect::DynamicMessage;

use super::mentions;
use super::message::{dynamic, texts};
use crate::families::instances::{Outlook, outlook, request_in_full};
use crate::request::Context;

pub(super) struct Launch {
    /// With what the template says.
    pub(super) request: Option<DynamicMessage>,
    /// None where the launch would fail: then what the request says by itself has to do.
    outlook: Option<Outlook>,
}

pub(super) fn of(cx: &Context, action: &str, input: &[u8]) -> Option<Launch> {
    if action != RunInstancesRequest::ACTION {
        return None;
    }
    let request = RunInstancesRequest::decode(input).ok()?;
    let templated = request.launch_template.is_some();
    let full = request_in_full(cx, request).ok()?;
    let shown = templated.then(|| dynamic("RunInstancesRequest", &full)).flatten();
    Some(Launch { request: shown, outlook: outlook(cx, full).ok() })
}

/// A launch with what its template says, if it has one.
pub(super) fn in_full(cx: &Context, action: &str, input: &[u8]) -> Option<DynamicMessage> {
    let request = (action == RunInstancesRequest::ACTION).then(|| RunInstancesRequest::decode(input).ok())??;
    request.launch_template.as_ref()?;
    dynamic("RunInstancesRequest", &request_in_full(cx, request).ok()?)
}

impl Launch {
    /// Subnets and groups that the launch takes without being told.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.outlook.iter().flat_map(|outlook| &outlook.ids)
    }

    /// What comes to be, by its type.
    pub(super) fn created(&self) -> Vec<(&'static str, DynamicMessage)> {
        let Some(outlook) = &self.outlook else { return Vec::new() };
        let instance = dynamic("Instance", &outlook.instance).map(|message| ("instance", message));
        let volumes = outlook.volumes.iter().filter_map(|volume| Some(("volume", dynamic("Volume", volume)?)));
        let interfaces = outlook.interfaces.iter();
        let interfaces =
            interfaces.filter_map(|interface| Some(("network-interface", dynamic("NetworkInterface", interface)?)));
        instance.into_iter().chain(volumes).chain(interfaces).collect()
    }
}

/// A launch by a template, and what the request names beside it.
pub(super) struct Template {
    mentioned: HashSet<String>,
}

impl Template {
    pub(super) fn of(request: &DynamicMessage) -> Option<Self> {
        let named = ["launch_template.launch_template_id", "launch_template.launch_template_name"];
        named
            .iter()
            .any(|path| !texts(request, path).is_empty())
            .then(|| Self { mentioned: mentions::of(request).into_iter().map(|mention| mention.text).collect() })
    }

    /// Whether it is the template alone that brings a resource in.
    pub(super) fn brings(&self, name: &str) -> bool {
        !self.mentioned.contains(name)
    }
}
