//! An elastic address goes from one account to another: offered, accepted within seven days, and then the other's
//! (AWS: "Transfer Elastic IP addresses").

use archipelago_proto::ec2::v1::AddressTransfer;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::AddressState;
use crate::entity::{Account, Facts, Id};
use crate::time::Millis;

const DAY: Millis = 24 * 3_600_000;
/// "the transfer account has seven days to accept".
const OFFERED: Millis = 7 * DAY;
/// "Accepted transfers are visible to the source account for 14 days".
const VISIBLE: Millis = 14 * DAY;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Transfer {
    #[prost(message, required, tag = "1")]
    pub(super) shown: AddressTransfer,
    /// Who has offered it, at the address that has come by it.
    #[prost(string, optional, tag = "2")]
    from: Option<String>,
    /// The allocation that takes the place of this one.
    #[prost(string, optional, tag = "3")]
    pub(super) successor: Option<String>,
    /// It has come, but the other account has it too for a moment.
    #[prost(bool, tag = "4")]
    arriving: bool,
}

pub enum TransferCommand {
    Offer {
        to: Account,
    },
    Withdraw,
    /// The other account takes it, under a new allocation.
    Accept {
        by: Account,
        successor: Id,
    },
    /// The other account has it.
    Bury,
    Arrived,
}

impl Transfer {
    /// What the new owner has of an accepted transfer.
    pub(super) fn arriving(shown: AddressTransfer, from: &Account) -> Self {
        Self { shown, from: Some(from.to_string()), successor: None, arriving: true }
    }

    pub(super) fn other(&self) -> &str {
        self.from.as_deref().unwrap_or(self.shown.transfer_account_id())
    }

    /// When it is forgotten.
    pub(super) fn due(&self) -> Option<Millis> {
        match self.shown.transfer_offer_accepted_timestamp {
            Some(accepted) if self.from.is_some() => Some(accepted + VISIBLE),
            Some(_) => None,
            None => self.shown.transfer_offer_expiration_timestamp,
        }
    }
}

impl AddressState {
    pub(super) fn is_offered(&self, now: Millis) -> bool {
        let open = |transfer: &Transfer| transfer.from.is_none() && transfer.due().is_none_or(|due| due > now);
        self.transfer.as_ref().is_some_and(open)
    }

    /// The other account has accepted it.
    pub(super) fn is_leaving(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.successor.is_some())
    }

    /// It came from another account.
    pub(super) fn is_accepted(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.from.is_some())
    }

    pub(super) fn is_arriving(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.arriving)
    }

    pub(super) fn check_no_transfer(&self, now: Millis) -> Ec2Result<()> {
        if self.is_offered(now) {
            let message = format!("The address {} is being transferred.", self.public.public_ip());
            return Err(Ec2Error::new("AddressTransferInProgress", message));
        }
        Ok(())
    }

    pub(super) fn transfer(&mut self, command: TransferCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        let no_offer = || {
            let message = format!("There is no transfer of the address {}.", self.public.public_ip());
            Ec2Error::new("InvalidTransfer.NotFound", message)
        };
        match command {
            _ if self.is_leaving() => return Err(no_offer()),
            TransferCommand::Offer { to } => {
                if self.is_associated() {
                    let message = format!("The address {} is associated and cannot be transferred.", facts.id);
                    return Err(Ec2Error::new("AddressAssociated", message));
                }
                self.transfer = Some(Transfer {
                    shown: AddressTransfer {
                        public_ip: self.public.public_ip.clone(),
                        allocation_id: self.public.allocation_id.clone(),
                        transfer_account_id: Some(to.to_string()),
                        transfer_offer_expiration_timestamp: Some(facts.now + OFFERED),
                        transfer_offer_accepted_timestamp: None,
                        address_transfer_status: Some("pending".into()),
                    },
                    ..Transfer::default()
                });
            }
            TransferCommand::Withdraw if self.is_offered(facts.now) => self.transfer = None,
            TransferCommand::Accept { by, successor } => match &mut self.transfer {
                Some(offer) if offer.from.is_none() && offer.shown.transfer_account_id() == &*by => {
                    offer.shown.transfer_offer_accepted_timestamp = Some(facts.now);
                    offer.shown.address_transfer_status = Some("accepted".into());
                    offer.successor = Some(successor.into());
                }
                _ => return Err(no_offer()),
            },
            TransferCommand::Arrived => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.arriving = false;
                }
            }
            TransferCommand::Withdraw | TransferCommand::Bury => return Err(no_offer()),
        }
        Ok(())
    }
}
