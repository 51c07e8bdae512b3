//! An endpoint: create-in-progress, create-complete, delete-in-progress, gone.

use archipelago_proto::ec2::v1::Ec2InstanceConnectEndpoint;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct ConnectEndpointState {
    /// Without its interface, which the view joins.
    #[prost(message, required, tag = "1")]
    pub public: Ec2InstanceConnectEndpoint,
    #[prost(int64, optional, tag = "2")]
    settles: Option<Millis>,
    /// Its interface is to go.
    #[prost(bool, tag = "3")]
    leaving: bool,
}

pub enum ConnectEndpointCommand {
    Modify { preserve_client_ip: Option<bool>, ip_address_type: Option<String>, groups: Vec<String> },
    Delete,
    Left,
}

impl ConnectEndpointState {
    pub(super) fn new(public: Ec2InstanceConnectEndpoint, settles: Millis) -> Self {
        Self { public, settles: Some(settles), leaving: false }
    }
}

impl Entity for ConnectEndpointState {
    const KIND: Kind = Kind {
        resource_type: "instance-connect-endpoint",
        prefix: "eice",
        not_found: "InvalidInstanceConnectEndpointId.NotFound",
        malformed: "InvalidInstanceConnectEndpointId.Malformed",
        noun: "EC2 Instance Connect Endpoint",
    };
    type Command = ConnectEndpointCommand;
    type Reply = ();

    fn decide(&self, command: ConnectEndpointCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (_, ConnectEndpointCommand::Left) => return Ok(Decision::gone(next)),
            ("delete-in-progress", ConnectEndpointCommand::Delete) => return Ok(Decision::keep()),
            (_, ConnectEndpointCommand::Delete) => {
                next.public.state = Some("delete-in-progress".into());
                next.settles = Some(facts.after(Transition::VpcEndpointDelete));
            }
            (state, ConnectEndpointCommand::Modify { .. }) if state.ends_with("in-progress") => {
                return Err(Ec2Error::new(
                    "IncorrectState",
                    format!("The EC2 Instance Connect Endpoint {} cannot be modified: it is {state}.", facts.id),
                ));
            }
            (_, ConnectEndpointCommand::Modify { preserve_client_ip, ip_address_type, groups }) => {
                next.public.preserve_client_ip = preserve_client_ip.or(self.public.preserve_client_ip);
                next.public.ip_address_type = ip_address_type.or(next.public.ip_address_type);
                if next.public.preserve_client_ip() && next.public.ip_address_type() != "ipv4" {
                    return Err(super::actions::preserves_ipv4_only());
                }
                if !groups.is_empty() {
                    next.public.security_group_ids = groups;
                }
                next.public.state = Some("update-in-progress".into());
                next.settles = Some(facts.after(Transition::VpcEndpointCreate));
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        match self.public.state() {
            "delete-in-progress" => next.leaving = true,
            "update-in-progress" => next.public.state = Some("update-complete".into()),
            _ => next.public.state = Some("create-complete".into()),
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving
    }

    fn links(&self) -> Vec<Id> {
        let groups = self.public.security_group_ids.iter().map(String::as_str);
        [self.public.vpc_id(), self.public.subnet_id()].into_iter().chain(groups).map(Id::new).collect()
    }

    resource!(tags);
}
