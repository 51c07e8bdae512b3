//! What an instance costs by the hour. AWS's price list is no part of the EC2 API, so this is a model: a formula over what
//! the catalogue tells of a type, close to the list prices of the common types in us-east-1.
//!
//! - 0.034 USD for each vCPU and 0.0035 for each GiB of memory; for burstable types 0.0104 for each GiB alone;
//! - a fifth less on Arm; 0.50 for each GPU, 0.30 for each other accelerator;
//! - a region's factor: 1 in us-east-1, us-east-2 and us-west-2, 1.55 in South America, 1.1 elsewhere;
//! - software by the vCPU: see [`software`].

use archipelago_proto::ec2::v1::{
    FpgaDeviceInfo, GpuDeviceInfo, InferenceDeviceInfo, InstanceTypeInfo, MemoryInfo, NeuronDeviceInfo, VCpuInfo,
};
use archipelago_proto::regions::Region;

const VCPU: f64 = 0.034;
const GIB: f64 = 0.0035;
const BURSTABLE_GIB: f64 = 0.0104;
const ARM: f64 = 0.8;
const GPU: f64 = 0.5;
const ACCELERATOR: f64 = 0.3;

/// The price of an hour on demand with Linux and shared tenancy, in USD.
pub fn on_demand(info: &InstanceTypeInfo, region: &Region) -> f64 {
    let vcpus = f64::from(vcpus(info));
    let mib = info.memory_info.as_ref().map_or(0, MemoryInfo::size_in_mi_b);
    let gib = f64::from(u32::try_from(mib).unwrap_or(u32::MAX)) / 1024.0;
    let machine = if info.burstable_performance_supported() { gib * BURSTABLE_GIB } else { vcpus * VCPU + gib * GIB };
    let architectures = info.processor_info.as_ref().map(|cpu| cpu.supported_architectures.as_slice());
    let arm = architectures.is_some_and(|known| known.iter().any(|name| name == "arm64"));
    let gpus: i32 = info.gpu_info.iter().flat_map(|gpus| &gpus.gpus).map(GpuDeviceInfo::count).sum();
    let accelerators: i32 = info
        .inference_accelerator_info
        .iter()
        .flat_map(|info| &info.accelerators)
        .map(InferenceDeviceInfo::count)
        .chain(info.fpga_info.iter().flat_map(|info| &info.fpgas).map(FpgaDeviceInfo::count))
        .chain(info.neuron_info.iter().flat_map(|info| &info.neuron_devices).map(NeuronDeviceInfo::count))
        .sum();
    let hour = machine * if arm { ARM } else { 1.0 } + f64::from(gpus) * GPU + f64::from(accelerators) * ACCELERATOR;
    rounded(hour * factor(region))
}

/// What software adds to an hour, by the words of a reserved instance's product description.
pub fn software(info: &InstanceTypeInfo, product: &str) -> f64 {
    let system = match product {
        _ if product.starts_with("Windows") => 0.046,
        _ if product.starts_with("Red Hat Enterprise Linux with HA") => 0.034,
        _ if product.starts_with("Red Hat Enterprise Linux") => 0.0288,
        _ if product.starts_with("SUSE Linux") => 0.0281,
        _ => 0.0,
    };
    let database = match product {
        _ if product.contains("SQL Server Enterprise") => 0.375,
        _ if product.contains("SQL Server Standard") => 0.12,
        _ if product.contains("SQL Server Web") => 0.017,
        _ => 0.0,
    };
    rounded((system + database) * f64::from(vcpus(info)))
}

fn vcpus(info: &InstanceTypeInfo) -> i32 {
    info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus)
}

fn factor(region: &Region) -> f64 {
    match region.name {
        "us-east-1" | "us-east-2" | "us-west-2" => 1.0,
        name if name.starts_with("sa-") => 1.55,
        _ => 1.1,
    }
}

/// To a hundredth of a cent.
fn rounded(price: f64) -> f64 {
    (price * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // Prices are rounded.
mod tests {
    use archipelago_proto::regions;

    use super::super::find;
    use super::*;

    #[test]
    fn common_types_cost_about_what_they_do() {
        let price = |name: &str, region: &str| on_demand(&find(name).unwrap().info(), regions::find(region).unwrap());
        assert_eq!(price("m5.large", "us-east-1"), 0.096);
        assert_eq!(price("t3.micro", "us-west-2"), 0.0104);
        assert_eq!(price("m5.large", "sa-east-1"), 0.1488);
        assert!(price("m6g.large", "us-east-1") < price("m6i.large", "us-east-1"));
    }

    #[test]
    fn software_is_paid_by_the_vcpu() {
        let info = find("m5.xlarge").unwrap().info();
        assert_eq!(software(&info, "Linux/UNIX (Amazon VPC)"), 0.0);
        assert_eq!(software(&info, "Windows"), 0.184);
    }
}
