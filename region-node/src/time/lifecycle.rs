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
    /// initiating-request -> pending-acceptance
    PeeringRequest,
    /// provisioning -> active
    PeeringProvision,
    /// deleting -> deleted
    PeeringDelete,
    /// pending, modifying or deleting of a transit gateway, its attachments and route tables -> over
    TransitGatewayChange,
    /// A NAT gateway's pending -> available
    NatGatewayCreate,
    /// A NAT gateway's deleting -> deleted
    NatGatewayDelete,
    /// The connections of a NAT gateway's secondary address are drained
    NatGatewayAddress,
    /// An endpoint's pending -> available
    VpcEndpointCreate,
    /// An endpoint's deleting -> gone
    VpcEndpointDelete,
    /// A virtual private gateway's attaching -> attached, detaching -> detached
    VpnGatewayAttach,
    /// A VPN connection's pending -> available
    VpnConnectionCreate,
    /// modifying -> available
    VpnConnectionModify,
    /// deleting -> deleted
    VpnConnectionDelete,
    /// An exclusion from VPC Block Public Access: create-in-progress -> create-complete, and so on
    BlockPublicAccess,
    /// A prefix list's create-in-progress -> create-complete, and so on
    PrefixListChange,
    /// payment-pending -> active
    ReservedInstancesPayment,
    /// processing -> fulfilled
    ReservedInstancesModify,
    /// A disk image's or a machine's active -> completed, by way of its stages
    Import,
    /// The way out: active -> completed
    Export,
    /// pending -> bundling -> storing -> complete
    Bundle,
    /// enabling -> optimizing -> enabled, and disabling -> disabled
    FastSnapshotRestore,
    /// pending -> active, and the release of a host
    CapacityChange,
    /// An instance profile's associating -> associated
    ProfileAssociate,
    /// What is in progress with an IPAM, its scopes, pools and their blocks -> complete
    IpamChange,
    /// The analysis of a network path: running -> succeeded
    NetworkAnalysis,
    /// A Client VPN's pending or associating, and back
    ClientVpnChange,
    /// A route server's pending -> available, and back
    RouteServerChange,
}

/// 100 MiB/s: a root volume is copied in about a minute.
const MODELLED_COPY_RATE: u64 = 100 << 20;

/// The durations of a region.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    realistic: bool,
    set: BTreeMap<Transition, Millis>,
    /// Bytes per second of a copy between regions; none: no time at all.
    copy_rate: Option<u64>,
}

impl Lifecycle {
    /// A response shows the transitional state, the next read the settled one.
    pub fn instant() -> Self {
        Self::default()
    }

    pub fn realistic() -> Self {
        Self { realistic: true, set: BTreeMap::new(), copy_rate: Some(MODELLED_COPY_RATE) }
    }

    /// Sets one transition's duration, whatever the profile says.
    #[must_use]
    pub fn with(mut self, transition: Transition, duration: Millis) -> Self {
        self.set.insert(transition, duration.max(0));
        self
    }

    /// Sets how fast a snapshot is copied, in MiB per second.
    #[must_use]
    pub fn with_copy_rate(mut self, mib_per_second: u64) -> Self {
        self.copy_rate = Some((mib_per_second << 20).max(1));
        self
    }

    /// How long it takes to copy so much.
    pub fn copying(&self, bytes: u64) -> Millis {
        let millis = self.copy_rate.map_or(0, |rate| u128::from(bytes) * 1000 / u128::from(rate));
        Millis::try_from(millis).unwrap_or(Millis::MAX)
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
        Transition::AddressAttributeChange | Transition::ProfileAssociate => 10_000,
        Transition::VpcEndpointCreate => 60_000,
        Transition::VpcEndpointDelete => 30_000,
        Transition::VpnGatewayAttach => 20_000,
        Transition::VpnConnectionCreate | Transition::VpnConnectionModify => 240_000,
        Transition::VpnConnectionDelete => 60_000,
        Transition::NatGatewayCreate => 90_000,
        Transition::NatGatewayDelete => 45_000,
        Transition::NatGatewayAddress | Transition::PrefixListChange | Transition::BlockPublicAccess => 5_000,
        Transition::ReservedInstancesPayment => 30_000,
        Transition::ReservedInstancesModify => 120_000,
        Transition::Import | Transition::Export => 600_000,
        Transition::Bundle => 300_000,
        Transition::FastSnapshotRestore => 180_000,
        Transition::CapacityChange => 2_000,
        Transition::PeeringRequest | Transition::PeeringDelete => 1_000,
        Transition::PeeringProvision => 3_000,
        Transition::TransitGatewayChange => 20_000,
        Transition::IpamChange => 5_000,
        Transition::NetworkAnalysis => 30_000,
        Transition::ClientVpnChange => 60_000,
        Transition::RouteServerChange => 60_000,
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
