//! Reachability Analyzer: paths between resources, and analyses that walk them through the region's state.

mod actions;
mod analysis_actions;
mod endpoints;
mod explain;
mod filtering;
mod filters;
mod packet;
mod routing;
mod state;
mod trip;
mod walk;

use crate::request::Action;

pub use state::{AnalysisState, PathState};

pub(crate) fn actions() -> Vec<Action> {
    [actions::actions(), analysis_actions::actions()].into_iter().flatten().collect()
}
