//! How many Spot Instances a zone could have of a type, where nobody bounds it: a model, since AWS publishes none.
//!
//! A zone has between 1,000 and 4,000 vCPUs of each type that it offers. Which number it is follows from the names of both
//! alone, so that every region's node tells the same of every region.

use archipelago_proto::ec2::v1::{InstanceTypeInfo, VCpuInfo};

use super::prices::{hash, unit};

const LEAST: f64 = 1000.0;
const MOST: f64 = 4000.0;

/// In instances.
pub fn depth(zone_id: &str, info: &InstanceTypeInfo) -> f64 {
    let vcpus = info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus).max(1);
    (LEAST + (MOST - LEAST) * unit(hash(&["depth", zone_id, info.instance_type()]))) / f64::from(vcpus)
}
