//! An endpoint service that an account offers.

use archipelago_proto::ec2::v1::{AllowedPrincipal, PrivateDnsNameConfiguration, ServiceConfiguration, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::permissions::{PERMISSION, account_of};
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, Part, resource};

#[derive(Clone, PartialEq, Message)]
pub struct EndpointServiceState {
    #[prost(message, required, tag = "1")]
    pub public: ServiceConfiguration,
    #[prost(message, repeated, tag = "2")]
    pub principals: Vec<AllowedPrincipal>,
}

/// Changes what clients see, or refuses to.
type Modification = Box<dyn FnOnce(&mut ServiceConfiguration) -> Ec2Result<()> + Send>;

pub enum EndpointServiceCommand {
    Delete,
    Modify(Modification),
    /// Adds principals and takes away others; the reply are those that are new.
    Permit {
        add: Vec<String>,
        remove: Vec<String>,
    },
    VerifyDnsName,
}

impl EndpointServiceState {
    pub fn new(public: ServiceConfiguration) -> Self {
        Self { public, principals: Vec::new() }
    }

    /// Whether an account may ask to be connected.
    pub fn is_open_to(&self, account: &str, owner: &str) -> bool {
        let allowed = |principal: &AllowedPrincipal| {
            principal.principal() == "*" || account_of(principal.principal()) == Some(account)
        };
        account == owner || self.principals.iter().any(allowed)
    }

    fn permit(&mut self, add: Vec<String>, remove: &[String], facts: &Facts<'_>) -> Ec2Result<Vec<AllowedPrincipal>> {
        for principal in remove {
            let known = self.principals.iter().position(|known| known.principal() == principal);
            let known = known.ok_or_else(|| {
                let message = format!("The principal {principal} is not allowed for the service {}", facts.id);
                Ec2Error::new("InvalidPrincipal", message)
            })?;
            self.principals.remove(known);
        }
        let mut new = Vec::new();
        for principal in add {
            if self.principals.iter().any(|known| known.principal() == principal) {
                continue;
            }
            new.push(AllowedPrincipal {
                principal_type: Some(super::permissions::principal_type(&principal)?.to_owned()),
                principal: Some(principal),
                service_permission_id: Some(facts.ids.fresh(&PERMISSION).to_string()),
                tags: Vec::new(),
                service_id: Some(facts.id.to_string()),
            });
        }
        self.principals.extend(new.iter().cloned());
        Ok(new)
    }
}

/// What proves that a private name is its owner's.
pub(super) fn dns_proof(number: u64, state: &str) -> PrivateDnsNameConfiguration {
    PrivateDnsNameConfiguration {
        state: Some(state.to_owned()),
        r#type: Some("TXT".into()),
        value: Some(format!("vpce:{number:016x}")),
        name: Some(format!("_{:x}", number >> 32)),
    }
}

impl Entity for EndpointServiceState {
    const KIND: Kind = Kind {
        resource_type: "vpc-endpoint-service",
        prefix: "vpce-svc",
        not_found: "InvalidVpcEndpointServiceId.NotFound",
        malformed: "InvalidVpcEndpointServiceId.Malformed",
        noun: "VpcEndpointService Id",
    };
    const TAGGED_PARTS: &'static [Kind] = &[PERMISSION];
    type Command = EndpointServiceCommand;
    /// The principals that are new.
    type Reply = Vec<AllowedPrincipal>;

    fn decide(&self, command: EndpointServiceCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = Vec::new();
        match command {
            EndpointServiceCommand::Delete if facts.dependents.iter().any(|id| id.prefix() == "vpce") => {
                return Err(Ec2Error::new(
                    "ExistingVpcEndpointConnections",
                    format!("The service {} has existing active VPC Endpoint connections!", facts.id),
                ));
            }
            EndpointServiceCommand::Delete => return Ok(Decision { next: Next::Gone(next), reply }),
            EndpointServiceCommand::Modify(modify) => modify(&mut next.public)?,
            EndpointServiceCommand::Permit { add, remove } => reply = next.permit(add, &remove, facts)?,
            EndpointServiceCommand::VerifyDnsName => match &mut next.public.private_dns_name_configuration {
                Some(proof) => proof.state = Some("verified".into()),
                None => {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "The service {} has no private DNS name to verify.",
                        facts.id
                    )));
                }
            },
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn audience(&self) -> Audience<'_> {
        if self.principals.iter().any(|principal| principal.principal() == "*") {
            return Audience::Everyone;
        }
        Audience::Accounts(self.principals.iter().filter_map(|known| account_of(known.principal())).collect())
    }

    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    /// It is found by its name.
    fn parts(&self) -> Vec<Part<'_>> {
        let principals = self.principals.iter();
        let principals = principals.map(|known| Part { id: known.service_permission_id(), tags: &known.tags });
        std::iter::once(Part::untagged(self.public.service_name())).chain(principals).collect()
    }

    fn part_tags_mut(&mut self, part: &str) -> Option<&mut Vec<Tag>> {
        let known = self.principals.iter_mut().find(|known| known.service_permission_id() == part);
        known.map(|known| &mut known.tags)
    }

    resource!(tags);
}
