//! What the operator lets happen: events that are scheduled for instances, instances and volumes that are impaired, tunnels
//! that come up.

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{
    ImpairInstanceRequest, ImpairVolumeRequest, ScheduleEventRequest, SetVpnTunnelRequest,
};
use serde_json::json;
use tonic::Request;

use crate::admin::{each, outcome, regions};
use crate::forward::Forwarder;
use crate::query::Form;
use crate::reply::Reply;

/// `instance_id`, `code` (`system-reboot`, ...), and seconds from now: `in`, and if there are such, `lasts` from then on and
/// `deadline`.
pub(crate) async fn schedule(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = one_region(forwarder, form)?;
    let event = ScheduleEventRequest {
        instance_id: text(form, "instance_id")?,
        code: text(form, "code")?,
        description: form.get("description").unwrap_or_default().to_owned(),
        in_ms: milliseconds(form, "in")?.unwrap_or_default(),
        lasts_ms: milliseconds(form, "lasts")?,
        deadline_ms: milliseconds(form, "deadline")?,
    };
    let event = &event;
    let answers = each(region, |region| async move {
        let asked = forwarder.send(&region, Request::new(event.clone()), |channel, request| async {
            AdminClient::new(channel).schedule_event(request).await.map(tonic::Response::into_inner)
        });
        asked.await.map(|answer| json!({ "instance_event_id": answer.instance_event_id }))
    });
    Ok(outcome(answers.await))
}

/// `volume_id`: its I/O is off until somebody enables it, unless the volume does that by itself.
pub(crate) async fn impair(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = one_region(forwarder, form)?;
    let volume = &ImpairVolumeRequest { volume_id: text(form, "volume_id")? };
    let answers = each(region, |region| async move {
        let asked = forwarder.send(&region, Request::new(volume.clone()), |channel, request| async {
            AdminClient::new(channel).impair_volume(request).await.map(drop)
        });
        asked.await.map(|()| json!("impaired"))
    });
    Ok(outcome(answers.await))
}

/// `vpn_connection_id`, `outside_ip_address`, `status` (`UP` or `DOWN`), and if wanted a `message` and `accepted_routes`.
pub(crate) async fn set_tunnel(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = one_region(forwarder, form)?;
    let routes = form.get("accepted_routes").map(str::parse::<i32>).transpose();
    let tunnel = &SetVpnTunnelRequest {
        vpn_connection_id: text(form, "vpn_connection_id")?,
        outside_ip_address: text(form, "outside_ip_address")?,
        status: text(form, "status")?,
        message: form.get("message").unwrap_or_default().to_owned(),
        accepted_routes: routes.map_err(|_| "accepted_routes must be a number")?.unwrap_or_default(),
    };
    let answers = each(region, |region| async move {
        let asked = forwarder.send(&region, Request::new(tunnel.clone()), |channel, request| async {
            AdminClient::new(channel).set_vpn_tunnel(request).await.map(drop)
        });
        asked.await.map(|()| json!(tunnel.status))
    });
    Ok(outcome(answers.await))
}

/// `instance_id`: it fails its status checks from now on, or with `healed=true` passes them again.
pub(crate) async fn impair_instance(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = one_region(forwarder, form)?;
    let healed = match form.get("healed") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err("healed must be true or false".to_owned()),
    };
    let instance = &ImpairInstanceRequest { instance_id: text(form, "instance_id")?, healed };
    let answers = each(region, |region| async move {
        let asked = forwarder.send(&region, Request::new(instance.clone()), |channel, request| async {
            AdminClient::new(channel).impair_instance(request).await.map(drop)
        });
        asked.await.map(|()| json!(if healed { "healed" } else { "impaired" }))
    });
    Ok(outcome(answers.await))
}

/// Such things happen to one resource, which is in one region.
fn one_region(forwarder: &Forwarder, form: &Form<'_>) -> Result<Vec<String>, String> {
    form.get("region").ok_or("region must be given")?;
    regions(forwarder, form)
}

fn text(form: &Form<'_>, name: &str) -> Result<String, String> {
    let given = form.get(name).filter(|text| !text.is_empty());
    given.map(str::to_owned).ok_or_else(|| format!("{name} must be given"))
}

fn milliseconds(form: &Form<'_>, name: &str) -> Result<Option<i64>, String> {
    let seconds = form.get(name).map(|text| text.parse::<i64>().ok().filter(|seconds| (0..1 << 40).contains(seconds)));
    let seconds = seconds.map(|seconds| seconds.ok_or_else(|| format!("{name} must be a number of seconds")));
    Ok(seconds.transpose()?.map(|seconds| seconds * 1000))
}
