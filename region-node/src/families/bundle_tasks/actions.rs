//! The actions on bundle tasks (reference: "Windows"), and ConfirmProductInstance.

use archipelago_proto::ec2::v1::{
    BundleInstanceRequest, BundleInstanceResult, BundleTask, CancelBundleTaskRequest, CancelBundleTaskResult,
    ConfirmProductInstanceRequest, ConfirmProductInstanceResult, DescribeBundleTasksRequest, DescribeBundleTasksResult,
    ProductCode, S3Storage, Storage,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::BundleTaskState;
use super::filters::{FILTERS, TaskRow};
use super::state::BundleTaskCommand;
use crate::entity::{Entity as _, Published, Undo, workflow};
use crate::families::instances::{InstanceCommand, InstanceState, Phase, Place};
use crate::request::{Action, Context, Describe, required};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(bundle_instance),
        Action::new(describe_bundle_tasks),
        Action::new(cancel_bundle_task),
        Action::new(confirm_product_instance),
    ]
}

async fn bundle_instance(cx: Context, input: BundleInstanceRequest) -> Ec2Result<BundleInstanceResult> {
    let s3 = required("Storage.S3", input.storage.as_ref().and_then(|storage| storage.s3.as_ref()))?;
    let bucket = required("Storage.S3.Bucket", s3.bucket.as_deref().filter(|name| !name.is_empty()))?;
    let prefix = required("Storage.S3.Prefix", s3.prefix.as_deref().filter(|name| !name.is_empty()))?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    check(&instance)?;

    let mut undo = Undo::default();
    cx.instances.ask(&instance.id, InstanceCommand::Reserve(Place::Bundling)).await?;
    let (host, id) = (cx.instances.clone(), instance.id.clone());
    undo.push(async move {
        let _ = host.ask(&id, InstanceCommand::Unreserve(Place::Bundling)).await;
    });
    let outcome = begin(&cx, &instance, bucket, prefix).await;
    let answer = workflow(undo, outcome).await?;
    let _ = cx.instances.ask(&instance.id, InstanceCommand::Unreserve(Place::Bundling)).await;
    Ok(answer)
}

fn check(instance: &Published<InstanceState>) -> Ec2Result<()> {
    if !instance.state.is_windows() || instance.state.public.root_device_type() != "instance-store" {
        return Err(Ec2Error::new(
            "InvalidInstanceType",
            "The specified instance does not support bundling. You can only bundle instance store-backed Windows instances.",
        ));
    }
    if !matches!(instance.state.phase(), Phase::Running) {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in a state from which it can be bundled.", instance.id),
        ));
    }
    Ok(())
}

async fn begin(
    cx: &Context,
    instance: &Published<InstanceState>,
    bucket: &str,
    prefix: &str,
) -> Ec2Result<BundleInstanceResult> {
    if cx.bundle_tasks.linked_to(&instance.id).values().any(|task| !task.state.is_over()) {
        return Err(Place::Bundling.taken(&instance.id));
    }
    let id = cx.bundle_tasks.fresh_id();
    let now = cx.shell.clock.now();
    // The client's keys and signatures are for the upload, and not told to anybody.
    let s3 = S3Storage { bucket: Some(bucket.to_owned()), prefix: Some(prefix.to_owned()), ..S3Storage::default() };
    let public = BundleTask {
        instance_id: Some(instance.id.to_string()),
        bundle_id: Some(id.to_string()),
        start_time: Some(now),
        update_time: Some(now),
        storage: Some(Storage { s3: Some(s3) }),
        progress: Some("0%".into()),
        ..BundleTask::default()
    };
    let state = BundleTaskState::new(public, now + cx.shell.lifecycle.duration(Transition::Bundle));
    let bundle_task = Some(state.view(now));
    let mut batch = cx.batch();
    batch.create(&cx.bundle_tasks, &id, state)?;
    cx.commit(batch, BundleInstanceResult { bundle_task }).await
}

async fn describe_bundle_tasks(cx: Context, input: DescribeBundleTasksRequest) -> Ec2Result<DescribeBundleTasksResult> {
    let describe = Describe { ids: &input.bundle_ids, filters: &input.filters, ..Describe::default() };
    let now = cx.shell.clock.now();
    let page = describe.find_rows(&cx, &cx.bundle_tasks, FILTERS, |task| TaskRow(task.state.view(now)))?;
    Ok(DescribeBundleTasksResult { bundle_tasks: page.items.into_iter().map(|row| row.0).collect() })
}

async fn cancel_bundle_task(cx: Context, input: CancelBundleTaskRequest) -> Ec2Result<CancelBundleTaskResult> {
    let task = cx.bundle_tasks.find(&cx.account, input.bundle_id())?;
    let cancelled = cx.bundle_tasks.ask(&task.id, BundleTaskCommand::Cancel).await?;
    Ok(CancelBundleTaskResult { bundle_task: Some(cancelled.published.state.public.clone()) })
}

/// The owner of a product code asks for any instance. Whoever has put a code on an image of his owns it.
async fn confirm_product_instance(
    cx: Context,
    input: ConfirmProductInstanceRequest,
) -> Ec2Result<ConfirmProductInstanceResult> {
    let code = input.product_code();
    let has = |codes: &[ProductCode]| codes.iter().any(|known| known.product_code_id() == code);
    if !cx.images.owned_by(&cx.account).values().any(|image| has(&image.state.public.product_codes)) {
        return Err(Ec2Error::new("AuthFailure", format!("The product code '{code}' is not owned by this account.")));
    }
    let id = input.instance_id();
    InstanceState::KIND.check(id)?;
    let instance = cx.instances.index().get(id).ok_or_else(|| InstanceState::KIND.not_found(id))?;
    let attached = has(&instance.state.public.product_codes);
    Ok(ConfirmProductInstanceResult {
        r#return: Some(attached),
        owner_id: attached.then(|| instance.account.to_string()),
    })
}
