"""botocore's paginators: page by page one gets what one gets at once, no page is larger than it may be, and none is
lost between two pages."""

import json
import re
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from sandbox import fresh_account

VERSION = "2016-11-15"
SCHEMA = Path(__file__).parents[2] / "proto" / "schema" / "ec2" / "v1"
MODEL = Loader().load_service_model("ec2", "service-2", VERSION)
PAGINATORS = Loader().load_service_model("ec2", "paginators-1", VERSION)["pagination"]
ACTIONS = {rpc for file in SCHEMA.glob("*.proto") for rpc in re.findall(r"rpc (\w+)\(", file.read_text())}
# More than the smallest page of most actions has.
MANY = 7


def networks(ec2, known):
    """MANY of what a network has; `known` learns what actions have to be told."""

    def made(answer, *path):
        for name in path:
            answer = answer[name]
        return answer

    def many(make):
        return [make(number) for number in range(MANY)]

    vpcs = many(lambda number: made(ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16"), "Vpc", "VpcId"))
    vpc = known["VpcId"] = vpcs[0]
    many(lambda number: ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{number}.org"]}]))
    many(lambda number: ec2.create_internet_gateway())
    many(lambda number: ec2.create_egress_only_internet_gateway(VpcId=vpcs[number]))
    many(lambda number: ec2.create_carrier_gateway(VpcId=vpcs[number]))
    subnets = many(
        lambda number: made(
            ec2.create_subnet(VpcId=vpcs[number], CidrBlock=f"10.{number}.0.0/24"), "Subnet", "SubnetId"
        )
    )
    interfaces = many(
        lambda number: made(
            ec2.create_network_interface(SubnetId=subnets[0]), "NetworkInterface", "NetworkInterfaceId"
        )
    )
    many(lambda number: ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private"))
    groups = many(
        lambda number: made(
            ec2.create_security_group(GroupName=f"g{number}", Description="one", VpcId=vpc), "GroupId"
        )
    )
    many(lambda number: ec2.associate_security_group_vpc(GroupId=groups[number], VpcId=vpcs[1]))
    many(lambda number: ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=vpcs[(number + 1) % MANY]) if number < MANY - 1 else None)
    ec2.create_vpc_peering_connection(VpcId=vpcs[1], PeerVpcId=vpcs[2])
    service = "com.amazonaws.us-east-1.s3"
    many(lambda number: ec2.create_vpc_endpoint(VpcId=vpcs[number], ServiceName=service))
    balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/own/{:016x}"
    services = many(
        lambda number: made(
            ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[balancer.format(number)]),
            "ServiceConfiguration",
            "ServiceId",
        )
    )
    known["ServiceId"] = services[0]
    principals = [f"arn:aws:iam::{number:012}:root" for number in range(1, MANY + 1)]
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=services[0], AddAllowedPrincipals=principals)
    many(
        lambda number: ec2.create_flow_logs(
            ResourceIds=[vpcs[number]],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::logs",
        )
    )
    entries = [{"Cidr": f"192.0.2.{number}/32"} for number in range(MANY)]
    lists = many(
        lambda number: made(
            ec2.create_managed_prefix_list(
                PrefixListName=f"l{number}", AddressFamily="IPv4", MaxEntries=MANY, Entries=entries
            ),
            "PrefixList",
            "PrefixListId",
        )
    )
    known["PrefixListId"] = lists[0]
    for group in groups:
        source = {"PrefixListId": lists[0]}
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [source]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    filters = many(lambda number: made(ec2.create_traffic_mirror_filter(), "TrafficMirrorFilter", "TrafficMirrorFilterId"))
    targets = many(
        lambda number: made(
            ec2.create_traffic_mirror_target(NetworkInterfaceId=interfaces[number]),
            "TrafficMirrorTarget",
            "TrafficMirrorTargetId",
        )
    )
    for number in range(MANY):
        ec2.create_traffic_mirror_session(
            NetworkInterfaceId=interfaces[(number + 1) % MANY],
            TrafficMirrorTargetId=targets[number],
            TrafficMirrorFilterId=filters[number],
            SessionNumber=1,
        )
    many(lambda number: ec2.allocate_address(Domain="vpc"))
    transit_gateways(ec2, known, vpcs, subnets, interfaces, lists)


def transit_gateways(ec2, known, vpcs, subnets, interfaces, lists):
    gateways = [
        ec2.create_transit_gateway(
            Options={"MulticastSupport": "enable", "TransitGatewayCidrBlocks": [f"10.{100 + number}.0.0/24"]}
        )["TransitGateway"]
        for number in range(MANY)
    ]
    gateway = gateways[0]["TransitGatewayId"]
    table = known["TransitGatewayRouteTableId"] = gateways[0]["Options"]["AssociationDefaultRouteTableId"]
    attachments = [
        ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])[
            "TransitGatewayVpcAttachment"
        ]["TransitGatewayAttachmentId"]
        for vpc, subnet in zip(vpcs, subnets)
    ]
    known["TransitGatewayAttachmentId"] = attachments[0]
    known["Filters"] = [{"Name": "type", "Values": ["static", "propagated"]}]
    for number in range(MANY - 1):
        made = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
        ec2.enable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=made["TransitGatewayRouteTableId"], TransitGatewayAttachmentId=attachments[0]
        )
    for prefix_list in lists:
        ec2.create_transit_gateway_prefix_list_reference(
            TransitGatewayRouteTableId=table, PrefixListId=prefix_list, Blackhole=True
        )
    policies = [
        ec2.create_transit_gateway_policy_table(TransitGatewayId=gateway)["TransitGatewayPolicyTable"]
        for _ in range(MANY)
    ]
    policy_table = known["TransitGatewayPolicyTableId"] = policies[0]["TransitGatewayPolicyTableId"]
    for peer in gateways[1:]:
        peering = ec2.create_transit_gateway_peering_attachment(
            TransitGatewayId=gateway,
            PeerTransitGatewayId=peer["TransitGatewayId"],
            PeerAccountId=peer["OwnerId"],
            PeerRegion="us-east-1",
        )["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]
        ec2.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=peering)
        ec2.associate_transit_gateway_policy_table(
            TransitGatewayPolicyTableId=policy_table, TransitGatewayAttachmentId=peering
        )
    for number, attachment in enumerate(attachments):
        connect = ec2.create_transit_gateway_connect(
            TransportTransitGatewayAttachmentId=attachment, Options={"Protocol": "gre"}
        )["TransitGatewayConnect"]["TransitGatewayAttachmentId"]
        ec2.create_transit_gateway_connect_peer(
            TransitGatewayAttachmentId=connect,
            PeerAddress=f"10.{number}.0.9",
            InsideCidrBlocks=[f"169.254.{100 + number}.0/29"],
        )
    domains = [
        ec2.create_transit_gateway_multicast_domain(TransitGatewayId=gateway)["TransitGatewayMulticastDomain"]
        for _ in range(MANY)
    ]
    domain = known["TransitGatewayMulticastDomainId"] = domains[0]["TransitGatewayMulticastDomainId"]
    for attachment, subnet in zip(attachments, subnets):
        ec2.associate_transit_gateway_multicast_domain(
            TransitGatewayMulticastDomainId=domain, TransitGatewayAttachmentId=attachment, SubnetIds=[subnet]
        )
    ec2.register_transit_gateway_multicast_group_members(
        TransitGatewayMulticastDomainId=domain, GroupIpAddress="224.0.0.5", NetworkInterfaceIds=interfaces
    )


def address_plans(ec2, known):
    """IPAM's pools, and a Client VPN endpoint."""
    ipam = ec2.create_ipam(OperatingRegions=[{"RegionName": "us-east-1"}])["Ipam"]
    known["IpamScopeId"] = ipam["PrivateDefaultScopeId"]
    pool = ec2.create_ipam_pool(IpamScopeId=ipam["PrivateDefaultScopeId"], AddressFamily="ipv4", Locale="us-east-1")
    pool = known["IpamPoolId"] = pool["IpamPool"]["IpamPoolId"]
    for number in range(MANY):
        ec2.provision_ipam_pool_cidr(IpamPoolId=pool, Cidr=f"172.{16 + number}.0.0/16")
        ec2.allocate_ipam_pool_cidr(IpamPoolId=pool, NetmaskLength=28)
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    endpoint = known["ClientVpnEndpointId"] = ec2.create_client_vpn_endpoint(
        ClientCidrBlock="10.200.0.0/22",
        ServerCertificateArn=certificate,
        AuthenticationOptions=[
            {
                "Type": "certificate-authentication",
                "MutualAuthentication": {"ClientRootCertificateChainArn": certificate},
            }
        ],
        ConnectionLogOptions={"Enabled": False},
    )["ClientVpnEndpointId"]
    for number in range(MANY):
        ec2.authorize_client_vpn_ingress(
            ClientVpnEndpointId=endpoint, TargetNetworkCidr=f"10.{number}.0.0/16", AuthorizeAllGroups=True
        )


def fleets(ec2, known):
    linux = [{"Name": "name", "Values": ["al2023-ami-2*"]}, {"Name": "architecture", "Values": ["x86_64"]}]
    image = ec2.describe_images(Owners=["amazon"], Filters=linux)["Images"][0]["ImageId"]
    for _ in range(MANY):
        fleet = ec2.request_spot_fleet(
            SpotFleetRequestConfig={
                "IamFleetRole": "arn:aws:iam::123456789012:role/fleet",
                "TargetCapacity": 1,
                "LaunchSpecifications": [{"ImageId": image, "InstanceType": "t3.micro"}],
            }
        )
    known["SpotFleetRequestId"] = fleet["SpotFleetRequestId"]
    known["StartTime"] = "2020-01-01T00:00:00Z"
    known["TargetCapacity"] = 10
    known["ArchitectureTypes"] = ["x86_64"]
    known["VirtualizationTypes"] = ["hvm"]
    known["InstanceRequirements"] = {"VCpuCount": {"Min": 2}, "MemoryMiB": {"Min": 2048}}


# Each fills an account with more than a page of its resources.
FILLERS = [networks, address_plans, fleets]

# What has more than one page then.
FULL = """
    DescribeAddressesAttribute DescribeCarrierGateways DescribeDhcpOptions DescribeEgressOnlyInternetGateways
    DescribeFlowLogs DescribeInternetGateways DescribeManagedPrefixLists DescribeNatGateways DescribeNetworkAcls
    DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroupRules
    DescribeSecurityGroupVpcAssociations DescribeSecurityGroups DescribeSubnets DescribeTrafficMirrorFilters
    DescribeTrafficMirrorSessions DescribeTrafficMirrorTargets DescribeTransitGatewayAttachments DescribeTransitGatewayConnectPeers
    DescribeTransitGatewayConnects DescribeTransitGatewayMulticastDomains DescribeTransitGatewayPeeringAttachments
    DescribeTransitGatewayPolicyTables DescribeTransitGatewayRouteTables DescribeTransitGatewayVpcAttachments
    DescribeTransitGateways DescribeVpcEndpointServiceConfigurations DescribeVpcEndpointServicePermissions
    DescribeVpcEndpoints DescribeVpcPeeringConnections DescribeVpcs GetManagedPrefixListAssociations
    GetInstanceTypesFromInstanceRequirements GetIpamPoolCidrs DescribeSpotFleetRequests
    GetManagedPrefixListEntries GetSecurityGroupsForVpc GetTransitGatewayAttachmentPropagations
    GetTransitGatewayMulticastDomainAssociations GetTransitGatewayPolicyTableAssociations
    GetTransitGatewayPrefixListReferences GetTransitGatewayRouteTableAssociations
    GetTransitGatewayRouteTablePropagations SearchTransitGatewayMulticastGroups SearchTransitGatewayRoutes
""".split()

# What every account sees is long: it is read in large pages.
CATALOGUES = {
    "DescribeImages": 1000,
    "DescribeInstanceTypeOfferings": 1000,
    "DescribeInstanceTypes": 100,
    "DescribeReservedInstancesOfferings": 100,
    "DescribeSnapshots": 1000,
    "DescribeSpotPriceHistory": 1000,
    "GetInstanceTypesFromInstanceRequirements": 100,
}

# Beside what the model says is required, or since there would be too much.
TOLD = {
    "DescribeLaunchTemplateVersions": {"Versions": ["$Latest"]},
    "DescribeReservedInstancesOfferings": {"InstanceType": "t3.micro"},
    "DescribeSpotPriceHistory": {"InstanceTypes": ["t3.micro"]},
    "GetSpotPlacementScores": {"InstanceTypes": ["m5.large", "c5.large", "r5.large"], "SingleAvailabilityZone": True},
}


def shape(action):
    return MODEL["shapes"][MODEL["operations"][action]["input"]["shape"]]


def smallest(action):
    """The smallest page that the model allows, or 5."""
    member = shape(action)["members"].get("MaxResults")
    return MODEL["shapes"][member["shape"]].get("min", 0) or 5 if member else None


def paginators():
    """Those of the actions that are here and can be asked."""
    return sorted(PAGINATORS.keys() & ACTIONS)


@pytest.fixture(scope="module")
def filled(cluster):
    """(client, what actions have to be told)."""
    ec2, known = cluster.client(account=fresh_account()), {}
    for fill in FILLERS:
        fill(ec2, known)
    return ec2, known


def items(answer, keys):
    """Of all lists that the paginator puts together, as texts. Names that stand beside the items count for nothing."""
    listed = [item for key in keys for item in answer.get(key) or [] if isinstance(item, dict) or len(keys) == 1]
    return [json.dumps(item, sort_keys=True, default=str) for item in listed]


@pytest.mark.parametrize("action", paginators())
def test_the_pages_together_are_the_whole(filled, action):
    ec2, known = filled
    keys, size = PAGINATORS[action]["result_key"], CATALOGUES.get(action) or smallest(action)
    parameters = {name: known[name] for name in shape(action).get("required", [])} | TOLD.get(action, {})
    keys = keys if isinstance(keys, list) else [keys]
    paging = {"PageSize": size} if size and "limit_key" in PAGINATORS[action] else {}
    paginator = ec2.get_paginator(xform_name(action))
    pages = list(paginator.paginate(**parameters, PaginationConfig=paging))
    assert not paging or all(len(items(page, keys)) <= size for page in pages)
    # Some actions have pages of their own where none are asked for.
    whole = [item for page in paginator.paginate(**parameters) for item in items(page, keys)]
    assert sorted(item for page in pages for item in items(page, keys)) == sorted(whole)
    if action in FULL:
        assert len(pages) > 1


def test_what_is_to_have_pages_is_tried():
    assert set(FULL) <= set(paginators())
