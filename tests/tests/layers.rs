//! Who may use whom: crates downward only, and families of actions downward only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The families of a region node, from the bottom up: each uses only those before it. The last of them have their
/// places kept until they come.
const ORDER: [&str; 53] = [
    "tags",
    "instance_types",
    "accounts",
    "account_settings",
    "regions",
    "key_pairs",
    "dhcp_options",
    "ipam",
    "vpcs",
    "subnets",
    "prefix_lists",
    "security_groups",
    "network_acls",
    "internet_gateways",
    "vpc_peering",
    "transit_gateways",
    "vpn",
    "route_tables",
    "ebs_settings",
    "snapshots",
    "fast_snapshot_restores",
    "images",
    "volumes",
    "network_interfaces",
    "addresses",
    "nat_gateways",
    "egress_only_internet_gateways",
    "carrier_gateways",
    "vpc_endpoint_services",
    "vpc_endpoints",
    "flow_logs",
    "vpc_block_public_access",
    "traffic_mirroring",
    "instance_connect_endpoints",
    "client_vpn",
    "route_servers",
    "network_insights",
    "launch_templates",
    "placement_groups",
    "capacity_reservations",
    "hosts",
    "iam_instance_profiles",
    "spot_market",
    "instances",
    "instance_settings",
    "instance_event_windows",
    "classic_link",
    "spot",
    "fleets",
    "spot_fleets",
    "reserved_instances",
    "import_export",
    "bundle_tasks",
];

/// Files that use a family above their own, and why.
const EXCEPTIONS: [(&str, &[&str], &str); 5] = [
    (
        "accounts/defaults.rs",
        &["dhcp_options", "internet_gateways", "security_groups", "subnets", "vpcs"],
        "an account's first call makes its default VPC with all that belongs to it, or the group of EC2-Classic",
    ),
    (
        "vpcs/creation.rs",
        &["network_acls", "route_tables", "security_groups"],
        "a VPC comes to exist with its main table, default ACL and default group",
    ),
    (
        "vpcs/actions.rs",
        &["network_acls", "route_tables", "security_groups"],
        "and takes these with it when it is deleted",
    ),
    (
        "vpcs/restart.rs",
        &["network_acls", "route_tables", "security_groups"],
        "also when the node was killed in between",
    ),
    (
        "vpcs/cidr_blocks.rs",
        &["network_acls", "security_groups"],
        "the default ACL and groups let IPv6 through once the VPC has a block of it",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Without comments, and without the tests at the end of a file.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The families that a source names, in a `use` or in a path: `families::a::B`, `families::{a, b::{C, D}, e as f}`.
fn named(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for rest in code.split("families::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let (mut depth, mut start) = (1, true);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                c if start && !c.is_whitespace() => {
                    found.insert(name(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// How many `super`s in a row a source has at most.
fn ascent(code: &str) -> usize {
    (0..16).rev().find(|count| code.contains(&"super::".repeat(*count))).unwrap_or(0)
}

/// What `family/file.rs` uses against the order, but for the exceptions.
fn upward(file: &str, code: &str) -> Vec<String> {
    let place = |family: &str| ORDER.iter().position(|known| *known == family);
    let own = file.split('/').next().unwrap_or_default();
    let Some(here) = place(own) else { return vec![format!("{own} has no place in ORDER")] };
    let excepted = |used: &str| EXCEPTIONS.iter().any(|(path, families, _)| *path == file && families.contains(&used));
    named(code)
        .into_iter()
        .filter(|used| used != own && !excepted(used) && place(used).is_none_or(|there| there > here))
        .map(|used| format!("{file} uses {used}"))
        .collect()
}

/// `family/file.rs` and its code.
fn families() -> Vec<(String, String)> {
    let folder = root().join("region-node/src/families");
    let relative = |path: &Path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
    let files = sources(&folder).into_iter().map(|path| (relative(&path), code(&path)));
    files.filter(|(file, _)| file.contains('/')).collect()
}

#[test]
fn families_use_only_families_below() {
    let found: Vec<_> = families().iter().flat_map(|(file, code)| upward(file, code)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// So that `families::` is seen wherever another family is named.
#[test]
fn no_family_reaches_another_by_way_of_super() {
    for (file, code) in families() {
        // `family/mod.rs` and `family/launch/mod.rs` are modules of the folder above.
        let depth = file.matches('/').count() + usize::from(!file.ends_with("mod.rs"));
        assert!(ascent(&code) < depth, "{file} leaves its family with super::");
    }
}

#[test]
fn every_exception_is_needed() {
    let all = families();
    for (path, used, _) in EXCEPTIONS {
        let (_, code) = all.iter().find(|(file, _)| file == path).unwrap_or_else(|| panic!("{path} is gone"));
        let named = named(code);
        for family in used {
            assert!(named.contains(*family), "{path} uses {family} no longer");
        }
    }
}

#[test]
fn what_carries_the_families_does_not_know_them() {
    for folder in ["entity", "time", "store"] {
        for path in sources(&root().join("region-node/src").join(folder)) {
            assert_eq!(named(&code(&path)), BTreeSet::new(), "{}", path.display());
        }
    }
}

/// The crates of this workspace that a crate is built from.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: toml::Table = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap().parse().unwrap();
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
    let names = tables.flat_map(toml::Table::keys).filter_map(|name| name.strip_prefix("archipelago-"));
    names.map(str::to_owned).collect()
}

#[test]
fn crates_depend_downward_only() {
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(dependencies("proto"), of(&[]));
    // Neither knows the other: all that they share is the language between them.
    assert_eq!(dependencies("gateway"), of(&["proto"]));
    assert_eq!(dependencies("region-node"), of(&["proto"]));
    assert_eq!(dependencies("cluster"), of(&["gateway", "proto", "region-node"]));
}

#[test]
fn an_upward_use_is_found_in_whichever_form_it_has() {
    let found = |code: &str| upward("vpcs/state.rs", code);
    assert_eq!(found("use crate::families::accounts::{AccountCommand, account_id};"), Vec::<String>::new());
    assert_eq!(found("use crate::families::subnets;"), ["vpcs/state.rs uses subnets"]);
    assert_eq!(
        found("use crate::families::{\n    accounts::{self, Name},\n    images, subnets::{A, B}, volumes as v,\n};"),
        ["vpcs/state.rs uses images", "vpcs/state.rs uses subnets", "vpcs/state.rs uses volumes"]
    );
    assert_eq!(found("crate::families::instances::replay(&cx)"), ["vpcs/state.rs uses instances"]);
    assert_eq!(found("use crate::families::weather;"), ["vpcs/state.rs uses weather"]);
    assert_eq!(upward("weather/state.rs", ""), ["weather has no place in ORDER"]);
    assert_eq!(upward("vpcs/creation.rs", "use crate::families::route_tables::A;"), Vec::<String>::new());
    assert_eq!(ascent("use super::super::subnets;"), 2);
}
