//! A filter and its rules.

use archipelago_proto::ec2::v1::{Tag, TrafficMirrorFilter, TrafficMirrorFilterRule};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Part, resource};
use crate::quotas::Weight;

/// Rules are parts of their filter, with ids and tags of their own.
pub(super) const RULE: Kind = Kind {
    resource_type: "traffic-mirror-filter-rule",
    prefix: "tmfr",
    not_found: "InvalidTrafficMirrorFilterRuleId.NotFound",
    malformed: "InvalidTrafficMirrorFilterRuleId.Malformed",
    noun: "traffic mirror filter rule ID",
};

#[derive(Clone, PartialEq, Message)]
pub struct MirrorFilterState {
    /// Without its rules, which [`view`](Self::view) has.
    #[prost(message, required, tag = "1")]
    pub public: TrafficMirrorFilter,
    #[prost(message, repeated, tag = "2")]
    pub rules: Vec<TrafficMirrorFilterRule>,
}

pub enum MirrorFilterCommand {
    Delete,
    /// Adds network services and takes others away.
    Services {
        add: Vec<String>,
        remove: Vec<String>,
    },
    /// A new rule, or the new form of a known one.
    SetRule(TrafficMirrorFilterRule),
    RemoveRule(String),
}

impl MirrorFilterState {
    /// The filter as a describe shows it; rules in the order of their numbers.
    pub fn view(&self) -> TrafficMirrorFilter {
        let of = |direction: &str| {
            let mut rules: Vec<_> =
                self.rules.iter().filter(|rule| rule.traffic_direction() == direction).cloned().collect();
            rules.sort_by_key(TrafficMirrorFilterRule::rule_number);
            rules
        };
        TrafficMirrorFilter {
            ingress_filter_rules: of("ingress"),
            egress_filter_rules: of("egress"),
            ..self.public.clone()
        }
    }

    pub(super) fn rule(&self, id: &str) -> Option<&TrafficMirrorFilterRule> {
        self.rules.iter().find(|rule| rule.traffic_mirror_filter_rule_id() == id)
    }

    fn set_rule(&mut self, new: TrafficMirrorFilterRule) -> Ec2Result<()> {
        let id = new.traffic_mirror_filter_rule_id().to_owned();
        let same_place = |known: &&TrafficMirrorFilterRule| {
            known.traffic_mirror_filter_rule_id() != id
                && known.traffic_direction == new.traffic_direction
                && known.rule_number == new.rule_number
        };
        if self.rules.iter().find(same_place).is_some() {
            return Err(Ec2Error::new(
                "TrafficMirrorFilterRuleAlreadyExists",
                format!(
                    "The filter already has an {} rule with the number {}.",
                    new.traffic_direction(),
                    new.rule_number()
                ),
            ));
        }
        match self.rules.iter_mut().find(|known| known.traffic_mirror_filter_rule_id() == id) {
            Some(known) => *known = new,
            None => self.rules.push(new),
        }
        Ok(())
    }
}

impl Entity for MirrorFilterState {
    const KIND: Kind = Kind {
        resource_type: "traffic-mirror-filter",
        prefix: "tmf",
        not_found: "InvalidTrafficMirrorFilterId.NotFound",
        malformed: "InvalidTrafficMirrorFilterId.Malformed",
        noun: "traffic mirror filter ID",
    };
    const TAGGED_PARTS: &'static [Kind] = &[RULE];
    type Command = MirrorFilterCommand;
    type Reply = ();

    fn decide(&self, command: MirrorFilterCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            MirrorFilterCommand::Delete if facts.dependents.is_empty() => return Ok(Decision::gone(next)),
            MirrorFilterCommand::Delete => {
                return Err(Ec2Error::new(
                    "TrafficMirrorFilterInUse",
                    format!("The traffic mirror filter {} is in use by a session.", facts.id),
                ));
            }
            MirrorFilterCommand::Services { add, remove } => {
                next.public.network_services.retain(|known| !remove.contains(known));
                for service in add {
                    if !next.public.network_services.contains(&service) {
                        next.public.network_services.push(service);
                    }
                }
            }
            MirrorFilterCommand::SetRule(rule) => next.set_rule(rule)?,
            MirrorFilterCommand::RemoveRule(id) => {
                next.rules.retain(|known| known.traffic_mirror_filter_rule_id() != id);
                if next.rules.len() == self.rules.len() {
                    return Err(RULE.not_found(&id));
                }
            }
        }
        Ok(Decision::become_(next))
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let part = |rule| Part { id: TrafficMirrorFilterRule::traffic_mirror_filter_rule_id(rule), tags: &rule.tags };
        self.rules.iter().map(part).collect()
    }

    fn part_tags_mut(&mut self, part: &str) -> Option<&mut Vec<Tag>> {
        let rule = self.rules.iter_mut().find(|rule| rule.traffic_mirror_filter_rule_id() == part);
        rule.map(|rule| &mut rule.tags)
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        vec![Weight::new("rules-per-traffic-mirror-filter", self.rules.len()).per(id)]
    }

    resource!(tags);
}
