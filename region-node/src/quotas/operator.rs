//! What the operator asks about quotas (proto: cluster.v1.Admin).

use archipelago_proto::cluster::v1::quota_setting::Figure;
use archipelago_proto::cluster::v1::{Quota, QuotaSetting, QuotaUse, QuotasRequest, QuotasResponse};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::enforcement::{Quotas, Used};
use super::figures::{Profile, Setting};
use super::table;
use crate::Region;

/// Changes figures, all that are asked for or none, and shows them.
pub(crate) async fn answer(region: &Region, request: QuotasRequest) -> Ec2Result<QuotasResponse> {
    let (quotas, registry) = (&region.shell.quotas, region.shell.registry());
    let profile = match request.profile.as_str() {
        "" => None,
        name => Some(name.parse().map_err(Ec2Error::invalid_parameter)?),
    };
    let mut named = request.settings.iter().map(|setting| &setting.name).chain(Some(&request.name));
    if let Some(unknown) = named.find(|name| !name.is_empty() && table::find(name).is_none()) {
        return Err(Ec2Error::invalid_parameter(format!("there is no quota {unknown:?}")));
    }
    if request.clear || profile.is_some() || !request.settings.is_empty() {
        change(quotas, request.clear, profile, request.settings);
        quotas.turn(&region.shell);
        region.shell.store.commit(vec![quotas.record()]).await?;
    }
    let wanted = |used: &Used| request.name.is_empty() || used.quota.name == request.name;
    let all = quotas.usage(registry, &request.account.as_str().into()).into_iter().filter(wanted);
    Ok(QuotasResponse {
        profile: quotas.profile().to_string(),
        settings: quotas.settings().into_iter().map(said).collect(),
        quotas: all.map(|used| shown(used, request.name.is_empty())).collect(),
    })
}

fn change(quotas: &Quotas, clear: bool, profile: Option<Profile>, settings: Vec<QuotaSetting>) {
    if clear {
        quotas.clear();
    }
    if let Some(profile) = profile {
        quotas.set_profile(profile);
    }
    for QuotaSetting { account, name, figure } in settings {
        let account = Some(account.as_str()).filter(|account| !account.is_empty());
        let limit = match figure {
            None => {
                quotas.unset(account, &name);
                continue;
            }
            Some(Figure::Limit(limit)) => Some(limit),
            Some(Figure::Unlimited(_)) => None,
        };
        quotas.set(Setting { account: account.map(Into::into), quota: name, limit });
    }
}

fn said(setting: Setting) -> QuotaSetting {
    QuotaSetting {
        account: setting.account.as_deref().unwrap_or_default().to_owned(),
        name: setting.quota,
        figure: Some(setting.limit.map_or(Figure::Unlimited(true), Figure::Limit)),
    }
}

fn shown(Used { quota, limit, used }: Used, most: bool) -> Quota {
    let shown = if most { 1 } else { usize::MAX };
    #[allow(clippy::cast_precision_loss)] // A figure to read.
    let part = |used: u64| used as f64 / quota.unit as f64;
    let used = used
        .into_iter()
        .take(shown)
        .map(|(parent, used)| QuotaUse { parent: parent.map(String::from).unwrap_or_default(), used: part(used) });
    Quota {
        name: quota.name.clone(),
        title: quota.title.clone(),
        code: quota.code.clone(),
        limit,
        aws: quota.default,
        used: used.collect(),
    }
}
