//! Subnets over gRPC.

use std::net::Ipv4Addr;

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateSubnetCidrBlockRequest, AttributeBooleanValue, CreateDefaultSubnetRequest,
    CreateSubnetCidrReservationRequest, CreateSubnetRequest, DeleteSubnetCidrReservationRequest, DeleteSubnetRequest,
    DescribeSubnetsRequest, DisassociateSubnetCidrBlockRequest, GetSubnetCidrReservationsRequest,
    ModifySubnetAttributeRequest, Subnet, Vpc,
};
use archipelago_region_node::entity::Id;
use archipelago_region_node::families::subnets::SubnetCommand;
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> SubnetsServiceClient<Channel> {
    SubnetsServiceClient::new(sandbox.channel.clone())
}

fn create(vpc: &Vpc, block: &str) -> CreateSubnetRequest {
    CreateSubnetRequest { vpc_id: vpc.vpc_id.clone(), cidr_block: some(block), ..CreateSubnetRequest::default() }
}

async fn described(sandbox: &Sandbox, id: &str) -> Subnet {
    let input = DescribeSubnetsRequest { subnet_ids: vec![id.to_owned()], ..Default::default() };
    client(sandbox).describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets.remove(0)
}

#[tokio::test]
async fn a_subnet_lies_in_its_vpc_and_beside_the_others() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/20").await;
    subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    for (block, expected) in [
        ("10.0.16.0/24", "InvalidSubnet.Range"),
        ("10.0.0.0/16", "InvalidSubnet.Range"),
        ("10.0.2.0/29", "InvalidSubnet.Range"),
        ("10.0.1.128/25", "InvalidSubnet.Conflict"),
        ("10.0.0.0/23", "InvalidSubnet.Conflict"),
        ("10.0.1", "InvalidParameterValue"),
    ] {
        assert_eq!(code(client(&sandbox).create_subnet(sandbox.ask(create(&vpc, block))).await), expected, "{block}");
    }
}

#[tokio::test]
async fn a_block_is_free_again_once_its_subnet_is_deleted() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let first = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let delete = DeleteSubnetRequest { subnet_id: first.subnet_id.clone(), ..Default::default() };
    client(&sandbox).delete_subnet(sandbox.ask(delete.clone())).await.unwrap();
    assert_eq!(code(client(&sandbox).delete_subnet(sandbox.ask(delete)).await), "InvalidSubnetID.NotFound");
    subnet(&sandbox, &vpc, "10.0.0.0/24").await;
}

#[tokio::test]
async fn a_zone_is_given_by_its_name_or_its_id() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let by_id = CreateSubnetRequest { availability_zone_id: some("use1-az6"), ..create(&vpc, "10.0.0.0/24") };
    let made = client(&sandbox).create_subnet(sandbox.ask(by_id)).await.unwrap().into_inner().subnet.unwrap();
    assert_eq!((made.availability_zone(), made.availability_zone_id()), ("us-east-1d", "use1-az6"));
    let unknown = CreateSubnetRequest { availability_zone: some("us-east-1z"), ..create(&vpc, "10.0.1.0/24") };
    assert_eq!(code(client(&sandbox).create_subnet(sandbox.ask(unknown)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn addresses_are_allocated_all_or_none() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = subnet(&sandbox, &vpc, "10.0.0.0/28").await;
    assert_eq!(made.available_ip_address_count(), 11);
    let id = Id::new(made.subnet_id());
    let subnets = &sandbox.region.subnets;
    let wanted = Some(Ipv4Addr::new(10, 0, 0, 4));
    let taken = subnets.ask(&id, SubnetCommand::Allocate { by: vec![None, wanted] }).await.unwrap().reply.ipv4;
    assert_eq!(taken, [Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(10, 0, 0, 4)]);
    let all = SubnetCommand::Allocate { by: vec![None; 10] };
    assert_eq!(subnets.ask(&id, all).await.err().unwrap().code, "InsufficientFreeAddressesInSubnet");
    let again = SubnetCommand::Allocate { by: vec![None, wanted] };
    assert_eq!(subnets.ask(&id, again).await.err().unwrap().code, "InvalidIPAddress.InUse");
    assert_eq!(described(&sandbox, &id).await.available_ip_address_count(), 9);
    subnets.ask(&id, SubnetCommand::Free(taken)).await.unwrap();
    assert_eq!(described(&sandbox, &id).await.available_ip_address_count(), 11);
    let input = DescribeSubnetsRequest { filters: filter("available-ip-address-count", "11"), ..Default::default() };
    assert_eq!(client(&sandbox).describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets.len(), 1);
}

#[tokio::test]
async fn one_attribute_is_modified_at_a_time() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let on = Some(AttributeBooleanValue { value: Some(true) });
    let modify = ModifySubnetAttributeRequest { subnet_id: made.subnet_id.clone(), ..Default::default() };
    for (input, expected) in [
        (modify.clone(), "InvalidParameterCombination"),
        (
            ModifySubnetAttributeRequest { map_public_ip_on_launch: on, enable_dns64: on, ..modify.clone() },
            "InvalidParameterCombination",
        ),
        (
            ModifySubnetAttributeRequest { assign_ipv6_address_on_creation: on, ..modify.clone() },
            "InvalidParameterValue",
        ),
        (
            ModifySubnetAttributeRequest { map_customer_owned_ip_on_launch: on, ..modify.clone() },
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(code(client(&sandbox).modify_subnet_attribute(sandbox.ask(input)).await), expected);
    }
    let names =
        ModifySubnetAttributeRequest { private_dns_hostname_type_on_launch: some("resource-name"), ..modify.clone() };
    client(&sandbox).modify_subnet_attribute(sandbox.ask(names)).await.unwrap();
    let public = ModifySubnetAttributeRequest { map_public_ip_on_launch: on, ..modify };
    client(&sandbox).modify_subnet_attribute(sandbox.ask(public)).await.unwrap();
    let now = described(&sandbox, made.subnet_id()).await;
    let options = now.private_dns_name_options_on_launch.as_ref().unwrap();
    assert!(now.map_public_ip_on_launch() && options.hostname_type() == "resource-name");
}

#[tokio::test]
async fn a_subnet_gets_an_ipv6_block_of_its_vpc_and_gives_it_back() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let block = vpc.ipv6_cidr_block_association_set[0].ipv6_cidr_block().replace("/56", "/64");
    let associate = |block: &str| AssociateSubnetCidrBlockRequest {
        subnet_id: made.subnet_id.clone(),
        ipv6_cidr_block: some(block),
        ..Default::default()
    };
    let foreign = client(&sandbox).associate_subnet_cidr_block(sandbox.ask(associate("2001:db8::/64"))).await;
    assert_eq!(code(foreign), "InvalidSubnet.Range");
    let result = client(&sandbox).associate_subnet_cidr_block(sandbox.ask(associate(&block))).await.unwrap();
    let association = result.into_inner().ipv6_cidr_block_association.unwrap();
    let now = described(&sandbox, made.subnet_id()).await;
    assert_eq!(now.ipv6_cidr_block_association_set[0].ipv6_cidr_block_state.as_ref().unwrap().state(), "associated");

    let id = Id::new(made.subnet_id());
    let one = SubnetCommand::AllocateIpv6 { by: vec![None] };
    let taken = sandbox.region.subnets.ask(&id, one).await.unwrap().reply.ipv6;
    let disassociate = DisassociateSubnetCidrBlockRequest { association_id: association.association_id };
    let outcome = client(&sandbox).disassociate_subnet_cidr_block(sandbox.ask(disassociate.clone())).await;
    assert_eq!(code(outcome), "InvalidCidrBlock.InUse");
    sandbox.region.subnets.ask(&id, SubnetCommand::FreeIpv6(taken)).await.unwrap();
    client(&sandbox).disassociate_subnet_cidr_block(sandbox.ask(disassociate)).await.unwrap();
    assert!(described(&sandbox, made.subnet_id()).await.ipv6_cidr_block_association_set.is_empty());
    client(&sandbox).associate_subnet_cidr_block(sandbox.ask(associate(&block))).await.unwrap();
}

#[tokio::test]
async fn a_zone_has_one_default_subnet() {
    let sandbox = Sandbox::new().await;
    let create = CreateDefaultSubnetRequest { availability_zone: some("us-east-1b"), ..Default::default() };
    let again = client(&sandbox).create_default_subnet(sandbox.ask(create.clone())).await;
    assert_eq!(code(again), "DefaultSubnetAlreadyExistsInAvailabilityZone");
    let input = DescribeSubnetsRequest { filters: filter("availabilityZone", "us-east-1b"), ..Default::default() };
    let known = client(&sandbox).describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets.remove(0);
    let delete = DeleteSubnetRequest { subnet_id: known.subnet_id.clone(), ..Default::default() };
    client(&sandbox).delete_subnet(sandbox.ask(delete)).await.unwrap();
    let made = client(&sandbox).create_default_subnet(sandbox.ask(create)).await.unwrap().into_inner().subnet.unwrap();
    assert_eq!((made.cidr_block(), made.default_for_az()), ("172.31.16.0/20", true));
}

#[tokio::test]
async fn a_reservation_keeps_addresses_for_those_who_name_them() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = subnet(&sandbox, &vpc, "10.0.0.0/28").await;
    let reserve = |cidr: &str| CreateSubnetCidrReservationRequest {
        subnet_id: made.subnet_id.clone(),
        cidr: some(cidr),
        reservation_type: some("explicit"),
        description: some("for appliances"),
        ..Default::default()
    };
    let outside = client(&sandbox).create_subnet_cidr_reservation(sandbox.ask(reserve("10.0.1.0/28"))).await;
    assert_eq!(code(outside), "InvalidParameterValue");
    let kept = client(&sandbox).create_subnet_cidr_reservation(sandbox.ask(reserve("10.0.0.4/30"))).await.unwrap();
    let kept = kept.into_inner().subnet_cidr_reservation.unwrap();
    let overlap = client(&sandbox).create_subnet_cidr_reservation(sandbox.ask(reserve("10.0.0.0/29"))).await;
    assert_eq!(code(overlap), "InvalidParameterValue");

    let id = Id::new(made.subnet_id());
    let any = sandbox.region.subnets.ask(&id, SubnetCommand::Allocate { by: vec![None] }).await.unwrap().reply.ipv4;
    assert_eq!(any, [Ipv4Addr::new(10, 0, 0, 8)]);
    let named = vec![Some(Ipv4Addr::new(10, 0, 0, 5))];
    sandbox.region.subnets.ask(&id, SubnetCommand::Allocate { by: named }).await.unwrap();

    let input = GetSubnetCidrReservationsRequest {
        subnet_id: made.subnet_id.clone(),
        filters: filter("reservationType", "explicit"),
        ..Default::default()
    };
    let found = client(&sandbox).get_subnet_cidr_reservations(sandbox.ask(input)).await.unwrap().into_inner();
    assert_eq!(found.subnet_ipv4_cidr_reservations, std::slice::from_ref(&kept));
    let delete = DeleteSubnetCidrReservationRequest {
        subnet_cidr_reservation_id: kept.subnet_cidr_reservation_id,
        ..Default::default()
    };
    client(&sandbox).delete_subnet_cidr_reservation(sandbox.ask(delete.clone())).await.unwrap();
    let again = client(&sandbox).delete_subnet_cidr_reservation(sandbox.ask(delete)).await;
    assert_eq!(code(again), "InvalidSubnetCidrReservationID.NotFound");
}
