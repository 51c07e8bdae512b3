//! What the operator lets happen to resources: scheduled events of instances, impaired volumes, tunnels
//! of VPN connections; and to the region: zones without power, lines to other regions that are cut.

use std::sync::Arc;

use archipelago_proto::cluster::v1::{
    ImpairVolumeRequest, LinesRequest, ScheduleEventRequest, SetVpnTunnelRequest, ZonesRequest,
};
use archipelago_proto::ec2::v1::InstanceStatusEvent;
use archipelago_proto::{Ec2Error, Ec2Result, regions};

use crate::Region;
use crate::entity::Id;
use crate::families;
use crate::families::instances::{InstanceCommand, Setting};
use crate::families::volumes::VolumeCommand;
use crate::families::vpn::VpnConnectionCommand;

/// The events that AWS schedules.
const CODES: [&str; 5] =
    ["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"];

/// Returns the id of the event.
pub(crate) async fn schedule(region: &Region, wanted: ScheduleEventRequest) -> Ec2Result<String> {
    if !CODES.contains(&wanted.code.as_str()) {
        return Err(Ec2Error::invalid_value("code", wanted.code));
    }
    let id = region.shell.ids.prefixed("instance-event").to_string();
    let begins = region.shell.clock.now() + wanted.in_ms;
    let description = match wanted.description.as_str() {
        "" => format!("The instance is scheduled for {}", wanted.code),
        description => description.to_owned(),
    };
    let event = InstanceStatusEvent {
        instance_event_id: Some(id.clone()),
        code: Some(wanted.code),
        description: Some(description),
        not_before: Some(begins),
        not_after: wanted.lasts_ms.map(|lasts| begins + lasts),
        not_before_deadline: wanted.deadline_ms.map(|deadline| region.shell.clock.now() + deadline),
    };
    let schedule = InstanceCommand::Settle(Box::new(Setting::Event(event)));
    region.instances.ask(&Id::new(&wanted.instance_id), schedule).await?;
    Ok(id)
}

pub(crate) async fn impair(region: &Region, wanted: &ImpairVolumeRequest) -> Ec2Result<()> {
    region.volumes.ask(&Id::new(&wanted.volume_id), VolumeCommand::DisableIo).await.map(drop)
}

/// The other end of a tunnel is nobody's but the operator's.
pub(crate) async fn set_tunnel(region: &Region, wanted: SetVpnTunnelRequest) -> Ec2Result<()> {
    if !matches!(wanted.status.as_str(), "UP" | "DOWN") {
        return Err(Ec2Error::invalid_value("status", wanted.status));
    }
    let id = Id::new(&wanted.vpn_connection_id);
    region.vpn_connections.ask(&id, VpnConnectionCommand::SetTunnel(wanted)).await.map(drop)
}

/// Takes the power from a zone, or gives it back.
pub(crate) async fn switch_zone(region: &Arc<Region>, wanted: &ZonesRequest) -> Ec2Result<()> {
    let unknown = || Ec2Error::invalid_parameter(format!("{} has no zone '{}'.", region.facts.name, wanted.zone));
    let zone = region.facts.zone(&wanted.zone).ok_or_else(unknown)?;
    let zones = &region.dark_zones;
    if wanted.off {
        zones.begin(zone.name, region.shell.clock.now());
    } else {
        zones.end(zone.name);
    }
    region.shell.store.commit(vec![zones.record()]).await?;
    if wanted.off {
        families::black_out(region, zone).await;
    } else {
        families::room_changed(region).await;
    }
    Ok(())
}

/// Cuts the line to another region, or mends it.
pub(crate) async fn switch_line(region: &Region, wanted: &LinesRequest) -> Ec2Result<()> {
    let peer = wanted.peer.as_str();
    if regions::find(peer).is_none() || peer == region.facts.name {
        return Err(Ec2Error::invalid_parameter(format!("'{peer}' is no other region.")));
    }
    let lines = &region.cut_lines;
    if wanted.cut {
        lines.begin(peer, region.shell.clock.now());
    } else {
        lines.end(peer);
    }
    Ok(region.shell.store.commit(vec![lines.record()]).await?)
}
