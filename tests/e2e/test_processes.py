"""Regions are processes: they start at their first request, die alone and come back."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account


def create(ec2):
    return ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.com"]}])[
        "DhcpOptions"
    ]["DhcpOptionsId"]


def ids(ec2):
    return {each["DhcpOptionsId"] for each in ec2.describe_dhcp_options()["DhcpOptions"]}


def test_a_region_that_nobody_uses_has_no_process():
    with Cluster() as cluster:
        assert cluster.nodes() == {}
        cluster.client("eu-west-1").describe_dhcp_options()
        assert set(cluster.nodes()) == {"eu-west-1"}


def test_a_killed_region_leaves_the_others_serving_and_comes_back_with_its_data(tmp_path):
    with Cluster("--data-dir", tmp_path) as cluster:
        account = fresh_account()
        here, there = cluster.client("us-east-1", account), cluster.client("eu-west-1", account)
        kept = create(here)
        create(there)
        cluster.kill("us-east-1")
        for _ in range(20):
            there.describe_dhcp_options()
        assert kept in ids(cluster.client("us-east-1", account, retries=8))


@pytest.mark.parametrize("asked_to", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_cluster_leaves_no_process_and_keeps_what_it_stored(tmp_path, asked_to):
    account = fresh_account()
    with Cluster("--data-dir", tmp_path) as cluster:
        kept = create(cluster.client(account=account))
        nodes = cluster.nodes().values()
        assert cluster.stop(asked_to) == 0
        assert not any(os.path.exists(f"/proc/{pid}") for pid in nodes)
    with Cluster("--data-dir", tmp_path) as cluster:
        assert kept in ids(cluster.client(account=account))


def test_no_acknowledged_write_is_lost_when_a_node_is_killed(tmp_path):
    account, writers, total = fresh_account(), 16, 10_000
    with Cluster("--data-dir", tmp_path) as cluster:
        acknowledged = []

        def write(number):
            client = clients[number % writers]
            try:
                acknowledged.append(create(client))
            except ClientError as error:
                # The node was killed under this request: it may or may not have happened.
                assert error.response["Error"]["Code"] == "Unavailable"
            if number == total // 2:
                cluster.kill("us-east-1")

        clients = [cluster.client(account=account) for _ in range(writers)]
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(write, range(total)))
        assert len(acknowledged) > total // 2
        cluster.kill("us-east-1")
        assert set(acknowledged) <= ids(cluster.client(account=account, retries=8))


def test_regions_that_are_not_served_are_refused():
    with Cluster("--regions", "us-east-1") as cluster:
        assert set(cluster.nodes()) == {"us-east-1"}
        with pytest.raises(ClientError, match="eu-west-1"):
            cluster.client("eu-west-1").describe_dhcp_options()
