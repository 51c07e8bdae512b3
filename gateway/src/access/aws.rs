//! The words in which AWS refuses.

use super::restrictions::{Permission, Refused};

/// `User: .. is not authorized to perform: .. on resource: .. because ..`
pub(super) fn because(permission: &Permission, principal: &str, refused: &Refused) -> String {
    let Permission { action, resource, .. } = permission;
    let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
    let why = match refused {
        Refused::Denied(kind, _) => format!("with an explicit deny in {} {kind}", article(kind)),
        Refused::Silent(kind) => format!("because no {kind} allows the {action} action"),
    };
    format!("User: {principal} is not authorized to perform: {action}{on} {why}")
}

fn article(of: &str) -> &'static str {
    if of.starts_with('i') { "an" } else { "a" }
}
