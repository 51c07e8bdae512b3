//! A placement group and where its members are (AWS: "Placement strategies for your placement groups").

use archipelago_proto::ec2::v1::{PlacementGroup, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdMap;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};

/// AWS: running instances of a spread group in a zone.
const MOST_SPREAD: usize = 7;

#[derive(Clone, Debug, Default)]
pub struct PlacementGroupState {
    pub public: PlacementGroup,
    /// Derived from the instances.
    members: OrdMap<Id, Member>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub zone: String,
    pub partition: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Cluster,
    Spread,
    Partition,
}

pub enum PlacementGroupCommand {
    /// Takes instances in, each into the partition that is asked for or the emptiest. All or none.
    Place {
        instances: Vec<Id>,
        zone: String,
        partition: Option<i32>,
    },
    /// An instance that was a member before a restart.
    Restore(Id, Member),
    Leave(Vec<Id>),
    Delete,
}

impl PlacementGroupState {
    pub fn new(public: PlacementGroup) -> Self {
        Self { public, members: OrdMap::new() }
    }

    pub fn strategy(&self) -> Strategy {
        match self.public.strategy() {
            "spread" => Strategy::Spread,
            "partition" => Strategy::Partition,
            _ => Strategy::Cluster,
        }
    }

    fn name(&self) -> &str {
        self.public.group_name()
    }

    fn place(&mut self, instances: Vec<Id>, zone: &str, partition: Option<i32>) -> Ec2Result<Vec<Option<i32>>> {
        let name = self.name().to_owned();
        if partition.is_some() && self.strategy() != Strategy::Partition {
            return Err(Ec2Error::invalid_combination(
                "The parameter PartitionNumber requires a placement group with the strategy 'partition'",
            ));
        }
        for id in &instances {
            self.members.remove(id);
        }
        let here = self.members.values().filter(|member| member.zone == zone).count();
        match self.strategy() {
            Strategy::Cluster if here < self.members.len() => {
                let other = self.members.values().map(|member| member.zone.as_str()).find(|other| *other != zone);
                return Err(Ec2Error::invalid_parameter(format!(
                    "The cluster placement group '{name}' has instances in the Availability Zone '{}': instances cannot \
                     be launched into it in '{zone}'.",
                    other.unwrap_or_default()
                )));
            }
            Strategy::Spread if here + instances.len() > MOST_SPREAD => {
                return Err(Ec2Error::new(
                    "InsufficientInstanceCapacity",
                    format!(
                        "We currently do not have sufficient capacity to launch all of the additional requested \
                         instances into spread placement group '{name}': it takes {MOST_SPREAD} instances in an \
                         Availability Zone."
                    ),
                ));
            }
            _ => {}
        }
        instances.into_iter().map(|id| self.place_one(id, zone, partition)).collect()
    }

    fn place_one(&mut self, id: Id, zone: &str, partition: Option<i32>) -> Ec2Result<Option<i32>> {
        let partition = match (self.strategy(), partition) {
            (Strategy::Partition, Some(number)) if (1..=self.public.partition_count()).contains(&number) => {
                Some(number)
            }
            (Strategy::Partition, Some(number)) => {
                return Err(Ec2Error::invalid_parameter(format!(
                    "Value ({number}) for parameter partitionNumber is invalid. The placement group '{}' has {} \
                     partitions.",
                    self.name(),
                    self.public.partition_count()
                )));
            }
            (Strategy::Partition, None) => {
                let load =
                    |number: i32| self.members.values().filter(|member| member.partition == Some(number)).count();
                (1..=self.public.partition_count()).min_by_key(|number| load(*number))
            }
            _ => None,
        };
        self.members.insert(id, Member { zone: zone.to_owned(), partition });
        Ok(partition)
    }
}

impl Entity for PlacementGroupState {
    const KIND: Kind = Kind {
        resource_type: "placement-group",
        prefix: "pg",
        not_found: "InvalidPlacementGroup.Unknown",
        malformed: "InvalidPlacementGroupId.Malformed",
        noun: "placement group",
    };
    type Command = PlacementGroupCommand;
    /// The partition of each instance that was placed.
    type Reply = Vec<Option<i32>>;

    fn name(&self) -> Option<&str> {
        self.public.group_name.as_deref()
    }

    fn decide(&self, command: PlacementGroupCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = Vec::new();
        match command {
            PlacementGroupCommand::Place { instances, zone, partition } => {
                reply = next.place(instances, &zone, partition)?;
            }
            PlacementGroupCommand::Restore(id, member) => drop(next.members.insert(id, member)),
            PlacementGroupCommand::Leave(ids) => {
                for id in &ids {
                    next.members.remove(id);
                }
            }
            PlacementGroupCommand::Delete if self.members.is_empty() && facts.dependents.is_empty() => {
                next.public.state = Some("deleted".to_owned());
                return Ok(Decision { next: Next::Gone(next), reply });
            }
            PlacementGroupCommand::Delete => {
                return Err(Ec2Error::new(
                    "InvalidPlacementGroup.InUse",
                    format!("The placement group '{}' is in use and may not be deleted.", self.name()),
                ));
            }
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn counts(&self) -> bool {
        self.public.state() != "deleted"
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    fn encode(&self) -> Vec<u8> {
        self.public.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        PlacementGroup::decode(bytes).ok().map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(strategy: &str, partitions: Option<i32>) -> PlacementGroupState {
        PlacementGroupState::new(PlacementGroup {
            strategy: Some(strategy.into()),
            partition_count: partitions,
            ..Default::default()
        })
    }

    fn ids(numbers: std::ops::Range<u8>) -> Vec<Id> {
        numbers.map(|number| Id::new(&format!("i-{number}"))).collect()
    }

    #[test]
    fn instances_go_to_the_emptiest_partition() {
        let mut group = group("partition", Some(2));
        assert_eq!(group.place(ids(0..1), "a", Some(1)).unwrap(), [Some(1)]);
        assert_eq!(group.place(ids(1..4), "a", None).unwrap(), [Some(2), Some(1), Some(2)]);
        assert_eq!(group.place(ids(4..5), "a", Some(3)).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn a_spread_group_takes_seven_in_each_zone() {
        let mut group = group("spread", None);
        group.place(ids(0..7), "a", None).unwrap();
        assert_eq!(group.place(ids(7..8), "a", None).unwrap_err().code, "InsufficientInstanceCapacity");
        assert!(group.place(ids(7..14), "b", None).is_ok());
    }

    #[test]
    fn a_cluster_group_stays_in_one_zone() {
        let mut group = group("cluster", None);
        group.place(ids(0..2), "a", None).unwrap();
        assert!(group.place(ids(2..3), "b", None).is_err());
        assert!(group.place(ids(0..2), "b", None).is_ok(), "its own members may all move");
    }
}
