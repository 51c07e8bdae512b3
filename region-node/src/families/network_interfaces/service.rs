//! Interfaces that AWS's services keep in their customers' subnets: those of NAT gateways and of endpoints. They are
//! the account's, but not its to manage, and go with the resource that they serve.

use archipelago_proto::Ec2Result;

use super::attachment::Attachment;
use super::plan::{NewInterface, Plan};
use super::{NetworkInterfaceCommand, NetworkInterfaceState, removal};
use crate::entity::{Id, Undo};
use crate::request::Context;

/// Who the service's side of the attachment belongs to.
const AMAZON: &str = "amazon-aws";

/// An interface for a resource of a service, which exists once the caller adds it to its batch.
pub async fn prepare(
    cx: &Context,
    undo: &mut Undo,
    new: &NewInterface,
    serves: &Id,
) -> Ec2Result<(Id, NetworkInterfaceState)> {
    let without_groups = new.groups.is_empty();
    let mut interfaces = Plan::read(cx, new)?.interfaces(cx, undo, 1).await?;
    let mut interface = interfaces.remove(0);
    if without_groups {
        interface.public.groups.clear();
    }
    let attachment = Attachment {
        id: cx.shell.ids.prefixed("ela-attach"),
        instance: Id::new(""),
        instance_owner: AMAZON.to_owned(),
        device_index: 1,
        network_card_index: 0,
        delete_on_termination: true,
        ena_srd: None,
    };
    interface.attach_at(&attachment, cx.shell.clock.now(), 0);
    if let Some(attachment) = &mut interface.public.attachment {
        attachment.instance_id = None;
        attachment.status = Some("attached".into());
    }
    interface.settles = None;
    interface.service = Some(serves.to_string());
    interface.public.requester_managed = Some(true);
    interface.public.requester_id = Some(AMAZON.to_owned());
    Ok((Id::new(interface.public.network_interface_id()), interface))
}

/// The resource is gone, and its interfaces with it. It bears repetition.
pub async fn remove(cx: &Context, served: &Id) -> Ec2Result<()> {
    for interface in cx.network_interfaces.linked_to(served).values() {
        remove_one(cx, &interface.id).await?;
    }
    Ok(())
}

/// One of its interfaces goes.
pub async fn remove_one(cx: &Context, interface: &Id) -> Ec2Result<()> {
    match removal::command(cx, interface, NetworkInterfaceCommand::InstanceGone).await {
        Err(error) if error.code != "InvalidNetworkInterfaceID.NotFound" => Err(error),
        _ => Ok(()),
    }
}
