//! What an operator writes: the same words in the configuration file and at `/_archipelago/iam`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everybody that is restricted, and by what.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identities {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// 12 digits.
    pub account: String,
    pub name: String,
    #[serde(default = "slash")]
    pub path: String,
    /// By their names.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Attached policies, by their names, or by the ARNs of AWS's own.
    #[serde(default)]
    pub policies: Vec<String>,
    #[serde(default)]
    pub inline: Vec<Text>,
    /// The policy that bounds the user's permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub account: String,
    pub name: String,
    #[serde(default)]
    pub policies: Vec<String>,
    #[serde(default)]
    pub inline: Vec<Text>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub account: String,
    pub name: String,
    #[serde(default = "slash")]
    pub path: String,
    /// Who may assume it.
    pub trust: Text,
    #[serde(default)]
    pub policies: Vec<String>,
    #[serde(default)]
    pub inline: Vec<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The longest session, in seconds.
    #[serde(default = "hour")]
    pub max_session: i64,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub account: String,
    pub name: String,
    pub document: Text,
}

/// A policy: its JSON, the same as a table, or `{ file = "policy.json" }`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Text {
    Json(String),
    Table(Value),
}

impl Text {
    pub(super) fn json(&self) -> String {
        match self {
            Self::Json(text) => text.clone(),
            Self::Table(table) => table.to_string(),
        }
    }

    fn file(&self) -> Option<&str> {
        match self {
            Self::Table(Value::Object(table)) if table.len() == 1 => table.get("file")?.as_str(),
            _ => None,
        }
    }
}

impl Identities {
    /// Puts the contents of files in the place of their names.
    pub fn read_files(&mut self, read: impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
        let users = self.users.iter_mut().flat_map(|user| &mut user.inline);
        let groups = self.groups.iter_mut().flat_map(|group| &mut group.inline);
        let roles = self.roles.iter_mut().flat_map(|role| role.inline.iter_mut().chain([&mut role.trust]));
        let policies = self.policies.iter_mut().map(|policy| &mut policy.document);
        for text in users.chain(groups).chain(roles).chain(policies) {
            if let Some(file) = text.file() {
                *text = Text::Json(read(file)?);
            }
        }
        Ok(())
    }

    /// Adds others; who is there already is replaced.
    pub(super) fn put(&mut self, others: Self) {
        fn put<T>(into: &mut Vec<T>, others: Vec<T>, key: impl Fn(&T) -> (&str, &str)) {
            into.retain(|old| !others.iter().any(|new| key(new) == key(old)));
            into.extend(others);
        }
        put(&mut self.users, others.users, |user| (&user.account, &user.name));
        put(&mut self.groups, others.groups, |group| (&group.account, &group.name));
        put(&mut self.roles, others.roles, |role| (&role.account, &role.name));
        put(&mut self.policies, others.policies, |policy| (&policy.account, &policy.name));
    }

    /// Keeps those whom the test does not choose, by what they are, account and name.
    pub(super) fn remove(&mut self, chosen: impl Fn(&str, &str, &str) -> bool) {
        self.users.retain(|user| !chosen("user", &user.account, &user.name));
        self.groups.retain(|group| !chosen("group", &group.account, &group.name));
        self.roles.retain(|role| !chosen("role", &role.account, &role.name));
        self.policies.retain(|policy| !chosen("policy", &policy.account, &policy.name));
    }
}

fn slash() -> String {
    "/".to_owned()
}

/// AWS: an hour, unless the role says otherwise.
fn hour() -> i64 {
    3600
}
