//! What ModifyInstanceAttribute changes about an instance itself (reference: ModifyInstanceAttribute).

use archipelago_proto::{Ec2Error, Ec2Result};

use super::lifecycle::Phase;
use super::state::InstanceState;
use crate::entity::Facts;

/// A value that has been checked as far as the instance's state does not matter.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    InstanceType {
        name: String,
        cores: i32,
        threads: i32,
        cpu_credits: Option<String>,
    },
    Kernel(Option<String>),
    Ramdisk(Option<String>),
    /// In base64.
    UserData(Option<String>),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    ShutdownBehavior(String),
    EbsOptimized(bool),
    EnaSupport(bool),
    SriovNetSupport(String),
}

impl Attribute {
    fn name(&self) -> &'static str {
        match self {
            Self::InstanceType { .. } => "instanceType",
            Self::Kernel(_) => "kernel",
            Self::Ramdisk(_) => "ramdisk",
            Self::UserData(_) => "userData",
            Self::DisableApiTermination(_) => "disableApiTermination",
            Self::DisableApiStop(_) => "disableApiStop",
            Self::ShutdownBehavior(_) => "instanceInitiatedShutdownBehavior",
            Self::EbsOptimized(_) => "ebsOptimized",
            Self::EnaSupport(_) => "enaSupport",
            Self::SriovNetSupport(_) => "sriovNetSupport",
        }
    }

    /// Some are settings of the service, which take effect at once; the others are read when an instance starts.
    fn needs_stopped(&self) -> bool {
        !matches!(self, Self::DisableApiTermination(_) | Self::DisableApiStop(_) | Self::ShutdownBehavior(_))
    }

    pub(super) fn apply(self, instance: &mut InstanceState, facts: &Facts<'_>) -> Ec2Result<()> {
        if self.needs_stopped() && instance.phase() != Phase::Stopped {
            return Err(Ec2Error::new(
                "IncorrectInstanceState",
                format!("The instance '{}' is not in the 'stopped' state.", facts.id),
            ));
        }
        let store_root = instance.public.root_device_type() != "ebs";
        if store_root && !matches!(self, Self::DisableApiTermination(_)) {
            let name = self.name();
            return Err(Ec2Error::unsupported(format!(
                "The attribute '{name}' of an instance with an 'instance-store' root device cannot be changed."
            )));
        }
        let (public, private) = (&mut instance.public, &mut instance.private);
        match self {
            Self::InstanceType { name, cores, threads, cpu_credits } => {
                public.instance_type = Some(name);
                let options = public.cpu_options.get_or_insert_default();
                (options.core_count, options.threads_per_core) = (Some(cores), Some(threads));
                private.cpu_credits = cpu_credits;
            }
            Self::Kernel(id) => public.kernel_id = id,
            Self::Ramdisk(id) => public.ramdisk_id = id,
            Self::UserData(data) => private.user_data = data,
            Self::DisableApiTermination(on) => private.disable_api_termination = on,
            Self::DisableApiStop(on) => private.disable_api_stop = on,
            Self::ShutdownBehavior(behavior) => private.shutdown_behavior = behavior,
            Self::EbsOptimized(on) => public.ebs_optimized = Some(on),
            Self::EnaSupport(on) => public.ena_support = Some(on),
            Self::SriovNetSupport(value) => public.sriov_net_support = Some(value),
        }
        Ok(())
    }
}
