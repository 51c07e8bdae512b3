//! CreateVolume.

use archipelago_proto::ec2::v1::{CreateVolumeRequest, Volume};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VolumeState;
use super::launch::{completed, data_key, fresh_data_key, volume};
use super::state::CREATING;
use crate::entity::{Entity as _, Id, Published};
use crate::families::ebs_settings::{self, Spec, Wanted, Wish};
use crate::families::fast_snapshot_restores;
use crate::families::regions;
use crate::families::snapshots::{self, SnapshotState};
use crate::request::{Context, tags_for, zone};
use crate::time::Transition;

/// AWS: "Use a volume initialization rate", in MiB/s.
const INITIALIZATION_RATES: std::ops::RangeInclusive<i32> = 100..=300;

pub(super) async fn create(cx: &Context, input: &CreateVolumeRequest) -> Ec2Result<Volume> {
    create_as(cx, &cx.volumes.fresh_id(), input).await
}

/// Under an id that was chosen before.
pub(crate) async fn create_as(cx: &Context, id: &Id, input: &CreateVolumeRequest) -> Ec2Result<Volume> {
    let kind = &VolumeState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check(input)?;
    let zone = zone(cx, input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    regions::check_opted_in(cx, zone)?;
    check_power(cx, zone)?;
    let snapshot = input.snapshot_id.as_deref().filter(|id| !id.is_empty());
    let snapshot = snapshot.map(|id| snapshots::find(cx, id).and_then(completed)).transpose()?;
    let spec = spec(input, snapshot.as_deref())?;
    let source = snapshot.as_ref().and_then(|snapshot| snapshot.state.public.kms_key_id.as_deref());
    let wanted = Wanted { encrypted: input.encrypted, key: input.kms_key_id.as_deref() };
    let key = ebs_settings::encryption(cx, wanted, source)?;
    let inherited = data_key(key.as_deref(), snapshot.as_deref());

    let now = cx.shell.clock.now();
    let snapshot_id = snapshot.as_ref().map(|snapshot| snapshot.id.to_string());
    let fast = snapshot_id.as_deref().is_some_and(|id| fast_snapshot_restores::enabled(cx, id, zone.name));
    let fast_restored = fast.then_some(true);
    let public = Volume {
        volume_id: Some(id.to_string()),
        state: Some(CREATING.into()),
        create_time: Some(now),
        volume_initialization_rate: input.volume_initialization_rate,
        fast_restored,
        ..volume(zone, &spec, snapshot_id, key, tags)
    };
    let state = VolumeState {
        data_key: fresh_data_key(&public, inherited.as_deref()),
        product_codes: snapshot.map(|snapshot| snapshot.state.product_codes.clone()).unwrap_or_default(),
        changes: Some(now + cx.shell.lifecycle.duration(Transition::VolumeCreate)),
        public: public.clone(),
        ..VolumeState::default()
    };
    let mut batch = cx.batch();
    batch.create(&cx.volumes, id, state)?;
    cx.commit(batch, public).await
}

/// Volumes cannot be placed where there is no power.
fn check_power(cx: &Context, zone: &Zone) -> Ec2Result<()> {
    if cx.dark_zones.has(zone.name) {
        return Err(Ec2Error::new(
            "InsufficientVolumeCapacity",
            "There is not enough capacity to fulfill your EBS volume provision request. You can try to provision a \
             different volume type, EBS volume in a different availability zone, or you can wait for additional \
             capacity to become available.",
        ));
    }
    Ok(())
}

fn check(input: &CreateVolumeRequest) -> Ec2Result<()> {
    if input.outpost_arn.is_some() {
        return Err(Ec2Error::unsupported("There are no Outposts here: OutpostArn is not supported."));
    }
    if input.operator.is_some() {
        return Err(Ec2Error::unsupported("Operator is reserved for services of AWS."));
    }
    if let Some(rate) = input.volume_initialization_rate {
        if input.snapshot_id().is_empty() {
            return Err(Ec2Error::invalid_combination(
                "The parameter VolumeInitializationRate is supported only for volumes created from snapshots.",
            ));
        }
        if !INITIALIZATION_RATES.contains(&rate) {
            return Err(Ec2Error::invalid_value("VolumeInitializationRate", rate));
        }
    }
    Ok(())
}

fn spec(input: &CreateVolumeRequest, snapshot: Option<&Published<SnapshotState>>) -> Ec2Result<Spec> {
    let least = snapshot.map(|snapshot| snapshot.state.public.volume_size());
    let size = match (input.size, least) {
        (None, None) => {
            return Err(Ec2Error::new("MissingParameter", "The request must contain the parameter size or snapshotId"));
        }
        (Some(size), Some(least)) if size < least => {
            return Err(Ec2Error::invalid_parameter(format!(
                "The size of a volume cannot be smaller than that of its snapshot: {size}GiB is less than {least}GiB."
            )));
        }
        (size, least) => size.or(least).unwrap_or_default(),
    };
    let wish = Wish {
        volume_type: input.volume_type.as_deref(),
        size,
        iops: input.iops,
        throughput: input.throughput,
        multi_attach: input.multi_attach_enabled(),
    };
    wish.check()
}
