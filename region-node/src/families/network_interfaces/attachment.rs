//! The attachment of an interface to an instance.

use archipelago_proto::ec2::v1::{
    AttachmentEnaSrdSpecification, AttachmentEnaSrdUdpSpecification, EnaSrdSpecification, NetworkInterfaceAttachment,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::NetworkInterfaceState;
use crate::entity::{Facts, Id};
use crate::time::{Millis, Transition};

/// To what, and how, an interface is to be attached.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// `eni-attach-…`
    pub id: Id,
    pub instance: Id,
    pub instance_owner: String,
    pub device_index: i32,
    pub network_card_index: i32,
    pub delete_on_termination: bool,
    pub ena_srd: Option<EnaSrdSpecification>,
}

/// What ModifyNetworkInterfaceAttribute changes about an attachment.
#[derive(Clone, Debug)]
pub enum AttachmentChange {
    DeleteOnTermination { attachment: String, delete: bool },
    EnaSrd(EnaSrdSpecification),
}

impl NetworkInterfaceState {
    pub(super) fn attach(&mut self, to: &Attachment, facts: &Facts<'_>) {
        self.attach_at(to, facts.now, facts.after(Transition::InterfaceAttach));
    }

    pub(super) fn attach_at(&mut self, to: &Attachment, now: Millis, settles: Millis) {
        self.public.attachment = Some(NetworkInterfaceAttachment {
            attach_time: Some(now),
            attachment_id: Some(to.id.to_string()),
            delete_on_termination: Some(to.delete_on_termination),
            device_index: Some(to.device_index),
            network_card_index: Some(to.network_card_index),
            instance_id: Some(to.instance.to_string()),
            instance_owner_id: Some(to.instance_owner.clone()),
            status: Some("attaching".into()),
            ena_srd_specification: to.ena_srd.as_ref().map(ena_srd),
            ena_queue_count: None,
        });
        self.public.status = Some("in-use".into());
        self.settles = Some(settles);
    }

    /// To ask again changes nothing. The first interface stays for as long as its instance.
    pub(super) fn start_detaching(&mut self, force: bool, settles: Millis) -> Ec2Result<()> {
        let Some(attachment) = &mut self.public.attachment else { return Ok(()) };
        if attachment.device_index() == 0 && attachment.network_card_index() == 0 {
            return Err(Ec2Error::new(
                "OperationNotPermitted",
                "The network interface at device index 0 and networkCard index 0 cannot be detached.",
            ));
        }
        if force {
            self.detached();
        } else if attachment.status() != "detaching" {
            attachment.status = Some("detaching".into());
            self.settles = Some(settles);
        }
        Ok(())
    }

    pub(super) fn change_attachment(&mut self, change: AttachmentChange) -> Ec2Result<()> {
        let id = self.public.network_interface_id().to_owned();
        match (&mut self.public.attachment, change) {
            (Some(known), AttachmentChange::DeleteOnTermination { attachment, delete })
                if known.attachment_id() == attachment =>
            {
                known.delete_on_termination = Some(delete);
            }
            (_, AttachmentChange::DeleteOnTermination { attachment, .. }) => return Err(not_attached(&attachment)),
            (Some(known), AttachmentChange::EnaSrd(specification)) => {
                known.ena_srd_specification = Some(ena_srd(&specification));
            }
            (None, AttachmentChange::EnaSrd(_)) => {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The network interface '{id}' is not attached to an instance"
                )));
            }
        }
        Ok(())
    }
}

pub(super) fn not_attached(attachment: &str) -> Ec2Error {
    Ec2Error::new("InvalidAttachmentID.NotFound", format!("The attachment ID '{attachment}' does not exist"))
}

fn ena_srd(specification: &EnaSrdSpecification) -> AttachmentEnaSrdSpecification {
    let udp = specification.ena_srd_udp_specification.as_ref();
    AttachmentEnaSrdSpecification {
        ena_srd_enabled: specification.ena_srd_enabled,
        ena_srd_udp_specification: udp
            .map(|udp| AttachmentEnaSrdUdpSpecification { ena_srd_udp_enabled: udp.ena_srd_udp_enabled }),
    }
}
