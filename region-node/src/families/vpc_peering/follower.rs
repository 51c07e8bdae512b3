//! The handshake with the other region's node.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::Agreement;

use super::VpcPeeringState;
use super::creation::receive;
use super::state::PeeringCommand;
use crate::Region;
use crate::entity::Published;
use crate::peer::{Agreeing, Handshake, Heard, listen, reconcile, tell};

impl Agreeing for VpcPeeringState {
    fn side(&self) -> Option<&Handshake> {
        Some(&self.side)
    }

    fn hearing(heard: Heard) -> PeeringCommand {
        PeeringCommand::Hear(heard)
    }
}

pub(crate) async fn follow(region: Arc<Region>, found: Arc<Published<VpcPeeringState>>) {
    tell(&region, &region.vpc_peering_connections, &found).await;
}

pub(crate) async fn hear(region: &Arc<Region>, told: Agreement) -> Ec2Result<Agreement> {
    listen(region, &region.vpc_peering_connections, told, |told| receive(region, told)).await
}

pub(crate) fn reconcile_all(region: &Arc<Region>) {
    reconcile(&region.vpc_peering_connections);
}
