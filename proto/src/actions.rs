//! The names of all actions of the EC2 API, also of those that the schema lacks.

/// One name a line, sorted: the current model and the 2014-10-01 reference together.
const NAMES: &str = include_str!("actions.txt");

pub fn all() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

pub fn exists(name: &str) -> bool {
    all().any(|known| known == name)
}
