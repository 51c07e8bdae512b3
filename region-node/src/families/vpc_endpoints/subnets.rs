//! The interfaces of an endpoint: one in each of its subnets, which are in different zones.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{InstanceIpv6Address, SubnetConfiguration};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Id, Published, Undo};
use crate::families::network_interfaces::launch::NewInterface;
use crate::families::network_interfaces::{NetworkInterfaceState, service};
use crate::families::subnets::SubnetState;
use crate::request::Context;

type Subnet = Arc<Published<SubnetState>>;

/// What endpoints have in common with their interfaces.
pub(super) struct Place<'a> {
    pub(super) endpoint: &'a Id,
    pub(super) vpc: &'a str,
    pub(super) kind: &'a str,
    pub(super) ip_address_type: &'a str,
    pub(super) groups: &'a [String],
    /// The zones in which the service is.
    pub(super) zones: &'a [String],
}

/// The subnets that a request names in either way, each with the addresses that its interface is to have.
pub(super) fn named(
    cx: &Context,
    ids: &[String],
    configurations: &[SubnetConfiguration],
) -> Ec2Result<Vec<(Subnet, SubnetConfiguration)>> {
    let mut wanted: Vec<SubnetConfiguration> = Vec::new();
    let plain = ids.iter().map(|id| SubnetConfiguration { subnet_id: Some(id.clone()), ..Default::default() });
    for configuration in configurations.iter().cloned().chain(plain) {
        if !wanted.iter().any(|known| known.subnet_id == configuration.subnet_id) {
            wanted.push(configuration);
        }
    }
    let find = |wanted: SubnetConfiguration| Ok((cx.subnets.find(&cx.account, wanted.subnet_id())?, wanted));
    wanted.into_iter().map(find).collect()
}

impl Place<'_> {
    fn check(&self, subnet: &Subnet, others: &mut Vec<String>) -> Ec2Result<()> {
        let public = &subnet.state.public;
        if public.vpc_id() != self.vpc {
            let message = format!("The subnet {} does not belong to the VPC {}.", subnet.id, self.vpc);
            return Err(Ec2Error::new("InvalidSubnetID.NotFound", message));
        }
        let zone = public.availability_zone();
        if !self.zones.iter().any(|known| known == zone) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The VPC endpoint service does not support the availability zone of the subnet: {}.",
                subnet.id
            )));
        }
        if others.iter().any(|other| other == zone) {
            return Err(Ec2Error::new(
                "DuplicateSubnetsInSameZone",
                format!("Found another VPC endpoint subnet in the availability zone of {}", subnet.id),
            ));
        }
        if self.ip_address_type != "ipv4" && subnet.state.ipv6_block().is_none() {
            return Err(Ec2Error::invalid_parameter(format!(
                "The subnet {} has no IPv6 CIDR block for the IP address type {}.",
                subnet.id, self.ip_address_type
            )));
        }
        others.push(zone.to_owned());
        Ok(())
    }

    /// An interface for each of the subnets. They exist once the caller adds them to its batch.
    pub(super) async fn interfaces(
        &self,
        cx: &Context,
        undo: &mut Undo,
        subnets: Vec<(Subnet, SubnetConfiguration)>,
        mut zones_in_use: Vec<String>,
    ) -> Ec2Result<Vec<(Id, NetworkInterfaceState)>> {
        for (subnet, _) in &subnets {
            self.check(subnet, &mut zones_in_use)?;
        }
        let mut interfaces = Vec::new();
        for (subnet, wanted) in subnets {
            let named = wanted.ipv6.map(|ipv6| InstanceIpv6Address { ipv6_address: Some(ipv6), ..Default::default() });
            let counted = (self.ip_address_type != "ipv4" && named.is_none()).then_some(1);
            let interface_type = match self.kind {
                "GatewayLoadBalancer" => "gateway_load_balancer_endpoint",
                _ => "vpc_endpoint",
            };
            let without_ipv6 = self.ip_address_type == "ipv4";
            let new = NewInterface {
                groups: self.groups.to_vec(),
                description: Some(format!("VPC Endpoint Interface {}", self.endpoint)),
                private_ip_address: wanted.ipv4,
                ipv6_addresses: named.into_iter().collect(),
                // A subnet may assign one by itself.
                ipv6_address_count: counted.or(without_ipv6.then_some(0)),
                interface_type: Some(interface_type.into()),
                ..NewInterface::in_subnet(subnet)
            };
            interfaces.push(service::prepare(cx, undo, &new, self.endpoint).await?);
        }
        Ok(interfaces)
    }
}
