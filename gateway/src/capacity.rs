//! What the operator asks about room for instances: how much there is, how much there shall be, and that Spot Instances
//! are interrupted.

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{CapacityBound, CapacityRequest, CapacityResponse, InterruptSpotRequest};
use serde_json::{Value, json};
use tonic::Request;

use crate::admin::{each, outcome, regions};
use crate::forward::Forwarder;
use crate::query::Form;
use crate::reply::Reply;

pub(crate) async fn read(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    ask(forwarder, form, CapacityRequest::default()).await
}

/// `unbound=true` takes all bounds away; `limit` (a number, or `none`) bounds the pools of `zone`, `instance_type` and
/// `market`, each of them all if it is left out.
pub(crate) async fn change(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let unbound = match form.get("unbound") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err("unbound must be true or false".to_owned()),
    };
    let limit = match form.get("limit") {
        None if unbound => return ask(forwarder, form, CapacityRequest { unbound, bounds: Vec::new() }).await,
        None => return Err("limit (a number, or none) or unbound must be given".to_owned()),
        Some("none") => None,
        Some(text) => Some(text.parse().map_err(|_| "limit must be a number or none".to_owned())?),
    };
    let market = form.get("market").unwrap_or_default();
    if !matches!(market, "" | "on-demand" | "spot") {
        return Err("market must be on-demand or spot".to_owned());
    }
    let or_all = |name: &str| form.get(name).filter(|text| !text.is_empty()).unwrap_or("*").to_owned();
    let bound = CapacityBound {
        zone: or_all("zone"),
        instance_type: or_all("instance_type"),
        market: market.to_owned(),
        limit,
    };
    ask(forwarder, form, CapacityRequest { unbound, bounds: vec![bound] }).await
}

async fn ask(forwarder: &Forwarder, form: &Form<'_>, request: CapacityRequest) -> Result<Reply, String> {
    let request = &request;
    let answers = each(regions(forwarder, form)?, |region| async move {
        let asked = forwarder.send(&region, Request::new(request.clone()), |channel, request| async {
            AdminClient::new(channel).capacity(request).await.map(tonic::Response::into_inner)
        });
        asked.await.map(shown)
    });
    Ok(outcome(answers.await))
}

fn shown(answer: CapacityResponse) -> Value {
    let market = |market: String| if market.is_empty() { Value::Null } else { json!(market) };
    let bounds = answer.bounds.into_iter().map(|bound| {
        json!({
            "zone": bound.zone, "instance_type": bound.instance_type, "market": market(bound.market), "limit": bound.limit,
        })
    });
    let pools = answer.pools.into_iter().map(|pool| {
        json!({
            "zone": pool.zone, "instance_type": pool.instance_type, "market": market(pool.market), "used": pool.used,
            "limit": pool.limit,
        })
    });
    json!({ "bounds": bounds.collect::<Vec<_>>(), "pools": pools.collect::<Vec<_>>() })
}

/// `instance_id` may be several, separated by commas.
pub(crate) async fn interrupt(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let ids = form.get("instance_id").filter(|ids| !ids.is_empty()).ok_or("instance_id must be given")?;
    form.get("region").ok_or("region must be given")?;
    let ids: Vec<String> = ids.split(',').map(|id| id.trim().to_owned()).collect();
    let ids = &ids;
    let answers = each(regions(forwarder, form)?, |region| async move {
        let request = Request::new(InterruptSpotRequest { instance_ids: ids.clone() });
        let asked = forwarder.send(&region, request, |channel, request| async {
            AdminClient::new(channel).interrupt_spot(request).await.map(drop)
        });
        asked.await.map(|()| json!("interrupting"))
    });
    Ok(outcome(answers.await))
}
