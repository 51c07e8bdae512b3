//! The actions on EBS settings (AWS: EnableEbsEncryptionByDefault and its kin).

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DisableEbsEncryptionByDefaultRequest, DisableEbsEncryptionByDefaultResult, EnableEbsEncryptionByDefaultRequest,
    EnableEbsEncryptionByDefaultResult, GetEbsDefaultKmsKeyIdRequest, GetEbsDefaultKmsKeyIdResult,
    GetEbsEncryptionByDefaultRequest, GetEbsEncryptionByDefaultResult, ModifyEbsDefaultKmsKeyIdRequest,
    ModifyEbsDefaultKmsKeyIdResult, ResetEbsDefaultKmsKeyIdRequest, ResetEbsDefaultKmsKeyIdResult,
};

use super::keys::{AWS_KEY, by_default, key_arn};
use crate::families::accounts::{AccountCommand, account_id};
use crate::request::{Action, Context};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(enable_ebs_encryption_by_default),
        Action::new(disable_ebs_encryption_by_default),
        Action::new(get_ebs_encryption_by_default),
        Action::new(get_ebs_default_kms_key_id),
        Action::new(modify_ebs_default_kms_key_id),
        Action::new(reset_ebs_default_kms_key_id),
    ]
}

async fn enable_ebs_encryption_by_default(
    cx: Context,
    _: EnableEbsEncryptionByDefaultRequest,
) -> Ec2Result<EnableEbsEncryptionByDefaultResult> {
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::EncryptEbs(true)).await?;
    Ok(EnableEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(true) })
}

async fn disable_ebs_encryption_by_default(
    cx: Context,
    _: DisableEbsEncryptionByDefaultRequest,
) -> Ec2Result<DisableEbsEncryptionByDefaultResult> {
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::EncryptEbs(false)).await?;
    Ok(DisableEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(false) })
}

async fn get_ebs_encryption_by_default(
    cx: Context,
    _: GetEbsEncryptionByDefaultRequest,
) -> Ec2Result<GetEbsEncryptionByDefaultResult> {
    let on = by_default(&cx);
    let sse_type = if on { "sse-kms" } else { "none" };
    Ok(GetEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(on), sse_type: Some(sse_type.into()) })
}

async fn get_ebs_default_kms_key_id(
    cx: Context,
    _: GetEbsDefaultKmsKeyIdRequest,
) -> Ec2Result<GetEbsDefaultKmsKeyIdResult> {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let set = account.map(|account| account.state.settings.ebs_default_kms_key.clone());
    let key = set.filter(|key| !key.is_empty()).unwrap_or_else(|| AWS_KEY.to_owned());
    Ok(GetEbsDefaultKmsKeyIdResult { kms_key_id: Some(key) })
}

async fn modify_ebs_default_kms_key_id(
    cx: Context,
    input: ModifyEbsDefaultKmsKeyIdRequest,
) -> Ec2Result<ModifyEbsDefaultKmsKeyIdResult> {
    let key = key_arn(&cx, input.kms_key_id())?;
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::EbsKey(key.clone())).await?;
    Ok(ModifyEbsDefaultKmsKeyIdResult { kms_key_id: Some(key) })
}

async fn reset_ebs_default_kms_key_id(
    cx: Context,
    _: ResetEbsDefaultKmsKeyIdRequest,
) -> Ec2Result<ResetEbsDefaultKmsKeyIdResult> {
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::EbsKey(String::new())).await?;
    Ok(ResetEbsDefaultKmsKeyIdResult { kms_key_id: Some(AWS_KEY.to_owned()) })
}
