//! Which resource types each action is about.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A line for each action: its name, the types of the resources that it is about, and with `+` those that it creates.
/// `any` is about whatever is named. From the Service Authorization Reference.
const ACTIONS: &str = include_str!("actions.txt");

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    named: Vec<&'static str>,
    pub(super) created: Vec<&'static str>,
    any: bool,
}

static NEEDS: LazyLock<HashMap<&'static str, Needs>> = LazyLock::new(|| ACTIONS.lines().filter_map(read).collect());

fn read(line: &'static str) -> Option<(&'static str, Needs)> {
    let mut words = line.split(' ');
    let action = words.next()?;
    let (created, named): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with('+'));
    let created = created.into_iter().filter_map(|word| word.strip_prefix('+')).collect();
    Some((action, Needs { any: named == ["any"], named, created }))
}

/// An action that is not in the table is about all that it names.
pub(super) fn of(action: &str) -> Needs {
    NEEDS.get(action).cloned().unwrap_or(Needs { any: true, ..Needs::default() })
}

impl Needs {
    pub(super) fn about(&self, resource_type: &str) -> bool {
        self.any || self.named.contains(&resource_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_tell_what_they_are_about_and_what_they_create() {
        let volume = of("CreateVolume");
        assert!(volume.about("snapshot") && !volume.about("volume"));
        assert_eq!(volume.created, ["volume"]);
        assert!(of("CreateTags").about("vpc"));
        assert_eq!(of("DescribeInstances"), Needs::default());
        assert!(of("NameOfTomorrow").about("instance"));
    }
}
