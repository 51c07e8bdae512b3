//! The filters of DescribeInstanceTypes and DescribeInstanceTypeOfferings.

use archipelago_proto::ec2::v1::{InstanceTypeInfo, InstanceTypeOffering};

use crate::request::{Column, Probe, Row, Table};

impl Row for InstanceTypeInfo {
    fn id(&self) -> &str {
        self.instance_type()
    }
}

/// A type's offer in one place.
pub(super) struct Offer {
    /// Type and place: where a page ends.
    pub(super) position: String,
    pub(super) public: InstanceTypeOffering,
}

impl Row for Offer {
    fn id(&self) -> &str {
        &self.position
    }
}

/// `of!(part.part => kind field)`: the values of a field of a part, where there is such a part.
macro_rules! of {
    ($($part:ident).* => text $field:ident) => {
        Column::Of(|info: &InstanceTypeInfo, probe| {
            of!(@parts info, $($part).*).for_each(|part| probe.maybe(part.$field.as_deref()))
        })
    };
    ($($part:ident).* => words $field:ident) => {
        Column::Of(|info: &InstanceTypeInfo, probe| {
            of!(@parts info, $($part).*).flat_map(|part| &part.$field).for_each(|word| probe.text(word))
        })
    };
    ($($part:ident).* => numbers $field:ident) => {
        Column::Of(|info: &InstanceTypeInfo, probe| {
            of!(@parts info, $($part).*).flat_map(|part| &part.$field).for_each(|number| probe.number(Some(*number)))
        })
    };
    ($($part:ident).* => decimal $field:ident) => {
        Column::Of(|info: &InstanceTypeInfo, probe| {
            of!(@parts info, $($part).*).for_each(|part| decimal(probe, part.$field))
        })
    };
    ($($part:ident).* => $kind:ident $field:ident) => {
        Column::Of(|info: &InstanceTypeInfo, probe| of!(@parts info, $($part).*).for_each(|part| probe.$kind(part.$field)))
    };
    (@parts $info:ident,) => {
        std::iter::once($info)
    };
    (@parts $info:ident, $first:ident $(. $rest:ident)*) => {
        $info.$first.iter()$(.flat_map(|part| &part.$rest))*
    };
}

/// As the service writes decimals: `3.1`, and `87.0` or `87`.
fn decimal(probe: &mut Probe<'_>, value: Option<f64>) {
    if let Some(value) = value {
        probe.text(&format!("{value:?}"));
        probe.text(&value.to_string());
    }
}

/// AWS: DescribeInstanceTypes.
#[rustfmt::skip] // A line for each filter.
pub(super) const TYPES: Table<InstanceTypeInfo> = &[
    ("auto-recovery-supported", of!(=> flag auto_recovery_supported)),
    ("bare-metal", of!(=> flag bare_metal)),
    ("burstable-performance-supported", of!(=> flag burstable_performance_supported)),
    ("current-generation", of!(=> flag current_generation)),
    ("dedicated-hosts-supported", of!(=> flag dedicated_hosts_supported)),
    ("ebs-info.attachment-limit-type", of!(ebs_info => text attachment_limit_type)),
    ("ebs-info.maximum-ebs-attachments", of!(ebs_info => number maximum_ebs_attachments)),
    ("ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps", of!(ebs_info.ebs_optimized_info => number baseline_bandwidth_in_mbps)),
    ("ebs-info.ebs-optimized-info.baseline-iops", of!(ebs_info.ebs_optimized_info => number baseline_iops)),
    ("ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", of!(ebs_info.ebs_optimized_info => decimal baseline_throughput_in_m_bps)),
    ("ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", of!(ebs_info.ebs_optimized_info => number maximum_bandwidth_in_mbps)),
    ("ebs-info.ebs-optimized-info.maximum-iops", of!(ebs_info.ebs_optimized_info => number maximum_iops)),
    ("ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", of!(ebs_info.ebs_optimized_info => decimal maximum_throughput_in_m_bps)),
    ("ebs-info.ebs-optimized-support", of!(ebs_info => text ebs_optimized_support)),
    ("ebs-info.encryption-support", of!(ebs_info => text encryption_support)),
    ("ebs-info.nvme-support", of!(ebs_info => text nvme_support)),
    ("free-tier-eligible", of!(=> flag free_tier_eligible)),
    ("hibernation-supported", of!(=> flag hibernation_supported)),
    ("hypervisor", of!(=> text hypervisor)),
    ("instance-storage-info.disk.count", of!(instance_storage_info.disks => number count)),
    ("instance-storage-info.disk.size-in-gb", of!(instance_storage_info.disks => number size_in_gb)),
    ("instance-storage-info.disk.type", of!(instance_storage_info.disks => text r#type)),
    ("instance-storage-info.encryption-support", of!(instance_storage_info => text encryption_support)),
    ("instance-storage-info.nvme-support", of!(instance_storage_info => text nvme_support)),
    ("instance-storage-info.total-size-in-gb", of!(instance_storage_info => number total_size_in_gb)),
    ("instance-storage-supported", of!(=> flag instance_storage_supported)),
    ("instance-type", of!(=> text instance_type)),
    ("memory-info.size-in-mib", of!(memory_info => number size_in_mi_b)),
    ("network-info.bandwidth-weightings", of!(network_info => words bandwidth_weightings)),
    ("network-info.efa-info.maximum-efa-interfaces", of!(network_info.efa_info => number maximum_efa_interfaces)),
    ("network-info.efa-supported", of!(network_info => flag efa_supported)),
    ("network-info.ena-support", of!(network_info => text ena_support)),
    ("network-info.flexible-ena-queues-support", of!(network_info => text flexible_ena_queues_support)),
    ("network-info.encryption-in-transit-supported", of!(network_info => flag encryption_in_transit_supported)),
    ("network-info.ipv4-addresses-per-interface", of!(network_info => number ipv4_addresses_per_interface)),
    ("network-info.ipv6-addresses-per-interface", of!(network_info => number ipv6_addresses_per_interface)),
    ("network-info.ipv6-supported", of!(network_info => flag ipv6_supported)),
    ("network-info.maximum-network-cards", of!(network_info => number maximum_network_cards)),
    ("network-info.maximum-network-interfaces", of!(network_info => number maximum_network_interfaces)),
    ("network-info.network-performance", of!(network_info => text network_performance)),
    ("nitro-enclaves-support", of!(=> text nitro_enclaves_support)),
    ("nitro-tpm-support", of!(=> text nitro_tpm_support)),
    ("nitro-tpm-info.supported-versions", of!(nitro_tpm_info => words supported_versions)),
    ("processor-info.supported-architecture", of!(processor_info => words supported_architectures)),
    ("processor-info.sustained-clock-speed-in-ghz", of!(processor_info => decimal sustained_clock_speed_in_ghz)),
    ("processor-info.supported-features", of!(processor_info => words supported_features)),
    ("reboot-migration-support", of!(=> text reboot_migration_support)),
    ("supported-boot-mode", of!(=> words supported_boot_modes)),
    ("supported-root-device-type", of!(=> words supported_root_device_types)),
    ("supported-usage-class", of!(=> words supported_usage_classes)),
    ("supported-virtualization-type", of!(=> words supported_virtualization_types)),
    ("vcpu-info.default-cores", of!(v_cpu_info => number default_cores)),
    ("vcpu-info.default-threads-per-core", of!(v_cpu_info => number default_threads_per_core)),
    ("vcpu-info.default-vcpus", of!(v_cpu_info => number default_v_cpus)),
    ("vcpu-info.valid-cores", of!(v_cpu_info => numbers valid_cores)),
    ("vcpu-info.valid-threads-per-core", of!(v_cpu_info => numbers valid_threads_per_core)),
];

/// AWS: DescribeInstanceTypeOfferings.
pub(super) const OFFERINGS: Table<Offer> = &[
    ("instance-type", Column::Of(|offer, probe| probe.text(offer.public.instance_type()))),
    ("location", Column::Of(|offer, probe| probe.text(offer.public.location()))),
];
