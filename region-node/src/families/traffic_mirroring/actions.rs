//! The actions on traffic mirroring.

use super::filter_actions::{
    create_traffic_mirror_filter, delete_traffic_mirror_filter, describe_traffic_mirror_filters,
    modify_traffic_mirror_filter_network_services,
};
use super::rule_actions::{
    create_traffic_mirror_filter_rule, delete_traffic_mirror_filter_rule, describe_traffic_mirror_filter_rules,
    modify_traffic_mirror_filter_rule,
};
use super::session_actions::{
    create_traffic_mirror_session, delete_traffic_mirror_session, describe_traffic_mirror_sessions,
    modify_traffic_mirror_session,
};
use super::target::{create_traffic_mirror_target, delete_traffic_mirror_target, describe_traffic_mirror_targets};
use crate::request::Action;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_traffic_mirror_filter),
        Action::new(create_traffic_mirror_filter_rule),
        Action::new(create_traffic_mirror_session),
        Action::new(create_traffic_mirror_target),
        Action::new(delete_traffic_mirror_filter),
        Action::new(delete_traffic_mirror_filter_rule),
        Action::new(delete_traffic_mirror_session),
        Action::new(delete_traffic_mirror_target),
        Action::new(describe_traffic_mirror_filter_rules),
        Action::new(describe_traffic_mirror_filters),
        Action::new(describe_traffic_mirror_sessions),
        Action::new(describe_traffic_mirror_targets),
        Action::new(modify_traffic_mirror_filter_network_services),
        Action::new(modify_traffic_mirror_filter_rule),
        Action::new(modify_traffic_mirror_session),
    ]
}
