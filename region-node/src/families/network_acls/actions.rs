//! The actions on network ACLs (reference: "Network ACLs").

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateNetworkAclRequest, CreateNetworkAclResult, DeleteNetworkAclRequest, DeleteNetworkAclResponse,
    DescribeNetworkAclsRequest, DescribeNetworkAclsResult,
};

use super::association::replace_network_acl_association;
use super::entries::{create_network_acl_entry, delete_network_acl_entry, replace_network_acl_entry};
use super::filters::FILTERS;
use super::view::{shown, view};
use super::{NetworkAclCommand, NetworkAclState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_network_acl),
        Action::new(create_network_acl_entry),
        Action::new(delete_network_acl),
        Action::new(delete_network_acl_entry),
        Action::new(describe_network_acls),
        Action::new(replace_network_acl_association),
        Action::new(replace_network_acl_entry),
    ]
}

async fn create_network_acl(cx: Context, input: CreateNetworkAclRequest) -> Ec2Result<CreateNetworkAclResult> {
    let kind = &NetworkAclState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let id = cx.network_acls.fresh_id();
    let acl = NetworkAclState::new(&cx.account, &id, &vpc.id, tags);
    let public = shown(&cx, &id, &acl.public);
    let mut batch = cx.batch();
    batch.create(&cx.network_acls, &id, acl)?;
    let response = CreateNetworkAclResult { network_acl: Some(public), client_token: input.client_token };
    cx.commit(batch, response).await
}

async fn delete_network_acl(cx: Context, input: DeleteNetworkAclRequest) -> Ec2Result<DeleteNetworkAclResponse> {
    let acl = cx.network_acls.find(&cx.account, input.network_acl_id())?;
    cx.network_acls.ask(&acl.id, NetworkAclCommand::Delete).await?;
    Ok(DeleteNetworkAclResponse {})
}

async fn describe_network_acls(cx: Context, input: DescribeNetworkAclsRequest) -> Ec2Result<DescribeNetworkAclsResult> {
    let describe = Describe {
        ids: &input.network_acl_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find_rows(&cx, &cx.network_acls, FILTERS, |acl| view(&cx, &acl))?;
    let network_acls = page.items.into_iter().map(|view| view.acl).collect();
    Ok(DescribeNetworkAclsResult { network_acls, next_token: page.next_token })
}
