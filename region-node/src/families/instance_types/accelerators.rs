//! The accelerators of an instance type, whatever their kind, as requirements speak of them.

use archipelago_proto::ec2::v1::{InstanceRequirements, InstanceTypeInfo};

use super::requirements::within;

struct Accelerator {
    kind: &'static str,
    maker: String,
    name: String,
    count: i32,
    memory: i32,
}

/// `NVIDIA` and `A10G`, or `Xilinx` and `Virtex UltraScale+ (VU9P)`, as requirements write them: `nvidia` and `a10g`, or
/// `xilinx` and `vu9p`.
fn words(maker: &str, name: &str) -> (String, String) {
    let maker = match maker {
        "AWS" | "" => "amazon-web-services".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let name = name.rsplit_once('(').map_or(name, |(_, chip)| chip.trim_end_matches(')'));
    (maker, name.to_ascii_lowercase().replace(' ', "-"))
}

fn all(info: &InstanceTypeInfo) -> Vec<Accelerator> {
    let mut all = Vec::new();
    let mut add = |kind, maker: &str, name: &str, count, memory| {
        let (maker, name) = words(maker, name);
        all.push(Accelerator { kind, maker, name, count, memory });
    };
    for gpu in info.gpu_info.iter().flat_map(|info| &info.gpus) {
        let memory = gpu.memory_info.map_or(0, |memory| memory.size_in_mi_b());
        add("gpu", gpu.manufacturer(), gpu.name(), gpu.count(), gpu.count() * memory);
    }
    for fpga in info.fpga_info.iter().flat_map(|info| &info.fpgas) {
        let memory = fpga.memory_info.map_or(0, |memory| memory.size_in_mi_b());
        add("fpga", fpga.manufacturer(), fpga.name(), fpga.count(), fpga.count() * memory);
    }
    for device in info.inference_accelerator_info.iter().flat_map(|info| &info.accelerators) {
        let memory = device.memory_info.map_or(0, |memory| memory.size_in_mi_b());
        add("inference", device.manufacturer(), device.name(), device.count(), device.count() * memory);
    }
    for device in info.media_accelerator_info.iter().flat_map(|info| &info.accelerators) {
        let memory = device.memory_info.map_or(0, |memory| memory.size_in_mi_b());
        add("media", device.manufacturer(), device.name(), device.count(), device.count() * memory);
    }
    // Inferentia chips are told twice; Trainium chips as Neuron devices alone.
    let neuron = info.neuron_info.iter().flat_map(|info| &info.neuron_devices);
    for device in neuron.filter(|_| info.inference_accelerator_info.is_none()) {
        let memory = device.memory_info.map_or(0, |memory| memory.size_in_mi_b());
        add("inference", "AWS", device.name(), device.count(), device.count() * memory);
    }
    all
}

/// AWS: any number of any accelerators, or none, unless something is said of them.
pub(super) fn fit(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let (number, memory) =
        (required.accelerator_count.unwrap_or_default(), required.accelerator_total_memory_mi_b.unwrap_or_default());
    let all = all(info);
    let any = |wanted: &[String], has: fn(&Accelerator) -> &str| {
        wanted.is_empty() || all.iter().any(|known| wanted.iter().any(|wanted| wanted == has(known)))
    };
    within(all.iter().map(|known| known.count).sum(), number.min, number.max)
        && within(all.iter().map(|known| known.memory).sum(), memory.min, memory.max)
        && any(&required.accelerator_types, |known| known.kind)
        && any(&required.accelerator_manufacturers, |known| &known.maker)
        && any(&required.accelerator_names, |known| &known.name)
}
