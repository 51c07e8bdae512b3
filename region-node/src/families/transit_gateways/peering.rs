//! A peering of two gateways: the handshake decides its state. Of two regions each has its side; within one region there
//! is but one attachment, which is both sides.

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::Stage;

use super::AttachmentState;
use super::attachment::AttachmentCommand;
use super::life::{DELETING, FAILED, PENDING, REJECTED, incorrect_state};
use crate::entity::Facts;
use crate::peer::{Agreeing, Handshake, Heard, Role};

pub enum PeeringCommand {
    Accept,
    Reject,
    Delete { by: String },
    Hear(Heard),
}

pub(super) const REQUESTED: &str = "initiatingRequest";
pub(super) const PENDING_ACCEPTANCE: &str = "pendingAcceptance";

impl AttachmentState {
    pub(super) fn agree(&mut self, command: &PeeringCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        let illegal = incorrect_state(facts.id, self.public.state());
        let Some(side) = &mut self.peering else { return Err(illegal) };
        let before = side.stage();
        match (command, before) {
            (PeeringCommand::Accept, Stage::Pending) => side.advance(Stage::Accepted, ""),
            (PeeringCommand::Reject, Stage::Pending) => {
                let by = side.party(Role::Accepter).account.clone();
                side.advance(Stage::Rejected, &by);
            }
            (PeeringCommand::Delete { by }, Stage::Requested | Stage::Pending | Stage::Accepted) => {
                side.advance(Stage::Deleted, by);
            }
            // Either side may, and Terraform has both do so.
            (PeeringCommand::Delete { .. }, Stage::Deleted) => {}
            (PeeringCommand::Hear(heard), _) => side.hear(heard.clone(), facts.now),
            _ => return Err(illegal),
        }
        self.arrive(before, facts);
        Ok(())
    }

    /// What follows from the stage that it has come to, whoever has brought it there.
    fn arrive(&mut self, before: Stage, facts: &Facts<'_>) {
        let Some(stage) = self.peering.as_ref().map(Handshake::stage).filter(|stage| *stage != before) else { return };
        let state = &mut self.public.state;
        match stage {
            Stage::Unspecified | Stage::Requested => {}
            Stage::Pending => *state = Some(PENDING_ACCEPTANCE.to_owned()),
            Stage::Accepted => {
                self.association.clone_from(&self.default_table);
                self.peer_association.clone_from(&self.peer_default_table);
                self.life.change(state, PENDING, facts);
            }
            Stage::Deleted => {
                (self.association, self.peer_association, self.policy_table) = (None, None, None);
                self.life.change(state, DELETING, facts);
            }
            Stage::Rejected => {
                *state = Some(REJECTED.to_owned());
                self.life.end(facts.now);
            }
            Stage::Expired | Stage::Failed => {
                *state = Some(FAILED.to_owned());
                self.life.end(facts.now);
            }
        }
    }
}

impl Agreeing for AttachmentState {
    fn side(&self) -> Option<&Handshake> {
        self.peering.as_ref()
    }

    fn hearing(heard: Heard) -> AttachmentCommand {
        AttachmentCommand::Agree(PeeringCommand::Hear(heard))
    }
}
