//! What the operator switches off besides whole regions: zones, and the lines between regions.

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{LinesRequest, ZonesRequest, ZonesResponse};
use jiff::Timestamp;
use serde_json::{Value, json};
use tonic::Request;

use crate::admin::{each, outcome, regions};
use crate::forward::Forwarder;
use crate::query::Form;
use crate::region::known;
use crate::reply::Reply;

pub(crate) async fn read_zones(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    ask_zones(forwarder, regions(forwarder, form)?, ZonesRequest::default()).await
}

/// `region`, `zone` (its name or its id), and `power`: `off`, or `on` again.
pub(crate) async fn switch_zone(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = region(form, "region")?;
    let zone = form.get("zone").filter(|zone| !zone.is_empty()).ok_or("zone must be the name or the id of a zone")?;
    let off = match form.get("power") {
        Some("off") => true,
        Some("on") => false,
        _ => return Err("power must be off or on".to_owned()),
    };
    let facts = archipelago_proto::regions::find(&region).and_then(|facts| facts.zone(zone));
    if facts.is_none() {
        return Err(format!("{region} has no zone {zone}"));
    }
    ask_zones(forwarder, vec![region], ZonesRequest { zone: zone.to_owned(), off }).await
}

async fn ask_zones(forwarder: &Forwarder, regions: Vec<String>, request: ZonesRequest) -> Result<Reply, String> {
    let request = &request;
    let answers = each(regions, |region| async move {
        let asked = forwarder.send(&region, Request::new(request.clone()), |channel, request| async {
            AdminClient::new(channel).zones(request).await.map(tonic::Response::into_inner)
        });
        asked.await.map(zones)
    });
    Ok(outcome(answers.await))
}

fn zones(answer: ZonesResponse) -> Value {
    let zones = answer.zones.into_iter().map(|zone| {
        let since = zone.off_since.and_then(|since| Timestamp::from_millisecond(since).ok());
        let power = if since.is_some() { "off" } else { "on" };
        json!({ "zone": zone.name, "id": zone.id, "power": power, "since": since.map(|since| since.to_string()) })
    });
    json!({ "zones": zones.collect::<Vec<_>>() })
}

pub(crate) async fn read_lines(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    ask_lines(forwarder, regions(forwarder, form)?, |_| LinesRequest::default()).await
}

/// `region` and `peer`, the two ends, and `state`: `cut`, or `whole` again. Both ends are told; each of them alone lets
/// nothing pass in either direction.
pub(crate) async fn switch_line(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let (one, other) = (region(form, "region")?, region(form, "peer")?);
    if one == other {
        return Err("region and peer must be two regions".to_owned());
    }
    let cut = match form.get("state") {
        Some("cut") => true,
        Some("whole") => false,
        _ => return Err("state must be cut or whole".to_owned()),
    };
    let request = |end: &str| LinesRequest { peer: if end == one { &other } else { &one }.clone(), cut };
    ask_lines(forwarder, vec![one.clone(), other.clone()], request).await
}

async fn ask_lines(
    forwarder: &Forwarder,
    regions: Vec<String>,
    request: impl Fn(&str) -> LinesRequest,
) -> Result<Reply, String> {
    let request = &request;
    let answers = each(regions, |region| async move {
        let asked = forwarder.send(&region, Request::new(request(&region)), |channel, request| async {
            AdminClient::new(channel).lines(request).await.map(tonic::Response::into_inner)
        });
        asked.await.map(|answer| json!({ "cut": answer.cut }))
    });
    Ok(outcome(answers.await))
}

fn region(form: &Form<'_>, name: &str) -> Result<String, String> {
    let given = form.get(name).filter(|region| known(region));
    given.map(str::to_owned).ok_or_else(|| format!("{name} must be the name of a region"))
}
