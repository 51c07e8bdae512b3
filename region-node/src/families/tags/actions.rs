//! The actions on tags (reference: CreateTags, DeleteTags, DescribeTags).

use archipelago_proto::ec2::v1::{
    CreateTagsRequest, CreateTagsResponse, DeleteTagsRequest, DeleteTagsResponse, DescribeTagsRequest,
    DescribeTagsResult, TagDescription,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{FILTERS, TagRow};
use crate::entity::{Id, TagChange};
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![Action::new(create_tags), Action::new(delete_tags), Action::new(describe_tags)]
}

async fn create_tags(cx: Context, input: CreateTagsRequest) -> Ec2Result<CreateTagsResponse> {
    if input.tags.is_empty() {
        return Err(Ec2Error::missing_parameter("Tag"));
    }
    change(&cx, &input.resources, &TagChange::Set(input.tags)).await?;
    Ok(CreateTagsResponse {})
}

async fn delete_tags(cx: Context, input: DeleteTagsRequest) -> Ec2Result<DeleteTagsResponse> {
    change(&cx, &input.resources, &TagChange::Remove(input.tags)).await?;
    Ok(DeleteTagsResponse {})
}

/// Changes nothing unless every resource exists and takes the change.
async fn change(cx: &Context, resources: &[String], change: &TagChange) -> Ec2Result<()> {
    let registry = cx.shell.registry();
    for id in resources {
        registry.kind_of(&cx.account, id)?;
        let mut tags = cx.shell.tags.of(&cx.account).get(id.as_str()).map(|t| t.tags.to_vec()).unwrap_or_default();
        change.apply(&mut tags)?;
    }
    for id in resources {
        registry.tag(&Id::new(id), &cx.account, change.clone()).await?;
    }
    Ok(())
}

async fn describe_tags(cx: Context, input: DescribeTagsRequest) -> Ec2Result<DescribeTagsResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let tagged = cx.shell.registry().seen_tags(&cx.shell.tags, &cx.account);
    let page = describe.pick("tag", FILTERS, |after| TagRow::after(&tagged, after))?;
    let tags = page.items.into_iter().map(|row| TagDescription {
        key: row.tag.key,
        resource_id: Some(row.resource.into()),
        resource_type: Some(row.resource_type.to_owned()),
        value: row.tag.value,
    });
    Ok(DescribeTagsResult { next_token: page.next_token, tags: tags.collect() })
}
