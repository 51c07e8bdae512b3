//! What travels: addresses, a protocol, and the ports that it may still have.

use archipelago_proto::ec2::v1::{AnalysisPacketHeader, PortRange};
use ipnet::IpNet;

const HIGHEST: i32 = 65535;

/// Disjoint ranges of ports, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ports(Vec<(i32, i32)>);

impl Ports {
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn all() -> Self {
        Self(vec![(0, HIGHEST)])
    }

    pub(super) fn range(from: i32, to: i32) -> Self {
        Self(if from <= to { vec![(from, to)] } else { Vec::new() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn and(&self, (from, to): (i32, i32)) -> Self {
        let cut = self.0.iter().map(|(low, high)| ((*low).max(from), (*high).min(to)));
        Self(cut.filter(|(low, high)| low <= high).collect())
    }

    pub(super) fn without(&self, (from, to): (i32, i32)) -> Self {
        let cut = self.0.iter().flat_map(|(low, high)| [(*low, (*high).min(from - 1)), ((*low).max(to + 1), *high)]);
        Self(cut.filter(|(low, high)| low <= high).collect())
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let mut ranges: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        ranges.sort_unstable();
        let mut joined: Vec<(i32, i32)> = Vec::new();
        for (low, high) in ranges {
            match joined.last_mut() {
                Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
                _ => joined.push((low, high)),
            }
        }
        Self(joined)
    }

    pub(super) fn shown(&self) -> Vec<PortRange> {
        self.0.iter().map(|(from, to)| PortRange { from: Some(*from), to: Some(*to) }).collect()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Packet {
    /// `tcp` or `udp`.
    pub(super) protocol: String,
    pub(super) source: IpNet,
    pub(super) destination: IpNet,
    pub(super) source_ports: Ports,
    pub(super) destination_ports: Ports,
    /// The security groups at both ends, as rules refer to them.
    pub(super) source_groups: Vec<String>,
    pub(super) destination_groups: Vec<String>,
}

impl Packet {
    pub(super) fn number(&self) -> &'static str {
        if self.protocol == "udp" { "17" } else { "6" }
    }

    /// The answer to it.
    pub(super) fn answer(&self) -> Self {
        Self {
            protocol: self.protocol.clone(),
            source: self.destination,
            destination: self.source,
            source_ports: self.destination_ports.clone(),
            destination_ports: self.source_ports.clone(),
            source_groups: self.destination_groups.clone(),
            destination_groups: self.source_groups.clone(),
        }
    }

    pub(super) fn header(&self) -> AnalysisPacketHeader {
        AnalysisPacketHeader {
            destination_addresses: vec![self.destination.to_string()],
            destination_port_ranges: self.destination_ports.shown(),
            protocol: Some(self.number().to_owned()),
            source_addresses: vec![self.source.to_string()],
            source_port_ranges: self.source_ports.shown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_and_joined() {
        let ports = Ports::all().without((80, 80)).without((0, 9));
        assert_eq!(ports, Ports(vec![(10, 79), (81, HIGHEST)]));
        assert_eq!(ports.and((70, 90)), Ports(vec![(70, 79), (81, 90)]));
        assert_eq!(ports.or(&Ports::range(80, 80)), Ports(vec![(10, HIGHEST)]));
        assert!(Ports::range(5, 5).without((0, 10)).is_empty());
    }
}
