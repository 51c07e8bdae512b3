//! The actions on the attributes of network interfaces (reference: ModifyNetworkInterfaceAttribute and those beside it).

use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, AttributeValue, DescribeNetworkInterfaceAttributeRequest,
    DescribeNetworkInterfaceAttributeResult, ModifyNetworkInterfaceAttributeRequest,
    ModifyNetworkInterfaceAttributeResponse, NetworkInterfaceAttachmentChanges, ResetNetworkInterfaceAttributeRequest,
    ResetNetworkInterfaceAttributeResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attributes::{Attribute, connection_tracking};
use super::{AttachmentChange, NetworkInterfaceCommand, NetworkInterfaceState, launch, plan, removal};
use crate::entity::Published;
use crate::request::{Context, required};

pub(super) async fn describe_network_interface_attribute(
    cx: Context,
    input: DescribeNetworkInterfaceAttributeRequest,
) -> Ec2Result<DescribeNetworkInterfaceAttributeResult> {
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let public = interface.state.public.clone();
    let mut result = DescribeNetworkInterfaceAttributeResult {
        network_interface_id: public.network_interface_id,
        ..DescribeNetworkInterfaceAttributeResult::default()
    };
    match required("attribute", input.attribute.as_deref())? {
        "description" => result.description = Some(AttributeValue { value: public.description }),
        "groupSet" => result.groups = public.groups,
        "sourceDestCheck" => {
            result.source_dest_check = Some(AttributeBooleanValue { value: public.source_dest_check });
        }
        "attachment" => result.attachment = public.attachment,
        "associatePublicIpAddress" => result.associate_public_ip_address = Some(interface.state.wants_public_ip),
        other => return Err(Ec2Error::invalid_value("attribute", other)),
    }
    Ok(result)
}

pub(super) async fn modify_network_interface_attribute(
    cx: Context,
    input: ModifyNetworkInterfaceAttributeRequest,
) -> Ec2Result<ModifyNetworkInterfaceAttributeResponse> {
    check_one(&input)?;
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    if let Some(wants) = input.associate_public_ip_address {
        set_public_ip(&cx, &interface, wants).await?;
    } else {
        cx.network_interfaces.ask(&interface.id, change(&cx, &interface, input)?).await?;
    }
    Ok(ModifyNetworkInterfaceAttributeResponse {})
}

/// AWS: "You can specify only one attribute at a time."
fn check_one(input: &ModifyNetworkInterfaceAttributeRequest) -> Ec2Result<()> {
    if !input.associated_subnet_ids.is_empty() {
        return Err(Ec2Error::unsupported("Network interfaces with secondary subnets are not supported."));
    }
    let given: Vec<_> = [
        ("enaSrdSpecification", input.ena_srd_specification.is_some()),
        ("enablePrimaryIpv6", input.enable_primary_ipv6.is_some()),
        ("connectionTrackingSpecification", input.connection_tracking_specification.is_some()),
        ("associatePublicIpAddress", input.associate_public_ip_address.is_some()),
        ("description", input.description.is_some()),
        ("sourceDestCheck", input.source_dest_check.is_some()),
        ("groupSet", !input.groups.is_empty()),
        ("attachment", input.attachment.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect();
    match given.as_slice() {
        [_] => Ok(()),
        [] => Err(Ec2Error::invalid_combination("No attributes specified.")),
        several => Err(Ec2Error::invalid_combination(format!(
            "Fields for multiple attribute types specified: {}",
            several.join(", ")
        ))),
    }
}

fn change(
    cx: &Context,
    interface: &Published<NetworkInterfaceState>,
    input: ModifyNetworkInterfaceAttributeRequest,
) -> Ec2Result<NetworkInterfaceCommand> {
    let public = &interface.state.public;
    let attribute = if let Some(attachment) = input.attachment {
        return Ok(NetworkInterfaceCommand::Change(of_attachment(attachment)?));
    } else if let Some(specification) = input.ena_srd_specification {
        return Ok(NetworkInterfaceCommand::Change(AttachmentChange::EnaSrd(specification)));
    } else if let Some(description) = input.description {
        Attribute::Description(description.value.unwrap_or_default())
    } else if let Some(check) = input.source_dest_check {
        Attribute::SourceDestCheck(*required("SourceDestCheck.Value", check.value.as_ref())?)
    } else if let Some(tracking) = input.connection_tracking_specification {
        Attribute::ConnectionTracking(connection_tracking(&tracking)?)
    } else if input.enable_primary_ipv6 == Some(true) {
        Attribute::PrimaryIpv6
    } else if input.enable_primary_ipv6 == Some(false) {
        return Err(Ec2Error::unsupported("A primary IPv6 address cannot be disabled once it is enabled."));
    } else {
        Attribute::Groups(plan::groups(cx, &input.groups, public.vpc_id(), &interface.state.subnet())?)
    };
    Ok(NetworkInterfaceCommand::Set(attribute))
}

fn of_attachment(changes: NetworkInterfaceAttachmentChanges) -> Ec2Result<AttachmentChange> {
    if changes.ena_queue_count.is_some() || changes.default_ena_queue_count.is_some() {
        return Err(Ec2Error::unsupported("The number of ENA queues cannot be changed."));
    }
    let attachment = required("Attachment.AttachmentId", changes.attachment_id.as_deref())?.to_owned();
    let delete = *required("Attachment.DeleteOnTermination", changes.delete_on_termination.as_ref())?;
    Ok(AttachmentChange::DeleteOnTermination { attachment, delete })
}

/// At once for an interface that is attached, else from its instance's next start on.
async fn set_public_ip(cx: &Context, interface: &Published<NetworkInterfaceState>, wants: bool) -> Ec2Result<()> {
    let set = NetworkInterfaceCommand::Set(Attribute::WantsPublicIp(wants));
    cx.network_interfaces.ask(&interface.id, set).await?;
    if !wants {
        removal::command(cx, &interface.id, NetworkInterfaceCommand::ReleasePublicIp).await?;
    } else if interface.state.instance().is_some() {
        launch::lend_public_ip(cx, &interface.id).await?;
    }
    Ok(())
}

pub(super) async fn reset_network_interface_attribute(
    cx: Context,
    input: ResetNetworkInterfaceAttributeRequest,
) -> Ec2Result<ResetNetworkInterfaceAttributeResponse> {
    required("sourceDestCheck", input.source_dest_check.as_deref())?;
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let set = NetworkInterfaceCommand::Set(Attribute::SourceDestCheck(true));
    cx.network_interfaces.ask(&interface.id, set).await?;
    Ok(ResetNetworkInterfaceAttributeResponse {})
}
