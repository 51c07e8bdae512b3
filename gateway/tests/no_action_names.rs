//! The gateway must not know any action: what is special about one stands in the schema.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use prost_reflect::DescriptorPool;

#[test]
fn the_sources_name_no_action_of_ec2() {
    let pool = DescriptorPool::decode(archipelago_proto::DESCRIPTORS).unwrap();
    let services = pool.services().filter(|service| service.package_name() == "ec2.v1");
    let actions: HashSet<String> =
        services.flat_map(|service| service.methods().map(|m| m.name().to_owned()).collect::<Vec<_>>()).collect();
    assert!(actions.len() > 80);
    let mut sources = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    assert!(sources.len() > 30);
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let named = words.find(|word| actions.contains(*word));
        assert_eq!(named, None, "{}", source.display());
    }
}

/// Rust files, but for those of the other service and those of tests.
fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("sts") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            sources.push(path);
        }
    }
}
