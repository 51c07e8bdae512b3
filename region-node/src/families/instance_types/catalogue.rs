//! The lines of `instance_types.tsv`, found by name.

use std::sync::OnceLock;

use archipelago_proto::ec2::v1::InstanceTypeInfo;

use super::info;

const TABLE: &str = include_str!("../../../data/instance_types.tsv");

/// One instance type: a line of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceType(&'static str);

impl InstanceType {
    pub fn name(self) -> &'static str {
        self.0.split_once('\t').map_or(self.0, |(name, _)| name)
    }

    /// All that DescribeInstanceTypes tells of it; made anew by each call.
    pub fn info(self) -> InstanceTypeInfo {
        info::read(self.0)
    }
}

/// The type of that name, in whatever region.
pub fn find(name: &str) -> Option<InstanceType> {
    let types = types();
    types.binary_search_by(|known| known.name().cmp(name)).ok().map(|at| types[at])
}

/// Every type, in the order of the names.
pub fn types() -> &'static [InstanceType] {
    static TYPES: OnceLock<Vec<InstanceType>> = OnceLock::new();
    TYPES.get_or_init(|| rows(TABLE).map(InstanceType).collect())
}

/// The names of all types, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    types().iter().map(|known| known.name())
}

/// The lines of a table after its comments and its header.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#')).skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_so_that_each_is_found() {
        assert!(types().len() > 1000);
        assert!(types().iter().all(|known| find(known.name()) == Some(*known)));
        assert_eq!(find("t3.gigantic"), None);
    }

    #[test]
    fn the_header_names_the_columns_in_the_order_in_which_they_are_read() {
        let header = TABLE.lines().find(|line| !line.starts_with('#')).unwrap();
        assert_eq!(header, info::COLUMNS.map(|(name, _)| name).join("\t"));
    }

    #[test]
    fn every_line_can_be_read() {
        for known in types() {
            let info = known.info();
            let cpu = info.v_cpu_info.unwrap();
            assert_eq!(cpu.default_v_cpus(), cpu.default_cores() * cpu.default_threads_per_core(), "{}", known.name());
            assert!(info.memory_info.unwrap().size_in_mi_b() > 0, "{}", known.name());
            assert!(info.network_info.unwrap().maximum_network_interfaces() > 0, "{}", known.name());
            assert!(info.ebs_info.unwrap().maximum_ebs_attachments() > 0, "{}", known.name());
        }
    }
}
