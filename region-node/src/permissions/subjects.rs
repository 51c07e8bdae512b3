//! The subjects of a request, each with the values of its condition keys.

use std::collections::{BTreeMap, HashSet};

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::{ConditionKey, Subject};
use archipelago_proto::permissions::{PASSING, TAGGING};
use prost_reflect::{DynamicMessage, Value};

use super::kinds::{self, Form, Kind};
use super::launch::{self, Template};
use super::look::{By, look};
use super::message::{self, messages, texts};
use super::needs::{self, Needs};
use super::tags::{self, RequestTags};
use super::{implied, mentions};
use crate::request::{Context, Desk};

type Keys = BTreeMap<String, Vec<String>>;

struct Draft {
    resource_type: &'static str,
    /// Its id, its name, or `*`.
    name: String,
    resource: String,
    keys: Keys,
}

struct Question<'a> {
    desk: &'a Desk,
    cx: &'a Context,
    action: &'a str,
    /// With what a launch template adds.
    request: DynamicMessage,
    needs: Needs,
    tags: RequestTags,
    /// What all subjects of the request have in common.
    common: Keys,
}

pub(super) async fn of(desk: &Desk, cx: &Context, action: &str, input: &[u8]) -> Ec2Result<Vec<Subject>> {
    let asked = message::decode(message::action(action)?.input(), input)?;
    let launch = launch::of(cx, action, input);
    let template = launch.as_ref().and_then(|_| Template::of(&asked));
    let request = launch.as_ref().and_then(|launch| launch.request.clone()).unwrap_or(asked);
    let tags = RequestTags::of(&request);
    let common = common(cx, action, &request);
    let question = Question { desk, cx, action, request, needs: needs::of(action), tags, common };

    let also: Vec<_> = launch.iter().flat_map(launch::Launch::ids).cloned().collect();
    let mut drafts = question.named(also).await;
    let mut created = launch.map(|launch| launch.created()).unwrap_or_default();
    if created.is_empty() {
        created = question.needs.created.iter().map(|kind| (*kind, question.request.clone())).collect();
    }
    for (resource_type, message) in &created {
        let draft = question.created(resource_type, message, &drafts);
        drafts.push(draft);
    }
    if drafts.is_empty() {
        drafts.push(question.whatever());
    }
    if let Some(template) = &template {
        by_template(template, &mut drafts);
    }
    Ok(question.subjects(drafts))
}

/// The keys that do not depend on the resource.
fn common(cx: &Context, action: &str, request: &DynamicMessage) -> Keys {
    let mut keys = Keys::from([("ec2:Region".to_owned(), vec![cx.facts.name.to_owned()])]);
    if action.starts_with("Modify") || action.starts_with("Reset") {
        for (field, value) in request.fields().filter(|(field, _)| !matches!(field.name(), "dry_run" | "attribute")) {
            let name = archipelago_proto::names::upper_camel(field.name());
            let value = match value {
                Value::Message(inner) => texts(inner, "value"),
                value => message::text(value).into_iter().collect(),
            };
            keys.insert(format!("ec2:Attribute/{name}"), value);
            keys.entry("ec2:Attribute".to_owned()).or_default().push(name);
        }
        for mut name in texts(request, "attribute") {
            // Values of Attribute are in camel case with a small first letter, keys have a capital one.
            name.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
            keys.insert(format!("ec2:Attribute/{name}"), texts(request, "value"));
            keys.entry("ec2:Attribute".to_owned()).or_default().push(name);
        }
    }
    keys
}

impl Question<'_> {
    /// What the request names, and what that implies.
    async fn named(&self, also: Vec<String>) -> Vec<Draft> {
        let mut wanted: Vec<_> =
            mentions::of(&self.request).iter().filter_map(|mention| self.mentioned(mention)).collect();
        wanted.extend(also.iter().filter_map(|id| self.by_id(id)));
        let mut seen = HashSet::new();
        let mut drafts: Vec<Draft> = Vec::new();
        while !wanted.is_empty() {
            let mut implied = Vec::new();
            for (resource_type, by) in wanted {
                if !seen.insert((resource_type, by.clone())) {
                    continue;
                }
                let kind = kinds::of(resource_type);
                let found = match kind {
                    Some(kind) => look(self.desk, self.cx, kind, &by).await,
                    None => None,
                };
                if let Some(found) = &found {
                    let ids = implied::by(self.action, resource_type, found);
                    implied.extend(ids.iter().filter_map(|id| self.by_id(id)));
                }
                let draft = self.draft(resource_type, &by, kind, found.as_ref());
                if !drafts.iter().any(|known| known.resource == draft.resource) {
                    drafts.push(draft);
                }
            }
            wanted = implied;
        }
        drafts
    }

    fn mentioned(&self, mention: &mentions::Mention) -> Option<(&'static str, By)> {
        self.by_id(&mention.text).or_else(|| {
            let resource_type = mention.names(|resource_type| self.needs.about(resource_type))?;
            Some((resource_type, By::Name(mention.text.clone())))
        })
    }

    fn by_id(&self, id: &str) -> Option<(&'static str, By)> {
        let (resource_type, id) = self.cx.shell.registry().named(id)?;
        self.needs.about(resource_type).then(|| (resource_type, By::Id(id.into())))
    }

    fn draft(
        &self,
        resource_type: &'static str,
        by: &By,
        kind: Option<&Kind>,
        found: Option<&DynamicMessage>,
    ) -> Draft {
        let (By::Id(given) | By::Name(given)) = by;
        let shown = found.zip(kind).and_then(|(found, kind)| texts(found, kind.arn).pop());
        let name = shown.unwrap_or_else(|| given.clone());
        let mut keys = self.keys(resource_type, kind, found);
        let tags = match found {
            Some(found) => [tags::at(found, "tags"), tags::at(found, "tag_set")].concat(),
            None => {
                let tagged = self.cx.shell.tags.of(&self.cx.account);
                let tags = tagged.get(given.as_str()).map(|tagged| tagged.tags.clone());
                tags.iter().flat_map(|tags| tags.iter()).map(|tag| (tag.key().into(), tag.value().into())).collect()
            }
        };
        for (key, value) in tags {
            keys.insert(format!("ec2:ResourceTag/{key}"), vec![value.clone()]);
            keys.insert(format!("aws:ResourceTag/{key}"), vec![value]);
        }
        if let Some((_, key)) = kinds::ID_KEYS.iter().find(|(known, _)| *known == resource_type) {
            keys.insert((*key).to_owned(), vec![given.clone()]);
        }
        Draft { resource_type, resource: self.arn(resource_type, &name), name: given.clone(), keys }
    }

    /// What would come to be, as far as `message` tells; it is in the subnet that the request names.
    fn created(&self, resource_type: &'static str, message: &DynamicMessage, named: &[Draft]) -> Draft {
        let kind = kinds::of(resource_type);
        let mut keys = self.keys(resource_type, kind, Some(message));
        if resource_type == "vpc-peering-connection" {
            let peering = implied::wanted_peering(self.cx, self.action, message);
            keys.extend(peering.into_iter().map(|(key, arn)| (key.to_owned(), vec![arn])));
        }
        let subnet = named.iter().find(|draft| draft.resource_type == "subnet");
        for (key, _, _) in kind.iter().flat_map(|kind| kind.keys) {
            if let Some(value) = subnet.and_then(|subnet| subnet.keys.get(*key)).filter(|_| !key.ends_with("ID")) {
                keys.entry((*key).to_owned()).or_insert_with(|| value.clone());
            }
        }
        Draft { resource_type, name: "*".to_owned(), resource: self.arn(resource_type, "*"), keys }
    }

    /// For what has no resource of its own.
    fn whatever(&self) -> Draft {
        let keys = self.keys("", None, None);
        Draft { resource_type: "", name: "*".to_owned(), resource: "*".to_owned(), keys }
    }

    fn keys(&self, resource_type: &str, kind: Option<&Kind>, message: Option<&DynamicMessage>) -> Keys {
        let mut keys = self.common.clone();
        for (key, paths, form) in kind.iter().flat_map(|kind| kind.keys) {
            let values = message.map(|message| self.values(message, paths, *form)).unwrap_or_default();
            if !values.is_empty() {
                keys.insert((*key).to_owned(), values);
            }
        }
        for (key, value) in self.tags.of_type(resource_type) {
            keys.insert(format!("aws:RequestTag/{key}"), vec![value.clone()]);
            keys.entry("aws:TagKeys".to_owned()).or_default().push(key.clone());
        }
        keys
    }

    fn values(&self, message: &DynamicMessage, paths: &[&str], form: Form) -> Vec<String> {
        if let Form::Vpc = form {
            let infos = paths.iter().flat_map(|path| messages(message, path));
            return infos.filter_map(|info| implied::peer_vpc(self.cx, info)).collect();
        }
        let set = paths.iter().map(|path| texts(message, path)).find(|values| !values.is_empty());
        let values = set.unwrap_or_default().into_iter().filter(|value| !value.is_empty());
        match form {
            Form::Plain | Form::Vpc => values.collect(),
            Form::Arn(resource_type) => values.map(|value| self.arn(resource_type, &value)).collect(),
            Form::Time => values.filter_map(|value| time(&value)).collect(),
            Form::Or(default) => {
                let values: Vec<_> = values.collect();
                if values.is_empty() { vec![default.to_owned()] } else { values }
            }
        }
    }

    /// Images and snapshots are named without an account.
    fn arn(&self, resource_type: &str, name: &str) -> String {
        match resource_type {
            "image" | "snapshot" => {
                let facts = self.cx.facts;
                format!("arn:{}:ec2:{}::{resource_type}/{name}", facts.partition.id(), facts.name)
            }
            _ => self.cx.arn(resource_type, name),
        }
    }

    /// The action's own subjects, and those of what it takes beside: tagging, and handing a role to EC2.
    fn subjects(&self, drafts: Vec<Draft>) -> Vec<Subject> {
        let own = format!("ec2:{}", self.action);
        let mut subjects: Vec<_> = drafts.into_iter().map(|draft| subject(&own, draft.resource, draft.keys)).collect();
        for (resource_type, _) in &self.tags.specified {
            let mut keys = self.keys(resource_type, None, None);
            keys.insert("ec2:CreateAction".to_owned(), vec![self.action.to_owned()]);
            subjects.push(subject(TAGGING, self.arn(resource_type, "*"), keys));
        }
        if let Some(role) = implied::passed_role(self.cx, &self.request) {
            let keys = Keys::from([("iam:PassedToService".to_owned(), vec!["ec2.amazonaws.com".to_owned()])]);
            subjects.push(subject(PASSING, role, keys));
        }
        subjects
    }
}

fn by_template(template: &Template, drafts: &mut [Draft]) {
    let used = drafts.iter().find(|draft| draft.resource_type == "launch-template");
    let Some(arn) = used.map(|draft| draft.resource.clone()) else { return };
    for draft in drafts {
        let brought = template.brings(&draft.name).to_string();
        draft.keys.insert("ec2:IsLaunchTemplateResource".to_owned(), vec![brought]);
        draft.keys.insert("ec2:LaunchTemplate".to_owned(), vec![arn.clone()]);
    }
}

fn subject(action: &str, resource: String, keys: Keys) -> Subject {
    let keys = keys.into_iter().map(|(name, values)| ConditionKey { name, values }).collect();
    Subject { action: action.to_owned(), resource, keys }
}

fn time(milliseconds: &str) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    Some(format!("{time:.3}"))
}
