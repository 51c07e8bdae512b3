//! A transit gateway.

use archipelago_proto::ec2::v1::{ModifyTransitGatewayOptions, TransitGateway, TransitGatewayOptions};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::attachment::AttachmentState;
use super::life::{AVAILABLE, DELETING, Life, MODIFYING, incorrect_state, is_over};
use super::multicast_domain::MulticastDomainState;
use super::policy_tables::PolicyTableState;
use super::table::TransitGatewayRouteTableState;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct TransitGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: TransitGateway,
    #[prost(message, required, tag = "2")]
    pub(super) life: Life,
    /// The default tables that go with a gateway that is deleted.
    #[prost(string, repeated, tag = "3")]
    pub tables_left: Vec<String>,
}

pub enum GatewayCommand {
    /// The blocks and ids in the options are checked.
    Modify {
        description: Option<String>,
        options: Box<ModifyTransitGatewayOptions>,
    },
    Delete,
    TablesDeleted,
}

impl TransitGatewayState {
    pub(super) fn options(&self) -> TransitGatewayOptions {
        self.public.options.clone().unwrap_or_default()
    }

    /// The default tables for associations and for propagations.
    pub(super) fn defaults(&self) -> (Option<String>, Option<String>) {
        let options = self.options();
        let on = |word: &str| word == "enable";
        let association = options.association_default_route_table_id.clone();
        let propagation = options.propagation_default_route_table_id.clone();
        (
            association.filter(|_| on(options.default_route_table_association())),
            propagation.filter(|_| on(options.default_route_table_propagation())),
        )
    }

    /// Attachments of other accounts' VPCs need no acceptance.
    pub(super) fn accepts_by_itself(&self) -> bool {
        self.options().auto_accept_shared_attachments() == "enable"
    }

    fn check_unused(&self, facts: &Facts<'_>) -> Ec2Result<()> {
        let attachments: Vec<_> = facts.dependents_of(&AttachmentState::KIND).map(ToString::to_string).collect();
        if !attachments.is_empty() {
            let message =
                format!("{} has non-deleted Transit Gateway Attachments: {}.", facts.id, attachments.join(", "));
            return Err(Ec2Error::new("IncorrectState", message));
        }
        let others = [&MulticastDomainState::KIND, &PolicyTableState::KIND];
        if let Some(id) = others.into_iter().flat_map(|kind| facts.dependents_of(kind)).next() {
            return Err(Ec2Error::new("IncorrectState", format!("{} has {id}, which is not deleted.", facts.id)));
        }
        let defaults = self.default_tables();
        let tables = facts.dependents_of(&TransitGatewayRouteTableState::KIND);
        let others: Vec<_> = tables.filter(|id| !defaults.iter().any(|known| ***id == **known)).collect();
        if let Some(table) = others.first() {
            let message = format!("{} has non-deleted Transit Gateway Route Tables: {table}.", facts.id);
            return Err(Ec2Error::new("IncorrectState", message));
        }
        Ok(())
    }

    fn default_tables(&self) -> Vec<String> {
        let options = self.options();
        let ids = [options.association_default_route_table_id, options.propagation_default_route_table_id];
        let mut tables: Vec<_> = ids.into_iter().flatten().collect();
        tables.dedup();
        tables
    }

    fn modify(&mut self, new: ModifyTransitGatewayOptions) {
        let mut options = self.options();
        let blocks = &mut options.transit_gateway_cidr_blocks;
        blocks.retain(|block| !new.remove_transit_gateway_cidr_blocks.contains(block));
        for block in new.add_transit_gateway_cidr_blocks {
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
        let set = |known: &mut Option<String>, new: Option<String>| {
            if new.is_some() {
                *known = new;
            }
        };
        set(&mut options.vpn_ecmp_support, new.vpn_ecmp_support);
        set(&mut options.dns_support, new.dns_support);
        set(&mut options.security_group_referencing_support, new.security_group_referencing_support);
        set(&mut options.auto_accept_shared_attachments, new.auto_accept_shared_attachments);
        set(&mut options.default_route_table_association, new.default_route_table_association);
        set(&mut options.association_default_route_table_id, new.association_default_route_table_id);
        set(&mut options.default_route_table_propagation, new.default_route_table_propagation);
        set(&mut options.propagation_default_route_table_id, new.propagation_default_route_table_id);
        options.amazon_side_asn = new.amazon_side_asn.or(options.amazon_side_asn);
        // A default that is off has no table.
        if options.default_route_table_association() == "disable" {
            options.association_default_route_table_id = None;
        }
        if options.default_route_table_propagation() == "disable" {
            options.propagation_default_route_table_id = None;
        }
        self.public.options = Some(options);
    }
}

impl Entity for TransitGatewayState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway",
        prefix: "tgw",
        not_found: "InvalidTransitGatewayID.NotFound",
        malformed: "InvalidTransitGatewayID.Malformed",
        noun: "transitGateway ID",
    };
    type Command = GatewayCommand;
    type Reply = ();

    fn decide(&self, command: GatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (command, self.public.state()) {
            (GatewayCommand::TablesDeleted, _) => next.tables_left.clear(),
            (GatewayCommand::Modify { description, options }, AVAILABLE) => {
                next.modify(*options);
                next.public.description = description.or(next.public.description);
                next.life.change(&mut next.public.state, MODIFYING, facts);
            }
            (GatewayCommand::Delete, AVAILABLE) => {
                self.check_unused(facts)?;
                next.tables_left = self.default_tables();
                next.life.change(&mut next.public.state, DELETING, facts);
            }
            (_, state) => return Err(incorrect_state(facts.id, state)),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    fn intent(&self) -> bool {
        !self.tables_left.is_empty()
    }

    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    fn counts(&self) -> bool {
        !self.is_over()
    }

    resource!(tags);
}

impl TransitGatewayState {
    pub(super) fn is_over(&self) -> bool {
        is_over(self.public.state())
    }
}
