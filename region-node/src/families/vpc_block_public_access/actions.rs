//! The actions on VPC Block Public Access: the account's mode.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeVpcBlockPublicAccessOptionsRequest, DescribeVpcBlockPublicAccessOptionsResult,
    ModifyVpcBlockPublicAccessOptionsRequest, ModifyVpcBlockPublicAccessOptionsResult, VpcBlockPublicAccessOptions,
};

use super::exclusion_actions::{
    create_vpc_block_public_access_exclusion, delete_vpc_block_public_access_exclusion,
    describe_vpc_block_public_access_exclusions, modify_vpc_block_public_access_exclusion,
};
use crate::families::accounts::{AccountCommand, account_id};
use crate::request::{Action, Context};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_vpc_block_public_access_exclusion),
        Action::new(delete_vpc_block_public_access_exclusion),
        Action::new(describe_vpc_block_public_access_exclusions),
        Action::new(describe_vpc_block_public_access_options),
        Action::new(modify_vpc_block_public_access_exclusion),
        Action::new(modify_vpc_block_public_access_options),
    ]
}

fn options(cx: &Context) -> VpcBlockPublicAccessOptions {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let settings = account.map(|account| account.state.settings.clone()).unwrap_or_default();
    let set = !settings.public_access_mode.is_empty();
    VpcBlockPublicAccessOptions {
        aws_account_id: Some(cx.account.to_string()),
        aws_region: Some(cx.facts.name.to_owned()),
        state: Some(if set { "update-complete" } else { "default-state" }.to_owned()),
        internet_gateway_block_mode: Some(if set { settings.public_access_mode } else { "off".to_owned() }),
        reason: None,
        last_update_timestamp: settings.public_access_updated,
        managed_by: Some("account".into()),
        exclusions_allowed: Some("allowed".into()),
    }
}

async fn describe_vpc_block_public_access_options(
    cx: Context,
    _: DescribeVpcBlockPublicAccessOptionsRequest,
) -> Ec2Result<DescribeVpcBlockPublicAccessOptionsResult> {
    Ok(DescribeVpcBlockPublicAccessOptionsResult { vpc_block_public_access_options: Some(options(&cx)) })
}

async fn modify_vpc_block_public_access_options(
    cx: Context,
    input: ModifyVpcBlockPublicAccessOptionsRequest,
) -> Ec2Result<ModifyVpcBlockPublicAccessOptionsResult> {
    let mode = AccountCommand::BlockPublicAccess(input.internet_gateway_block_mode().to_owned());
    cx.accounts.ask(&account_id(&cx.account), mode).await?;
    let shown = VpcBlockPublicAccessOptions { state: Some("update-in-progress".into()), ..options(&cx) };
    Ok(ModifyVpcBlockPublicAccessOptionsResult { vpc_block_public_access_options: Some(shown) })
}
