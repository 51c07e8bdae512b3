//! The actions on an account's settings.

use archipelago_proto::ec2::v1::{
    DisableImageBlockPublicAccessRequest, DisableImageBlockPublicAccessResult, DisableSerialConsoleAccessRequest,
    DisableSerialConsoleAccessResult, DisableSnapshotBlockPublicAccessRequest, DisableSnapshotBlockPublicAccessResult,
    EnableImageBlockPublicAccessRequest, EnableImageBlockPublicAccessResult, EnableSerialConsoleAccessRequest,
    EnableSerialConsoleAccessResult, EnableSnapshotBlockPublicAccessRequest, EnableSnapshotBlockPublicAccessResult,
    GetDefaultCreditSpecificationRequest, GetDefaultCreditSpecificationResult, GetImageBlockPublicAccessStateRequest,
    GetImageBlockPublicAccessStateResult, GetInstanceMetadataDefaultsRequest, GetInstanceMetadataDefaultsResult,
    GetSerialConsoleAccessStatusRequest, GetSerialConsoleAccessStatusResult, GetSnapshotBlockPublicAccessStateRequest,
    GetSnapshotBlockPublicAccessStateResult, InstanceFamilyCreditSpecification, InstanceMetadataDefaultsResponse,
    ModifyDefaultCreditSpecificationRequest, ModifyDefaultCreditSpecificationResult,
    ModifyInstanceMetadataDefaultsRequest, ModifyInstanceMetadataDefaultsResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::credits;
use super::find::of;
use super::sharing::{BLOCK_NEW, UNBLOCKED};
use crate::families::accounts::{AccountCommand, Settings, account_id};
use crate::request::{Action, Context};

/// Nobody but the account itself manages its settings here.
const MANAGED_BY: &str = "account";

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(enable_serial_console_access),
        Action::new(disable_serial_console_access),
        Action::new(get_serial_console_access_status),
        Action::new(get_default_credit_specification),
        Action::new(modify_default_credit_specification),
        Action::new(get_instance_metadata_defaults),
        Action::new(modify_instance_metadata_defaults),
        Action::new(enable_image_block_public_access),
        Action::new(disable_image_block_public_access),
        Action::new(get_image_block_public_access_state),
        Action::new(enable_snapshot_block_public_access),
        Action::new(disable_snapshot_block_public_access),
        Action::new(get_snapshot_block_public_access_state),
    ]
}

async fn change(cx: &Context, change: impl FnOnce(&mut Settings) + Send + 'static) -> Ec2Result<Settings> {
    let answer = cx.accounts.ask(&account_id(&cx.account), AccountCommand::Change(Box::new(change))).await?;
    Ok(answer.published.state.settings.clone())
}

async fn enable_serial_console_access(
    cx: Context,
    _: EnableSerialConsoleAccessRequest,
) -> Ec2Result<EnableSerialConsoleAccessResult> {
    change(&cx, |settings| settings.serial_console_access = true).await?;
    Ok(EnableSerialConsoleAccessResult { serial_console_access_enabled: Some(true) })
}

async fn disable_serial_console_access(
    cx: Context,
    _: DisableSerialConsoleAccessRequest,
) -> Ec2Result<DisableSerialConsoleAccessResult> {
    change(&cx, |settings| settings.serial_console_access = false).await?;
    Ok(DisableSerialConsoleAccessResult { serial_console_access_enabled: Some(false) })
}

async fn get_serial_console_access_status(
    cx: Context,
    _: GetSerialConsoleAccessStatusRequest,
) -> Ec2Result<GetSerialConsoleAccessStatusResult> {
    Ok(GetSerialConsoleAccessStatusResult {
        serial_console_access_enabled: Some(of(&cx.region, &cx.account).serial_console_access),
        managed_by: Some(MANAGED_BY.into()),
    })
}

fn specification(cx: &Context, family: &str) -> InstanceFamilyCreditSpecification {
    InstanceFamilyCreditSpecification {
        instance_family: Some(family.to_owned()),
        cpu_credits: Some(credits(cx, family)),
    }
}

async fn get_default_credit_specification(
    cx: Context,
    input: GetDefaultCreditSpecificationRequest,
) -> Ec2Result<GetDefaultCreditSpecificationResult> {
    let instance_family_credit_specification = Some(specification(&cx, input.instance_family()));
    Ok(GetDefaultCreditSpecificationResult { instance_family_credit_specification })
}

async fn modify_default_credit_specification(
    cx: Context,
    input: ModifyDefaultCreditSpecificationRequest,
) -> Ec2Result<ModifyDefaultCreditSpecificationResult> {
    let (family, credits) = (input.instance_family().to_owned(), input.cpu_credits().to_owned());
    if !matches!(credits.as_str(), "standard" | "unlimited") {
        return Err(Ec2Error::invalid_value("CpuCredits", credits));
    }
    change(&cx, move |settings| drop(settings.credits.insert(family, credits))).await?;
    let instance_family_credit_specification = Some(specification(&cx, input.instance_family()));
    Ok(ModifyDefaultCreditSpecificationResult { instance_family_credit_specification })
}

async fn get_instance_metadata_defaults(
    cx: Context,
    _: GetInstanceMetadataDefaultsRequest,
) -> Ec2Result<GetInstanceMetadataDefaultsResult> {
    let set = of(&cx.region, &cx.account).metadata_defaults.unwrap_or_default();
    let account_level = InstanceMetadataDefaultsResponse { managed_by: Some(MANAGED_BY.into()), ..set };
    Ok(GetInstanceMetadataDefaultsResult { account_level: Some(account_level) })
}

async fn modify_instance_metadata_defaults(
    cx: Context,
    input: ModifyInstanceMetadataDefaultsRequest,
) -> Ec2Result<ModifyInstanceMetadataDefaultsResult> {
    if input.http_put_response_hop_limit.is_some_and(|limit| limit != -1 && !(1..=64).contains(&limit)) {
        return Err(Ec2Error::invalid_value("HttpPutResponseHopLimit", input.http_put_response_hop_limit()));
    }
    change(&cx, move |settings| {
        let known = settings.metadata_defaults.get_or_insert_default();
        set(&mut known.http_tokens, input.http_tokens);
        set(&mut known.http_endpoint, input.http_endpoint);
        set(&mut known.instance_metadata_tags, input.instance_metadata_tags);
        set(&mut known.http_tokens_enforced, input.http_tokens_enforced);
        if let Some(limit) = input.http_put_response_hop_limit {
            known.http_put_response_hop_limit = Some(limit).filter(|limit| *limit > 0);
        }
    })
    .await?;
    Ok(ModifyInstanceMetadataDefaultsResult { r#return: Some(true) })
}

/// What is not said stays; no preference takes a default away.
fn set(known: &mut Option<String>, wanted: Option<String>) {
    if let Some(wanted) = wanted {
        *known = Some(wanted).filter(|wanted| wanted != "no-preference");
    }
}

async fn enable_image_block_public_access(
    cx: Context,
    input: EnableImageBlockPublicAccessRequest,
) -> Ec2Result<EnableImageBlockPublicAccessResult> {
    change(&cx, |settings| settings.block_image_sharing = true).await?;
    Ok(EnableImageBlockPublicAccessResult { image_block_public_access_state: input.image_block_public_access_state })
}

async fn disable_image_block_public_access(
    cx: Context,
    _: DisableImageBlockPublicAccessRequest,
) -> Ec2Result<DisableImageBlockPublicAccessResult> {
    change(&cx, |settings| settings.block_image_sharing = false).await?;
    Ok(DisableImageBlockPublicAccessResult { image_block_public_access_state: Some(UNBLOCKED.into()) })
}

async fn get_image_block_public_access_state(
    cx: Context,
    _: GetImageBlockPublicAccessStateRequest,
) -> Ec2Result<GetImageBlockPublicAccessStateResult> {
    let blocked = of(&cx.region, &cx.account).block_image_sharing;
    Ok(GetImageBlockPublicAccessStateResult {
        image_block_public_access_state: Some(if blocked { BLOCK_NEW } else { UNBLOCKED }.into()),
        managed_by: Some(MANAGED_BY.into()),
    })
}

async fn enable_snapshot_block_public_access(
    cx: Context,
    input: EnableSnapshotBlockPublicAccessRequest,
) -> Ec2Result<EnableSnapshotBlockPublicAccessResult> {
    let state = input.state().to_owned();
    if state == UNBLOCKED {
        return Err(Ec2Error::invalid_value("State", state));
    }
    change(&cx, move |settings| settings.block_snapshot_sharing = state).await?;
    Ok(EnableSnapshotBlockPublicAccessResult { state: input.state })
}

async fn disable_snapshot_block_public_access(
    cx: Context,
    _: DisableSnapshotBlockPublicAccessRequest,
) -> Ec2Result<DisableSnapshotBlockPublicAccessResult> {
    change(&cx, |settings| settings.block_snapshot_sharing.clear()).await?;
    Ok(DisableSnapshotBlockPublicAccessResult { state: Some(UNBLOCKED.into()) })
}

async fn get_snapshot_block_public_access_state(
    cx: Context,
    _: GetSnapshotBlockPublicAccessStateRequest,
) -> Ec2Result<GetSnapshotBlockPublicAccessStateResult> {
    let state = of(&cx.region, &cx.account).block_snapshot_sharing;
    let state = Some(state).filter(|state| !state.is_empty()).unwrap_or_else(|| UNBLOCKED.to_owned());
    Ok(GetSnapshotBlockPublicAccessStateResult { state: Some(state), managed_by: Some(MANAGED_BY.into()) })
}
