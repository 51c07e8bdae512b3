"""Peering between regions that are processes: both sides agree, and a side that is cut off is one to reckon with."""

import os
import signal
import time
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account

HERE, THERE = "us-east-1", "eu-west-1"
# What AWS promises nobody, and we do: a call that needs a region that is silent fails within two seconds. The rest is
# for a machine that is busy.
PATIENCE = 2.5


@pytest.fixture
def cluster(tmp_path):
    with Cluster("--data-dir", tmp_path) as cluster:
        yield cluster


@contextmanager
def silent(cluster, region):
    """The region's process stands still: its address takes connections, and nobody answers."""
    node = cluster.nodes()[region]
    os.kill(node, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node, signal.SIGCONT)


class Peers:
    """Two accounts, each in its own region."""

    def __init__(self, cluster):
        self.here = cluster.client(HERE, fresh_account())
        self.owner = fresh_account()
        self.there = cluster.client(THERE, self.owner)
        self.one = self.here.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.two = self.there.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]

    def request(self):
        made = self.here.create_vpc_peering_connection(
            VpcId=self.one, PeerVpcId=self.two, PeerOwnerId=self.owner, PeerRegion=THERE
        )
        return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]

    def states(self, peering):
        return [status(side, peering) for side in (self.here, self.there)]

    def agree_on(self, peering, state, within=60):
        end = time.monotonic() + within
        while self.states(peering) != [state, state] and time.monotonic() < end:
            time.sleep(0.2)
        assert self.states(peering) == [state, state]


def status(ec2, peering):
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    return found[0]["Status"]["Code"]


def refused_in_time(call, **parameters):
    began = time.monotonic()
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert time.monotonic() - began < PATIENCE
    return refused.value.response["Error"]


def test_two_regions_and_two_accounts_agree(cluster):
    peers = Peers(cluster)
    peering = peers.request()
    peers.here.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[peering])
    peers.there.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[peering])
    peers.agree_on(peering, "pending-acceptance")
    peers.there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    peers.agree_on(peering, "active")
    peers.here.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    peers.there.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[peering])
    peers.agree_on(peering, "deleted")


def test_a_silent_region_is_told_of_within_two_seconds_and_agrees_when_it_is_back(cluster):
    peers = Peers(cluster)
    accepted, pending = peers.request(), None
    peers.there.accept_vpc_peering_connection(VpcPeeringConnectionId=accepted)
    peers.agree_on(accepted, "active")
    third = peers.here.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    pending = peers.here.create_vpc_peering_connection(
        VpcId=third, PeerVpcId=peers.two, PeerOwnerId=peers.owner, PeerRegion=THERE
    )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    before = peers.here.describe_vpc_peering_connections()["VpcPeeringConnections"]

    with silent(cluster, THERE):
        fourth = peers.here.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
        error = refused_in_time(
            peers.here.create_vpc_peering_connection,
            VpcId=fourth,
            PeerVpcId=peers.two,
            PeerOwnerId=peers.owner,
            PeerRegion=THERE,
        )
        assert error["Code"] == "Unavailable" and THERE in error["Message"]
        assert peers.here.describe_vpc_peering_connections()["VpcPeeringConnections"] == before
        # What needs nobody else goes on, and so does an end to what there is.
        peers.here.create_subnet(VpcId=fourth, CidrBlock="10.4.1.0/24")
        began = time.monotonic()
        peers.here.delete_vpc_peering_connection(VpcPeeringConnectionId=accepted)
        assert time.monotonic() - began < PATIENCE
        assert status(peers.here, accepted) == "deleting"
    peers.agree_on(accepted, "deleted")

    with silent(cluster, HERE):
        error = refused_in_time(peers.there.accept_vpc_peering_connection, VpcPeeringConnectionId=pending)
        assert error["Code"] == "Unavailable" and HERE in error["Message"]
        assert status(peers.there, pending) == "pending-acceptance"
    peers.agree_on(pending, "pending-acceptance")
    peers.there.accept_vpc_peering_connection(VpcPeeringConnectionId=pending)
    peers.agree_on(pending, "active")


def test_a_killed_region_comes_back_with_what_was_agreed_on(cluster):
    peers = Peers(cluster)
    peering = peers.request()
    peers.there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    cluster.kill(THERE)
    for _ in range(50):
        try:
            peers.there.describe_vpcs()
            break
        except ClientError:
            time.sleep(0.2)
    peers.agree_on(peering, "active")
    peers.here.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    peers.agree_on(peering, "deleted")
