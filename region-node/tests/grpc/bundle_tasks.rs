//! Bundle tasks and product codes over gRPC.

use crate::support::network::{filter, some};
use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::bundle_tasks_service_client::BundleTasksServiceClient;
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::{
    BundleInstanceRequest, BundleTask, CancelBundleTaskRequest, ConfirmProductInstanceRequest,
    DescribeBundleTasksRequest, DescribeImagesRequest, Filter, LaunchPermission, LaunchPermissionModifications,
    ModifyImageAttributeRequest, RegisterImageRequest, RunInstancesRequest, S3Storage, Storage,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};

const VENDOR: &str = "111111111111";

async fn run(sandbox: &Sandbox, account: &str, image: Option<String>, instance_type: &str) -> String {
    let run = RunInstancesRequest {
        image_id: image,
        instance_type: some(instance_type),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    };
    let mut client = InstancesServiceClient::new(sandbox.channel.clone());
    let launched = client.run_instances(ask_as(account, run)).await.unwrap().into_inner();
    launched.instances[0].instance_id().to_owned()
}

async fn launch(sandbox: &Sandbox, filters: Vec<Filter>, instance_type: &str) -> String {
    let mut client = ImagesServiceClient::new(sandbox.channel.clone());
    let request = DescribeImagesRequest { filters, ..Default::default() };
    let image = client.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images.remove(0).image_id;
    run(sandbox, "000000000000", image, instance_type).await
}

fn bundle(instance: &str) -> BundleInstanceRequest {
    let s3 = S3Storage {
        bucket: some("bucket"),
        prefix: some("winami"),
        upload_policy_signature: some("secret"),
        ..Default::default()
    };
    BundleInstanceRequest { instance_id: some(instance), storage: Some(Storage { s3: Some(s3) }), ..Default::default() }
}

async fn tasks(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<BundleTask> {
    let mut client = BundleTasksServiceClient::new(sandbox.channel.clone());
    let request = DescribeBundleTasksRequest { filters, ..Default::default() };
    client.describe_bundle_tasks(sandbox.ask(request)).await.unwrap().into_inner().bundle_tasks
}

async fn windows(sandbox: &Sandbox) -> String {
    let of = [filter("platform", "windows"), filter("root-device-type", "instance-store")].concat();
    launch(sandbox, of, "m1.large").await
}

#[tokio::test]
async fn a_bundle_goes_through_its_states_and_only_one_at_a_time() {
    let sandbox = Sandbox::with(Lifecycle::instant().with(Transition::Bundle, 100_000), Store::Memory).await;
    let mut client = BundleTasksServiceClient::new(sandbox.channel.clone());
    let instance = windows(&sandbox).await;
    let task = client.bundle_instance(sandbox.ask(bundle(&instance))).await.unwrap().into_inner().bundle_task.unwrap();
    assert_eq!((task.state(), task.progress()), ("pending", "0%"));
    let s3 = task.storage.unwrap().s3.unwrap();
    assert_eq!((s3.bucket(), s3.upload_policy_signature.as_deref()), ("bucket", None));
    assert_eq!(code(client.bundle_instance(sandbox.ask(bundle(&instance))).await), "BundlingInProgress");

    for (advance, state, progress) in
        [(50_000, "bundling", "50%"), (40_000, "storing", "90%"), (10_000, "complete", "100%")]
    {
        sandbox.region.advance(advance).await;
        let told = tasks(&sandbox, filter("state", state)).await;
        assert_eq!(told[0].progress(), progress);
    }
    let late = CancelBundleTaskRequest { bundle_id: task.bundle_id, ..Default::default() };
    assert_eq!(code(client.cancel_bundle_task(sandbox.ask(late)).await), "IncorrectState");
    client.bundle_instance(sandbox.ask(bundle(&instance))).await.unwrap();
    sandbox.region.advance(2 * 86_400_000).await;
    assert!(tasks(&sandbox, Vec::new()).await.is_empty(), "old tasks are forgotten");
}

#[tokio::test]
async fn a_cancelled_bundle_has_failed() {
    let sandbox = Sandbox::with(Lifecycle::instant().with(Transition::Bundle, 100_000), Store::Memory).await;
    let mut client = BundleTasksServiceClient::new(sandbox.channel.clone());
    let instance = windows(&sandbox).await;
    let task = client.bundle_instance(sandbox.ask(bundle(&instance))).await.unwrap().into_inner().bundle_task.unwrap();
    sandbox.region.advance(20_000).await;
    let cancel = CancelBundleTaskRequest { bundle_id: task.bundle_id, ..Default::default() };
    let cancelled = client.cancel_bundle_task(sandbox.ask(cancel)).await.unwrap().into_inner().bundle_task.unwrap();
    assert_eq!((cancelled.state(), cancelled.progress()), ("cancelling", "20%"));
    let told = tasks(&sandbox, filter("error-code", "Client.Cancelled")).await;
    assert_eq!(told[0].state(), "failed");
}

#[tokio::test]
async fn only_windows_on_instance_store_is_bundled() {
    let sandbox = Sandbox::new().await;
    let of = [filter("name", "al2023*"), filter("architecture", "x86_64")].concat();
    let instance = launch(&sandbox, of, "t3.micro").await;
    let mut client = BundleTasksServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(client.bundle_instance(sandbox.ask(bundle(&instance))).await), "InvalidInstanceType");
    let unknown = CancelBundleTaskRequest { bundle_id: some("bun-0123456789abcdef0"), ..Default::default() };
    assert_eq!(code(client.cancel_bundle_task(sandbox.ask(unknown)).await), "InvalidBundleID.NotFound");
}

#[tokio::test]
async fn a_vendor_confirms_whose_instance_has_the_product_code() {
    let sandbox = Sandbox::new().await;
    let mut images = ImagesServiceClient::new(sandbox.channel.clone());
    let register = RegisterImageRequest {
        name: some("product"),
        image_location: some("bucket/product.manifest.xml"),
        ..Default::default()
    };
    let image = images.register_image(ask_as(VENDOR, register)).await.unwrap().into_inner().image_id;
    let everyone = LaunchPermission { group: some("all"), ..Default::default() };
    let modify = ModifyImageAttributeRequest {
        image_id: image.clone(),
        launch_permission: Some(LaunchPermissionModifications { add: vec![everyone], ..Default::default() }),
        ..Default::default()
    };
    let share = images.modify_image_attribute(ask_as(VENDOR, modify.clone())).await;
    share.unwrap();
    let plain = run(&sandbox, "000000000000", image.clone(), "m1.large").await;
    let codes =
        ModifyImageAttributeRequest { launch_permission: None, product_codes: vec!["774F4FF8".into()], ..modify };
    images.modify_image_attribute(ask_as(VENDOR, codes)).await.unwrap();
    let sold = run(&sandbox, "000000000000", image, "m1.large").await;

    let mut client = BundleTasksServiceClient::new(sandbox.channel.clone());
    let confirm = |instance: &str| ConfirmProductInstanceRequest {
        instance_id: some(instance),
        product_code: some("774F4FF8"),
        ..Default::default()
    };
    let yes = client.confirm_product_instance(ask_as(VENDOR, confirm(&sold))).await.unwrap().into_inner();
    assert_eq!((yes.r#return, yes.owner_id()), (Some(true), "000000000000"));
    let no = client.confirm_product_instance(ask_as(VENDOR, confirm(&plain))).await.unwrap().into_inner();
    assert_eq!((no.r#return, no.owner_id), (Some(false), None));
    assert_eq!(code(client.confirm_product_instance(sandbox.ask(confirm(&sold))).await), "AuthFailure");
}
