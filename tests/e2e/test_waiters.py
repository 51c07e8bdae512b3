"""botocore's waiters come to an end: what is made, changed and deleted has the states that they wait for."""

import pytest
from botocore.exceptions import WaiterError
from botocore.waiter import WaiterModel
from botocore.loaders import Loader

VERSION = "2016-11-15"
QUICK = {"Delay": 1, "MaxAttempts": 5}


class World:
    """What a waiter's subject needs around it, made when it is first asked for."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self._vpcs = 0

    def vpc(self):
        self._vpcs += 1
        return self.ec2.create_vpc(CidrBlock=f"10.{self._vpcs}.0.0/16")["Vpc"]["VpcId"]

    def subnet(self):
        vpc = self.vpc()
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{self._vpcs}.0.0/24")["Subnet"]["SubnetId"]

    def interface(self):
        made = self.ec2.create_network_interface(SubnetId=self.subnet())
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def internet_gateway(self):
        return self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]

    def nat_gateway(self):
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet(), ConnectivityType="private")
        return made["NatGateway"]["NatGatewayId"]

    def deleted_nat_gateway(self):
        gateway = self.nat_gateway()
        self.ec2.delete_nat_gateway(NatGatewayId=gateway)
        return gateway

    def group(self):
        return self.ec2.create_security_group(GroupName="one", Description="one", VpcId=self.vpc())["GroupId"]

    def shared_group(self):
        """A group that a second VPC uses too; filters that find this one association."""
        group, vpc = self.group(), self.vpc()
        self.ec2.associate_security_group_vpc(GroupId=group, VpcId=vpc)
        return [{"Name": "group-id", "Values": [group]}, {"Name": "vpc-id", "Values": [vpc]}]

    def unshared_group(self):
        filters = self.shared_group()
        group, vpc = (each["Values"][0] for each in filters)
        self.ec2.disassociate_security_group_vpc(GroupId=group, VpcId=vpc)
        return filters

    def customer_gateway(self):
        made = self.ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.7", BgpAsn=65010)
        return made["CustomerGateway"]["CustomerGatewayId"]

    def deleted_customer_gateway(self):
        gateway = self.customer_gateway()
        self.ec2.delete_customer_gateway(CustomerGatewayId=gateway)
        return gateway

    def vpn(self):
        gateway = self.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
        made = self.ec2.create_vpn_connection(
            Type="ipsec.1", CustomerGatewayId=self.customer_gateway(), VpnGatewayId=gateway
        )
        return made["VpnConnection"]["VpnConnectionId"]

    def deleted_vpn(self):
        vpn = self.vpn()
        self.ec2.delete_vpn_connection(VpnConnectionId=vpn)
        return vpn

    def peering(self):
        made = self.ec2.create_vpc_peering_connection(VpcId=self.vpc(), PeerVpcId=self.vpc())
        return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]

    def deleted_peering(self):
        peering = self.peering()
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        return peering


# Waiter, parameter, what it is given.
NETWORKING = [
    ("customer_gateway_available", "CustomerGatewayIds", World.customer_gateway),
    ("internet_gateway_exists", "InternetGatewayIds", World.internet_gateway),
    ("nat_gateway_available", "NatGatewayIds", World.nat_gateway),
    ("nat_gateway_deleted", "NatGatewayIds", World.deleted_nat_gateway),
    ("network_interface_available", "NetworkInterfaceIds", World.interface),
    ("security_group_exists", "GroupIds", World.group),
    ("security_group_vpc_association_associated", "Filters", World.shared_group),
    ("security_group_vpc_association_disassociated", "Filters", World.unshared_group),
    ("subnet_available", "SubnetIds", World.subnet),
    ("vpc_available", "VpcIds", World.vpc),
    ("vpc_exists", "VpcIds", World.vpc),
    ("vpc_peering_connection_deleted", "VpcPeeringConnectionIds", World.deleted_peering),
    ("vpc_peering_connection_exists", "VpcPeeringConnectionIds", World.peering),
    ("vpn_connection_available", "VpnConnectionIds", World.vpn),
    ("vpn_connection_deleted", "VpnConnectionIds", World.deleted_vpn),
]

# What is not there is not waited for without end.
IN_VAIN = [
    ("customer_gateway_available", "CustomerGatewayIds", World.deleted_customer_gateway),
    ("nat_gateway_available", "NatGatewayIds", World.deleted_nat_gateway),
    ("network_interface_available", "NetworkInterfaceIds", lambda _: "eni-0123456789abcdef0"),
    ("vpn_connection_available", "VpnConnectionIds", World.deleted_vpn),
]

# What ends when there is nothing, too.
OF_NOTHING = [
    ("nat_gateway_deleted", "NatGatewayIds", "nat-0123456789abcdef0"),
    ("vpc_peering_connection_deleted", "VpcPeeringConnectionIds", "pcx-0123456789abcdef0"),
]

NETWORKS = ("Gateway", "Interface", "Peering", "SecurityGroup", "Subnet", "Vpc", "Vpn")
# Of actions that are not here.
MISSING = ("SecondaryNetwork", "SecondarySubnet")


@pytest.fixture
def world(ec2):
    return World(ec2)


def parameters(name, subject):
    return {name: subject if isinstance(subject, list) else [subject]}


@pytest.mark.parametrize("waiter, name, make", NETWORKING, ids=[each[0] for each in NETWORKING])
def test_a_waiter_sees_what_it_waits_for(world, waiter, name, make):
    subject = make(world)
    world.ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


@pytest.mark.parametrize("waiter, name, make", IN_VAIN, ids=[each[0] for each in IN_VAIN])
def test_a_waiter_knows_that_it_waits_in_vain(world, waiter, name, make):
    subject = make(world)
    with pytest.raises(WaiterError, match="terminal failure state"):
        world.ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


@pytest.mark.parametrize("waiter, name, subject", OF_NOTHING, ids=[each[0] for each in OF_NOTHING])
def test_what_is_unknown_is_deleted(ec2, waiter, name, subject):
    ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


def test_every_waiter_of_networks_is_tried():
    names = WaiterModel(Loader().load_service_model("ec2", "waiters-2", VERSION)).waiter_names
    wanted = {name for name in names if any(part in name for part in NETWORKS) and not name.startswith(MISSING)}
    tried = {"".join(part.title() for part in waiter.split("_")) for waiter, *_ in NETWORKING}
    assert wanted == tried
