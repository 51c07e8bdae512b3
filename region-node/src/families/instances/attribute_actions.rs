//! Reading and changing attributes of instances (reference: DescribeInstanceAttribute, ModifyInstanceAttribute,
//! ResetInstanceAttribute).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, AttributeValue, DescribeInstanceAttributeRequest, Image, InstanceAttribute,
    ModifyInstanceAttributeRequest, ModifyInstanceAttributeResponse, ResetInstanceAttributeRequest,
    ResetInstanceAttributeResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attributes::Attribute;
use super::launch;
use super::lifecycle::Phase;
use super::row::{InstanceRow, attached_interfaces};
use super::state::{InstanceCommand, InstanceState, incorrect};
use crate::entity::Published;
use crate::families::instance_types;
use crate::families::network_interfaces::launch::groups;
use crate::families::network_interfaces::{self, NetworkInterfaceCommand, NetworkInterfaceState};
use crate::families::volumes::{self, VolumeCommand};
use crate::families::{images, network_interfaces as interfaces};
use crate::request::{Context, required};

type Instance = Arc<Published<InstanceState>>;

pub(super) async fn describe_instance_attribute(
    cx: Context,
    input: DescribeInstanceAttributeRequest,
) -> Ec2Result<InstanceAttribute> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let name = required("Attribute", input.attribute.as_deref())?;
    let row = InstanceRow::new(&cx, Arc::clone(&instance));
    let (public, private) = (&instance.state.public, &instance.state.private);
    let text = |value: Option<&str>| Some(AttributeValue { value: value.map(str::to_owned) });
    let flag = |value: bool| Some(AttributeBooleanValue { value: Some(value) });
    let mut shown = InstanceAttribute { instance_id: input.instance_id.clone(), ..InstanceAttribute::default() };
    match name {
        "instanceType" => shown.instance_type = text(public.instance_type.as_deref()),
        "kernel" => shown.kernel_id = text(public.kernel_id.as_deref()),
        "ramdisk" => shown.ramdisk_id = text(public.ramdisk_id.as_deref()),
        "userData" => shown.user_data = text(private.user_data.as_deref()),
        "disableApiTermination" => shown.disable_api_termination = flag(private.disable_api_termination),
        "disableApiStop" => shown.disable_api_stop = flag(private.disable_api_stop),
        "instanceInitiatedShutdownBehavior" => {
            shown.instance_initiated_shutdown_behavior = text(Some(&private.shutdown_behavior));
        }
        "rootDeviceName" => shown.root_device_name = text(public.root_device_name.as_deref()),
        "blockDeviceMapping" => shown.block_device_mappings = row.volumes().to_vec(),
        "productCodes" => shown.product_codes.clone_from(&public.product_codes),
        "sourceDestCheck" => {
            let only = only_interface(&cx, &instance)?;
            shown.source_dest_check = flag(only.state.public.source_dest_check());
        }
        "groupSet" if instance.state.is_classic() => shown.groups = row.groups().cloned().collect(),
        "groupSet" => shown.groups.clone_from(&only_interface(&cx, &instance)?.state.public.groups),
        "ebsOptimized" => shown.ebs_optimized = flag(public.ebs_optimized()),
        "sriovNetSupport" => shown.sriov_net_support = text(public.sriov_net_support.as_deref()),
        "enaSupport" => shown.ena_support = flag(public.ena_support()),
        "enclaveOptions" => shown.enclave_options = public.enclave_options,
        _ => return Err(Ec2Error::invalid_value("attribute", name)),
    }
    Ok(shown)
}

/// Where there are several interfaces, what belongs to one is asked of that one.
fn only_interface(cx: &Context, instance: &Instance) -> Ec2Result<Arc<Published<NetworkInterfaceState>>> {
    match attached_interfaces(cx, &instance.id).as_slice() {
        [only] => Ok(Arc::clone(only)),
        [] if instance.state.is_classic() => Err(Ec2Error::invalid_combination(format!(
            "The instance '{}' is not in a VPC: it has no network interface to read or to modify.",
            instance.id
        ))),
        [] => Err(incorrect(&instance.id)),
        _ => Err(Ec2Error::new(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{}'. Please specify an interface ID for the \
                 operation instead.",
                instance.id
            ),
        )),
    }
}

/// A change that has been read, but not checked against the instance.
enum Change {
    Own(Attribute),
    InstanceType(String),
    Kernel(String),
    Ramdisk(String),
    SourceDestCheck(bool),
    Groups(Vec<String>),
    BlockDevices,
}

pub(super) async fn modify_instance_attribute(
    cx: Context,
    input: ModifyInstanceAttributeRequest,
) -> Ec2Result<ModifyInstanceAttributeResponse> {
    let change = read(&input)?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if matches!(instance.state.phase(), Phase::ShuttingDown | Phase::Terminated) {
        return Err(incorrect(&instance.id));
    }
    let attribute = match change {
        Change::Own(attribute) => attribute,
        Change::InstanceType(name) => instance_type(&cx, &instance, &name)?,
        Change::Kernel(id) => Attribute::Kernel(Some(kernel(&cx, &instance, id)?)),
        Change::Ramdisk(id) => Attribute::Ramdisk(Some(kernel(&cx, &instance, id)?)),
        Change::SourceDestCheck(check) => {
            set_on_interface(&cx, &instance, interfaces::Attribute::SourceDestCheck(check)).await?;
            return Ok(ModifyInstanceAttributeResponse {});
        }
        Change::Groups(ids) => {
            let only = only_interface(&cx, &instance)?;
            let public = &only.state.public;
            let groups = groups(&cx, &ids, public.vpc_id(), &only.state.subnet())?;
            set_on_interface(&cx, &instance, interfaces::Attribute::Groups(groups)).await?;
            return Ok(ModifyInstanceAttributeResponse {});
        }
        Change::BlockDevices => {
            modify_devices(&cx, &instance, &input).await?;
            return Ok(ModifyInstanceAttributeResponse {});
        }
    };
    check(&attribute, &instance)?;
    cx.instances.ask(&instance.id, InstanceCommand::Set(Box::new(attribute))).await?;
    Ok(ModifyInstanceAttributeResponse {})
}

/// One attribute, either flat (`Attribute` and `Value`) or by a parameter of its own.
fn read(input: &ModifyInstanceAttributeRequest) -> Ec2Result<Change> {
    let mut changes = Vec::new();
    if let Some(name) = input.attribute.as_deref() {
        match (name, input.value.as_deref()) {
            ("blockDeviceMapping", None) if !input.block_device_mappings.is_empty() => {}
            ("groupSet", None) if !input.groups.is_empty() => {}
            (_, None) => return Err(Ec2Error::missing_parameter("Value")),
            (_, Some(value)) => changes.push(flat(name, value)?),
        }
    } else if input.value.is_some() {
        return Err(Ec2Error::missing_parameter("Attribute"));
    }
    changes.extend(structured(input)?);
    if changes.len() > 1 {
        return Err(Ec2Error::invalid_combination("Fields for multiple attribute types specified"));
    }
    changes.pop().ok_or_else(|| Ec2Error::missing_parameter("Attribute"))
}

fn flat(name: &str, value: &str) -> Ec2Result<Change> {
    let flag = || match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Ec2Error::invalid_value(name, value)),
    };
    Ok(match name {
        "instanceType" => Change::InstanceType(value.to_owned()),
        "kernel" => Change::Kernel(value.to_owned()),
        "ramdisk" => Change::Ramdisk(value.to_owned()),
        "userData" => Change::Own(Attribute::UserData(launch::user_data(Some(value))?)),
        "disableApiTermination" => Change::Own(Attribute::DisableApiTermination(flag()?)),
        "disableApiStop" => Change::Own(Attribute::DisableApiStop(flag()?)),
        "instanceInitiatedShutdownBehavior" => Change::Own(shutdown_behavior(value)?),
        "sourceDestCheck" => Change::SourceDestCheck(flag()?),
        "ebsOptimized" => Change::Own(Attribute::EbsOptimized(flag()?)),
        "enaSupport" => Change::Own(Attribute::EnaSupport(flag()?)),
        "sriovNetSupport" => Change::Own(sriov(value)?),
        "groupSet" => Change::Groups(vec![value.to_owned()]),
        _ => {
            return Err(Ec2Error::invalid_parameter(format!("The attribute '{name}' cannot be modified by its value")));
        }
    })
}

fn structured(input: &ModifyInstanceAttributeRequest) -> Ec2Result<Vec<Change>> {
    let mut changes = Vec::new();
    let text = |value: &Option<AttributeValue>| value.as_ref().map(|value| value.value().to_owned());
    let flag = |value: &Option<AttributeBooleanValue>| value.as_ref().and_then(|value| value.value);
    changes.extend(text(&input.instance_type).map(Change::InstanceType));
    changes.extend(text(&input.kernel).map(Change::Kernel));
    changes.extend(text(&input.ramdisk).map(Change::Ramdisk));
    if let Some(data) = &input.user_data {
        // The gateway has decoded it: it is kept as it is shown.
        let encoded = STANDARD.encode(data.value());
        changes.push(Change::Own(Attribute::UserData(launch::user_data(Some(&encoded))?)));
    }
    changes.extend(flag(&input.disable_api_termination).map(Attribute::DisableApiTermination).map(Change::Own));
    changes.extend(flag(&input.disable_api_stop).map(Attribute::DisableApiStop).map(Change::Own));
    changes.extend(flag(&input.ebs_optimized).map(Attribute::EbsOptimized).map(Change::Own));
    changes.extend(flag(&input.ena_support).map(Attribute::EnaSupport).map(Change::Own));
    changes.extend(flag(&input.source_dest_check).map(Change::SourceDestCheck));
    if let Some(behavior) = text(&input.instance_initiated_shutdown_behavior) {
        changes.push(Change::Own(shutdown_behavior(&behavior)?));
    }
    if let Some(value) = text(&input.sriov_net_support) {
        changes.push(Change::Own(sriov(&value)?));
    }
    if !input.groups.is_empty() {
        changes.push(Change::Groups(input.groups.clone()));
    }
    if !input.block_device_mappings.is_empty() {
        changes.push(Change::BlockDevices);
    }
    Ok(changes)
}

fn shutdown_behavior(value: &str) -> Ec2Result<Attribute> {
    match value {
        "stop" | "terminate" => Ok(Attribute::ShutdownBehavior(value.to_owned())),
        _ => Err(Ec2Error::invalid_value("instanceInitiatedShutdownBehavior", value)),
    }
}

/// It can be switched on, and not off again.
fn sriov(value: &str) -> Ec2Result<Attribute> {
    match value {
        "simple" => Ok(Attribute::SriovNetSupport(value.to_owned())),
        _ => Err(Ec2Error::invalid_value("sriovNetSupport", value)),
    }
}

/// The new type must run what the instance was launched from, where it is.
fn instance_type(cx: &Context, instance: &Instance, name: &str) -> Ec2Result<Attribute> {
    let public = &instance.state.public;
    let (info, zones) = launch::instance_type(cx, Some(name))?;
    let zone = public.placement.clone().unwrap_or_default().availability_zone;
    launch::check_offered(zone.as_deref().unwrap_or_default(), name, &zones)?;
    let image = Image {
        image_id: public.image_id.clone(),
        architecture: public.architecture.clone(),
        virtualization_type: public.virtualization_type.clone(),
        root_device_type: public.root_device_type.clone(),
        boot_mode: public.boot_mode.clone(),
        ena_support: public.ena_support,
        tpm_support: public.tpm_support.clone(),
        ..Image::default()
    };
    launch::check_image(&image, &info)?;
    let known = instance.state.private.cpu_credits.as_deref().filter(|_| info.burstable_performance_supported());
    let cpu = info.v_cpu_info.clone().unwrap_or_default();
    Ok(Attribute::InstanceType {
        name: name.to_owned(),
        cores: cpu.default_cores(),
        threads: cpu.default_threads_per_core(),
        cpu_credits: launch::credits(cx, known, &info)?,
    })
}

fn kernel(cx: &Context, instance: &Instance, id: String) -> Ec2Result<String> {
    if instance.state.public.virtualization_type() != "paravirtual" {
        return Err(Ec2Error::unsupported("Kernels and RAM disks can be changed only for paravirtual instances."));
    }
    images::launchable(cx, &id)?;
    Ok(id)
}

fn check(attribute: &Attribute, instance: &Instance) -> Ec2Result<()> {
    let name = instance.state.public.instance_type();
    let Some(info) = instance_types::find(name).map(instance_types::InstanceType::info) else { return Ok(()) };
    match attribute {
        Attribute::EbsOptimized(true)
            if info.ebs_info.is_some_and(|ebs| ebs.ebs_optimized_support() == "unsupported") =>
        {
            Err(Ec2Error::unsupported(format!(
                "EBS-optimized instances are not supported for the instance type '{name}'."
            )))
        }
        Attribute::EnaSupport(false)
            if info.network_info.is_some_and(|network| network.ena_support() == "required") =>
        {
            Err(Ec2Error::invalid_combination(format!(
                "Enhanced networking with the Elastic Network Adapter (ENA) is required for the '{name}' instance type."
            )))
        }
        _ => Ok(()),
    }
}

async fn set_on_interface(cx: &Context, instance: &Instance, attribute: interfaces::Attribute) -> Ec2Result<()> {
    let only = only_interface(cx, instance)?;
    network_interfaces::command(cx, &only.id, NetworkInterfaceCommand::Set(attribute)).await.map(drop)
}

async fn modify_devices(cx: &Context, instance: &Instance, input: &ModifyInstanceAttributeRequest) -> Ec2Result<()> {
    let attached = volumes::of_instance(&cx.region, &instance.id);
    let mut changes = Vec::new();
    for mapping in &input.block_device_mappings {
        let device = required("BlockDeviceMapping.DeviceName", mapping.device_name.as_deref())?;
        if mapping.virtual_name.is_some() || mapping.no_device.is_some() {
            return Err(Ec2Error::unsupported("Only deleteOnTermination of attached volumes can be modified."));
        }
        let ebs = required("BlockDeviceMapping.Ebs", mapping.ebs.as_ref())?;
        let at = |volume: &&Arc<Published<volumes::VolumeState>>| {
            let mut attachments = volume.state.public.attachments.iter();
            attachments.any(|known| known.instance_id() == &*instance.id && known.device() == device)
        };
        let volume = attached.iter().find(at).ok_or_else(|| {
            let message = format!("No device is currently mapped at {device}");
            Ec2Error::new("InvalidInstanceAttributeValue", message)
        })?;
        if ebs.volume_id.as_deref().is_some_and(|id| id != &*volume.id) {
            return Err(Ec2Error::unsupported(format!("The volume at {device} cannot be replaced.")));
        }
        let value = *required("BlockDeviceMapping.Ebs.DeleteOnTermination", ebs.delete_on_termination.as_ref())?;
        changes.push((volume.id.clone(), value));
    }
    for (volume, value) in changes {
        let command = VolumeCommand::SetDeleteOnTermination { instance_id: instance.id.to_string(), value };
        cx.volumes.ask(&volume, command).await?;
    }
    Ok(())
}

pub(super) async fn reset_instance_attribute(
    cx: Context,
    input: ResetInstanceAttributeRequest,
) -> Ec2Result<ResetInstanceAttributeResponse> {
    let name = required("Attribute", input.attribute.as_deref())?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let image = || cx.images.index().get(instance.state.public.image_id());
    let attribute = match name {
        "kernel" => Attribute::Kernel(image().and_then(|image| image.state.public.kernel_id.clone())),
        "ramdisk" => Attribute::Ramdisk(image().and_then(|image| image.state.public.ramdisk_id.clone())),
        "sourceDestCheck" => {
            set_on_interface(&cx, &instance, interfaces::Attribute::SourceDestCheck(true)).await?;
            return Ok(ResetInstanceAttributeResponse {});
        }
        _ => return Err(Ec2Error::invalid_parameter(format!("The attribute '{name}' cannot be reset"))),
    };
    cx.instances.ask(&instance.id, InstanceCommand::Set(Box::new(attribute))).await?;
    Ok(ResetInstanceAttributeResponse {})
}
