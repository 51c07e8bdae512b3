//! Copies between two regions, each a node of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::snapshots_service_client::SnapshotsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    BlockDeviceMapping, CopyImageRequest, CopySnapshotRequest, CreateSnapshotRequest, CreateVolumeRequest,
    DeleteSnapshotRequest, DescribeImagesRequest, DescribeSnapshotsRequest, EbsBlockDevice, Filter, Image,
    ModifySnapshotAttributeRequest, RegisterImageRequest, Snapshot,
};
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Ec2Error, Ec2Result};
use archipelago_region_node::peer::{Peers, Presigned};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

const OTHER: &str = "111111111111";
const MIB_PER_SECOND: u64 = 16;

/// Knows one other region, which can be cut off.
#[derive(Default)]
struct Cable {
    channel: Mutex<Option<Channel>>,
    cut: AtomicBool,
}

#[tonic::async_trait]
impl Peers for Cable {
    async fn channel(&self, region: &str) -> Ec2Result<Channel> {
        let channel = self.channel.lock().unwrap().clone().filter(|_| region == "us-west-2");
        let whole = !self.cut.load(Ordering::SeqCst);
        channel.filter(|_| whole).ok_or_else(|| Ec2Error::unavailable("The region cannot be reached."))
    }

    fn token(&self) -> Option<ClusterToken> {
        Some(crate::support::token())
    }

    /// Believes whatever is signed with `good`.
    fn verify(&self, url: &str) -> Result<Presigned, String> {
        let (_, query) = url.split_once('?').unwrap();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let parameters: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if !parameters.contains(&("X-Amz-Signature".into(), "good".into())) {
            return Err("the signature does not match".into());
        }
        Ok(Presigned { account: "000000000000".into(), region: "us-west-2".into(), parameters })
    }
}

/// us-east-1, which copies from us-west-2.
struct World {
    east: Sandbox,
    west: Sandbox,
    cable: Arc<Cable>,
}

impl World {
    async fn new(lifecycle: Lifecycle) -> Self {
        let west = Sandbox::of("us-west-2", Lifecycle::instant(), Store::Memory, Arc::new(Cable::default())).await;
        let cable = Arc::new(Cable { channel: Mutex::new(Some(west.channel.clone())), cut: AtomicBool::new(false) });
        let east = Sandbox::of("us-east-1", lifecycle, Store::Memory, Arc::clone(&cable) as Arc<dyn Peers>).await;
        Self { east, west, cable }
    }

    async fn slow() -> Self {
        Self::new(Lifecycle::instant().with_copy_rate(MIB_PER_SECOND)).await
    }

    async fn copy(&self, snapshot: &Snapshot) -> String {
        let mut client = SnapshotsServiceClient::new(self.east.channel.clone());
        let copied = client.copy_snapshot(self.east.ask(copy_of(snapshot))).await.unwrap().into_inner();
        copied.snapshot_id.unwrap()
    }
}

async fn snapshot(sandbox: &Sandbox, gib: i32, encrypted: bool) -> Snapshot {
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let request = CreateVolumeRequest {
        availability_zone: Some(sandbox.region.facts.zones[0].name.into()),
        size: Some(gib),
        encrypted: Some(encrypted),
        ..Default::default()
    };
    let volume = volumes.create_volume(sandbox.ask(request)).await.unwrap().into_inner();
    let mut client = SnapshotsServiceClient::new(sandbox.channel.clone());
    let request = CreateSnapshotRequest { volume_id: volume.volume_id, ..Default::default() };
    client.create_snapshot(sandbox.ask(request)).await.unwrap().into_inner()
}

fn copy_of(snapshot: &Snapshot) -> CopySnapshotRequest {
    CopySnapshotRequest {
        source_region: Some("us-west-2".into()),
        source_snapshot_id: snapshot.snapshot_id.clone(),
        description: Some("a copy".into()),
        ..Default::default()
    }
}

async fn seen(sandbox: &Sandbox, id: &str) -> Snapshot {
    let mut client = SnapshotsServiceClient::new(sandbox.channel.clone());
    let request = DescribeSnapshotsRequest { snapshot_ids: vec![id.to_owned()], ..Default::default() };
    client.describe_snapshots(sandbox.ask(request)).await.unwrap().into_inner().snapshots.remove(0)
}

async fn image_seen(sandbox: &Sandbox, id: &str) -> Image {
    let mut client = ImagesServiceClient::new(sandbox.channel.clone());
    let request = DescribeImagesRequest { image_ids: vec![id.to_owned()], ..Default::default() };
    client.describe_images(sandbox.ask(request)).await.unwrap().into_inner().images.remove(0)
}

async fn register(sandbox: &Sandbox, snapshot: &Snapshot) -> String {
    let ebs = EbsBlockDevice { snapshot_id: snapshot.snapshot_id.clone(), ..Default::default() };
    let root = BlockDeviceMapping { device_name: Some("/dev/xvda".into()), ebs: Some(ebs), ..Default::default() };
    let request = RegisterImageRequest {
        name: Some("web".into()),
        virtualization_type: Some("hvm".into()),
        root_device_name: Some("/dev/xvda".into()),
        block_device_mappings: vec![root],
        ..Default::default()
    };
    let mut client = ImagesServiceClient::new(sandbox.channel.clone());
    client.register_image(sandbox.ask(request)).await.unwrap().into_inner().image_id.unwrap()
}

fn copy_of_image(id: &str) -> CopyImageRequest {
    CopyImageRequest {
        source_region: Some("us-west-2".into()),
        source_image_id: Some(id.to_owned()),
        name: Some("web-copy".into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_copy_is_there_by_the_next_read() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 8, false).await;
    let copy = seen(&world.east, &world.copy(&source).await).await;
    assert_eq!((copy.state(), copy.progress(), copy.volume_size()), ("completed", "100%", 8));
    assert_eq!((copy.description(), copy.volume_id()), ("a copy", "vol-ffffffff"));
}

#[tokio::test]
async fn a_copy_makes_progress_at_the_rate_of_the_model() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let id = world.copy(&source).await;
    assert_eq!(seen(&world.east, &id).await.progress(), "0%");
    // 1 GiB takes 64 s at 16 MiB/s.
    world.east.region.advance(32_000).await;
    let half = seen(&world.east, &id).await;
    let percent: u32 = half.progress().trim_end_matches('%').parse().unwrap();
    assert_eq!(half.state(), "pending");
    assert!((40..=60).contains(&percent), "{percent}");
    world.east.region.advance(34_000).await;
    assert_eq!(seen(&world.east, &id).await.state(), "completed");
}

#[tokio::test]
async fn who_may_not_use_a_snapshot_may_not_copy_it() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 1, false).await;
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let refused = client.copy_snapshot(ask_as(OTHER, copy_of(&source))).await;
    assert_eq!(code(refused), "InvalidSnapshot.NotFound");
    let odd = CopySnapshotRequest { source_region: Some("mars-1".into()), ..copy_of(&source) };
    assert_eq!(code(client.copy_snapshot(world.east.ask(odd)).await), "InvalidParameterValue");
    let url = "https://ec2.us-west-2.amazonaws.com/?Action=CopySnapshot&SourceRegion=us-west-2&SourceSnapshotId=snap-1";
    let odd = CopySnapshotRequest { presigned_url: Some(url.into()), ..copy_of(&source) };
    assert_eq!(code(client.copy_snapshot(world.east.ask(odd)).await), "InvalidParameterValue");
}

fn url(snapshot: &Snapshot, signature: &str) -> String {
    format!(
        "https://ec2.us-west-2.amazonaws.com/?Action=CopySnapshot&SourceRegion=us-west-2&SourceSnapshotId={}\
         &DestinationRegion=us-east-1&X-Amz-Signature={signature}",
        snapshot.snapshot_id()
    )
}

#[tokio::test]
async fn a_presigned_url_that_the_source_does_not_believe_ends_the_copy_in_error() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 1, false).await;
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let signed = |signature| CopySnapshotRequest { presigned_url: Some(url(&source, signature)), ..copy_of(&source) };
    let copied = client.copy_snapshot(world.east.ask(signed("good"))).await.unwrap().into_inner();
    assert_eq!(seen(&world.east, copied.snapshot_id()).await.state(), "completed");
    let copied = client.copy_snapshot(world.east.ask(signed("forged"))).await.unwrap().into_inner();
    let failed = seen(&world.east, copied.snapshot_id()).await;
    assert_eq!(failed.state(), "error");
    assert_eq!(failed.state_message(), "The presigned URL is not valid: the signature does not match");
    // Its place among the copies under way is free again, and it can be deleted.
    let delete = DeleteSnapshotRequest { snapshot_id: copied.snapshot_id, ..Default::default() };
    client.delete_snapshot(world.east.ask(delete)).await.unwrap();
}

#[tokio::test]
async fn a_presigned_url_of_another_account_is_not_believed() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 1, false).await;
    let mut west = SnapshotsServiceClient::new(world.west.channel.clone());
    let share = ModifySnapshotAttributeRequest {
        snapshot_id: source.snapshot_id.clone(),
        operation_type: Some("add".into()),
        user_ids: vec![OTHER.into()],
        attribute: Some("createVolumePermission".into()),
        ..Default::default()
    };
    west.modify_snapshot_attribute(world.west.ask(share)).await.unwrap();
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let request = CopySnapshotRequest { presigned_url: Some(url(&source, "good")), ..copy_of(&source) };
    let copied = client.copy_snapshot(ask_as(OTHER, request)).await.unwrap().into_inner();
    let describe =
        DescribeSnapshotsRequest { snapshot_ids: copied.snapshot_id.into_iter().collect(), ..Default::default() };
    let failed = client.describe_snapshots(ask_as(OTHER, describe)).await.unwrap().into_inner().snapshots.remove(0);
    assert_eq!(failed.state(), "error");
    // Without a URL the permission is enough.
    let copied = client.copy_snapshot(ask_as(OTHER, copy_of(&source))).await.unwrap().into_inner();
    let describe =
        DescribeSnapshotsRequest { snapshot_ids: copied.snapshot_id.into_iter().collect(), ..Default::default() };
    let whole = client.describe_snapshots(ask_as(OTHER, describe)).await.unwrap().into_inner().snapshots.remove(0);
    assert_eq!(whole.state(), "completed");
}

/// AWS tells it by the state of the copy.
#[tokio::test]
async fn a_copy_whose_key_is_not_the_callers_ends_in_error() {
    let world = World::new(Lifecycle::instant()).await;
    let mut volumes = VolumesServiceClient::new(world.west.channel.clone());
    let request = CreateVolumeRequest {
        availability_zone: Some("us-west-2a".into()),
        size: Some(1),
        encrypted: Some(true),
        kms_key_id: Some("alias/shared".into()),
        ..Default::default()
    };
    let volume = volumes.create_volume(world.west.ask(request)).await.unwrap().into_inner();
    let mut west = SnapshotsServiceClient::new(world.west.channel.clone());
    let request = CreateSnapshotRequest { volume_id: volume.volume_id, ..Default::default() };
    let source = west.create_snapshot(world.west.ask(request)).await.unwrap().into_inner();
    let share = ModifySnapshotAttributeRequest {
        snapshot_id: source.snapshot_id.clone(),
        operation_type: Some("add".into()),
        user_ids: vec![OTHER.into()],
        attribute: Some("createVolumePermission".into()),
        ..Default::default()
    };
    west.modify_snapshot_attribute(world.west.ask(share)).await.unwrap();
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let copied = client.copy_snapshot(ask_as(OTHER, copy_of(&source))).await.unwrap().into_inner();
    let describe =
        DescribeSnapshotsRequest { snapshot_ids: copied.snapshot_id.into_iter().collect(), ..Default::default() };
    let failed = client.describe_snapshots(ask_as(OTHER, describe)).await.unwrap().into_inner().snapshots.remove(0);
    assert_eq!((failed.state(), failed.state_message()), ("error", "Given key ID is not accessible"));
    // Its owner may read it.
    assert_eq!(seen(&world.east, &world.copy(&source).await).await.state(), "completed");
}

#[tokio::test]
async fn a_source_that_is_down_is_unavailable() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 1, false).await;
    world.cable.cut.store(true, Ordering::SeqCst);
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    assert_eq!(code(client.copy_snapshot(world.east.ask(copy_of(&source))).await), "Unavailable");
}

#[tokio::test]
async fn a_copy_under_way_outlasts_a_short_cut_and_fails_after_a_long_one() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let (patient, lost) = (world.copy(&source).await, world.copy(&source).await);
    world.east.region.advance(16_000).await;
    world.cable.cut.store(true, Ordering::SeqCst);
    world.east.region.advance(5_000).await;
    world.cable.cut.store(false, Ordering::SeqCst);
    world.east.region.advance(70_000).await;
    assert_eq!(seen(&world.east, &patient).await.state(), "completed");
    assert_eq!(seen(&world.east, &lost).await.state(), "completed");

    let lost = world.copy(&source).await;
    world.cable.cut.store(true, Ordering::SeqCst);
    world.east.region.advance(3_600_000).await;
    let failed = seen(&world.east, &lost).await;
    assert_eq!(failed.state(), "error");
    assert!(failed.state_message().contains("us-west-2"), "{}", failed.state_message());
}

#[tokio::test]
async fn a_copy_fails_when_its_source_is_deleted_under_it() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let id = world.copy(&source).await;
    world.east.region.advance(10_000).await;
    let mut west = SnapshotsServiceClient::new(world.west.channel.clone());
    let delete = DeleteSnapshotRequest { snapshot_id: source.snapshot_id.clone(), ..Default::default() };
    west.delete_snapshot(world.west.ask(delete)).await.unwrap();
    world.east.region.advance(70_000).await;
    assert_eq!(seen(&world.east, &id).await.state(), "error");
}

#[tokio::test]
async fn encrypted_stays_encrypted_with_a_key_of_the_destination() {
    let world = World::new(Lifecycle::instant()).await;
    let source = snapshot(&world.west, 1, true).await;
    let copy = seen(&world.east, &world.copy(&source).await).await;
    assert!(copy.encrypted() && copy.kms_key_id().starts_with("arn:aws:kms:us-east-1:"));
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let plain = CopySnapshotRequest { encrypted: Some(false), ..copy_of(&source) };
    assert_eq!(code(client.copy_snapshot(world.east.ask(plain)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn twenty_copies_are_made_at_a_time() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let mut last = String::new();
    for _ in 0..20 {
        last = world.copy(&source).await;
    }
    let mut client = SnapshotsServiceClient::new(world.east.channel.clone());
    let more = client.copy_snapshot(world.east.ask(copy_of(&source))).await;
    assert_eq!(code(more), "ResourceLimitExceeded");
    let delete = DeleteSnapshotRequest { snapshot_id: Some(last), ..Default::default() };
    client.delete_snapshot(world.east.ask(delete)).await.unwrap();
    world.copy(&source).await;
    world.east.region.advance(70_000).await;
    world.copy(&source).await;
}

#[tokio::test]
async fn a_copied_image_waits_for_its_snapshot() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let original = register(&world.west, &source).await;
    let mut client = ImagesServiceClient::new(world.east.channel.clone());
    assert_eq!(code(client.copy_image(ask_as(OTHER, copy_of_image(&original))).await), "InvalidAMIID.NotFound");

    let copied = client.copy_image(world.east.ask(copy_of_image(&original))).await.unwrap().into_inner();
    let pending = image_seen(&world.east, copied.image_id()).await;
    assert_eq!((pending.state(), pending.source_image_region()), ("pending", "us-west-2"));
    let snapshot_id = pending.block_device_mappings[0].ebs.as_ref().unwrap().snapshot_id().to_owned();
    assert_ne!(Some(&snapshot_id), source.snapshot_id.as_ref());
    assert_eq!(seen(&world.east, &snapshot_id).await.state(), "pending");
    world.east.region.advance(70_000).await;
    assert_eq!(image_seen(&world.east, copied.image_id()).await.state(), "available");
}

#[tokio::test]
async fn a_copied_image_fails_with_its_snapshot() {
    let world = World::slow().await;
    let source = snapshot(&world.west, 1, false).await;
    let original = register(&world.west, &source).await;
    let mut client = ImagesServiceClient::new(world.east.channel.clone());
    let copied = client.copy_image(world.east.ask(copy_of_image(&original))).await.unwrap().into_inner();
    world.cable.cut.store(true, Ordering::SeqCst);
    world.east.region.advance(3_600_000).await;
    let failed = image_seen(&world.east, copied.image_id()).await;
    assert_eq!(failed.state(), "failed");
    assert!(failed.state_reason.unwrap().message().contains("us-west-2"));
}

#[tokio::test]
async fn public_images_and_images_of_this_region_can_be_copied() {
    let world = World::new(Lifecycle::instant()).await;
    let mut west = ImagesServiceClient::new(world.west.channel.clone());
    let amazon = DescribeImagesRequest { owners: vec!["137112412989".into()], ..Default::default() };
    let images = west.describe_images(world.west.ask(amazon)).await.unwrap().into_inner().images;
    let public = images.iter().find(|image| image.name().starts_with("al2023-ami-2023")).unwrap();
    let mut east = ImagesServiceClient::new(world.east.channel.clone());
    let copied = east.copy_image(world.east.ask(copy_of_image(public.image_id()))).await.unwrap().into_inner();
    let own = image_seen(&world.east, copied.image_id()).await;
    assert_eq!((own.state(), own.owner_id(), own.public()), ("available", "000000000000", false));

    let here = CopyImageRequest {
        source_region: Some("us-east-1".into()),
        name: Some("again".into()),
        ..copy_of_image(copied.image_id())
    };
    let again = east.copy_image(world.east.ask(here.clone())).await.unwrap().into_inner();
    assert_eq!(image_seen(&world.east, again.image_id()).await.state(), "available");
    assert_eq!(code(east.copy_image(world.east.ask(here)).await), "InvalidAMIName.Duplicate");
}

/// AWS looks for a kernel that matches.
#[tokio::test]
async fn a_copied_image_has_the_kernel_of_its_region() {
    let world = World::new(Lifecycle::instant()).await;
    let mut west = ImagesServiceClient::new(world.west.channel.clone());
    let filter = |name: &str, value: &str| Filter { name: Some(name.into()), values: vec![value.into()] };
    let kernels = |name: &str| DescribeImagesRequest {
        filters: vec![filter("image-type", "kernel"), filter("name", name)],
        ..Default::default()
    };
    let all = west.describe_images(world.west.ask(kernels("*"))).await.unwrap().into_inner().images;
    let kernel = all[0].clone();
    let snapshot = snapshot(&world.west, 1, false).await;
    let ebs = EbsBlockDevice { snapshot_id: snapshot.snapshot_id.clone(), ..Default::default() };
    let root = BlockDeviceMapping { device_name: Some("/dev/sda1".into()), ebs: Some(ebs), ..Default::default() };
    let request = RegisterImageRequest {
        name: Some("old".into()),
        kernel_id: kernel.image_id.clone(),
        root_device_name: Some("/dev/sda1".into()),
        block_device_mappings: vec![root],
        ..Default::default()
    };
    let original = west.register_image(world.west.ask(request)).await.unwrap().into_inner().image_id.unwrap();

    let mut east = ImagesServiceClient::new(world.east.channel.clone());
    let copied = east.copy_image(world.east.ask(copy_of_image(&original))).await.unwrap().into_inner();
    let copy = image_seen(&world.east, copied.image_id()).await;
    let own = east.describe_images(world.east.ask(kernels(kernel.name()))).await.unwrap().into_inner().images;
    assert_ne!(own[0].image_id, kernel.image_id);
    assert_eq!((copy.state(), copy.kernel_id()), ("available", own[0].image_id()));
}

#[tokio::test]
async fn a_copy_goes_on_after_a_restart_with_the_block_it_had_come_to() {
    let folder = folder("copies");
    let west = Sandbox::of("us-west-2", Lifecycle::instant(), Store::Memory, Arc::new(Cable::default())).await;
    let cable = || Arc::new(Cable { channel: Mutex::new(Some(west.channel.clone())), cut: AtomicBool::new(false) });
    let lifecycle = || Lifecycle::instant().with_copy_rate(MIB_PER_SECOND);
    let source = snapshot(&west, 1, false).await;
    let world_id = {
        let store = Store::open(&folder.join("before")).unwrap();
        let east = Sandbox::of("us-east-1", lifecycle(), store, cable()).await;
        let mut client = SnapshotsServiceClient::new(east.channel.clone());
        let id = client.copy_snapshot(east.ask(copy_of(&source))).await.unwrap().into_inner().snapshot_id.unwrap();
        east.region.advance(32_000).await;
        assert_ne!(seen(&east, &id).await.progress(), "0%");
        // The old node still has its store open: what a killed one leaves behind is a copy of its files.
        copy_folder(&folder.join("before"), &folder.join("after"));
        id
    };
    let east = Sandbox::of("us-east-1", lifecycle(), Store::open(&folder.join("after")).unwrap(), cable()).await;
    assert_ne!(seen(&east, &world_id).await.progress(), "0%");
    east.region.advance(70_000).await;
    assert_eq!(seen(&east, &world_id).await.state(), "completed");
}
