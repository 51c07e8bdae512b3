//! The inputs that `fuzz/` keeps, once each and without a fuzzer: no entry may panic on any of them.
//!
//! `cargo test -p archipelago-tests --test corpus -- --ignored` writes those that come from the sample requests anew.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use archipelago_gateway::fuzzing as gateway;
use archipelago_region_node::fuzzing as node;

type Entry = fn(&[u8]);

const ENTRIES: [(&str, Entry); 6] = [
    ("query", gateway::query),
    ("signature", gateway::signature),
    ("transcode_query", gateway::transcode_query),
    ("transcode_answer", gateway::transcode_answer),
    ("policy", gateway::policy),
    ("calls", node::calls),
];

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

/// Actors catch their own panics: only the hook sees all of them.
#[test]
fn no_kept_input_makes_anything_panic() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        SAID.lock().unwrap().push(panic.to_string());
    }));
    let mut culprits = Vec::new();
    let mut inputs = 0;
    for (target, entry) in ENTRIES {
        for file in fs::read_dir(corpus(target)).unwrap() {
            let path = file.unwrap().path();
            let input = fs::read(&path).unwrap();
            let before = PANICS.load(Ordering::SeqCst);
            let _ = std::panic::catch_unwind(|| entry(&input));
            if PANICS.load(Ordering::SeqCst) > before {
                culprits.push(path);
            }
            inputs += 1;
        }
    }
    let _ = std::panic::take_hook();
    assert!(culprits.is_empty(), "{culprits:?}: {:?}", SAID.lock().unwrap());
    assert!(inputs > 100, "{inputs} inputs: where is the rest?");
}

#[test]
#[ignore = "writes files"]
fn write_the_samples() {
    let actions = actions();
    for table in ["samples.txt", "samples_compute.txt", "samples_classic.txt"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e").join(table)).unwrap();
        let name = table.trim_end_matches(".txt");
        let mut known = HashMap::new();
        for (number, section) in text.split("\n\n").enumerate() {
            write_section(&format!("{name}-{number:03}"), section, &mut known, &actions);
        }
    }
}

/// Lines of one section are calls to one region, in one input; and queries and answers each by itself.
fn write_section(name: &str, section: &str, known: &mut HashMap<String, String>, actions: &[String]) {
    let mut calls = Vec::new();
    for (number, line) in section.lines().filter(|line| !line.starts_with(['#', '@'])).enumerate() {
        let mut parts = line.split(" | ");
        let mut query = format!("Action={}", parts.next().unwrap_or_default());
        for (name, id) in &*known {
            query = query.replace(&format!("{{{name}}}"), id);
        }
        let wanted = parts.nth(1).unwrap_or_default();
        let Some((path, message)) = gateway::transcoded(query.as_bytes()) else { continue };
        let call = node::call(&path, &message);
        if calls.len() + call.len() > 4000 {
            continue;
        }
        calls.extend(call);
        let mut last = Vec::new();
        node::asked(&calls, |asked, answer| {
            last.clear();
            if asked == path {
                last.extend_from_slice(answer);
            }
        });
        let ids = ids(&last);
        for (name, id) in wanted.split(' ').filter_map(|name| name.split_once('=')).zip(ids) {
            known.insert(name.0.to_owned(), id);
        }
        if number % 4 == 0 {
            keep("transcode_query", &format!("{name}-{number:02}"), query.as_bytes());
        }
        if let (Some(key), 1..3000, 0) = (actions.iter().position(|known| *known == path), last.len(), number % 4) {
            let key = u16::try_from(key).unwrap().to_le_bytes();
            keep("transcode_answer", &format!("{name}-{number:02}"), &[&key, last.as_slice()].concat());
        }
    }
    if !calls.is_empty() {
        keep("calls", name, &calls);
    }
}

fn keep(target: &str, name: &str, input: &[u8]) {
    fs::create_dir_all(corpus(target)).unwrap();
    fs::write(corpus(target).join(name), input).unwrap();
}

/// `vpc-0123456789abcdef0` and the like, as they stand among other bytes.
fn ids(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
    let is_id = |word: &&str| {
        let digits = word.rsplit_once('-').map_or("", |(_, digits)| digits);
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    words.filter(is_id).map(str::to_owned).collect()
}

/// The paths of all actions, by the names of these.
fn actions() -> Vec<String> {
    let pool = prost_reflect::DescriptorPool::decode(archipelago_proto::DESCRIPTORS).unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let paths = methods.map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()));
    let mut paths: Vec<_> = paths.filter(|path| path.starts_with("/ec2.v1.")).collect();
    paths.sort_by(|a, b| a.rsplit('/').next().cmp(&b.rsplit('/').next()));
    paths
}
