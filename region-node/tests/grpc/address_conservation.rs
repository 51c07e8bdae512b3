//! Whatever is made and deleted in whatever order: no address is had by two, and each comes back.

use std::collections::BTreeSet;

use crate::support::Sandbox;
use crate::support::launch;
use crate::support::network::{filter, subnet, vpc};
use archipelago_proto::ec2::v1::nat_gateways_service_client::NatGatewaysServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::vpc_endpoints_service_client::VpcEndpointsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AssignPrivateIpAddressesRequest, CreateNatGatewayRequest, CreateNetworkInterfaceRequest, CreateVpcEndpointRequest,
    DeleteNatGatewayRequest, DeleteNetworkInterfaceRequest, DeleteSubnetRequest, DeleteVpcEndpointsRequest,
    DeleteVpcRequest, DescribeNetworkInterfacesRequest, DescribeSubnetsRequest, RunInstancesRequest, Subnet,
    TerminateInstancesRequest, UnassignPrivateIpAddressesRequest, Vpc,
};
use tonic::transport::Channel;

/// What has addresses in the subnets.
enum Made {
    Interface(String),
    NatGateway(String),
    Endpoint(String),
    Instance(String),
}

struct World {
    sandbox: Sandbox,
    vpc: Vpc,
    subnets: Vec<Subnet>,
    image: RunInstancesRequest,
    made: Vec<Made>,
    chance: fastrand::Rng,
}

impl World {
    async fn new(seed: u64) -> Self {
        let sandbox = Sandbox::new().await;
        let vpc = vpc(&sandbox, "10.0.0.0/16").await;
        let subnets = vec![subnet(&sandbox, &vpc, "10.0.0.0/24").await, subnet(&sandbox, &vpc, "10.0.1.0/26").await];
        let image = launch::launch(&sandbox, "t3.micro", 1, 1).await;
        Self { sandbox, vpc, subnets, image, made: Vec::new(), chance: fastrand::Rng::with_seed(seed) }
    }

    fn interfaces(&self) -> NetworkInterfacesServiceClient<Channel> {
        NetworkInterfacesServiceClient::new(self.sandbox.channel.clone())
    }

    fn somewhere(&mut self) -> Option<String> {
        let index = self.chance.usize(..self.subnets.len());
        self.subnets[index].subnet_id.clone()
    }

    /// A full subnet refuses, and that is all that it does.
    async fn make(&mut self) {
        let subnet_id = self.somewhere();
        let made = match self.chance.u8(..5) {
            0 | 1 => {
                let input = CreateNetworkInterfaceRequest {
                    subnet_id,
                    secondary_private_ip_address_count: Some(self.chance.i32(1..6)),
                    ..Default::default()
                };
                let made = self.interfaces().create_network_interface(self.sandbox.ask(input)).await;
                made.ok()
                    .and_then(|made| made.into_inner().network_interface?.network_interface_id)
                    .map(Made::Interface)
            }
            2 => {
                let input = CreateNatGatewayRequest {
                    subnet_id,
                    connectivity_type: Some("private".to_owned()),
                    secondary_private_ip_address_count: Some(self.chance.i32(1..4)),
                    ..Default::default()
                };
                let mut client = NatGatewaysServiceClient::new(self.sandbox.channel.clone());
                let made = client.create_nat_gateway(self.sandbox.ask(input)).await;
                made.ok().and_then(|made| made.into_inner().nat_gateway?.nat_gateway_id).map(Made::NatGateway)
            }
            3 => {
                let input = CreateVpcEndpointRequest {
                    vpc_id: self.vpc.vpc_id.clone(),
                    vpc_endpoint_type: Some("Interface".to_owned()),
                    service_name: Some("com.amazonaws.us-east-1.ec2".to_owned()),
                    subnet_ids: subnet_id.into_iter().collect(),
                    ..Default::default()
                };
                let mut client = VpcEndpointsServiceClient::new(self.sandbox.channel.clone());
                let made = client.create_vpc_endpoint(self.sandbox.ask(input)).await;
                made.ok().and_then(|made| made.into_inner().vpc_endpoint?.vpc_endpoint_id).map(Made::Endpoint)
            }
            _ => {
                let input = RunInstancesRequest { subnet_id, ..self.image.clone() };
                let made = launch::instances(&self.sandbox).run_instances(self.sandbox.ask(input)).await;
                made.ok().and_then(|made| made.into_inner().instances.remove(0).instance_id).map(Made::Instance)
            }
        };
        self.made.extend(made);
    }

    async fn unmake(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let index = self.chance.usize(..self.made.len());
        match self.made.swap_remove(index) {
            Made::Interface(id) => {
                let input = DeleteNetworkInterfaceRequest { network_interface_id: Some(id), ..Default::default() };
                self.interfaces().delete_network_interface(self.sandbox.ask(input)).await.unwrap();
            }
            Made::NatGateway(id) => {
                let input = DeleteNatGatewayRequest { nat_gateway_id: Some(id), ..Default::default() };
                let mut client = NatGatewaysServiceClient::new(self.sandbox.channel.clone());
                client.delete_nat_gateway(self.sandbox.ask(input)).await.unwrap();
            }
            Made::Endpoint(id) => {
                let input = DeleteVpcEndpointsRequest { vpc_endpoint_ids: vec![id], ..Default::default() };
                let mut client = VpcEndpointsServiceClient::new(self.sandbox.channel.clone());
                client.delete_vpc_endpoints(self.sandbox.ask(input)).await.unwrap();
            }
            Made::Instance(id) => {
                let input = TerminateInstancesRequest { instance_ids: vec![id], ..Default::default() };
                launch::instances(&self.sandbox).terminate_instances(self.sandbox.ask(input)).await.unwrap();
            }
        }
    }

    /// An interface gets some more addresses, or loses some.
    async fn change(&mut self) {
        let id = self.made.iter().find_map(|made| match made {
            Made::Interface(id) => Some(id.clone()),
            _ => None,
        });
        let Some(id) = id else { return };
        let input = DescribeNetworkInterfacesRequest { network_interface_ids: vec![id.clone()], ..Default::default() };
        let found = self.interfaces().describe_network_interfaces(self.sandbox.ask(input)).await.unwrap().into_inner();
        let secondary =
            found.network_interfaces[0].private_ip_addresses.iter().find(|known| known.primary != Some(true));
        let secondary = secondary.and_then(|known| known.private_ip_address.clone());
        match secondary.filter(|_| self.chance.bool()) {
            Some(address) => {
                let input = UnassignPrivateIpAddressesRequest {
                    network_interface_id: Some(id),
                    private_ip_addresses: vec![address],
                    ..Default::default()
                };
                self.interfaces().unassign_private_ip_addresses(self.sandbox.ask(input)).await.unwrap();
            }
            None if self.chance.bool() => {
                let input = AssignPrivateIpAddressesRequest {
                    network_interface_id: Some(id),
                    secondary_private_ip_address_count: Some(self.chance.i32(1..4)),
                    ..Default::default()
                };
                let _ = self.interfaces().assign_private_ip_addresses(self.sandbox.ask(input)).await;
            }
            None => {
                let input = AssignPrivateIpAddressesRequest {
                    network_interface_id: Some(id),
                    ipv4_prefix_count: Some(1),
                    ..Default::default()
                };
                let _ = self.interfaces().assign_private_ip_addresses(self.sandbox.ask(input)).await;
            }
        }
    }

    /// The subnets count as free what nobody has, and nobody has what another has.
    async fn check(&self) {
        for (subnet, all) in self.subnets.iter().zip([251, 59]) {
            let input = DescribeNetworkInterfacesRequest {
                filters: filter("subnet-id", subnet.subnet_id()),
                ..Default::default()
            };
            let found = self.interfaces().describe_network_interfaces(self.sandbox.ask(input)).await.unwrap();
            let (mut had, mut count) = (BTreeSet::new(), 0);
            for interface in found.into_inner().network_interfaces {
                let single = interface.private_ip_addresses.iter().map(|known| known.private_ip_address().to_owned());
                let blocks = interface.ipv4_prefixes.iter().map(|known| known.ipv4_prefix().parse::<ipnet::Ipv4Net>());
                let whole = |block: ipnet::Ipv4Net| {
                    (u32::from(block.network())..=u32::from(block.broadcast()))
                        .map(|address| std::net::Ipv4Addr::from(address).to_string())
                };
                for address in single.chain(blocks.flat_map(|block| whole(block.unwrap()))) {
                    count += 1;
                    assert!(had.insert(address.clone()), "{address} is had by two");
                }
            }
            let input =
                DescribeSubnetsRequest { subnet_ids: vec![subnet.subnet_id().to_owned()], ..Default::default() };
            let mut client = SubnetsServiceClient::new(self.sandbox.channel.clone());
            let shown = client.describe_subnets(self.sandbox.ask(input)).await.unwrap().into_inner().subnets.remove(0);
            assert_eq!(shown.available_ip_address_count(), all - count, "{}", subnet.cidr_block());
        }
    }
}

#[tokio::test]
async fn no_address_is_had_by_two_and_each_comes_back() {
    for seed in 0..6 {
        let mut world = World::new(seed).await;
        for _ in 0..60 {
            match world.chance.u8(..10) {
                0..5 => world.make().await,
                5..8 => world.change().await,
                _ => world.unmake().await,
            }
            world.check().await;
        }
        assert!(!world.made.is_empty(), "the seed {seed} makes nothing");
        while !world.made.is_empty() {
            world.unmake().await;
        }
        world.check().await;
        let input =
            DescribeNetworkInterfacesRequest { filters: filter("vpc-id", world.vpc.vpc_id()), ..Default::default() };
        let left = world.interfaces().describe_network_interfaces(world.sandbox.ask(input)).await.unwrap().into_inner();
        assert_eq!(left.network_interfaces, [], "seed {seed}");

        // And nothing keeps the network from going.
        let mut client = SubnetsServiceClient::new(world.sandbox.channel.clone());
        for subnet in &world.subnets {
            let input = DeleteSubnetRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
            client.delete_subnet(world.sandbox.ask(input)).await.unwrap();
        }
        let input = DeleteVpcRequest { vpc_id: world.vpc.vpc_id.clone(), ..Default::default() };
        VpcsServiceClient::new(world.sandbox.channel.clone()).delete_vpc(world.sandbox.ask(input)).await.unwrap();
    }
}
