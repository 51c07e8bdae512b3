//! Reads a line of the catalogue into the message that DescribeInstanceTypes returns.

use archipelago_proto::ec2::v1::{
    DefaultConnectionTrackingConfiguration, DiskInfo, EbsCardInfo, EbsInfo, EbsOptimizedInfo, EfaInfo, FpgaDeviceInfo,
    FpgaDeviceMemoryInfo, FpgaInfo, GpuDeviceInfo, GpuDeviceMemoryInfo, GpuInfo, InferenceAcceleratorInfo,
    InferenceDeviceInfo, InferenceDeviceMemoryInfo, InstanceStorageInfo, InstanceTypeInfo, MediaAcceleratorInfo,
    MediaDeviceInfo, MediaDeviceMemoryInfo, MemoryInfo, NetworkCardInfo, NetworkInfo, NeuronDeviceCoreInfo,
    NeuronDeviceInfo, NeuronDeviceMemoryInfo, NeuronInfo, NitroTpmInfo, PlacementGroupInfo, ProcessorInfo, VCpuInfo,
};

use super::cells::{devices, number, performance, repeated, span, steps, words};

/// The columns, and what an empty cell of each means.
pub(super) const COLUMNS: [(&str, &str); 40] = [
    ("name", ""),
    ("flags", ""),
    ("tpm", ""),
    ("usage", "on-demand,spot"),
    ("root", "ebs"),
    ("virtualization", "hvm"),
    ("boot", "legacy-bios,uefi"),
    ("placement", "cluster,partition,spread"),
    ("hypervisor", "nitro"),
    ("arch", "x86_64"),
    ("maker", "Intel"),
    ("ghz", ""),
    ("cpu_features", ""),
    ("cpu", ""),
    ("valid_cores", ""),
    ("valid_threads", ""),
    ("memory", ""),
    ("disks", ""),
    ("disk_options", "required/required"),
    ("ebs_optimized", "default"),
    ("ebs_encryption", "supported"),
    ("ebs_nvme", "required"),
    ("ebs_attachments", ""),
    ("ebs_speed", ""),
    ("ebs_cards", ""),
    ("net", ""),
    ("net_cards", ""),
    ("addresses", ""),
    ("net_flags", ""),
    ("ena", "required"),
    ("efa", ""),
    ("default_card", "0"),
    ("weightings", ""),
    ("timeouts", "432000/30/180"),
    ("secondary_ipv4", ""),
    ("gpus", ""),
    ("fpgas", ""),
    ("inference", ""),
    ("media", ""),
    ("neuron", ""),
];

struct Line<'a>([&'a str; COLUMNS.len()]);

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Self {
        let mut cells = COLUMNS.map(|(_, default)| default);
        for (cell, text) in cells.iter_mut().zip(line.split('\t')).filter(|(_, text)| !text.is_empty()) {
            *cell = text;
        }
        Self(cells)
    }

    fn cell(&self, name: &str) -> &'a str {
        COLUMNS.iter().position(|(known, _)| *known == name).map_or("", |at| self.0[at])
    }

    /// One word; `-` stands for absent where the default is something else.
    fn word(&self, name: &str) -> Option<String> {
        Some(self.cell(name)).filter(|cell| !matches!(*cell, "" | "-")).map(str::to_owned)
    }

    fn words(&self, name: &str) -> Vec<String> {
        words(self.cell(name))
    }

    #[allow(clippy::unnecessary_wraps)] // As the message's fields are.
    fn flag(&self, letter: char) -> Option<bool> {
        Some(self.cell("flags").contains(letter))
    }

    #[allow(clippy::unnecessary_wraps)]
    fn net_flag(&self, letter: char) -> Option<bool> {
        Some(self.cell("net_flags").contains(letter))
    }
}

fn supported(flag: Option<bool>) -> Option<String> {
    flag.map(|yes| if yes { "supported" } else { "unsupported" }.to_owned())
}

pub(super) fn read(line: &str) -> InstanceTypeInfo {
    let line = Line::new(line);
    let tpm = line.words("tpm");
    let storage = storage(&line);
    InstanceTypeInfo {
        instance_type: line.word("name"),
        current_generation: line.flag('c'),
        free_tier_eligible: line.flag('f'),
        supported_usage_classes: line.words("usage"),
        supported_root_device_types: line.words("root"),
        supported_virtualization_types: line.words("virtualization"),
        bare_metal: line.flag('b'),
        hypervisor: line.word("hypervisor"),
        processor_info: Some(ProcessorInfo {
            supported_architectures: line.words("arch"),
            sustained_clock_speed_in_ghz: number(line.cell("ghz")),
            supported_features: line.words("cpu_features"),
            manufacturer: line.word("maker"),
        }),
        v_cpu_info: Some(cpu(&line)),
        memory_info: Some(MemoryInfo { size_in_mi_b: number(line.cell("memory")) }),
        instance_storage_supported: Some(storage.is_some()),
        instance_storage_info: storage,
        ebs_info: Some(ebs(&line)),
        network_info: Some(network(&line)),
        gpu_info: gpus(line.cell("gpus")),
        fpga_info: fpgas(line.cell("fpgas")),
        placement_group_info: Some(PlacementGroupInfo { supported_strategies: line.words("placement") }),
        inference_accelerator_info: inference(line.cell("inference")),
        hibernation_supported: line.flag('h'),
        burstable_performance_supported: line.flag('t'),
        dedicated_hosts_supported: line.flag('d'),
        auto_recovery_supported: line.flag('r'),
        supported_boot_modes: line.words("boot"),
        nitro_enclaves_support: supported(line.flag('e')),
        nitro_tpm_support: supported(Some(!tpm.is_empty())),
        nitro_tpm_info: (!tpm.is_empty()).then_some(NitroTpmInfo { supported_versions: tpm }),
        media_accelerator_info: media(line.cell("media")),
        neuron_info: neuron(line.cell("neuron")),
        phc_support: supported(line.flag('p')),
        reboot_migration_support: supported(line.flag('m')),
        supported_in_region: None,
    }
}

fn cpu(line: &Line<'_>) -> VCpuInfo {
    let (cores, threads) = line.cell("cpu").split_once('x').unwrap_or_default();
    let (cores, threads) = (number::<i32>(cores), number::<i32>(threads));
    VCpuInfo {
        default_v_cpus: cores.zip(threads).map(|(cores, threads)| cores * threads),
        default_cores: cores,
        default_threads_per_core: threads,
        valid_cores: steps(line.cell("valid_cores")),
        valid_threads_per_core: steps(line.cell("valid_threads")),
    }
}

fn storage(line: &Line<'_>) -> Option<InstanceStorageInfo> {
    let disk = |text: &str| {
        let (figures, kind) = text.split_at_checked(text.len().checked_sub(3)?)?;
        let (count, size) = figures.split_once('x')?;
        Some(DiskInfo { count: number(count), size_in_gb: number(size), r#type: Some(kind.to_owned()) })
    };
    let disks: Vec<_> = line.cell("disks").split(';').filter_map(disk).collect();
    let (nvme, encryption) = line.cell("disk_options").split_once('/').unwrap_or_default();
    (!disks.is_empty()).then(|| InstanceStorageInfo {
        total_size_in_gb: Some(disks.iter().map(|disk| i64::from(disk.count()) * disk.size_in_gb()).sum()),
        disks,
        nvme_support: Some(nvme.to_owned()),
        encryption_support: Some(encryption.to_owned()),
    })
}

/// Bandwidth in Mbps, which tells the throughput in MB/s unless that stands after `=`.
fn bandwidth(text: &str) -> (Option<i32>, Option<f64>) {
    match text.split_once('=') {
        Some((mbps, throughput)) => (number(mbps), number(throughput)),
        None => (number(text), number::<f64>(text).map(|mbps| mbps / 8.0)),
    }
}

fn speed(text: &str) -> EbsOptimizedInfo {
    let (bandwidths, iops) = text.split_once('/').unwrap_or_default();
    let ((low, high), (baseline, maximum)) = (span(bandwidths), span(iops));
    let ((low, low_throughput), (high, high_throughput)) = (bandwidth(low), bandwidth(high));
    EbsOptimizedInfo {
        baseline_bandwidth_in_mbps: low,
        baseline_throughput_in_m_bps: low_throughput,
        baseline_iops: number(baseline),
        maximum_bandwidth_in_mbps: high,
        maximum_throughput_in_m_bps: high_throughput,
        maximum_iops: number(maximum),
    }
}

fn ebs(line: &Line<'_>) -> EbsInfo {
    let attachments = line.cell("ebs_attachments");
    let cards: Vec<_> = repeated(line.cell("ebs_cards")).map(speed).zip(0..).map(ebs_card).collect();
    EbsInfo {
        ebs_optimized_support: line.word("ebs_optimized"),
        encryption_support: line.word("ebs_encryption"),
        ebs_optimized_info: Some(line.cell("ebs_speed")).filter(|cell| !cell.is_empty()).map(speed),
        nvme_support: line.word("ebs_nvme"),
        maximum_ebs_attachments: number(attachments.trim_end_matches(char::is_alphabetic)),
        attachment_limit_type: Some(if attachments.ends_with('d') { "dedicated" } else { "shared" }.to_owned()),
        maximum_ebs_cards: Some(cards.len()).filter(|n| *n > 0).and_then(|n| i32::try_from(n).ok()),
        ebs_cards: cards,
    }
}

fn ebs_card((speed, at): (EbsOptimizedInfo, i32)) -> EbsCardInfo {
    EbsCardInfo {
        ebs_card_index: Some(at),
        baseline_bandwidth_in_mbps: speed.baseline_bandwidth_in_mbps,
        baseline_throughput_in_m_bps: speed.baseline_throughput_in_m_bps,
        baseline_iops: speed.baseline_iops,
        maximum_bandwidth_in_mbps: speed.maximum_bandwidth_in_mbps,
        maximum_throughput_in_m_bps: speed.maximum_throughput_in_m_bps,
        maximum_iops: speed.maximum_iops,
    }
}

fn network(line: &Line<'_>) -> NetworkInfo {
    let network_performance = performance(line.cell("net"));
    let cards = repeated(line.cell("net_cards")).zip(0..).map(|(text, at)| card(text, at, &network_performance));
    let network_cards: Vec<_> = cards.collect();
    let addresses = line.cell("addresses");
    let (ipv4, ipv6) = addresses.split_once('/').unwrap_or((addresses, addresses));
    let mut timeouts = line.cell("timeouts").split('/').map(number);
    let efa = number(line.cell("efa"));
    NetworkInfo {
        maximum_network_interfaces: Some(network_cards.iter().map(NetworkCardInfo::maximum_network_interfaces).sum()),
        maximum_network_cards: i32::try_from(network_cards.len()).ok(),
        network_cards,
        network_performance: Some(network_performance),
        default_network_card_index: number(line.cell("default_card")),
        ipv4_addresses_per_interface: number(ipv4),
        ipv6_addresses_per_interface: number(ipv6),
        ipv6_supported: number::<i32>(ipv6).map(|most| most > 0),
        ena_support: line.word("ena"),
        efa_supported: Some(efa.is_some()),
        efa_info: efa.map(|most| EfaInfo { maximum_efa_interfaces: Some(most) }),
        encryption_in_transit_supported: line.net_flag('k'),
        ena_srd_supported: line.net_flag('x'),
        bandwidth_weightings: line.words("weightings"),
        flexible_ena_queues_support: supported(line.net_flag('q')),
        connection_tracking_configuration: Some(DefaultConnectionTrackingConfiguration {
            default_tcp_established_timeout: timeouts.next().flatten(),
            default_udp_timeout: timeouts.next().flatten(),
            default_udp_stream_timeout: timeouts.next().flatten(),
        }),
        secondary_network_supported: line.net_flag('s'),
        maximum_secondary_network_interfaces: None,
        ipv4_addresses_per_secondary_interface: number(line.cell("secondary_ipv4")),
    }
}

/// `performance/interfaces+flexible/Gbps/queues`
fn card(text: &str, at: i32, same: &str) -> NetworkCardInfo {
    let mut parts = text.split('/');
    let mut part = || parts.next().unwrap_or_default();
    let (own, interfaces, gbps, queues) = (part(), part(), part(), part());
    let (interfaces, flexible) = interfaces.split_once('+').unwrap_or((interfaces, ""));
    let (baseline, peak) = span(gbps);
    let mut queues = queues.split(':').map(number);
    NetworkCardInfo {
        network_card_index: Some(at),
        network_performance: Some(if own.is_empty() { same.to_owned() } else { performance(own) }),
        maximum_network_interfaces: number(interfaces),
        additional_flexible_network_interfaces: number(flexible),
        baseline_bandwidth_in_gbps: number(baseline),
        peak_bandwidth_in_gbps: number(peak),
        default_ena_queue_count_per_interface: queues.next().flatten(),
        maximum_ena_queue_count: queues.next().flatten(),
        maximum_ena_queue_count_per_interface: queues.next().flatten(),
    }
}

fn gpus(cell: &str) -> Option<GpuInfo> {
    let gpu = |device: super::cells::Device<'_>| {
        let (count, split) = device.count.split_once(':').unwrap_or((device.count, ""));
        let (logical, size) = split.split_once('x').unwrap_or((count, "1"));
        GpuDeviceInfo {
            name: Some(device.name.to_owned()),
            manufacturer: Some(device.maker.to_owned()),
            count: number(count),
            logical_gpu_count: number(logical),
            gpu_partition_size: number(size),
            workloads: words(device.rest),
            memory_info: Some(GpuDeviceMemoryInfo { size_in_mi_b: Some(device.memory) }),
        }
    };
    let gpus: Vec<_> = devices(cell).map(gpu).collect();
    let memory = |gpu: &GpuDeviceInfo| gpu.logical_gpu_count() * gpu.memory_info.map_or(0, |m| m.size_in_mi_b());
    let total_gpu_memory_in_mi_b = Some(gpus.iter().map(memory).sum());
    (!gpus.is_empty()).then_some(GpuInfo { gpus, total_gpu_memory_in_mi_b })
}

/// The accelerators but GPUs differ only in the names of their messages.
macro_rules! accelerators {
    ($name:ident -> $info:ident { $field:ident: $device:ident { $memory:ident }, $total:ident }) => {
        fn $name(cell: &str) -> Option<$info> {
            let mut total = 0;
            let mut found = Vec::new();
            for device in devices(cell) {
                let count = number::<i32>(device.count);
                total += count.unwrap_or_default() * device.memory;
                found.push($device {
                    count,
                    name: Some(device.name.to_owned()),
                    manufacturer: Some(device.maker.to_owned()),
                    memory_info: Some($memory { size_in_mi_b: Some(device.memory) }),
                });
            }
            (!found.is_empty()).then_some($info { $field: found, $total: Some(total) })
        }
    };
}

accelerators!(fpgas -> FpgaInfo { fpgas: FpgaDeviceInfo { FpgaDeviceMemoryInfo }, total_fpga_memory_in_mi_b });
accelerators!(inference -> InferenceAcceleratorInfo {
    accelerators: InferenceDeviceInfo { InferenceDeviceMemoryInfo }, total_inference_memory_in_mi_b
});
accelerators!(media -> MediaAcceleratorInfo {
    accelerators: MediaDeviceInfo { MediaDeviceMemoryInfo }, total_media_memory_in_mi_b
});

fn neuron(cell: &str) -> Option<NeuronInfo> {
    let mut total = 0;
    let mut neuron_devices = Vec::new();
    for device in devices(cell) {
        let count = number::<i32>(device.count);
        let (cores, version) = device.rest.split_once('v').unwrap_or_default();
        total += count.unwrap_or_default() * device.memory;
        neuron_devices.push(NeuronDeviceInfo {
            count,
            name: Some(device.name.to_owned()),
            core_info: Some(NeuronDeviceCoreInfo { count: number(cores), version: number(version) }),
            memory_info: Some(NeuronDeviceMemoryInfo { size_in_mi_b: Some(device.memory) }),
        });
    }
    let total_neuron_device_memory_in_mi_b = Some(total);
    (!neuron_devices.is_empty()).then_some(NeuronInfo { neuron_devices, total_neuron_device_memory_in_mi_b })
}
