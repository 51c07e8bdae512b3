//! What is said with an error that a rule gives no message for.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Target;

static MESSAGES: LazyLock<HashMap<String, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("messages.toml")).expect("the table of this binary is one"));

pub(super) fn of(code: &str, target: &Target<'_>) -> String {
    let known = MESSAGES.get(code).into_iter().flatten().find_map(|text| filled(text, target));
    known.unwrap_or_else(|| "An error was asked for.".to_owned())
}

/// None where a blank stays empty.
fn filled(text: &str, target: &Target<'_>) -> Option<String> {
    let mut parts = text.split('{');
    let mut said = parts.next()?.to_owned();
    for part in parts {
        let (blank, rest) = part.split_once('}')?;
        said.push_str(value(blank, target)?);
        said.push_str(rest);
    }
    Some(said)
}

fn value<'t>(blank: &str, target: &Target<'t>) -> Option<&'t str> {
    let given = |name| target.form.get(name);
    let value = match blank {
        "zone" => {
            let concerned = target.involved.and_then(|involved| involved.zones.first());
            let named = ["Placement.AvailabilityZone", "AvailabilityZone"];
            concerned.map(|(name, _)| name.as_str()).or_else(|| named.into_iter().find_map(given))
        }
        name => given(name),
    };
    value.filter(|value| !value.is_empty())
}
