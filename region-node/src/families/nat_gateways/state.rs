//! A NAT gateway: pending, then available or failed; deleting, and deleted for an hour.

use archipelago_proto::ec2::v1::{NatGateway, NatGatewayAddress};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

/// AWS: "The NAT gateway entry might continue to be visible for about an hour."
const VISIBLE: Millis = 3_600_000;

#[derive(Clone, PartialEq, Message)]
pub struct NatGatewayState {
    /// Without its addresses, which [`view`](Self::view) has.
    #[prost(message, required, tag = "1")]
    pub public: NatGateway,
    #[prost(message, repeated, tag = "2")]
    pub(super) addresses: Vec<Held>,
    /// When it stops being pending or deleting, or being visible.
    #[prost(int64, optional, tag = "3")]
    settles: Option<Millis>,
    /// Its interface is to go.
    #[prost(bool, tag = "4")]
    pub(super) leaving: bool,
    #[prost(string, tag = "5")]
    zone: String,
}

/// A private address of the gateway, with the elastic one that it has or is to have.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Held {
    #[prost(message, required, tag = "1")]
    pub(super) shown: NatGatewayAddress,
    #[prost(enumeration = "Owed", tag = "2")]
    pub(super) owed: i32,
    /// When the connections that still use it are cut.
    #[prost(int64, optional, tag = "3")]
    drained: Option<Millis>,
}

/// What the follower has to do about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Owed {
    Nothing = 0,
    Association = 1,
    Release = 2,
}

pub enum NatGatewayCommand {
    Delete,
    /// More addresses, which the interface has already.
    Add(Vec<NatGatewayAddress>),
    /// Lets go of secondary addresses, by their private ones.
    Drain {
        private_ips: Vec<String>,
        word: &'static str,
    },
    /// What came of an association with an elastic address.
    Associated {
        private_ip: String,
        outcome: Ec2Result<String>,
    },
    /// The interface has an address no more.
    Released {
        private_ip: String,
    },
    /// The interface is gone.
    Left,
}

impl Held {
    /// An address with an elastic one needs to be associated with it.
    pub(super) fn new(mut shown: NatGatewayAddress) -> Self {
        let owed = if shown.allocation_id.is_some() { Owed::Association } else { Owed::Nothing };
        shown.status = Some(if owed == Owed::Nothing { "succeeded" } else { "associating" }.into());
        Self { shown, owed: owed.into(), drained: None }
    }
}

impl NatGatewayState {
    pub(super) fn new(public: NatGateway, addresses: Vec<NatGatewayAddress>, zone: &str, settles: Millis) -> Self {
        let addresses = addresses.into_iter().map(Held::new).collect();
        Self { public, addresses, settles: Some(settles), leaving: false, zone: zone.to_owned() }
    }

    /// The gateway as a describe shows it.
    pub fn view(&self) -> NatGateway {
        let nat_gateway_addresses = self.addresses.iter().map(|address| address.shown.clone()).collect();
        NatGateway { nat_gateway_addresses, ..self.public.clone() }
    }

    /// Whether it will never translate again.
    pub fn is_over(&self) -> bool {
        matches!(self.public.state(), "deleting" | "deleted" | "failed")
    }

    fn is_free_to_change(&self, id: &Id) -> Ec2Result<()> {
        let busy = self.addresses.iter().any(|address| address.owed() != Owed::Nothing || address.drained.is_some());
        if self.public.state() == "available" && !busy {
            return Ok(());
        }
        Err(Ec2Error::new(
            "IncorrectState",
            format!("The NAT gateway {id} is not available for a change of its addresses: it is {}.", {
                if busy { "changing them" } else { self.public.state() }
            }),
        ))
    }

    fn address(&mut self, private_ip: &str) -> Option<&mut Held> {
        self.addresses.iter_mut().find(|address| address.shown.private_ip() == private_ip)
    }

    fn drain(&mut self, private_ips: &[String], word: &str, until: Millis) -> Ec2Result<()> {
        for private_ip in private_ips {
            let Some(address) = self.address(private_ip) else {
                return Err(Ec2Error::invalid_value("privateIpAddress", private_ip));
            };
            if address.shown.is_primary() {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The address {private_ip} is the primary address of the NAT gateway and cannot be removed."
                )));
            }
            address.shown.status = Some(word.to_owned());
            address.drained = Some(until);
        }
        Ok(())
    }

    /// The first address decides whether the gateway comes up; the others fail on their own.
    fn associated(&mut self, private_ip: &str, outcome: Ec2Result<String>) {
        let Some(address) = self.address(private_ip) else { return };
        address.owed = Owed::Nothing.into();
        match outcome {
            Ok(association) => {
                address.shown.association_id = Some(association);
                address.shown.status = Some("succeeded".into());
            }
            Err(error) => {
                address.shown.status = Some("failed".into());
                address.shown.failure_message = Some(error.message.clone());
                address.shown.public_ip = None;
                if address.shown.is_primary() && self.public.state() == "pending" {
                    self.public.failure_code = Some(error.code);
                    self.public.failure_message = Some(error.message);
                }
            }
        }
    }
}

impl Held {
    fn is_failed_secondary(&self) -> bool {
        self.shown.status() == "failed" && !self.shown.is_primary()
    }
}

impl Entity for NatGatewayState {
    const KIND: Kind = Kind {
        resource_type: "natgateway",
        prefix: "nat",
        not_found: "NatGatewayNotFound",
        malformed: "NatGatewayMalformed",
        noun: "Nat Gateway",
    };
    type Command = NatGatewayCommand;
    type Reply = ();

    fn decide(&self, command: NatGatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            ("deleted", NatGatewayCommand::Delete) => return Err(Self::KIND.not_found(facts.id)),
            ("deleting", NatGatewayCommand::Delete) => return Ok(Decision::keep()),
            (_, NatGatewayCommand::Delete) => {
                next.public.state = Some("deleting".into());
                next.public.delete_time = Some(facts.now);
                next.addresses.iter_mut().for_each(|address| {
                    (address.owed, address.drained) = (Owed::Nothing.into(), None);
                });
                next.settles = Some(facts.after(Transition::NatGatewayDelete));
            }
            (_, NatGatewayCommand::Add(new)) => {
                self.is_free_to_change(facts.id)?;
                next.addresses.retain(|address| !address.is_failed_secondary());
                next.addresses.extend(new.into_iter().map(Held::new));
            }
            (_, NatGatewayCommand::Drain { private_ips, word }) => {
                self.is_free_to_change(facts.id)?;
                next.drain(&private_ips, word, facts.after(Transition::NatGatewayAddress))?;
            }
            (_, NatGatewayCommand::Associated { private_ip, outcome }) => next.associated(&private_ip, outcome),
            (_, NatGatewayCommand::Released { private_ip }) => {
                next.addresses.retain(|address| address.shown.private_ip() != private_ip);
            }
            (state, NatGatewayCommand::Left) => {
                next.leaving = false;
                if state == "deleting" {
                    next.public.state = Some("deleted".into());
                }
                next.settles = Some(facts.now + VISIBLE);
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        if self.leaving {
            return None;
        }
        let unsettled = self.addresses.iter().any(|address| address.owed() == Owed::Association);
        let settles = self.settles.filter(|_| self.public.state() != "pending" || !unsettled);
        let drained = self.addresses.iter().filter(|address| address.owed() == Owed::Nothing);
        settles.into_iter().chain(drained.filter_map(|address| address.drained)).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        for address in next.addresses.iter_mut().filter(|address| address.drained.is_some_and(|at| at <= facts.now)) {
            address.drained = None;
            address.owed = Owed::Release.into();
        }
        if self.settles.is_none_or(|settles| settles > facts.now) {
            return Next::Become(next);
        }
        next.settles = None;
        match self.public.state() {
            "pending" if self.public.failure_code.is_some() => {
                next.public.state = Some("failed".into());
                next.leaving = true;
            }
            "pending" => next.public.state = Some("available".into()),
            "deleting" => next.leaving = true,
            _ => return Next::Gone(next),
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving || self.addresses.iter().any(|address| address.owed() != Owed::Nothing)
    }

    /// What is deleted or has failed keeps nothing from being deleted.
    fn links(&self) -> Vec<Id> {
        match self.public.state() {
            "deleted" | "failed" => Vec::new(),
            _ => vec![Id::new(self.public.vpc_id()), Id::new(self.public.subnet_id())],
        }
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let counts = !matches!(self.public.state(), "deleted" | "failed");
        vec![Weight::new("nat-gateways-per-zone", counts.into()).per(&self.zone)]
    }

    resource!(tags);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Ids;
    use crate::time::Lifecycle;

    fn gateway() -> NatGatewayState {
        let address = |ip: &str, primary| NatGatewayAddress {
            private_ip: Some(ip.into()),
            allocation_id: Some("eipalloc-1".into()),
            is_primary: Some(primary),
            ..NatGatewayAddress::default()
        };
        let public = NatGateway { state: Some("pending".into()), ..NatGateway::default() };
        NatGatewayState::new(public, vec![address("10.0.0.4", true), address("10.0.0.5", false)], "us-east-1a", 0)
    }

    fn step(state: &NatGatewayState, command: Option<NatGatewayCommand>) -> Ec2Result<NatGatewayState> {
        let facts = Facts {
            id: &Id::new("nat-1"),
            account: &"0".into(),
            now: 0,
            region: "us-east-1",
            lifecycle: &Lifecycle::instant(),
            dependents: &imbl::OrdSet::new(),
            ids: &Ids::seeded(1),
        };
        let next = match command {
            Some(command) => state.decide(command, &facts)?.next,
            None => state.elapse(&facts),
        };
        match next {
            Next::Become(next) => Ok(next),
            Next::Keep => Ok(state.clone()),
            Next::Gone(_) => panic!("it should be visible"),
        }
    }

    fn outcome(ip: &str, outcome: Ec2Result<String>) -> NatGatewayCommand {
        NatGatewayCommand::Associated { private_ip: ip.into(), outcome }
    }

    #[test]
    fn it_is_pending_until_its_addresses_are_associated() {
        let pending = gateway();
        assert_eq!((pending.due(), pending.intent()), (None, true));
        let one = step(&pending, Some(outcome("10.0.0.4", Ok("eipassoc-1".into())))).unwrap();
        let both =
            step(&one, Some(outcome("10.0.0.5", Err(Ec2Error::new("Resource.AlreadyAssociated", "x"))))).unwrap();
        assert_eq!((both.due(), both.intent()), (Some(0), false));
        let available = step(&both, None).unwrap();
        assert_eq!(available.public.state(), "available", "a secondary address fails on its own");
        assert_eq!(available.view().nat_gateway_addresses[1].status(), "failed");
    }

    #[test]
    fn it_fails_with_its_first_address_and_lets_go_of_its_interface() {
        let refused = Err(Ec2Error::new("Gateway.NotAttached", "x"));
        let one = step(&gateway(), Some(outcome("10.0.0.4", refused))).unwrap();
        let both = step(&one, Some(outcome("10.0.0.5", Ok("eipassoc-2".into())))).unwrap();
        let failed = step(&both, None).unwrap();
        assert_eq!((failed.public.state(), failed.public.failure_code()), ("failed", "Gateway.NotAttached"));
        assert!(failed.intent() && failed.links().is_empty());
    }

    #[test]
    fn a_deleted_gateway_is_not_found_by_those_who_delete_it() {
        let deleting = step(&gateway(), Some(NatGatewayCommand::Delete)).unwrap();
        let leaving = step(&deleting, None).unwrap();
        let deleted = step(&leaving, Some(NatGatewayCommand::Left)).unwrap();
        assert_eq!((deleted.public.state(), deleted.due()), ("deleted", Some(VISIBLE)));
        let again = step(&deleted, Some(NatGatewayCommand::Delete)).err().unwrap();
        assert_eq!(again.code, "NatGatewayNotFound");
    }
}
