//! An account's settings over gRPC, and what they mean to what is made afterwards.

use crate::support::launch::{instances, request, run};
use crate::support::network::some;
use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::account_settings_service_client::AccountSettingsServiceClient;
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateSnapshotRequest, CreateVolumeRequest, DescribeSnapshotsRequest, DisableImageBlockPublicAccessRequest,
    DisableSnapshotBlockPublicAccessRequest, EnableImageBlockPublicAccessRequest, EnableSerialConsoleAccessRequest,
    EnableSnapshotBlockPublicAccessRequest, GetDefaultCreditSpecificationRequest,
    GetImageBlockPublicAccessStateRequest, GetInstanceMetadataDefaultsRequest, GetSerialConsoleAccessStatusRequest,
    InstanceMetadataOptionsRequest, ModifyDefaultCreditSpecificationRequest, ModifyImageAttributeRequest,
    ModifyInstanceMetadataDefaultsRequest, ModifySnapshotAttributeRequest, RegisterImageRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

const OTHER: &str = "222222222222";

fn client(sandbox: &Sandbox) -> AccountSettingsServiceClient<Channel> {
    AccountSettingsServiceClient::new(sandbox.channel.clone())
}

#[tokio::test]
async fn settings_are_an_accounts_own_and_survive_a_restart() {
    let (at, copy) = (folder("settings"), folder("settings-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&at).unwrap()).await;
    let mut before = client(&sandbox);
    before.enable_serial_console_access(sandbox.ask(EnableSerialConsoleAccessRequest::default())).await.unwrap();
    let credits = ModifyDefaultCreditSpecificationRequest {
        instance_family: some("t3"),
        cpu_credits: some("standard"),
        ..Default::default()
    };
    before.modify_default_credit_specification(sandbox.ask(credits)).await.unwrap();
    copy_folder(&at, &copy);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&copy).unwrap()).await;
    let mut after = client(&sandbox);
    let get = GetSerialConsoleAccessStatusRequest::default();
    let own = after.get_serial_console_access_status(sandbox.ask(get)).await.unwrap().into_inner();
    let others = after.get_serial_console_access_status(ask_as(OTHER, get)).await.unwrap().into_inner();
    assert!(own.serial_console_access_enabled() && !others.serial_console_access_enabled());
    let get = GetDefaultCreditSpecificationRequest { instance_family: some("t3"), ..Default::default() };
    let told = after.get_default_credit_specification(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(told.instance_family_credit_specification.unwrap().cpu_credits(), "standard");
}

#[tokio::test]
async fn new_instances_have_the_accounts_metadata_options() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let modify = ModifyInstanceMetadataDefaultsRequest {
        http_put_response_hop_limit: Some(5),
        instance_metadata_tags: some("enabled"),
        http_tokens_enforced: some("enabled"),
        ..Default::default()
    };
    client.modify_instance_metadata_defaults(sandbox.ask(modify)).await.unwrap();
    let mut request = request(&sandbox, "t3.micro", "us-east-1a", 1).await;
    request.metadata_options =
        Some(InstanceMetadataOptionsRequest { http_tokens: some("required"), ..Default::default() });
    let launched = run(&sandbox, request.clone()).await.remove(0).metadata_options.unwrap();
    assert_eq!((launched.http_put_response_hop_limit(), launched.instance_metadata_tags()), (5, "enabled"));
    request.metadata_options =
        Some(InstanceMetadataOptionsRequest { http_tokens: some("optional"), ..Default::default() });
    let refused = instances(&sandbox).run_instances(sandbox.ask(request)).await;
    assert_eq!(code(refused), "UnsupportedOperation");

    let clear = ModifyInstanceMetadataDefaultsRequest {
        http_put_response_hop_limit: Some(-1),
        instance_metadata_tags: some("no-preference"),
        ..Default::default()
    };
    client.modify_instance_metadata_defaults(sandbox.ask(clear)).await.unwrap();
    let get = GetInstanceMetadataDefaultsRequest::default();
    let told = client.get_instance_metadata_defaults(sandbox.ask(get)).await.unwrap().into_inner();
    let told = told.account_level.unwrap();
    assert_eq!((told.http_put_response_hop_limit, told.instance_metadata_tags.as_deref()), (None, None));
    assert_eq!((told.http_tokens_enforced(), told.managed_by()), ("enabled", "account"));
}

#[tokio::test]
async fn blocked_images_are_not_shared_with_everybody() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let mut images = ImagesServiceClient::new(sandbox.channel.clone());
    let register = RegisterImageRequest {
        name: some("mine"),
        image_location: some("bucket/mine.manifest.xml"),
        ..Default::default()
    };
    let image = images.register_image(sandbox.ask(register)).await.unwrap().into_inner().image_id;
    let share = ModifyImageAttributeRequest {
        image_id: image,
        attribute: some("launchPermission"),
        operation_type: some("add"),
        user_groups: vec!["all".into()],
        ..Default::default()
    };
    let block = EnableImageBlockPublicAccessRequest {
        image_block_public_access_state: some("block-new-sharing"),
        ..Default::default()
    };
    client.enable_image_block_public_access(sandbox.ask(block)).await.unwrap();
    assert_eq!(code(images.modify_image_attribute(sandbox.ask(share.clone())).await), "OperationNotPermitted");
    let get = GetImageBlockPublicAccessStateRequest::default();
    let told = client.get_image_block_public_access_state(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(told.image_block_public_access_state(), "block-new-sharing");
    let unblock = DisableImageBlockPublicAccessRequest::default();
    client.disable_image_block_public_access(sandbox.ask(unblock)).await.unwrap();
    images.modify_image_attribute(sandbox.ask(share)).await.unwrap();
}

#[tokio::test]
async fn public_snapshots_are_hidden_while_all_sharing_is_blocked() {
    let sandbox = Sandbox::new().await;
    let mut client = client(&sandbox);
    let volume = CreateVolumeRequest { availability_zone: some("us-east-1a"), size: Some(1), ..Default::default() };
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let volume_id = volumes.create_volume(sandbox.ask(volume)).await.unwrap().into_inner().volume_id;
    let mut snapshots = SnapshotsServiceClient::new(sandbox.channel.clone());
    let create = CreateSnapshotRequest { volume_id, ..Default::default() };
    let id = snapshots.create_snapshot(sandbox.ask(create)).await.unwrap().into_inner().snapshot_id.unwrap();
    let share = ModifySnapshotAttributeRequest {
        snapshot_id: Some(id.clone()),
        attribute: some("createVolumePermission"),
        operation_type: some("add"),
        group_names: vec!["all".into()],
        ..Default::default()
    };
    snapshots.modify_snapshot_attribute(sandbox.ask(share.clone())).await.unwrap();
    let see = DescribeSnapshotsRequest { snapshot_ids: vec![id], ..Default::default() };
    snapshots.describe_snapshots(ask_as(OTHER, see.clone())).await.unwrap();

    let block = |state| EnableSnapshotBlockPublicAccessRequest { state: some(state), ..Default::default() };
    client.enable_snapshot_block_public_access(sandbox.ask(block("block-all-sharing"))).await.unwrap();
    assert_eq!(code(snapshots.describe_snapshots(ask_as(OTHER, see.clone())).await), "InvalidSnapshot.NotFound");
    assert_eq!(code(snapshots.modify_snapshot_attribute(sandbox.ask(share)).await), "OperationNotPermitted");
    client.enable_snapshot_block_public_access(sandbox.ask(block("block-new-sharing"))).await.unwrap();
    snapshots.describe_snapshots(ask_as(OTHER, see)).await.unwrap();
    let unblock = DisableSnapshotBlockPublicAccessRequest::default();
    client.disable_snapshot_block_public_access(sandbox.ask(unblock)).await.unwrap();
}
