//! How long each transition takes. AWS publishes no figures: `realistic` is a model, made of what
//! users commonly observe, and every figure can be set.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Millis;

/// A change of state that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    /// pending -> running
    InstanceLaunch,
    /// stopping -> stopped
    InstanceStop,
    /// shutting-down -> terminated
    InstanceTerminate,
    /// Status checks: initializing -> ok
    InstanceStatusCheck,
    /// creating -> available
    VolumeCreate,
    /// attaching -> attached
    VolumeAttach,
    /// detaching -> available
    VolumeDetach,
    /// deleting -> gone
    VolumeDelete,
    /// modifying -> optimizing
    VolumeModify,
    /// optimizing -> completed
    VolumeOptimize,
    /// pending -> completed, for a snapshot of any size
    SnapshotCreate,
    /// pending -> available
    ImageCreate,
    /// pending -> available
    VpcCreate,
    /// pending -> available
    SubnetCreate,
    /// attaching -> attached
    InterfaceAttach,
    /// detaching -> available
    InterfaceDetach,
    /// A PTR record's PENDING -> set
    AddressAttributeChange,
    /// An attachment's or association's attaching -> attached
    GatewayAttach,
}

/// The durations of a region.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    realistic: bool,
    set: BTreeMap<Transition, Millis>,
}

impl Lifecycle {
    /// A response shows the transitional state, the next read the settled one.
    pub fn instant() -> Self {
        Self::default()
    }

    pub fn realistic() -> Self {
        Self { realistic: true, set: BTreeMap::new() }
    }

    /// Sets one transition's duration, whatever the profile says.
    #[must_use]
    pub fn with(mut self, transition: Transition, duration: Millis) -> Self {
        self.set.insert(transition, duration.max(0));
        self
    }

    pub fn duration(&self, transition: Transition) -> Millis {
        match self.set.get(&transition) {
            Some(duration) => *duration,
            None if self.realistic => modelled(transition),
            None => 0,
        }
    }
}

fn modelled(transition: Transition) -> Millis {
    match transition {
        Transition::InstanceLaunch => 12_000,
        Transition::InstanceStop => 20_000,
        Transition::InstanceTerminate => 30_000,
        Transition::InstanceStatusCheck => 120_000,
        Transition::VolumeCreate => 3_000,
        Transition::VolumeAttach | Transition::VolumeDetach => 4_000,
        Transition::VolumeDelete => 2_000,
        Transition::VolumeModify => 5_000,
        Transition::VolumeOptimize => 60_000,
        Transition::SnapshotCreate => 45_000,
        Transition::ImageCreate => 60_000,
        Transition::VpcCreate | Transition::SubnetCreate | Transition::GatewayAttach => 1_000,
        Transition::InterfaceAttach | Transition::InterfaceDetach => 2_000,
        Transition::AddressAttributeChange => 10_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_can_be_set_in_either_profile() {
        let lifecycle = Lifecycle::instant().with(Transition::InstanceLaunch, 5);
        assert_eq!(lifecycle.duration(Transition::InstanceLaunch), 5);
        assert_eq!(lifecycle.duration(Transition::InstanceStop), 0);
        assert!(Lifecycle::realistic().duration(Transition::InstanceStop) > 0);
    }
}
