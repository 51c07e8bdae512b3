//! How much goes on a host. AWS lists the sockets, cores and vCPUs of hosts by family; here a host has as many vCPUs and
//! cores as the largest size of its family, and two sockets but for Arm and Mac machines, which have one.

use archipelago_proto::ec2::v1::{AvailableCapacity, HostProperties, InstanceCapacity, InstanceTypeInfo, VCpuInfo};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::instance_types::{self, InstanceType};

/// What a host takes: one instance type, or all of a family.
pub(super) fn properties(instance_type: Option<&str>, instance_family: Option<&str>) -> Ec2Result<HostProperties> {
    let given = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    let (name, family) = match (given(instance_type), given(instance_family)) {
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters InstanceType and InstanceFamily may not be specified together",
            ));
        }
        (Some(name), None) => {
            let known = instance_types::find(&name).map(InstanceType::info);
            if !known.is_some_and(|info| info.dedicated_hosts_supported()) {
                return Err(Ec2Error::invalid_value("instanceType", name));
            }
            let family = of(&name).to_owned();
            (Some(name), family)
        }
        (None, Some(family)) => (None, family),
        (None, None) => {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter InstanceType or InstanceFamily",
            ));
        }
    };
    let largest = members(&family).max_by_key(vcpus);
    let largest = largest.ok_or_else(|| Ec2Error::invalid_value("instanceFamily", &family))?;
    let cores = largest.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_cores);
    let architectures = largest.processor_info.as_ref().map(|cpu| cpu.supported_architectures.join(","));
    let single = architectures.is_some_and(|names| names.contains("arm64") || names.contains("mac"));
    Ok(HostProperties {
        cores: Some(cores),
        // A host that takes a whole family tells the family alone.
        instance_family: name.is_none().then_some(family),
        instance_type: name,
        sockets: Some(if single { 1 } else { 2 }),
        total_v_cpus: Some(vcpus(&largest)),
    })
}

/// `m5` of `m5.large`.
pub(super) fn of(instance_type: &str) -> &str {
    instance_type.split_once('.').map_or(instance_type, |(family, _)| family)
}

/// The family of a host, whichever way it is told.
pub(super) fn family(properties: &HostProperties) -> &str {
    properties.instance_family.as_deref().unwrap_or_else(|| of(properties.instance_type()))
}

/// Whether instances of a type may go there at all.
pub(super) fn takes(properties: &HostProperties, instance_type: &str) -> bool {
    match properties.instance_type.as_deref() {
        Some(name) => name == instance_type,
        None => of(instance_type) == properties.instance_family(),
    }
}

fn members(family: &str) -> impl Iterator<Item = InstanceTypeInfo> {
    let types = instance_types::types().iter().filter(move |known| of(known.name()) == family);
    types.map(|known| known.info()).filter(InstanceTypeInfo::dedicated_hosts_supported)
}

fn vcpus(info: &InstanceTypeInfo) -> i32 {
    info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus)
}

pub(super) fn vcpus_of(instance_type: &str) -> i32 {
    instance_types::find(instance_type).map_or(1, |known| vcpus(&known.info()))
}

/// What is left of a host when so many vCPUs are used.
pub(super) fn available(properties: &HostProperties, used: i32) -> AvailableCapacity {
    let total = properties.total_v_cpus();
    let left = (total - used).max(0);
    let types: Vec<_> = match properties.instance_type.as_deref() {
        Some(name) => vec![name.to_owned()],
        None => members(properties.instance_family()).map(|info| info.instance_type().to_owned()).collect(),
    };
    let capacity = |name: String| {
        let each = vcpus_of(&name).max(1);
        InstanceCapacity {
            available_capacity: Some(left / each),
            total_capacity: Some(total / each),
            instance_type: Some(name),
        }
    };
    AvailableCapacity {
        available_instance_capacity: types.into_iter().map(capacity).collect(),
        available_v_cpus: Some(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_as_large_as_the_largest_size() {
        let host = properties(Some("m5.large"), None).unwrap();
        assert_eq!((host.total_v_cpus(), host.cores(), host.sockets()), (96, 48, 2));
        let left = available(&host, 4);
        let [large] = &left.available_instance_capacity[..] else { panic!("one type") };
        assert_eq!((large.total_capacity(), large.available_capacity(), left.available_v_cpus()), (48, 46, 92));
        let family = properties(None, Some("m5")).unwrap();
        assert!(available(&family, 0).available_instance_capacity.len() > 5);
        assert!(takes(&family, "m5.xlarge") && !takes(&host, "m5.xlarge") && !takes(&family, "m5a.large"));
    }

    #[test]
    fn what_has_no_hosts_is_refused() {
        for (name, family) in
            [(Some("m1.small"), None), (None, Some("nonsense")), (None, None), (Some("m5.large"), Some("m5"))]
        {
            assert!(properties(name, family).is_err(), "{name:?} {family:?}");
        }
    }
}
