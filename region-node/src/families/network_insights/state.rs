//! A path, and an analysis of it: running, succeeded or failed.

use archipelago_proto::ec2::v1::{NetworkInsightsAnalysis, NetworkInsightsPath};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct PathState {
    #[prost(message, required, tag = "1")]
    pub public: NetworkInsightsPath,
}

pub enum PathCommand {
    Delete,
}

impl Entity for PathState {
    const KIND: Kind = Kind {
        resource_type: "network-insights-path",
        prefix: "nip",
        not_found: "InvalidNetworkInsightsPathId.NotFound",
        malformed: "InvalidNetworkInsightsPathId.Malformed",
        noun: "network insights path ID",
    };
    type Command = PathCommand;
    type Reply = ();

    fn decide(&self, PathCommand::Delete: PathCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        if facts.dependents.is_empty() {
            return Ok(Decision::gone(self.clone()));
        }
        Err(Ec2Error::new(
            "AnalysisExistsForNetworkInsightsPath",
            format!("The network insights path {} has analyses and cannot be deleted.", facts.id),
        ))
    }

    resource!(tags);
}

#[derive(Clone, PartialEq, Message)]
pub struct AnalysisState {
    /// With what it has found, which is not shown while it is running.
    #[prost(message, required, tag = "1")]
    pub public: NetworkInsightsAnalysis,
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
}

pub enum AnalysisCommand {
    Delete,
}

impl AnalysisState {
    pub(super) fn view(&self) -> NetworkInsightsAnalysis {
        if self.settles.is_none() {
            return self.public.clone();
        }
        NetworkInsightsAnalysis {
            status: Some("running".into()),
            status_message: None,
            network_path_found: None,
            forward_path_components: Vec::new(),
            return_path_components: Vec::new(),
            explanations: Vec::new(),
            ..self.public.clone()
        }
    }
}

impl Entity for AnalysisState {
    const KIND: Kind = Kind {
        resource_type: "network-insights-analysis",
        prefix: "nia",
        not_found: "InvalidNetworkInsightsAnalysisId.NotFound",
        malformed: "InvalidNetworkInsightsAnalysisId.Malformed",
        noun: "network insights analysis ID",
    };
    type Command = AnalysisCommand;
    type Reply = ();

    fn decide(&self, AnalysisCommand::Delete: AnalysisCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        Ok(Decision::gone(self.clone()))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        Next::Become(Self { settles: None, ..self.clone() })
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.public.network_insights_path_id())]
    }

    resource!(tags);
}
