//! Normalization factors: how instance sizes of a family compare (AWS: "Modify Reserved Instances", "instance size
//! footprint").

use crate::families::instance_types;

/// In quarters, so that a nano is one.
pub(super) fn factor(instance_type: &str) -> Option<i64> {
    let (family, size) = instance_type.split_once('.')?;
    let named = |size: &str| match size {
        "nano" => Some(1),
        "micro" => Some(2),
        "small" => Some(4),
        "medium" => Some(8),
        "large" => Some(16),
        "xlarge" => Some(32),
        _ => {
            let count = size.strip_suffix("xlarge").or_else(|| size.strip_prefix("metal-")?.strip_suffix("xl"))?;
            count.parse::<i64>().ok().map(|count| 32 * count)
        }
    };
    named(size).or_else(|| bare_metal(family, instance_type))
}

/// A bare machine counts as the largest size that has as many vCPUs.
fn bare_metal(family: &str, name: &str) -> Option<i64> {
    let vcpus = |name: &str| {
        let info = instance_types::find(name)?.info();
        info.v_cpu_info.map(|cpu| i64::from(cpu.default_v_cpus()))
    };
    let whole = vcpus(name)?;
    let sizes = instance_types::types()
        .iter()
        .map(|known| known.name())
        .filter(|known| known.split_once('.').is_some_and(|(of, size)| of == family && !size.starts_with("metal")));
    let largest = sizes.filter_map(|known| Some((vcpus(known)?, factor(known)?))).max()?;
    Some(largest.1 * whole / largest.0.max(1))
}

/// `m5` of `m5.large`: reservations move between sizes of one family only.
pub(super) fn family(instance_type: &str) -> &str {
    instance_type.split_once('.').map_or(instance_type, |(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_doubles_the_factor() {
        for (name, quarters) in [
            ("t2.nano", 1),
            ("t2.small", 4),
            ("m5.large", 16),
            ("m5.4xlarge", 128),
            ("m5.metal", 768),
            ("m7i.metal-24xl", 768),
        ] {
            assert_eq!(factor(name), Some(quarters), "{name}");
        }
        assert_eq!(factor("nonsense"), None);
    }
}
