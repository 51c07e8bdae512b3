//! What follows by itself: associating, associated; creating, active; authorizing, active; and back.

use archipelago_proto::ec2::v1::{ClientVpnAuthorizationRuleStatus, ClientVpnRoute, ClientVpnRouteStatus};

use super::state::{ClientVpnState, VpnRoute};
use crate::entity::Facts;
use crate::time::Millis;

pub(super) const ASSOCIATING: &str = "associating";
pub(super) const ASSOCIATED: &str = "associated";
pub(super) const DISASSOCIATING: &str = "disassociating";
pub(super) const CREATING: &str = "creating";
pub(super) const ACTIVE: &str = "active";
pub(super) const DELETING: &str = "deleting";
pub(super) const AUTHORIZING: &str = "authorizing";
pub(super) const REVOKING: &str = "revoking";

#[allow(clippy::unnecessary_wraps)] // Messages are optional fields.
pub(super) fn route_status(code: &str) -> Option<ClientVpnRouteStatus> {
    Some(ClientVpnRouteStatus { code: Some(code.to_owned()), message: None })
}

#[allow(clippy::unnecessary_wraps)] // Messages are optional fields.
pub(super) fn rule_status(code: &str) -> Option<ClientVpnAuthorizationRuleStatus> {
    Some(ClientVpnAuthorizationRuleStatus { code: Some(code.to_owned()), message: None })
}

/// AWS adds a route to the VPC with each target network.
fn local_routes(endpoint: &str, blocks: &[String], subnet: &str) -> Vec<VpnRoute> {
    let route = |block: &String| ClientVpnRoute {
        client_vpn_endpoint_id: Some(endpoint.to_owned()),
        destination_cidr: Some(block.clone()),
        target_subnet: Some(subnet.to_owned()),
        r#type: Some("Nat".into()),
        origin: Some("associate".into()),
        status: route_status(ACTIVE),
        description: Some("Default Route".into()),
        ..ClientVpnRoute::default()
    };
    blocks.iter().map(|block| VpnRoute { public: route(block), settles: None }).collect()
}

impl ClientVpnState {
    /// What is due by now.
    pub(super) fn settle(&mut self, facts: &Facts<'_>) {
        let due = |settles: Option<Millis>| settles.is_some_and(|settles| settles <= facts.now);
        if due(self.revocation_settles) {
            self.revocation_settles = None;
        }
        let mut routes = Vec::new();
        let mut left = Vec::new();
        self.associations.retain_mut(|known| {
            if !due(known.settles) {
                return true;
            }
            known.settles = None;
            if known.code() == DISASSOCIATING {
                left.push(known.interface.clone());
                return false;
            }
            known.set_code(ASSOCIATED);
            routes.extend(local_routes(facts.id, &known.blocks, known.public.target_network_id()));
            true
        });
        if !routes.is_empty() {
            self.set_code("available");
        }
        self.routes.extend(routes);
        self.left.extend(left);
        self.routes.retain_mut(|known| {
            let gone = due(known.settles) && known.public.status == route_status(DELETING);
            if due(known.settles) && !gone {
                known.settles = None;
                known.public.status = route_status(ACTIVE);
            }
            !gone
        });
        self.rules.retain_mut(|known| {
            let gone = due(known.settles) && known.public.status == rule_status(REVOKING);
            if due(known.settles) && !gone {
                known.settles = None;
                known.public.status = rule_status(ACTIVE);
            }
            !gone
        });
    }
}
