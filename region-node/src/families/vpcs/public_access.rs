//! How far a VPC or a subnet is shut off from the internet (AWS: "VPC Block Public Access").

use archipelago_proto::ec2::v1::BlockPublicAccessStates;

use crate::entity::Id;
use crate::families::accounts::account_id;
use crate::request::Context;

/// As the account has it, but for what is excluded: by itself, or with its VPC.
pub fn block_public_access(cx: &Context, account: &str, resources: &[&str]) -> BlockPublicAccessStates {
    let settings = cx.accounts.index().get(&account_id(account));
    let mode = settings.map(|account| account.state.settings.public_access_mode.clone());
    let mode = mode.filter(|mode| !mode.is_empty()).unwrap_or_else(|| "off".to_owned());
    let exclusion = |resource: &&str| {
        let exclusions = cx.vpc_block_public_access_exclusions.linked_to(&Id::new(resource));
        exclusions.values().next().and_then(|known| known.state.public.internet_gateway_exclusion_mode.clone())
    };
    let mode = match resources.iter().find_map(exclusion).as_deref() {
        Some("allow-bidirectional") => "off".to_owned(),
        Some("allow-egress") if mode == "block-bidirectional" => "block-ingress".to_owned(),
        _ => mode,
    };
    BlockPublicAccessStates { internet_gateway_block_mode: Some(mode) }
}
