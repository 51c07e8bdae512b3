//! How many vCPUs a type has, and which quota of AWS they count against (AWS: "On-Demand Instance quotas").

use std::sync::LazyLock;

use dashmap::DashMap;

use super::find;

/// A quota for the vCPUs of some families of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub on_demand: &'static str,
    /// None where there are no Spot Instances.
    pub spot: Option<&'static str>,
}

macro_rules! bucket {
    ($class:literal) => {
        Bucket { on_demand: concat!("on-demand-", $class, "-vcpus"), spot: Some(concat!("spot-", $class, "-vcpus")) }
    };
}

/// Those of a type. None for what runs on Dedicated Hosts alone.
pub fn bucket(instance_type: &str) -> Option<Bucket> {
    let family = instance_type.split('.').next().unwrap_or_default();
    let letters = family.split(|letter: char| !letter.is_ascii_lowercase()).next().unwrap_or_default();
    Some(match letters {
        "mac" => return None,
        "f" => bucket!("f"),
        "g" | "gr" | "vt" => bucket!("g-and-vt"),
        "inf" => bucket!("inf"),
        "p" => bucket!("p"),
        "x" => bucket!("x"),
        "u" => Bucket { spot: None, ..bucket!("high-memory") },
        "dl" => bucket!("dl"),
        "trn" => bucket!("trn"),
        "hpc" => Bucket { spot: None, ..bucket!("hpc") },
        _ => bucket!("standard"),
    })
}

/// The vCPUs of a type as it comes, whatever an instance makes of them.
pub fn default_vcpus(instance_type: &str) -> usize {
    static KNOWN: LazyLock<DashMap<String, usize>> = LazyLock::new(DashMap::new);
    if let Some(known) = KNOWN.get(instance_type) {
        return *known;
    }
    let Some(found) = find(instance_type) else { return 0 };
    let cpu = found.info().v_cpu_info.unwrap_or_default();
    let vcpus = usize::try_from(cpu.default_v_cpus()).unwrap_or(0);
    KNOWN.insert(instance_type.to_owned(), vcpus);
    vcpus
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::instance_types::names;
    use crate::quotas;

    #[test]
    fn every_type_has_a_bucket_that_is_a_quota() {
        for name in names() {
            for quota in bucket(name).into_iter().flat_map(|bucket| [Some(bucket.on_demand), bucket.spot]).flatten() {
                assert!(quotas::find(quota).is_some(), "{name}: {quota}");
            }
        }
    }

    #[test]
    fn types_count_as_on_aws() {
        let on_demand = |name| bucket(name).map(|bucket| bucket.on_demand);
        assert_eq!(on_demand("t3.micro"), Some("on-demand-standard-vcpus"));
        assert_eq!(on_demand("im4gn.large"), Some("on-demand-standard-vcpus"));
        assert_eq!(on_demand("g4dn.xlarge"), Some("on-demand-g-and-vt-vcpus"));
        assert_eq!(on_demand("u-6tb1.metal"), Some("on-demand-high-memory-vcpus"));
        assert_eq!(on_demand("u7i-12tb.224xlarge"), Some("on-demand-high-memory-vcpus"));
        assert_eq!(on_demand("mac2.metal"), None);
        assert_eq!((default_vcpus("t3.micro"), default_vcpus("t3.micro")), (2, 2));
    }
}
