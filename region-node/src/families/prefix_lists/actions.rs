//! The actions on prefix lists (AWS: CreateManagedPrefixList and those beside it).

use archipelago_proto::ec2::v1::{
    CreateManagedPrefixListRequest, CreateManagedPrefixListResult, DeleteManagedPrefixListRequest,
    DeleteManagedPrefixListResult, ManagedPrefixList, ModifyManagedPrefixListRequest, ModifyManagedPrefixListResult,
    RestoreManagedPrefixListVersionRequest, RestoreManagedPrefixListVersionResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::entries::{self, Changes};
use super::reads::{
    describe_managed_prefix_lists, describe_prefix_lists, get_managed_prefix_list_associations,
    get_managed_prefix_list_entries,
};
use super::weight::find;
use super::{PrefixListCommand, PrefixListState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, tags_for};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_managed_prefix_list),
        Action::new(delete_managed_prefix_list),
        Action::new(describe_managed_prefix_lists),
        Action::new(describe_prefix_lists),
        Action::new(get_managed_prefix_list_associations),
        Action::new(get_managed_prefix_list_entries),
        Action::new(modify_managed_prefix_list),
        Action::new(restore_managed_prefix_list_version),
    ]
}

async fn create_managed_prefix_list(
    cx: Context,
    input: CreateManagedPrefixListRequest,
) -> Ec2Result<CreateManagedPrefixListResult> {
    let kind = &PrefixListState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let name = entries::check_name(input.prefix_list_name())?.to_owned();
    let family = match input.address_family() {
        "IPv4" => "IPv4",
        "IPv6" => "IPv6",
        other => return Err(Ec2Error::invalid_value("addressFamily", other)),
    };
    let max_entries = entries::check_max_entries(input.max_entries())?;
    let entries = entries::read(input.entries, family)?;
    if entries.len() > usize::try_from(max_entries).unwrap_or_default() {
        return Err(entries::too_many(max_entries));
    }
    let id = cx.prefix_lists.fresh_id();
    let public = ManagedPrefixList {
        prefix_list_id: Some(id.to_string()),
        address_family: Some(family.into()),
        state: Some("create-in-progress".into()),
        prefix_list_arn: Some(cx.arn(kind.resource_type, &id)),
        prefix_list_name: Some(name),
        max_entries: Some(max_entries),
        version: Some(1),
        tags,
        owner_id: Some(cx.account.to_string()),
        ..ManagedPrefixList::default()
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::PrefixListChange);
    let mut batch = cx.batch();
    batch.create(&cx.prefix_lists, &id, PrefixListState::new(public.clone(), entries, settles))?;
    cx.commit(batch, CreateManagedPrefixListResult { prefix_list: Some(public) }).await
}

/// What AWS keeps is not the customer's to change.
async fn command(cx: &Context, id: &str, command: PrefixListCommand) -> Ec2Result<ManagedPrefixList> {
    let list = find(cx, id)?;
    if list.state.is_aws() {
        let message = format!("The prefix list '{id}' is managed by AWS and cannot be changed.");
        return Err(Ec2Error::new("UnauthorizedOperation", message));
    }
    Ok(cx.prefix_lists.ask(&list.id, command).await?.published.state.public.clone())
}

async fn modify_managed_prefix_list(
    cx: Context,
    input: ModifyManagedPrefixListRequest,
) -> Ec2Result<ModifyManagedPrefixListResult> {
    if input.ipam_prefix_list_resolver_sync_enabled.is_some() {
        return Err(Ec2Error::unsupported("The prefix list is not associated with an IPAM prefix list resolver."));
    }
    let list = find(&cx, input.prefix_list_id())?;
    let family = list.state.public.address_family();
    let changes = Changes {
        current_version: input.current_version,
        name: input.prefix_list_name.as_deref().map(entries::check_name).transpose()?.map(str::to_owned),
        max_entries: input.max_entries.map(entries::check_max_entries).transpose()?,
        add: entries::read(input.add_entries, family)?,
        remove: input.remove_entries.iter().map(|e| entries::block(e.cidr(), family)).collect::<Ec2Result<_>>()?,
    };
    let entries = !changes.add.is_empty() || !changes.remove.is_empty();
    match (entries, changes.max_entries, changes.current_version) {
        (true, Some(_), _) => {
            return Err(Ec2Error::invalid_combination(
                "You cannot modify the entries of a prefix list and its size at the same time.",
            ));
        }
        (true, _, None) => return Err(Ec2Error::missing_parameter("CurrentVersion")),
        (false, None, _) if changes.name.is_none() => {
            return Err(Ec2Error::invalid_combination("No modifications specified for the prefix list."));
        }
        _ => {}
    }
    let prefix_list = command(&cx, &list.id, PrefixListCommand::Modify(changes)).await?;
    Ok(ModifyManagedPrefixListResult { prefix_list: Some(prefix_list) })
}

async fn restore_managed_prefix_list_version(
    cx: Context,
    input: RestoreManagedPrefixListVersionRequest,
) -> Ec2Result<RestoreManagedPrefixListVersionResult> {
    let restore = PrefixListCommand::Restore { previous: input.previous_version(), current: input.current_version() };
    let prefix_list = command(&cx, input.prefix_list_id(), restore).await?;
    Ok(RestoreManagedPrefixListVersionResult { prefix_list: Some(prefix_list) })
}

async fn delete_managed_prefix_list(
    cx: Context,
    input: DeleteManagedPrefixListRequest,
) -> Ec2Result<DeleteManagedPrefixListResult> {
    let prefix_list = command(&cx, input.prefix_list_id(), PrefixListCommand::Delete).await?;
    Ok(DeleteManagedPrefixListResult { prefix_list: Some(prefix_list) })
}
