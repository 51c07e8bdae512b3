//! What the gateway knows of the EC2 API: tables made once at start from `archipelago_proto::DESCRIPTORS`.
//! An action's name leads to its rpc, and from there to the parameters it takes and the elements it answers.

mod build;
mod input;
mod options;
mod output;

use std::collections::HashMap;

use archipelago_proto::{Ec2Error, actions};
use http::uri::PathAndQuery;

use crate::limits::shown;

pub(crate) use input::{Input, Param};
pub(crate) use output::{Field, Output};

/// How a value is spelled in a Query, in protobuf and in XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bool,
    Int32,
    Int64,
    /// An int64 of milliseconds since the epoch.
    Timestamp,
    Double,
    Blob,
    /// Another table of the same direction.
    Message(usize),
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: Box<str>,
    /// The rpc, `/ec2.v1.{Family}Service/{Action}`.
    pub(crate) path: PathAndQuery,
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) returns_true: bool,
    /// Whether a request may hand a role to EC2.
    pub(crate) passes_role: bool,
}

#[derive(Debug)]
pub(crate) struct Schema {
    actions: HashMap<Box<str>, Action>,
    inputs: Box<[Input]>,
    outputs: Box<[Output]>,
}

impl Schema {
    pub(crate) fn action(&self, name: &str) -> Result<&Action, Ec2Error> {
        self.actions.get(name).ok_or_else(|| {
            if actions::exists(name) {
                not_implemented(name)
            } else {
                Ec2Error::new("InvalidAction", format!("The action {} is not valid for this web service.", shown(name)))
            }
        })
    }

    pub(crate) fn input(&self, index: usize) -> &Input {
        &self.inputs[index]
    }

    pub(crate) fn output(&self, index: usize) -> &Output {
        &self.outputs[index]
    }

    /// Every action, in the order of their names.
    pub(crate) fn actions(&self) -> Vec<&Action> {
        let mut all: Vec<_> = self.actions.values().collect();
        all.sort_unstable_by_key(|action| &action.name);
        all
    }
}

/// EC2 has the action, Archipelago does not.
pub(crate) fn not_implemented(action: &str) -> Ec2Error {
    Ec2Error::new("InvalidAction", format!("The action {action} is not implemented by Archipelago."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_leads_to_its_rpc() {
        let schema = Schema::load().unwrap();
        let names: Vec<_> = schema.actions().into_iter().map(|action| &*action.name).collect();
        assert!(names.len() > 80, "{}", names.len());
        for action in schema.actions() {
            assert!(action.path.path().starts_with("/ec2.v1."), "{}", action.path);
            assert!(action.path.path().ends_with(&*action.name), "{}", action.path);
        }
    }

    #[test]
    fn an_unknown_action_is_told_apart_from_one_that_is_missing_here() {
        let schema = Schema::load().unwrap();
        let unknown = schema.action("FlyToTheMoon").unwrap_err();
        assert_eq!(unknown.message, "The action FlyToTheMoon is not valid for this web service.");
        let missing = actions::all().find(|name| !schema.actions.contains_key(*name)).unwrap();
        let error = schema.action(missing).unwrap_err();
        assert_eq!(error.code, "InvalidAction");
        assert!(error.message.contains("not implemented"), "{error}");
    }
}
