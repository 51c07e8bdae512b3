"""Two regions whose way to each other is cut: what needs both is refused in time, all else goes on, and in the end both
show the same."""

import os
import signal
import time
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from sandbox import fresh_account
from wire import WiredCluster

HERE, THERE = "us-east-1", "eu-west-1"
PATIENCE = 2.5  # Two seconds are promised; the rest is for a machine that is busy.


@pytest.fixture
def cluster(tmp_path):
    with WiredCluster((HERE, THERE), tmp_path) as cluster:
        yield cluster


@contextmanager
def stopped(cluster):
    node = cluster.nodes()[THERE]
    os.kill(node, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node, signal.SIGCONT)


@contextmanager
def killed(cluster):
    cluster.kill(THERE)
    try:
        yield
    finally:
        cluster.start(THERE)


@contextmanager
def cut(cluster, **how):
    for wire in cluster.wires.values():
        wire.cut()
    try:
        yield
    finally:
        for wire in cluster.wires.values():
            wire.mend(**how)


@contextmanager
def forgotten(cluster):
    with cut(cluster, forgetful=True):
        yield


class Side:
    def __init__(self, cluster, region, block):
        self.region, self.account = region, fresh_account()
        self.ec2 = cluster.client(region, self.account)
        self.vpc = self.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        self.gateway = self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]

    def peerings(self):
        """{id: state}, of VPCs and of gateways."""
        found = self.ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        states = {each["VpcPeeringConnectionId"]: each["Status"]["Code"] for each in found}
        found = self.ec2.describe_transit_gateway_peering_attachments()["TransitGatewayPeeringAttachments"]
        return states | {each["TransitGatewayAttachmentId"]: each["State"] for each in found}

    def request(self, other, vpc=None):
        return self.ec2.create_vpc_peering_connection(
            VpcId=vpc or self.vpc, PeerVpcId=other.vpc, PeerOwnerId=other.account, PeerRegion=other.region
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]

    def request_of_gateways(self, other):
        return self.ec2.create_transit_gateway_peering_attachment(
            TransitGatewayId=self.gateway,
            PeerTransitGatewayId=other.gateway,
            PeerAccountId=other.account,
            PeerRegion=other.region,
        )["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]


def in_time(call, *arguments, **parameters):
    began = time.monotonic()
    try:
        return call(*arguments, **parameters)
    finally:
        assert time.monotonic() - began < PATIENCE


def refused_in_time(region, call, *arguments, **parameters):
    with pytest.raises(ClientError) as refused:
        in_time(call, *arguments, **parameters)
    error = refused.value.response["Error"]
    assert error["Code"] == "Unavailable" and region in error["Message"]


def agree(here, there, expected):
    """Waits until both sides show this. The pauses between attempts grow with the time that the way was cut."""
    end = time.monotonic() + 60
    while (here.peerings(), there.peerings()) != (expected, expected):
        assert time.monotonic() < end, (expected, here.peerings(), there.peerings())
        time.sleep(0.2)


@pytest.mark.parametrize("apart", [stopped, killed, cut, forgotten])
def test_what_needs_the_other_region_is_refused_and_all_else_goes_on(cluster, apart):
    here, there = Side(cluster, HERE, "10.1.0.0/16"), Side(cluster, THERE, "10.2.0.0/16")
    ended, asked, gateways = here.request(there), None, here.request_of_gateways(there)
    there.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=ended)
    third = here.ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    asked = here.request(there, third)
    agree(here, there, {ended: "active", asked: "pending-acceptance", gateways: "pendingAcceptance"})

    with apart(cluster):
        before = here.peerings()
        fourth = in_time(here.ec2.create_vpc, CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
        refused_in_time(THERE, here.request, there, fourth)
        refused_in_time(THERE, here.request_of_gateways, there)
        # Nothing is half made.
        assert here.peerings() == before
        in_time(here.ec2.create_subnet, VpcId=fourth, CidrBlock="10.4.1.0/24")
        in_time(here.ec2.describe_instances)
        if apart in (cut, forgotten):
            # The other region is there for its own clients, and as far from this one.
            in_time(there.ec2.create_subnet, VpcId=there.vpc, CidrBlock="10.2.1.0/24")
            refused_in_time(HERE, there.ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=asked)
            accept = there.ec2.accept_transit_gateway_peering_attachment
            refused_in_time(HERE, accept, TransitGatewayAttachmentId=gateways)
            assert there.peerings() == before
        # An end needs nobody.
        in_time(here.ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=ended)
        assert here.peerings()[ended] == "deleting"
        in_time(here.ec2.delete_transit_gateway_peering_attachment, TransitGatewayAttachmentId=gateways)

    agree(here, there, {ended: "deleted", asked: "pending-acceptance", gateways: "deleted"})
    there.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=asked)
    agree(here, there, {ended: "deleted", asked: "active", gateways: "deleted"})
    again = here.request_of_gateways(there)
    agree(here, there, {ended: "deleted", asked: "active", gateways: "deleted", again: "pendingAcceptance"})
