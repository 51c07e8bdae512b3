//! Attribute-based selection of instance types (AWS: InstanceRequirements).

use archipelago_proto::ec2::v1::{
    EbsOptimizedInfo, GpuDeviceInfo, GpuInfo, InstanceRequirements, InstanceStorageInfo, InstanceTypeInfo,
    NetworkCardInfo, NetworkInfo, VCpuInfo,
};
use archipelago_proto::regions::Region;

use super::catalogue::types;
use super::offerings::offered_in;
use archipelago_proto::glob::glob;

/// The types of a region that have what is required, in the order of their names.
pub fn matching(region: &Region, required: &InstanceRequirements) -> Vec<String> {
    let offered = types().iter().filter(|known| named(known.name(), required) && offered_in(region, known.name()));
    let matching = offered.filter(|known| fits(&known.info(), required));
    matching.map(|known| known.name().to_owned()).collect()
}

fn named(name: &str, required: &InstanceRequirements) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern, name));
    (required.allowed_instance_types.is_empty() || any(&required.allowed_instance_types))
        && !any(&required.excluded_instance_types)
}

fn within<T: PartialOrd>(value: T, min: Option<T>, max: Option<T>) -> bool {
    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
}

/// `included` lets both in; `excluded` is what holds if nothing is said, but for local storage.
fn choice(wanted: Option<&str>, default: &str, has: bool) -> bool {
    match wanted.unwrap_or(default) {
        "required" => has,
        "excluded" => !has,
        _ => true,
    }
}

fn fits(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let vcpus = info.v_cpu_info.as_ref().map_or(0, VCpuInfo::default_v_cpus);
    let memory = info.memory_info.map_or(0, |memory| memory.size_in_mi_b());
    let cpu = required.v_cpu_count.unwrap_or_default();
    let size = required.memory_mi_b.unwrap_or_default();
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    let per_vcpu = memory as f64 / 1024.0 / f64::from(vcpus.max(1));
    let ratio = required.memory_gi_b_per_v_cpu.unwrap_or_default();
    let interfaces = info.network_info.as_ref().map_or(0, NetworkInfo::maximum_network_interfaces);
    let count = required.network_interface_count.unwrap_or_default();
    within(vcpus, cpu.min, cpu.max)
        && within(memory, size.min.map(i64::from), size.max.map(i64::from))
        && within(per_vcpu, ratio.min, ratio.max)
        && within(interfaces, count.min, count.max)
        && choice(required.bare_metal.as_deref(), "excluded", info.bare_metal())
        && choice(required.burstable_performance.as_deref(), "excluded", info.burstable_performance_supported())
        && (!required.require_hibernate_support() || info.hibernation_supported())
        && manufacturer(info, required)
        && generation(info, required)
        && storage(info, required)
        && accelerators(info, required)
        && bandwidth(info, required)
}

fn manufacturer(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let made_by = info.processor_info.as_ref().map_or("", |processor| processor.manufacturer());
    let name = match made_by {
        "Intel" => "intel",
        "AMD" => "amd",
        "Apple" => "apple",
        _ => "amazon-web-services",
    };
    required.cpu_manufacturers.is_empty() || required.cpu_manufacturers.iter().any(|wanted| wanted == name)
}

fn generation(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let name = if info.current_generation() { "current" } else { "previous" };
    required.instance_generations.is_empty() || required.instance_generations.iter().any(|wanted| wanted == name)
}

fn storage(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let total = info.instance_storage_info.as_ref().map_or(0, InstanceStorageInfo::total_size_in_gb);
    let kinds = info.instance_storage_info.as_ref().map_or(&[][..], |storage| &storage.disks);
    let size = required.total_local_storage_gb.unwrap_or_default();
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    let fits = within(total as f64, size.min, size.max);
    let typed = required.local_storage_types.is_empty()
        || kinds.iter().all(|disk| required.local_storage_types.iter().any(|wanted| wanted == disk.r#type()));
    choice(required.local_storage.as_deref(), "included", info.instance_storage_supported()) && fits && typed
}

fn accelerators(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let gpus = info.gpu_info.as_ref().map_or(&[][..], |gpus| &gpus.gpus);
    let count: i32 = gpus.iter().map(GpuDeviceInfo::count).sum();
    let memory = info.gpu_info.as_ref().map_or(0, GpuInfo::total_gpu_memory_in_mi_b);
    let (number, size) =
        (required.accelerator_count.unwrap_or_default(), required.accelerator_total_memory_mi_b.unwrap_or_default());
    let made_by = |wanted: &String| gpus.iter().any(|gpu| gpu.manufacturer().eq_ignore_ascii_case(wanted));
    let named = |wanted: &String| gpus.iter().any(|gpu| gpu.name().eq_ignore_ascii_case(wanted));
    // AWS: nothing said means none wanted, where attributes of accelerators are not asked for.
    let asked = required.accelerator_count.is_some()
        || !required.accelerator_types.is_empty()
        || !required.accelerator_names.is_empty()
        || !required.accelerator_manufacturers.is_empty()
        || required.accelerator_total_memory_mi_b.is_some();
    if !asked {
        return true;
    }
    within(count, number.min, number.max)
        && within(memory, size.min, size.max)
        && (required.accelerator_types.is_empty()
            || required.accelerator_types.iter().any(|kind| kind == "gpu" && count > 0))
        && (required.accelerator_manufacturers.is_empty() || required.accelerator_manufacturers.iter().any(made_by))
        && (required.accelerator_names.is_empty() || required.accelerator_names.iter().any(named))
}

fn bandwidth(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let baseline = info.ebs_info.as_ref().and_then(|ebs| ebs.ebs_optimized_info.as_ref());
    let baseline = baseline.map_or(0, EbsOptimizedInfo::baseline_bandwidth_in_mbps);
    let wanted = required.baseline_ebs_bandwidth_mbps.unwrap_or_default();
    let cards = info.network_info.as_ref().map_or(&[][..], |network| &network.network_cards);
    let network: f64 = cards.iter().map(NetworkCardInfo::peak_bandwidth_in_gbps).sum();
    let gbps = required.network_bandwidth_gbps.unwrap_or_default();
    within(baseline, wanted.min, wanted.max) && within(network, gbps.min, gbps.max)
}
