//! The modification of a volume: modifying, optimizing, completed (AWS: "Amazon EBS Elastic Volumes").

use archipelago_proto::ec2::v1::{ModifyVolumeRequest, Volume, VolumeModification};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VolumeState;
use crate::entity::Facts;
use crate::families::ebs_settings::{Spec, Wish, takes_iops};
use crate::time::{Millis, Transition};

pub(super) const MODIFYING: &str = "modifying";
pub(super) const OPTIMIZING: &str = "optimizing";
pub(super) const COMPLETED: &str = "completed";

/// A volume is modified once in this time.
const INTERVAL: Millis = 6 * 3_600_000;

/// What a volume shall become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub size: Option<i32>,
    pub volume_type: Option<String>,
    pub iops: Option<i32>,
    pub throughput: Option<i32>,
    pub multi_attach: Option<bool>,
}

impl From<&ModifyVolumeRequest> for Target {
    fn from(input: &ModifyVolumeRequest) -> Self {
        Self {
            size: input.size,
            volume_type: input.volume_type.clone(),
            iops: input.iops,
            throughput: input.throughput,
            multi_attach: input.multi_attach_enabled,
        }
    }
}

pub(super) fn begin(volume: &mut VolumeState, target: Target, facts: &Facts<'_>) -> Ec2Result<()> {
    if let Some(last) = &volume.modification {
        if last.modification_state() != COMPLETED {
            return Err(Ec2Error::new(
                "IncorrectModificationState",
                format!(
                    "Cannot modify volume {}. It's currently in modification state {}",
                    facts.id,
                    last.modification_state().to_uppercase()
                ),
            ));
        }
        if facts.now < last.start_time() + INTERVAL {
            return Err(Ec2Error::new(
                "VolumeModificationRateExceeded",
                "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between \
                 modifications per EBS volume.",
            ));
        }
    }
    let spec = spec(&volume.public, &target)?;
    volume.modification = Some(modification(&volume.public, &spec, facts));
    volume.modification_changes = Some(facts.after(Transition::VolumeModify));
    Ok(())
}

/// What is not asked for stays as it is, as far as the new type has it.
fn spec(now: &Volume, target: &Target) -> Ec2Result<Spec> {
    let volume_type = target.volume_type.as_deref().unwrap_or(now.volume_type());
    let same_type = volume_type == now.volume_type();
    let size = target.size.unwrap_or(now.size());
    if size < now.size() {
        return Err(Ec2Error::invalid_parameter("New size cannot be smaller than existing size"));
    }
    let iops = match target.iops {
        None if same_type && takes_iops(volume_type) => now.iops,
        None if takes_iops(volume_type) => Some(3_000),
        wanted => wanted,
    };
    let throughput = target.throughput.or(now.throughput.filter(|_| same_type));
    let multi_attach = target.multi_attach.unwrap_or(now.multi_attach_enabled());
    if multi_attach != now.multi_attach_enabled() {
        let allowed = volume_type == "io2" && same_type;
        if !allowed {
            return Err(Ec2Error::invalid_combination("Multi-Attach can be changed for io2 volumes only."));
        }
        if !now.attachments.is_empty() {
            return Err(Ec2Error::new(
                "IncorrectState",
                format!("Multi-Attach of volume {} cannot be changed while it is attached.", now.volume_id()),
            ));
        }
    }
    Wish { volume_type: Some(volume_type), size, iops, throughput, multi_attach }.check()
}

fn modification(now: &Volume, spec: &Spec, facts: &Facts<'_>) -> VolumeModification {
    VolumeModification {
        volume_id: Some(facts.id.to_string()),
        modification_state: Some(MODIFYING.into()),
        original_size: now.size,
        original_iops: now.iops,
        original_volume_type: now.volume_type.clone(),
        original_throughput: now.throughput,
        original_multi_attach_enabled: now.multi_attach_enabled,
        target_size: Some(spec.size),
        target_iops: spec.iops,
        target_volume_type: Some(spec.volume_type.to_owned()),
        target_throughput: spec.throughput,
        target_multi_attach_enabled: Some(spec.multi_attach),
        progress: Some(0),
        start_time: Some(facts.now),
        ..VolumeModification::default()
    }
}

/// The new size is there as soon as the volume optimizes.
pub(super) fn go_on(volume: &mut VolumeState, facts: &Facts<'_>) {
    volume.modification_changes = None;
    let Some(modification) = &mut volume.modification else { return };
    if modification.modification_state() == MODIFYING {
        modification.modification_state = Some(OPTIMIZING.into());
        let public = &mut volume.public;
        public.size = modification.target_size;
        public.iops = modification.target_iops;
        public.throughput = modification.target_throughput;
        public.multi_attach_enabled = modification.target_multi_attach_enabled;
        public.volume_type.clone_from(&modification.target_volume_type);
        volume.modification_changes = Some(facts.after(Transition::VolumeOptimize));
    } else {
        modification.modification_state = Some(COMPLETED.into());
        modification.progress = Some(100);
        modification.end_time = Some(facts.now);
    }
}

/// The modification as it stands now.
pub(super) fn view(volume: &VolumeState, now: Millis, optimizes_for: Millis) -> Option<VolumeModification> {
    let mut modification = volume.modification.clone()?;
    if let (OPTIMIZING, Some(end)) = (modification.modification_state(), volume.modification_changes) {
        let left = (end - now).clamp(0, optimizes_for);
        modification.progress = Some(((optimizes_for - left) * 100 / optimizes_for.max(1)).min(99));
    }
    Some(modification)
}
