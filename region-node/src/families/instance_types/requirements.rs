//! Attribute-based selection of instance types (AWS: InstanceRequirements).
//!
//! Prices are no facts of a type: the price protection of fleets is in `spot_market::protection`.

use archipelago_proto::ec2::v1::{
    EbsOptimizedInfo, InstanceRequirements, InstanceStorageInfo, InstanceTypeInfo, NetworkCardInfo, NetworkInfo,
    VCpuInfo,
};
use archipelago_proto::regions::Region;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::accelerators;
use super::catalogue::types;
use super::offerings::offered_in;
use archipelago_proto::glob::glob;

/// What instance types must be like.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub required: &'a InstanceRequirements,
    /// Any, if none is named.
    pub architectures: &'a [String],
    pub virtualizations: &'a [String],
}

impl<'a> Wanted<'a> {
    pub fn any(required: &'a InstanceRequirements) -> Self {
        Self { required, architectures: &[], virtualizations: &[] }
    }
}

/// The types of a region that have what is wanted, in the order of their names.
pub fn matching(region: &Region, wanted: Wanted<'_>) -> Vec<InstanceTypeInfo> {
    all_matching(wanted).filter(|info| offered_in(region, info.instance_type())).collect()
}

/// The types of all regions that have what is wanted.
pub fn all_matching(wanted: Wanted<'_>) -> impl Iterator<Item = InstanceTypeInfo> {
    let named = types().iter().filter(move |known| named(known.name(), wanted.required));
    named.map(|known| known.info()).filter(move |info| fits(info, wanted.required) && runs(info, wanted))
}

/// Whether requirements make sense together (AWS: InstanceRequirementsRequest).
pub fn check(required: &InstanceRequirements) -> Ec2Result<()> {
    if !required.allowed_instance_types.is_empty() && !required.excluded_instance_types.is_empty() {
        return Err(together("AllowedInstanceTypes", "ExcludedInstanceTypes"));
    }
    if required.spot_max_price_percentage_over_lowest_price.is_some()
        && required.max_spot_price_as_percentage_of_optimal_on_demand_price.is_some()
    {
        return Err(together(
            "SpotMaxPricePercentageOverLowestPrice",
            "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice",
        ));
    }
    if required.baseline_performance_factors.is_some() {
        return Err(Ec2Error::unsupported(
            "BaselinePerformanceFactors are not supported: how fast instance families are is not published.",
        ));
    }
    macro_rules! spans {
        ($($field:ident $name:literal),* $(,)?) => {$(
            if let Some(span) = &required.$field && let (Some(min), Some(max)) = (span.min, span.max) && min > max {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The minimum of {} ({min}) must not be more than the maximum ({max}).", $name
                )));
            }
        )*};
    }
    spans!(
        v_cpu_count "VCpuCount",
        memory_mi_b "MemoryMiB",
        memory_gi_b_per_v_cpu "MemoryGiBPerVCpu",
        network_interface_count "NetworkInterfaceCount",
        total_local_storage_gb "TotalLocalStorageGB",
        baseline_ebs_bandwidth_mbps "BaselineEbsBandwidthMbps",
        accelerator_count "AcceleratorCount",
        accelerator_total_memory_mi_b "AcceleratorTotalMemoryMiB",
        network_bandwidth_gbps "NetworkBandwidthGbps",
    );
    Ok(())
}

/// Prices play no part in previews and scores (AWS: "not supported for GetSpotPlacementScores and
/// GetInstanceTypesFromInstanceRequirements").
pub fn check_without_prices(required: &InstanceRequirements) -> Ec2Result<()> {
    check(required)?;
    let given = [
        (required.spot_max_price_percentage_over_lowest_price, "SpotMaxPricePercentageOverLowestPrice"),
        (required.on_demand_max_price_percentage_over_lowest_price, "OnDemandMaxPricePercentageOverLowestPrice"),
    ];
    match given.iter().find(|(given, _)| given.is_some()) {
        Some((_, name)) => {
            Err(Ec2Error::unsupported(format!("The parameter {name} is not supported for this operation.")))
        }
        None => Ok(()),
    }
}

fn together(one: &str, other: &str) -> Ec2Error {
    Ec2Error::invalid_combination(format!("The parameters {one} and {other} may not be specified together"))
}

/// Whether images of the architectures and virtualization types run on it.
fn runs(info: &InstanceTypeInfo, wanted: Wanted<'_>) -> bool {
    let architectures = info.processor_info.as_ref().map_or(&[][..], |processor| &processor.supported_architectures);
    let any = |wanted: &[String], known: &[String]| wanted.is_empty() || wanted.iter().any(|one| known.contains(one));
    any(wanted.architectures, architectures) && any(wanted.virtualizations, &info.supported_virtualization_types)
}

fn named(name: &str, required: &InstanceRequirements) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern, name));
    (required.allowed_instance_types.is_empty() || any(&required.allowed_instance_types))
        && !any(&required.excluded_instance_types)
}

pub(super) fn within<T: PartialOrd>(value: T, min: Option<T>, max: Option<T>) -> bool {
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
        && accelerators::fit(info, required)
        && encryption(info, required)
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

fn bandwidth(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let baseline = info.ebs_info.as_ref().and_then(|ebs| ebs.ebs_optimized_info.as_ref());
    let baseline = baseline.map_or(0, EbsOptimizedInfo::baseline_bandwidth_in_mbps);
    let wanted = required.baseline_ebs_bandwidth_mbps.unwrap_or_default();
    let cards = info.network_info.as_ref().map_or(&[][..], |network| &network.network_cards);
    let network: f64 = cards.iter().map(NetworkCardInfo::baseline_bandwidth_in_gbps).sum();
    let gbps = required.network_bandwidth_gbps.unwrap_or_default();
    within(baseline, wanted.min, wanted.max) && within(network, gbps.min, gbps.max)
}

fn encryption(info: &InstanceTypeInfo, required: &InstanceRequirements) -> bool {
    let supported = info.network_info.as_ref().is_some_and(NetworkInfo::encryption_in_transit_supported);
    !required.require_encryption_in_transit() || supported
}

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1::{AcceleratorCount, BaselinePerformanceFactors, MemoryMiB, VCpuCountRange};
    use archipelago_proto::regions;

    use super::*;

    fn names(required: &InstanceRequirements) -> Vec<String> {
        let virginia = regions::find("us-east-1").unwrap();
        let found = matching(virginia, Wanted::any(required));
        found.iter().map(|info| info.instance_type().to_owned()).collect()
    }

    fn vcpus(min: i32, max: i32) -> InstanceRequirements {
        InstanceRequirements {
            v_cpu_count: Some(VCpuCountRange { min: Some(min), max: Some(max) }),
            memory_mi_b: Some(MemoryMiB { min: Some(0), max: None }),
            ..InstanceRequirements::default()
        }
    }

    #[test]
    fn burstable_and_bare_metal_types_are_left_out_unless_asked_for() {
        let found = names(&vcpus(2, 2));
        assert!(found.contains(&"m5.large".to_owned()) && !found.contains(&"t3.micro".to_owned()));
        let burstable = InstanceRequirements { burstable_performance: Some("required".into()), ..vcpus(2, 2) };
        assert!(names(&burstable).iter().all(|name| name.starts_with('t')));
    }

    #[test]
    fn accelerators_are_those_of_every_kind() {
        let named = |name: &str| InstanceRequirements { accelerator_names: vec![name.into()], ..vcpus(1, 999) };
        for (name, family) in
            [("inferentia", "inf1."), ("trainium", "trn1"), ("u30", "vt1."), ("radeon-pro-v520", "g4ad.")]
        {
            let found = names(&named(name));
            assert!(!found.is_empty() && found.iter().all(|found| found.starts_with(family)), "{name}: {found:?}");
        }
        let count = AcceleratorCount { min: None, max: Some(0) };
        let none = InstanceRequirements { accelerator_count: Some(count), ..vcpus(1, 999) };
        assert!(names(&none).iter().all(|name| !name.starts_with("inf") && !name.starts_with("g5.")));
        let media = InstanceRequirements { accelerator_types: vec!["media".into()], ..vcpus(1, 999) };
        assert!(names(&media).iter().all(|name| name.starts_with("vt1.")));
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        assert_eq!(check(&vcpus(4, 2)).unwrap_err().code, "InvalidParameterValue");
        let (allowed, excluded) = (vec!["m5.*".to_owned()], vec!["c5.*".to_owned()]);
        let both =
            InstanceRequirements { allowed_instance_types: allowed, excluded_instance_types: excluded, ..vcpus(1, 2) };
        assert_eq!(check(&both).unwrap_err().code, "InvalidParameterCombination");
        let performance = InstanceRequirements {
            baseline_performance_factors: Some(BaselinePerformanceFactors::default()),
            ..vcpus(1, 2)
        };
        assert_eq!(check(&performance).unwrap_err().code, "UnsupportedOperation");
    }
}
