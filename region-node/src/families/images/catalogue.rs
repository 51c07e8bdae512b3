//! The public images that every region has, from `data/images.tsv`: published at boot, never stored.
//!
//! Ids are made of the region and the line's key, so that they are the same from run to run, and others elsewhere.

use std::collections::HashMap;

use archipelago_proto::ec2::v1::{BlockDeviceMapping, EbsBlockDevice, Image, ProductCode, Snapshot};
use archipelago_proto::regions::Partition;
use sha2::{Digest as _, Sha256};

use super::ImageState;
use super::state::AVAILABLE;
use crate::Region;
use crate::entity::{Account, CATALOGUE, Id};
use crate::families::snapshots::{Content, SnapshotState};

static IMAGES: &str = include_str!("../../../data/images.tsv");
static OWNERS: &str = include_str!("../../../data/image_owners.tsv");

/// EKS publishes in GovCloud from one account per region; the table has that of the other.
const EKS_IN_US_GOV_EAST: (&str, &str) = ("602401143452", "us-gov-east-1");

/// Publishes the images and the snapshots of their volumes.
pub(crate) fn stock(region: &Region) {
    let owners = owners(region.facts.partition);
    let mut lines = lines(IMAGES);
    let columns = lines.next().unwrap_or_default();
    for (place, cells) in (1u64..).zip(lines) {
        let line = Line { cells: columns.iter().copied().zip(cells).collect(), region: region.facts.name };
        let publisher = line.text("owner");
        let owner = match (publisher, region.facts.name) {
            EKS_IN_US_GOV_EAST => "151742754352",
            _ => owners.get(publisher).copied().unwrap_or(publisher),
        };
        stock_line(region, &line, owner, place * 16);
    }
    let windows = owners.get(WINDOWS).copied().unwrap_or(WINDOWS);
    for (release, place) in INSTALLATION_MEDIA.into_iter().zip(FIRST_MEDIUM..) {
        stock_medium(region, release, windows, place);
    }
}

/// The public snapshots that Amazon has beside those of its images, which are its own (AWS: "Add Windows components
/// using installation media").
const INSTALLATION_MEDIA: [&str; 5] = ["2012 R2", "2016", "2019", "2022", "2025"];
const WINDOWS: &str = "801119661308";
/// Their order is after that of the images.
const FIRST_MEDIUM: u64 = CATALOGUE / 2;

fn stock_medium(region: &Region, release: &str, owner: &'static str, place: u64) {
    let name = format!("Windows {release} English Installation Media");
    let line = Line { cells: HashMap::from([("alias", "amazon")]), region: region.facts.name };
    let id = line.id("snap", &name);
    let mut state = snapshot(&line, owner, &id, 6, 0);
    state.public.volume_id = Some("vol-ffffffff".into());
    state.public.description = Some(name);
    state.everyone = true;
    region.snapshots.stock(&Id::new(&id), &owner.into(), place, state);
}

fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// The account of each publisher in this partition.
fn owners(partition: Partition) -> HashMap<&'static str, &'static str> {
    let column = match partition {
        Partition::Aws => 0,
        Partition::AwsCn => 1,
        Partition::AwsUsGov => 2,
    };
    let of = |cells: Vec<&'static str>| {
        let account = cells.get(column).copied().filter(|account| !account.is_empty()).unwrap_or(cells[0]);
        (cells[0], account)
    };
    lines(OWNERS).skip(1).map(of).collect()
}

/// A line of the table, by the names of its columns.
struct Line {
    cells: HashMap<&'static str, &'static str>,
    region: &'static str,
}

impl Line {
    fn text(&self, column: &str) -> &'static str {
        self.cells.get(column).copied().unwrap_or_default()
    }

    /// A cell that is absent when it is empty.
    fn maybe(&self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|cell| !cell.is_empty()).map(str::to_owned)
    }

    /// A cell that has a default when it is empty, and is absent when it is `-`.
    fn or(&self, column: &str, default: &str) -> Option<String> {
        match self.text(column) {
            "" => Some(default.to_owned()),
            "-" => None,
            cell => Some(cell.to_owned()),
        }
    }

    fn id(&self, prefix: &str, key: &str) -> String {
        let hash = Sha256::digest(format!("{}/{prefix}/{key}", self.region));
        let digits = hash.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        format!("{prefix}-0{digits}")
    }

    fn image_id(&self) -> String {
        let prefix = match self.text("type") {
            "kernel" => "aki",
            "ramdisk" => "ari",
            _ => "ami",
        };
        self.id(prefix, self.text("key"))
    }
}

fn stock_line(region: &Region, line: &Line, owner: &'static str, place: u64) {
    let root_device = line.or("root_device", "/dev/xvda");
    let root_type = line.or("root_type", "ebs");
    let mut devices = Vec::new();
    if root_type.as_deref() == Some("ebs") {
        let gib = line.text("root_gib").parse().unwrap_or(8);
        let volume_type = line.or("volume_type", "gp3").unwrap_or_default();
        devices.push(volume(line, root_device.as_deref().unwrap_or_default(), gib, &volume_type, true));
    }
    for device in line.text("devices").split(',').filter(|device| !device.is_empty()) {
        devices.extend(further(line, device));
    }

    let account: Account = owner.into();
    let created: i64 = line.text("created").parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
    for (ebs, place) in devices.iter().filter_map(|device| device.ebs.as_ref()).zip(place..) {
        if let Some(id) = &ebs.snapshot_id {
            let state = snapshot(line, owner, id, ebs.volume_size(), created);
            region.snapshots.stock(&Id::new(id), &account, place, state);
        }
    }
    let id = line.image_id();
    let public = image(line, owner, &id, root_device, root_type, devices);
    region.images.stock(&Id::new(&id), &account, place, ImageState { public, ..ImageState::default() });
}

fn image(
    line: &Line,
    owner: &str,
    id: &str,
    root_device_name: Option<String>,
    root_device_type: Option<String>,
    block_device_mappings: Vec<BlockDeviceMapping>,
) -> Image {
    let place = if line.text("alias").is_empty() { owner } else { line.text("alias") };
    let location = match line.text("location") {
        "" => format!("{place}/{}", line.text("name")),
        location => location.replace("{region}", line.region),
    };
    let referred = |column: &str, prefix: &str| line.maybe(column).map(|key| line.id(prefix, &key));
    let product_codes = line.text("product_codes").split(',').filter_map(|code| {
        let (kind, id) = code.split_once(':')?;
        Some(ProductCode { product_code_id: Some(id.to_owned()), product_code_type: Some(kind.to_owned()) })
    });
    Image {
        image_id: Some(id.to_owned()),
        name: line.maybe("name"),
        description: line.maybe("description"),
        owner_id: Some(owner.to_owned()),
        image_owner_alias: line.maybe("alias"),
        image_type: line.or("type", "machine"),
        architecture: line.or("arch", "x86_64"),
        platform: line.maybe("platform"),
        platform_details: line.or("platform_details", "Linux/UNIX"),
        usage_operation: line.or("usage_operation", "RunInstances"),
        root_device_name,
        root_device_type,
        virtualization_type: line.or("virtualization", "hvm"),
        hypervisor: line.or("hypervisor", "xen"),
        ena_support: line.or("ena", "true").map(|ena| ena == "true"),
        sriov_net_support: line.or("sriov", "simple"),
        boot_mode: line.maybe("boot"),
        tpm_support: line.maybe("tpm"),
        imds_support: line.maybe("imds"),
        creation_date: line.maybe("created"),
        deprecation_time: line.maybe("deprecated"),
        block_device_mappings,
        kernel_id: referred("kernel", "aki"),
        ramdisk_id: referred("ramdisk", "ari"),
        product_codes: product_codes.collect(),
        image_location: Some(location),
        state: Some(AVAILABLE.into()),
        public: Some(true),
        ..Image::default()
    }
}

fn volume(line: &Line, device: &str, gib: i32, volume_type: &str, root: bool) -> BlockDeviceMapping {
    let snapshot_id = root.then(|| line.id("snap", &format!("{}{device}", line.text("key"))));
    let ebs = EbsBlockDevice {
        delete_on_termination: Some(true),
        snapshot_id,
        volume_size: Some(gib),
        volume_type: Some(volume_type.to_owned()),
        encrypted: Some(false),
        iops: (volume_type == "gp3").then_some(3000),
        throughput: (volume_type == "gp3").then_some(125),
        ..EbsBlockDevice::default()
    };
    BlockDeviceMapping { device_name: Some(device.to_owned()), ebs: Some(ebs), ..BlockDeviceMapping::default() }
}

/// `/dev/sdb=ephemeral0`, `/dev/xvdb=20:gp3`, or a row, `xvdca..xvdcz=ephemeral0`.
fn further(line: &Line, device: &str) -> Vec<BlockDeviceMapping> {
    let Some((names, what)) = device.split_once('=') else { return Vec::new() };
    if let Some((gib, volume_type)) = what.split_once(':') {
        return vec![volume(line, names, gib.parse().unwrap_or(1), volume_type, false)];
    }
    let store = |name: String, number: usize| BlockDeviceMapping {
        device_name: Some(name),
        virtual_name: Some(format!("ephemeral{number}")),
        ..BlockDeviceMapping::default()
    };
    let first: usize = what.trim_start_matches("ephemeral").parse().unwrap_or(0);
    let Some((from, to)) = names.split_once("..") else { return vec![store(names.to_owned(), first)] };
    let (stem, last) = from.split_at(from.len() - 1);
    let range = last.chars().next().unwrap_or('a')..=to.chars().last().unwrap_or('z');
    range.zip(first..).map(|(letter, number)| store(format!("{stem}{letter}"), number)).collect()
}

fn snapshot(line: &Line, owner: &str, id: &str, gib: i32, created: i64) -> SnapshotState {
    let volume_id = line.id("vol", line.text("key"));
    let seed = Content::of_volume(&volume_id, gib).seed;
    let public = Snapshot {
        snapshot_id: Some(id.to_owned()),
        volume_id: Some(volume_id),
        state: Some("completed".into()),
        start_time: Some(created),
        completion_time: Some(created),
        owner_id: Some(owner.to_owned()),
        owner_alias: line.maybe("alias"),
        description: Some(format!("Created for {}", line.text("name"))),
        volume_size: Some(gib),
        full_snapshot_size_in_bytes: Some(i64::from(gib) << 30),
        encrypted: Some(false),
        storage_tier: Some("standard".into()),
        ..Snapshot::default()
    };
    SnapshotState { public, seed, ..SnapshotState::default() }
}
