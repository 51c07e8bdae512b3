//! What a world has from its start: actions that the configuration names, and that the gateway asks for by itself before
//! it serves. A region that has something already is left as it is.

mod parameters;
mod references;

use std::collections::BTreeMap;
use std::time::Duration;

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::{Caller, StatisticsRequest};
use archipelago_proto::{Call, Ec2Error};
use bytes::Bytes;
use serde::Deserialize;
use tonic::Request;

use crate::decode::decode;
use crate::keyring::{DEFAULT_ACCOUNT, is_account, root_of};
use crate::limits::Limits;
use crate::pipeline::Pipeline;
use crate::query::{Form, Parameters};
use crate::schema::Action;
use crate::{record, region, version};

use references::Answers;

/// How long a node may take to be there, beside gateways that start with it.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(250);

/// An entry `[[populate]]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Populate {
    region: String,
    #[serde(default = "default_account")]
    account: String,
    /// The EC2 name, such as one reads it in the reference.
    action: String,
    /// What later entries call its answer; a list of answers, if it is asked for several times.
    #[serde(default, rename = "as")]
    name: Option<String>,
    /// How often it is asked for; `${turn}` counts from 0.
    #[serde(default = "once")]
    times: u32,
    /// The parameters: lists and tables become `Name.1.Name`.
    #[serde(default)]
    set: toml::Table,
}

fn default_account() -> String {
    DEFAULT_ACCOUNT.to_owned()
}

fn once() -> u32 {
    1
}

/// Fails with the first entry that could not be carried out, and why.
pub(crate) async fn populate(pipeline: &Pipeline, entries: &[Populate]) -> Result<(), String> {
    let mut fresh: BTreeMap<&str, bool> = BTreeMap::new();
    for entry in entries {
        if !fresh.contains_key(entry.region.as_str()) {
            let is_fresh = entry.region_is_fresh(pipeline).await.map_err(|error| entry.blame(&error.message))?;
            fresh.insert(&entry.region, is_fresh);
        }
    }
    let mut answers = Answers::default();
    for entry in entries.iter().filter(|entry| fresh[entry.region.as_str()]) {
        let mut answered = Vec::new();
        for turn in 0..entry.times {
            let (action, answer) = entry.ask(pipeline, &answers, turn).await.map_err(|why| entry.blame(&why))?;
            if entry.name.is_some() {
                answered.push(record::answer(&pipeline.schema, action, &answer));
            }
        }
        if let Some(name) = &entry.name {
            let one = if entry.times == 1 { answered.pop() } else { None };
            answers.insert(name, one.unwrap_or_else(|| answered.into()));
        }
        tracing::info!(entry.region, entry.action, entry.times, "populated");
    }
    Ok(())
}

impl Populate {
    fn blame(&self, why: &str) -> String {
        format!("populate: {} in {}: {why}", self.action, self.region)
    }

    /// Whether nothing has been made there yet. Waits for nodes that are about to start.
    async fn region_is_fresh(&self, pipeline: &Pipeline) -> Result<bool, Ec2Error> {
        if !region::known(&self.region) {
            return Err(Ec2Error::invalid_parameter("there is no such region"));
        }
        if !is_account(&self.account) {
            return Err(Ec2Error::invalid_parameter("an account has 12 digits"));
        }
        let ask = || {
            let request = Request::new(StatisticsRequest {});
            pipeline.forwarder.send(&self.region, request, |channel, request| async {
                AdminClient::new(channel).statistics(request).await.map(tonic::Response::into_inner)
            })
        };
        let patiently = async {
            loop {
                match ask().await {
                    Ok(statistics) => return statistics.created == 0,
                    Err(error) => tracing::debug!(self.region, %error, "not there yet"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let late = |_| Ec2Error::unavailable("the region's node is not there");
        tokio::time::timeout(PATIENCE, patiently).await.map_err(late)
    }

    /// Returns the answer, as the node gives it.
    async fn ask<'p>(
        &self,
        pipeline: &'p Pipeline,
        answers: &Answers,
        turn: u32,
    ) -> Result<(&'p Action, Bytes), String> {
        let said = |error: Ec2Error| format!("{}: {}", error.code, error.message);
        let form = parameters::form(&self.set, &|text| references::fill(text, answers, turn))?;
        // It is the operator's own: no client's limits are for it.
        let limits = Limits { parameters: usize::MAX, ..Limits::default() };
        let form = Form::parse(form.as_bytes(), &[], &limits).map_err(said)?;
        let action = pipeline.schema.action(&self.action).map_err(said)?;
        let message = decode(&pipeline.schema, action.input, Parameters::of(&form).map_err(said)?.root());
        let caller = Caller {
            account: self.account.clone(),
            principal: root_of(&self.account),
            request_id: pipeline.uuids.fresh(),
            version: version::NEWEST.to_owned(),
            user_agent: "archipelago".to_owned(),
            ..Caller::default()
        };
        let message = message.map_err(said)?;
        let call = Call { caller };
        let answer = pipeline.forwarder.call(&self.region, action.path.clone(), &call, message).await.map_err(said)?;
        Ok((action, answer))
    }
}
