//! The actions on reserved instances (reference: "Reserved Instances"); the longer ones have files of their own.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DeleteQueuedReservedInstancesError, DeleteQueuedReservedInstancesRequest, DeleteQueuedReservedInstancesResult,
    DescribeReservedInstancesModificationsRequest, DescribeReservedInstancesModificationsResult,
    DescribeReservedInstancesRequest, DescribeReservedInstancesResult, FailedQueuedPurchaseDeletion,
    SuccessfulQueuedPurchaseDeletion,
};

use super::filters::{FILTERS, MODIFICATION_FILTERS};
use super::listing_actions::{
    cancel_reserved_instances_listing, create_reserved_instances_listing, describe_reserved_instances_listings,
};
use super::modify::modify_reserved_instances;
use super::offering_actions::{describe_reserved_instances_offerings, purchase_reserved_instances_offering};
use super::state::ReservedInstancesCommand;
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(describe_reserved_instances),
        Action::new(describe_reserved_instances_offerings),
        Action::new(purchase_reserved_instances_offering),
        Action::new(modify_reserved_instances),
        Action::new(describe_reserved_instances_modifications),
        Action::new(create_reserved_instances_listing),
        Action::new(cancel_reserved_instances_listing),
        Action::new(describe_reserved_instances_listings),
        Action::new(delete_queued_reserved_instances),
    ]
}

async fn describe_reserved_instances(
    cx: Context,
    input: DescribeReservedInstancesRequest,
) -> Ec2Result<DescribeReservedInstancesResult> {
    let describe = Describe { ids: &input.reserved_instances_ids, filters: &input.filters, ..Describe::default() };
    let mut page = describe.find(&cx, &cx.reserved_instances, FILTERS)?;
    page.items.retain(|item| {
        let public = &item.state.public;
        input.offering_class.as_deref().is_none_or(|wanted| wanted == public.offering_class())
            && input.offering_type.as_deref().is_none_or(|wanted| wanted == public.offering_type())
    });
    Ok(DescribeReservedInstancesResult { reserved_instances: page.map(|item| item.state.public.clone()) })
}

async fn describe_reserved_instances_modifications(
    cx: Context,
    input: DescribeReservedInstancesModificationsRequest,
) -> Ec2Result<DescribeReservedInstancesModificationsResult> {
    let describe = Describe {
        ids: &input.reserved_instances_modification_ids,
        filters: &input.filters,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.reserved_modifications, MODIFICATION_FILTERS)?;
    let reserved_instances_modifications = page.map(|item| item.state.public.clone());
    Ok(DescribeReservedInstancesModificationsResult { next_token: page.next_token, reserved_instances_modifications })
}

async fn delete_queued_reserved_instances(
    cx: Context,
    input: DeleteQueuedReservedInstancesRequest,
) -> Ec2Result<DeleteQueuedReservedInstancesResult> {
    let mut result = DeleteQueuedReservedInstancesResult::default();
    for id in input.reserved_instances_ids {
        let outcome = match cx.reserved_instances.find(&cx.account, &id) {
            Ok(found) => cx.reserved_instances.ask(&found.id, ReservedInstancesCommand::DeleteQueued).await.map(drop),
            Err(error) => Err(error),
        };
        let reserved_instances_id = Some(id);
        match outcome {
            Ok(()) => result
                .successful_queued_purchase_deletions
                .push(SuccessfulQueuedPurchaseDeletion { reserved_instances_id }),
            Err(error) => {
                let code = match error.code.as_str() {
                    "InvalidReservedInstancesId" => "reserved-instances-id-invalid",
                    "reserved-instances-not-in-queued-state" => "reserved-instances-not-in-queued-state",
                    _ => "unexpected-error",
                };
                let error =
                    DeleteQueuedReservedInstancesError { code: Some(code.into()), message: Some(error.message) };
                result
                    .failed_queued_purchase_deletions
                    .push(FailedQueuedPurchaseDeletion { error: Some(error), reserved_instances_id });
            }
        }
    }
    Ok(result)
}
