//! A VPC endpoint: perhaps accepted first, then pending and available; deleting, and gone.

use archipelago_proto::ec2::v1::{SecurityGroupIdentifier, VpcEndpoint};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct VpcEndpointState {
    /// Without its subnets, interfaces and DNS entries, which the view joins.
    #[prost(message, required, tag = "1")]
    pub public: VpcEndpoint,
    /// The service, if it is another account's or one's own, and whose it is.
    #[prost(string, optional, tag = "2")]
    pub service: Option<String>,
    #[prost(string, tag = "3")]
    pub service_owner: String,
    /// The names of the service, from which its own are made.
    #[prost(string, tag = "4")]
    pub(super) base_name: String,
    #[prost(string, optional, tag = "5")]
    pub(super) private_name: Option<String>,
    /// The prefix list of a gateway's service.
    #[prost(string, optional, tag = "6")]
    pub prefix_list: Option<String>,
    /// When it stops being pending, or being there.
    #[prost(int64, optional, tag = "7")]
    pub(super) settles: Option<Millis>,
    /// Its interfaces are to go.
    #[prost(bool, tag = "8")]
    pub(super) leaving: bool,
}

/// Changes what clients see, or refuses to.
type Modification = Box<dyn FnOnce(&mut VpcEndpoint) -> Ec2Result<()> + Send>;

pub enum VpcEndpointCommand {
    Delete,
    Accept,
    Reject,
    Modify(Modification),
    /// Its interfaces are gone.
    Left,
}

impl VpcEndpointState {
    pub fn is_gateway(&self) -> bool {
        self.public.vpc_endpoint_type() == "Gateway"
    }

    /// Whether routes may lead to it.
    pub fn is_gateway_load_balancer(&self) -> bool {
        self.public.vpc_endpoint_type() == "GatewayLoadBalancer"
    }

    pub fn is_available(&self) -> bool {
        self.public.state() == "available"
    }

    fn cannot(&self, what: &str, id: &Id) -> Ec2Error {
        Ec2Error::new(
            "InvalidVpcEndpointState",
            format!("The endpoint {id} cannot be {what} while it is {}.", self.public.state()),
        )
    }
}

impl Entity for VpcEndpointState {
    const KIND: Kind = Kind {
        resource_type: "vpc-endpoint",
        prefix: "vpce",
        not_found: "InvalidVpcEndpointId.NotFound",
        malformed: "InvalidVpcEndpointId.Malformed",
        noun: "Vpc Endpoint Id",
    };
    type Command = VpcEndpointCommand;
    type Reply = ();

    fn decide(&self, command: VpcEndpointCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (_, VpcEndpointCommand::Left) => return Ok(Decision::gone(next)),
            ("deleting", VpcEndpointCommand::Delete) => return Ok(Decision::keep()),
            (_, VpcEndpointCommand::Delete) => {
                next.public.state = Some("deleting".into());
                next.settles = Some(facts.after(Transition::VpcEndpointDelete));
            }
            ("pendingAcceptance" | "rejected", VpcEndpointCommand::Accept) => {
                next.public.state = Some("pending".into());
                next.settles = Some(facts.after(Transition::VpcEndpointCreate));
            }
            (_, VpcEndpointCommand::Accept) => return Err(self.cannot("accepted", facts.id)),
            ("pendingAcceptance" | "pending" | "available", VpcEndpointCommand::Reject) => {
                next.public.state = Some("rejected".into());
                next.settles = None;
            }
            (_, VpcEndpointCommand::Reject) => return Err(self.cannot("rejected", facts.id)),
            ("available" | "pendingAcceptance", VpcEndpointCommand::Modify(modify)) => modify(&mut next.public)?,
            (_, VpcEndpointCommand::Modify(_)) => return Err(self.cannot("modified", facts.id)),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        if self.public.state() == "deleting" {
            next.leaving = true;
        } else {
            next.public.state = Some("available".into());
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving
    }

    /// The service's owner sees the connection.
    fn audience(&self) -> Audience<'_> {
        match self.service_owner.as_str() {
            "" => Audience::Owner,
            owner => Audience::Accounts(vec![owner]),
        }
    }

    fn links(&self) -> Vec<Id> {
        let groups = self.public.groups.iter().map(SecurityGroupIdentifier::group_id);
        let tables = self.public.route_table_ids.iter().map(String::as_str);
        let service = self.service.as_deref();
        std::iter::once(self.public.vpc_id()).chain(groups).chain(tables).chain(service).map(Id::new).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        Vec::new()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        if matches!(self.public.state(), "deleting" | "rejected") {
            return Vec::new();
        }
        vec![if self.is_gateway() {
            Weight::new("gateway-endpoints", 1)
        } else {
            Weight::new("interface-endpoints-per-vpc", 1).per(self.public.vpc_id())
        }]
    }

    resource!(tags);
}
