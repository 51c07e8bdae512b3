//! How long writes stay unseen, as the operator reads and sets it.

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{ConsistencyRequest, ConsistencyRule};
use serde_json::{Value, json};
use tonic::Request;

use crate::admin::{each, outcome, regions};
use crate::forward::Forwarder;
use crate::milliseconds::Milliseconds;
use crate::query::Form;
use crate::reply::Reply;

pub(crate) async fn read(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    ask(forwarder, form, &ConsistencyRequest::default()).await
}

/// `delay` (`500` or `100-900`) for writes by `action` to resources of a `kind`; `clear=true` takes all rules away first,
/// `configured=true` brings those of the configuration back.
pub(crate) async fn change(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let delay: Option<Milliseconds> = form.get("delay").map(str::parse).transpose()?;
    let (clear, configured) = (flag(form, "clear")?, flag(form, "configured")?);
    if delay.is_none() && !clear && !configured {
        return Err("delay must be given, in milliseconds".to_owned());
    }
    let bound = |milliseconds| u32::try_from(milliseconds).map_err(|_| "the delay is too long");
    let rule = delay.map(|Milliseconds { min, max }| {
        let (kind, action) = (form.get("kind").unwrap_or("*").to_owned(), form.get("action").map(str::to_owned));
        Ok::<_, &str>(ConsistencyRule { kind, action, min: bound(min)?, max: bound(max)? })
    });
    let rules = rule.transpose()?.into_iter().collect();
    ask(forwarder, form, &ConsistencyRequest { configured, clear, rules }).await
}

fn flag(form: &Form<'_>, name: &str) -> Result<bool, String> {
    match form.get(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(format!("{name} must be true or false")),
    }
}

async fn ask(forwarder: &Forwarder, form: &Form<'_>, request: &ConsistencyRequest) -> Result<Reply, String> {
    let answers = each(regions(forwarder, form)?, |region| async move {
        let asked = forwarder.send(&region, Request::new(request.clone()), |channel, request| async {
            AdminClient::new(channel).consistency(request).await.map(tonic::Response::into_inner)
        });
        Ok(shown(asked.await?.rules))
    });
    Ok(outcome(answers.await))
}

fn shown(rules: Vec<ConsistencyRule>) -> Value {
    let rules = rules.into_iter().map(|rule| {
        let delay = json!({ "min": rule.min, "max": rule.max });
        json!({ "kind": rule.kind, "action": rule.action, "delay": delay })
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}
