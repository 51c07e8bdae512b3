//! What is read of prefix lists: themselves, their entries, and who refers to them.

use archipelago_proto::ec2::v1::{
    DescribeManagedPrefixListsRequest, DescribeManagedPrefixListsResult, DescribePrefixListsRequest,
    DescribePrefixListsResult, GetManagedPrefixListAssociationsRequest, GetManagedPrefixListAssociationsResult,
    GetManagedPrefixListEntriesRequest, GetManagedPrefixListEntriesResult, PrefixList, PrefixListAssociation,
    PrefixListEntry,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::PrefixListState;
use super::filters::{FILTERS, SERVICE_FILTERS};
use super::weight::find;
use crate::entity::{Published, Shelf};
use crate::request::{Context, Describe, Row};

/// AWS: PrefixListMaxResults.
const SIZES: std::ops::RangeInclusive<i32> = 1..=100;

pub(super) async fn describe_managed_prefix_lists(
    cx: Context,
    input: DescribeManagedPrefixListsRequest,
) -> Ec2Result<DescribeManagedPrefixListsResult> {
    let describe = Describe {
        ids: &input.prefix_list_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: SIZES,
        ..Describe::default()
    };
    let visible = |list: &Published<PrefixListState>| list.account == cx.account || list.state.is_aws();
    let shelves = [Shelf::Everyone, Shelf::Owner(cx.account.clone())];
    let page = describe.find_where(&cx.prefix_lists, FILTERS, &shelves, visible, |list| list)?;
    let prefix_lists = page.map(|list| list.state.public.clone());
    Ok(DescribeManagedPrefixListsResult { next_token: page.next_token, prefix_lists })
}

/// The lists of the services that gateway endpoints lead to.
pub(super) async fn describe_prefix_lists(
    cx: Context,
    input: DescribePrefixListsRequest,
) -> Ec2Result<DescribePrefixListsResult> {
    let describe = Describe {
        ids: &input.prefix_list_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let regional = format!("com.amazonaws.{}.", cx.facts.name);
    let visible = |list: &Published<PrefixListState>| {
        let service = list.state.public.prefix_list_name().strip_prefix(&regional);
        list.state.is_aws() && matches!(service, Some("s3" | "dynamodb" | "s3express"))
    };
    let page = describe.find_where(&cx.prefix_lists, SERVICE_FILTERS, &[Shelf::Everyone], visible, |list| list)?;
    let prefix_lists = page.map(|list| PrefixList {
        cidrs: list.state.entries().iter().map(|entry| entry.cidr().to_owned()).collect(),
        prefix_list_id: list.state.public.prefix_list_id.clone(),
        prefix_list_name: list.state.public.prefix_list_name.clone(),
    });
    Ok(DescribePrefixListsResult { next_token: page.next_token, prefix_lists })
}

impl Row for PrefixListEntry {
    fn id(&self) -> &str {
        self.cidr()
    }
}

pub(super) async fn get_managed_prefix_list_entries(
    cx: Context,
    input: GetManagedPrefixListEntriesRequest,
) -> Ec2Result<GetManagedPrefixListEntriesResult> {
    let list = find(&cx, input.prefix_list_id())?;
    let entries = match input.target_version {
        None => list.state.entries(),
        Some(target) => {
            let known = list.state.versions.iter().find(|version| version.number == target);
            &known.ok_or_else(|| Ec2Error::invalid_value("targetVersion", target))?.entries
        }
    };
    let of = format!("{} {:?}", list.id, input.target_version);
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: SIZES,
        ..Describe::default()
    };
    let page = describe.pick_from(&of, &[], entries.to_vec())?;
    Ok(GetManagedPrefixListEntriesResult { entries: page.items, next_token: page.next_token })
}

impl Row for PrefixListAssociation {
    fn id(&self) -> &str {
        self.resource_id()
    }
}

pub(super) async fn get_managed_prefix_list_associations(
    cx: Context,
    input: GetManagedPrefixListAssociationsRequest,
) -> Ec2Result<GetManagedPrefixListAssociationsResult> {
    let list = find(&cx, input.prefix_list_id())?;
    let registry = cx.shell.registry();
    let associations = list.dependents.iter().filter_map(|id| {
        // Of AWS's lists one sees one's own associations only.
        let own = registry.host(id).is_some_and(|host| host.has(&cx.account, id));
        own.then(|| PrefixListAssociation {
            resource_id: Some(id.to_string()),
            resource_owner: Some(cx.account.to_string()),
        })
    });
    let associations: Vec<_> = associations.collect();
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 5..=255,
        ..Describe::default()
    };
    let page = describe.pick_from(&list.id, &[], associations)?;
    Ok(GetManagedPrefixListAssociationsResult { prefix_list_associations: page.items, next_token: page.next_token })
}
