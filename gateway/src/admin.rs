//! What the operator asks of the gateway and, through it, of every started node. JSON, beside the EC2 API.

use std::collections::BTreeMap;
use std::time::Duration;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{ClockRequest, ResetRequest};
use bytes::Bytes;
use futures::future::join_all;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::{Value, json};
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::capacity;
use crate::consistency;
use crate::forward::Forwarder;
use crate::incidents;
use crate::keyring::is_account;
use crate::nodes::Power;
use crate::pipeline::Pipeline;
use crate::query::Form;
use crate::quotas;
use crate::region::known;
use crate::reply::Reply;

/// A node that does not tell its health in this time has none.
const HEALTH: Duration = Duration::from_secs(2);

pub(crate) const PAGES: [&str; 16] = [
    "capacity",
    "clock",
    "consistency",
    "faults",
    "health",
    "instance-event",
    "instance-impairment",
    "quotas",
    "record",
    "region",
    "reset",
    "scenario",
    "spot/interrupt",
    "throttle",
    "volume-impairment",
    "vpn-tunnel",
];

/// Answers below `/_archipelago/`.
pub(crate) async fn answer(pipeline: &Pipeline, method: &Method, page: &str, form: &Form<'_>) -> Reply {
    let forwarder = &pipeline.forwarder;
    let answered = match (method, page) {
        (&Method::GET, "health") => Ok(health(forwarder).await),
        (&Method::POST, "reset") => reset_accounts(forwarder, form).await,
        (&Method::GET, "clock") => clock(forwarder, form, ClockRequest::default()).await,
        (&Method::POST, "clock") => match clock_request(form) {
            Ok(change) => {
                if form.get("region").is_none() {
                    pipeline.scenario.advance(i64::try_from(change.advance_ms).unwrap_or(i64::MAX));
                }
                clock(forwarder, form, change).await
            }
            Err(wrong) => Err(wrong),
        },
        (&Method::POST, "instance-event") => incidents::schedule(forwarder, form).await,
        (&Method::POST, "instance-impairment") => incidents::impair_instance(forwarder, form).await,
        (&Method::POST, "volume-impairment") => incidents::impair(forwarder, form).await,
        (&Method::POST, "vpn-tunnel") => incidents::set_tunnel(forwarder, form).await,
        (&Method::GET, "capacity") => capacity::read(forwarder, form).await,
        (&Method::POST, "capacity") => capacity::change(forwarder, form).await,
        (&Method::GET, "consistency") => consistency::read(forwarder, form).await,
        (&Method::POST, "consistency") => consistency::change(forwarder, form).await,
        (&Method::POST, "spot/interrupt") => capacity::interrupt(forwarder, form).await,
        (&Method::GET, "quotas") => quotas::read(forwarder, form).await,
        (&Method::POST, "quotas") => quotas::change(forwarder, form).await,
        (&Method::GET, "throttle") => Ok(throttle(pipeline)),
        (&Method::POST, "throttle") => pipeline.throttle.change(form).map(|()| throttle(pipeline)),
        (&Method::GET, "record") => Ok(record(pipeline)),
        (&Method::POST, "record") => keep(pipeline, form),
        (&Method::GET, "faults") => Ok(json_reply(StatusCode::OK, &pipeline.faults.shown())),
        (&Method::POST, "faults") => {
            let changed = pipeline.faults.change(form, pipeline.clock.now_ms());
            changed.map(|()| json_reply(StatusCode::OK, &pipeline.faults.shown()))
        }
        (&Method::POST, "region") => power(forwarder, form),
        (&Method::GET, "scenario") => Ok(scenario(pipeline)),
        (&Method::POST, "scenario") => {
            pipeline.scenario.change(form, pipeline.clock.now_ms()).map(|()| scenario(pipeline))
        }
        (_, page) if PAGES.contains(&page) => {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed here");
        }
        _ => return refusal(StatusCode::NOT_FOUND, "there is nothing here"),
    };
    answered.unwrap_or_else(|wrong| refusal(StatusCode::BAD_REQUEST, &wrong))
}

fn throttle(pipeline: &Pipeline) -> Reply {
    json_reply(StatusCode::OK, &pipeline.throttle.shown(pipeline.clock.now_ms()))
}

fn scenario(pipeline: &Pipeline) -> Reply {
    json_reply(StatusCode::OK, &pipeline.scenario.shown(pipeline.clock.now_ms()))
}

/// `power` of the region's process: `off` kills it, `paused` freezes it, `on` lets it go on.
fn power(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let region = form.get("region").filter(|region| known(region)).ok_or("region must be the name of a region")?;
    let (name, power) = match form.get("power") {
        Some("on") => ("on", Power::On),
        Some("paused") => ("paused", Power::Paused),
        Some("off") => ("off", Power::Off),
        _ => return Err("power must be on, paused or off".to_owned()),
    };
    forwarder.set_power(region, power)?;
    let regions = BTreeMap::from([(region.to_owned(), json!(name))]);
    Ok(outcome((true, regions)))
}

fn record(pipeline: &Pipeline) -> Reply {
    json_reply(StatusCode::OK, &json!({ "kept": pipeline.record.len() }))
}

/// `keep` is how many calls are remembered.
fn keep(pipeline: &Pipeline, form: &Form<'_>) -> Result<Reply, String> {
    let most = form.get("keep").and_then(|text| text.parse().ok()).ok_or("keep must be a number of calls")?;
    pipeline.record.keep(most);
    Ok(record(pipeline))
}

async fn health(forwarder: &Forwarder) -> Reply {
    let states = each(forwarder.started(), |region| async move {
        let check = forwarder.send(&region, Request::new(HealthCheckRequest::default()), |channel, request| async {
            HealthClient::new(channel).check(request).await.map(tonic::Response::into_inner)
        });
        let state = match tokio::time::timeout(HEALTH, check).await {
            Ok(Ok(answer)) if answer.status() == ServingStatus::Serving => "serving",
            Ok(Ok(_)) => "not serving",
            Ok(Err(_)) | Err(_) => "unreachable",
        };
        Ok(json!(state))
    });
    let (_, regions) = states.await;
    json_reply(StatusCode::OK, &json!({ "gateway": "serving", "regions": regions }))
}

async fn reset_accounts(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let account = form.get("account").unwrap_or_default();
    if !account.is_empty() && !is_account(account) {
        return Err("account must be 12 digits".to_owned());
    }
    let of = if form.get("region").is_some() { regions(forwarder, form)? } else { forwarder.known() };
    Ok(outcome(reset(forwarder, of, account).await))
}

/// Forgets what an account has in these regions; what everybody has, if none is named.
pub(crate) async fn reset(forwarder: &Forwarder, regions: Vec<String>, account: &str) -> Outcomes {
    each(regions, |region| async move {
        let request = Request::new(ResetRequest { account: account.to_owned() });
        let reset = forwarder.send(&region, request, |channel, request| async {
            AdminClient::new(channel).reset(request).await.map(drop)
        });
        reset.await.map(|()| json!("reset"))
    })
    .await
}

async fn clock(forwarder: &Forwarder, form: &Form<'_>, change: ClockRequest) -> Result<Reply, String> {
    let regions = each(regions(forwarder, form)?, |region| async move {
        let clock = forwarder.send(&region, Request::new(change), |channel, request| async {
            AdminClient::new(channel).clock(request).await.map(tonic::Response::into_inner)
        });
        let answer = clock.await?;
        let now = Timestamp::from_millisecond(answer.now_ms).map_err(|_| Ec2Error::internal())?;
        Ok(json!({ "now": now.to_string(), "now_ms": answer.now_ms, "scale": answer.scale }))
    });
    Ok(outcome(regions.await))
}

/// `advance` in seconds, `scale` as a factor.
fn clock_request(form: &Form<'_>) -> Result<ClockRequest, String> {
    let number = |name: &str| {
        let parsed = form.get(name).map(|text| text.parse::<f64>().ok().filter(|value| (0.0..1e11).contains(value)));
        parsed.map(|value| value.ok_or_else(|| format!("{name} must be a number of at least 0"))).transpose()
    };
    let (advance, scale) = (number("advance")?, number("scale")?);
    if advance.is_none() && scale.is_none() {
        return Err("advance (seconds) or scale must be given".to_owned());
    }
    let advance = Duration::from_secs_f64(advance.unwrap_or_default());
    Ok(ClockRequest { advance_ms: u64::try_from(advance.as_millis()).unwrap_or(u64::MAX), scale })
}

/// The region that is asked for, or all that have been started.
pub(crate) fn regions(forwarder: &Forwarder, form: &Form<'_>) -> Result<Vec<String>, String> {
    match form.get("region") {
        None => Ok(forwarder.started()),
        Some(region) if known(region) => Ok(vec![region.to_owned()]),
        Some(_) => Err("region must be the name of a region".to_owned()),
    }
}

/// What each region has answered; false where any failed.
pub(crate) type Outcomes = (bool, BTreeMap<String, Value>);

/// One question to many regions at once.
pub(crate) async fn each<F>(regions: Vec<String>, ask: impl Fn(String) -> F) -> Outcomes
where
    F: Future<Output = Result<Value, Ec2Error>>,
{
    let answers = join_all(regions.iter().cloned().map(ask)).await;
    let all_well = answers.iter().all(Result::is_ok);
    let shown = answers.into_iter().map(|answer| answer.unwrap_or_else(|error| json!({ "error": error.message })));
    (all_well, regions.into_iter().zip(shown).collect())
}

pub(crate) fn outcome((all_well, regions): Outcomes) -> Reply {
    let status = if all_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_reply(status, &json!({ "regions": regions }))
}

pub(crate) fn refusal(status: StatusCode, message: &str) -> Reply {
    json_reply(status, &json!({ "error": message }))
}

pub(crate) fn json_reply(status: StatusCode, value: &Value) -> Reply {
    plain(status, "application/json", value.to_string())
}

pub(crate) fn plain(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
