//! AttachNetworkInterface and DetachNetworkInterface (reference: AttachNetworkInterface, DetachNetworkInterface).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AttachNetworkInterfaceRequest, AttachNetworkInterfaceResult, DetachNetworkInterfaceRequest,
    DetachNetworkInterfaceResponse, InstanceTypeInfo, NetworkCardInfo, NetworkInterfaceAttachment,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState, Place, incorrect};
use crate::entity::{Published, Undo, workflow};
use crate::families::instance_types;
use crate::families::network_interfaces::{self, Attachment, Limits, NetworkInterfaceCommand, NetworkInterfaceState};
use crate::request::{Context, required};

pub(super) async fn attach_network_interface(
    cx: Context,
    input: AttachNetworkInterfaceRequest,
) -> Ec2Result<AttachNetworkInterfaceResult> {
    let index = *required("DeviceIndex", input.device_index.as_ref())?;
    let card = input.network_card_index.unwrap_or(0);
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if input.ena_queue_count.is_some() {
        return Err(Ec2Error::unsupported("The parameter EnaQueueCount is not supported."));
    }
    if instance.state.is_classic() {
        return Err(Ec2Error::invalid_combination(
            "A network interface may not be attached to an instance outside of a VPC.",
        ));
    }
    check_zone(&interface, &instance)?;
    if !matches!(instance.state.phase(), Phase::Running | Phase::Stopped) {
        return Err(incorrect(&instance.id));
    }

    let place = Place::Index(card, index);
    let reserved = cx.instances.ask(&instance.id, InstanceCommand::Reserve(place.clone())).await?.reply.reserved;
    let attachment_id = cx.shell.ids.prefixed("eni-attach");
    let attach = NetworkInterfaceCommand::Attach(Attachment {
        id: attachment_id.clone(),
        instance: instance.id.clone(),
        instance_owner: cx.account.to_string(),
        device_index: index,
        network_card_index: card,
        delete_on_termination: false,
        ena_srd: input.ena_srd_specification,
    });
    let mut undo = Undo::default();
    let outcome = async {
        check_attached(&cx, &instance, (card, index), reserved)?;
        check_addresses(&interface, &instance)?;
        network_interfaces::command(&cx, &interface.id, attach).await?;
        let (cx, id) = (cx.clone(), interface.id.clone());
        undo.push(async move {
            let _ = network_interfaces::command(&cx, &id, NetworkInterfaceCommand::InstanceGone).await;
        });
        Ok(())
    };
    let outcome: Ec2Result<()> = outcome.await;
    // The instance may have been terminated meanwhile; then it must not keep the interface.
    let unreserved = cx.instances.ask(&instance.id, InstanceCommand::Unreserve(place)).await;
    workflow(undo, outcome.and_then(|()| unreserved.map(drop))).await?;
    Ok(AttachNetworkInterfaceResult { attachment_id: Some(attachment_id.to_string()), network_card_index: Some(card) })
}

fn check_zone(interface: &Published<NetworkInterfaceState>, instance: &Published<InstanceState>) -> Ec2Result<()> {
    let placement = instance.state.public.placement.clone().unwrap_or_default();
    if interface.state.public.availability_zone() == placement.availability_zone() {
        return Ok(());
    }
    Err(Ec2Error::invalid_combination(format!(
        "You may not attach a network interface to an instance if they are not in the same availability zone: \
         interface {}, instance {}",
        interface.id, instance.id
    )))
}

fn check_addresses(interface: &Published<NetworkInterfaceState>, instance: &Published<InstanceState>) -> Ec2Result<()> {
    let found = instance_types::find(instance.state.public.instance_type());
    let limits = found.map(|found| Limits::of_type(&found.info())).unwrap_or_default();
    limits.check(&interface.state.addresses())
}

/// What is attached is read after the place is reserved: whoever had it reserved before has published by then.
fn check_attached(
    cx: &Context,
    instance: &Arc<Published<InstanceState>>,
    (card, index): (i32, i32),
    reserved: usize,
) -> Ec2Result<()> {
    let interfaces = cx.network_interfaces.linked_to(&instance.id);
    let attachments = interfaces.values().filter_map(|interface| interface.state.public.attachment.as_ref());
    let on_card: Vec<i32> = attachments
        .filter(|known| known.network_card_index() == card)
        .map(NetworkInterfaceAttachment::device_index)
        .collect();
    if on_card.contains(&index) {
        return Err(Place::Index(card, index).taken(&instance.id));
    }
    let name = instance.state.public.instance_type();
    let Some(info) = instance_types::find(name).map(instance_types::InstanceType::info) else { return Ok(()) };
    let most = most_interfaces(&info, card)?;
    if index < 0 || index >= most.max(1) * 2 {
        return Err(Ec2Error::invalid_parameter(format!("The device index '{index}' is not valid for '{name}'.")));
    }
    let count = on_card.len() + reserved + 1;
    if i32::try_from(count).is_ok_and(|count| count <= most) {
        return Ok(());
    }
    Err(Ec2Error::new("AttachmentLimitExceeded", format!("Interface count {count} exceeds the limit for {name}")))
}

fn most_interfaces(info: &InstanceTypeInfo, card: i32) -> Ec2Result<i32> {
    let cards = info.network_info.as_ref().map_or(&[][..], |network| &network.network_cards);
    let known = cards.iter().find(|known| known.network_card_index() == card);
    known.map(NetworkCardInfo::maximum_network_interfaces).ok_or_else(|| {
        let name = info.instance_type();
        Ec2Error::invalid_parameter(format!("The network card index '{card}' is not valid for '{name}'."))
    })
}

pub(super) async fn detach_network_interface(
    cx: Context,
    input: DetachNetworkInterfaceRequest,
) -> Ec2Result<DetachNetworkInterfaceResponse> {
    let id = input.attachment_id();
    check_id(id)?;
    let interface = cx.network_interfaces.of_part(&cx.account, id).ok_or_else(|| {
        Ec2Error::new("InvalidAttachmentID.NotFound", format!("The attachment ID '{id}' does not exist"))
    })?;
    let detach = NetworkInterfaceCommand::Detach { attachment: id.to_owned(), force: input.force() };
    network_interfaces::command(&cx, &interface.id, detach).await?;
    Ok(DetachNetworkInterfaceResponse {})
}

fn check_id(id: &str) -> Ec2Result<()> {
    let digits = id.strip_prefix("eni-attach-").or_else(|| id.strip_prefix("ela-attach-")).unwrap_or_default();
    if matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Ec2Error::new("InvalidAttachmentID.Malformed", format!("Invalid id: \"{id}\" (expecting \"eni-attach-...\")")))
}
