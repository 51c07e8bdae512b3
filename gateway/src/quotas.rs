//! What the operator asks about quotas: how much accounts may have, and how much of it they use.

use std::sync::OnceLock;

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::quota_setting::Figure;
use archipelago_proto::cluster::v1::{Quota, QuotaSetting, QuotasRequest, QuotasResponse};
use serde_json::{Value, json};
use tonic::Request;

use crate::admin::{each, outcome, regions};
use crate::forward::Forwarder;
use crate::keyring::is_account;
use crate::query::Form;
use crate::reply::Reply;

/// `account` is whose use is shown, `name` the quota.
pub(crate) async fn read(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let name = form.get("name").unwrap_or_default().to_owned();
    ask(forwarder, form, QuotasRequest { account: account(form)?, name, ..QuotasRequest::default() }).await
}

/// `profile` is `off` or `aws`; `name` and `limit` (a number, `none`, or `configured`) set a quota, for one `account` or
/// for all; `clear=true` first forgets all that was set.
pub(crate) async fn change(forwarder: &Forwarder, form: &Form<'_>) -> Result<Reply, String> {
    let clear = match form.get("clear") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err("clear must be true or false".to_owned()),
    };
    let profile = form.get("profile").unwrap_or_default();
    if !matches!(profile, "" | "off" | "aws") {
        return Err("profile must be off or aws".to_owned());
    }
    let account = account(form)?;
    let name = form.get("name").unwrap_or_default().to_owned();
    let figure = match form.get("limit") {
        None => None,
        Some("configured") => Some(None),
        Some("none") => Some(Some(Figure::Unlimited(true))),
        Some(text) => {
            let limit = text.parse().map_err(|_| "limit must be a number, none or configured".to_owned())?;
            Some(Some(Figure::Limit(limit)))
        }
    };
    let settings = match figure {
        Some(_) if name.is_empty() => return Err("name must be given with limit".to_owned()),
        None if !name.is_empty() => {
            return Err("limit (a number, none or configured) must be given with name".to_owned());
        }
        None if profile.is_empty() && !clear => {
            return Err("profile, or name and limit, or clear must be given".to_owned());
        }
        None => Vec::new(),
        Some(figure) => vec![QuotaSetting { account: account.clone(), name: name.clone(), figure }],
    };
    ask(forwarder, form, QuotasRequest { clear, profile: profile.to_owned(), settings, account, name }).await
}

fn account(form: &Form<'_>) -> Result<String, String> {
    let account = form.get("account").unwrap_or_default();
    if account.is_empty() || is_account(account) {
        Ok(account.to_owned())
    } else {
        Err("account must be 12 digits".to_owned())
    }
}

async fn ask(forwarder: &Forwarder, form: &Form<'_>, request: QuotasRequest) -> Result<Reply, String> {
    let (request, wrong) = (&request, &OnceLock::new());
    let answers = each(regions(forwarder, form)?, |region| async move {
        let asked = forwarder.send(&region, Request::new(request.clone()), |channel, request| async {
            AdminClient::new(channel).quotas(request).await.map(tonic::Response::into_inner)
        });
        asked.await.map(shown).inspect_err(|error| {
            if error.code == "InvalidParameterValue" {
                let _ = wrong.set(error.message.clone());
            }
        })
    });
    let answers = answers.await;
    // Only nodes know the names of quotas.
    wrong.get().cloned().map_or_else(|| Ok(outcome(answers)), Err)
}

fn shown(answer: QuotasResponse) -> Value {
    let settings = answer.settings.into_iter().map(|setting| {
        let account = Some(setting.account).filter(|account| !account.is_empty());
        let limit = match setting.figure {
            Some(Figure::Limit(limit)) => Some(limit),
            Some(Figure::Unlimited(_)) | None => None,
        };
        json!({ "account": account, "name": setting.name, "limit": limit })
    });
    json!({
        "profile": answer.profile,
        "set": settings.collect::<Vec<_>>(),
        "quotas": answer.quotas.into_iter().map(quota).collect::<Vec<_>>(),
    })
}

fn quota(quota: Quota) -> Value {
    let used = quota.used.into_iter().map(|known| {
        let parent = Some(known.parent).filter(|parent| !parent.is_empty());
        json!({ "of": parent, "used": known.used })
    });
    json!({
        "name": quota.name, "title": quota.title, "code": quota.code, "limit": quota.limit, "aws": quota.aws,
        "used": used.collect::<Vec<_>>(),
    })
}
