//! What the operator switches off.

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{LinesRequest, ZonePower, ZonesRequest};
use tonic::Status;

use super::Sandbox;

async fn switch(sandbox: &Sandbox, zone: &str, off: bool) -> Result<Vec<ZonePower>, Status> {
    let mut operator = AdminClient::new(sandbox.channel.clone());
    let answer = operator.zones(sandbox.ask(ZonesRequest { zone: zone.to_owned(), off })).await?;
    Ok(answer.into_inner().zones.into_iter().filter(|zone| zone.off_since.is_some()).collect())
}

/// Returns the zones that have no power then.
pub(crate) async fn power_off(sandbox: &Sandbox, zone: &str) -> Result<Vec<ZonePower>, Status> {
    switch(sandbox, zone, true).await
}

pub(crate) async fn power_on(sandbox: &Sandbox, zone: &str) {
    switch(sandbox, zone, false).await.unwrap();
}

/// Returns the regions to which the line is cut then.
pub(crate) async fn line(sandbox: &Sandbox, peer: &str, cut: bool) -> Vec<String> {
    let mut operator = AdminClient::new(sandbox.channel.clone());
    operator.lines(sandbox.ask(LinesRequest { peer: peer.to_owned(), cut })).await.unwrap().into_inner().cut
}
