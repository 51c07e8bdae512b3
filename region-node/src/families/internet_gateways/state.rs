//! An internet gateway: attached to one VPC at most.

use archipelago_proto::ec2::v1::{InternetGateway, InternetGatewayAttachment};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::table::{GatewayTable, TableChange};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct InternetGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: InternetGateway,
    /// The route table for what enters the VPC here.
    #[prost(message, optional, tag = "2")]
    pub route_table: Option<GatewayTable>,
    /// When attaching is over.
    #[prost(int64, optional, tag = "3")]
    attached: Option<Millis>,
}

pub enum InternetGatewayCommand {
    Delete,
    /// To a VPC.
    Attach(Id),
    Detach(Id),
    Table(TableChange),
}

impl InternetGatewayState {
    pub fn new(public: InternetGateway) -> Self {
        Self { public, route_table: None, attached: None }
    }

    /// The VPC that it is attached to.
    pub fn vpc(&self) -> Option<&str> {
        self.public.attachments.first().map(InternetGatewayAttachment::vpc_id)
    }

    /// Attached to a VPC from the beginning.
    #[must_use]
    pub fn attached_to(mut self, vpc: &Id) -> Self {
        self.public.attachments = vec![attachment(vpc, "available")];
        self
    }

    pub(super) fn check_free(&self, id: &Id) -> Ec2Result<()> {
        match self.vpc() {
            Some(vpc) => {
                let message = format!("resource {id} is already attached to network {vpc}");
                Err(Ec2Error::new("Resource.AlreadyAssociated", message))
            }
            None => Ok(()),
        }
    }
}

fn attachment(vpc: &Id, state: &str) -> InternetGatewayAttachment {
    InternetGatewayAttachment { state: Some(state.to_owned()), vpc_id: Some(vpc.to_string()) }
}

impl Entity for InternetGatewayState {
    const KIND: Kind = Kind {
        resource_type: "internet-gateway",
        prefix: "igw",
        not_found: "InvalidInternetGatewayID.NotFound",
        malformed: "InvalidInternetGatewayID.Malformed",
        noun: "internetGateway ID",
    };
    type Command = InternetGatewayCommand;
    type Reply = ();

    fn decide(&self, command: InternetGatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.vpc(), command) {
            (None, InternetGatewayCommand::Delete) => return Ok(Decision::gone(next)),
            (Some(_), InternetGatewayCommand::Delete) => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The internetGateway '{}' has dependencies and cannot be deleted.",
                    facts.id
                )));
            }
            (None, InternetGatewayCommand::Attach(vpc)) => {
                next.public.attachments = vec![attachment(&vpc, "attaching")];
                next.attached = Some(facts.after(Transition::GatewayAttach));
            }
            (Some(_), InternetGatewayCommand::Attach(_)) => self.check_free(facts.id)?,
            (Some(known), InternetGatewayCommand::Detach(vpc)) if *known == *vpc => {
                if let Some(table) = &self.route_table {
                    return Err(Ec2Error::dependency_violation(format!(
                        "The internetGateway '{}' is associated with the route table '{}' and cannot be detached.",
                        facts.id, table.route_table
                    )));
                }
                next.public.attachments.clear();
                next.attached = None;
            }
            (_, InternetGatewayCommand::Detach(vpc)) => {
                let message = format!("resource {} is not attached to network {vpc}", facts.id);
                return Err(Ec2Error::new("Gateway.NotAttached", message));
            }
            (_, InternetGatewayCommand::Table(change)) => {
                if !change.apply(&mut next.route_table)? {
                    return Ok(Decision::keep());
                }
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.attached
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.attached = None;
        next.public.attachments.iter_mut().for_each(|attachment| attachment.state = Some("available".into()));
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        let table = self.route_table.iter().map(|table| table.route_table.as_str());
        self.vpc().into_iter().chain(table).map(Id::new).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.route_table.iter().map(|table| Part::untagged(&table.association)).collect()
    }

    resource!(tags);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Ids;
    use crate::time::Lifecycle;

    fn decide(
        state: &InternetGatewayState,
        command: InternetGatewayCommand,
    ) -> Ec2Result<Decision<InternetGatewayState>> {
        let facts = Facts {
            id: &Id::new("igw-1"),
            account: &"0".into(),
            now: 0,
            region: "us-east-1",
            lifecycle: &Lifecycle::instant(),
            dependents: &imbl::OrdSet::new(),
            ids: &Ids::seeded(1),
        };
        state.decide(command, &facts)
    }

    fn refusal(state: &InternetGatewayState, command: InternetGatewayCommand) -> String {
        decide(state, command).err().expect("it should be refused").code
    }

    #[test]
    fn a_gateway_is_attached_to_one_vpc_at_a_time() {
        let (one, other) = (Id::new("vpc-1"), Id::new("vpc-2"));
        let free = InternetGatewayState::new(InternetGateway::default());
        assert_eq!(refusal(&free, InternetGatewayCommand::Detach(one.clone())), "Gateway.NotAttached");
        let attached = free.attached_to(&one);
        assert_eq!(refusal(&attached, InternetGatewayCommand::Attach(other.clone())), "Resource.AlreadyAssociated");
        assert_eq!(refusal(&attached, InternetGatewayCommand::Attach(one.clone())), "Resource.AlreadyAssociated");
        assert_eq!(refusal(&attached, InternetGatewayCommand::Detach(other)), "Gateway.NotAttached");
        assert_eq!(refusal(&attached, InternetGatewayCommand::Delete), "DependencyViolation");
        assert!(decide(&attached, InternetGatewayCommand::Detach(one)).is_ok());
    }
}
