"""The operator's steps at set times, and what becomes of regions that are stopped or frozen."""

import os
import time
import urllib.error

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster

TOML = """
[[scenario]]
at = 3600
page = "faults"
set = { name = "slow", error = "Unavailable", region = "eu-west-1" }

[[scenario]]
at = 7200
page = "faults"
set = { remove = "slow" }
"""


def outcomes(cluster):
    return [step["outcome"] for step in cluster.operate("scenario", "GET")["steps"]]


def eventually(sees):
    """The step is taken right after its time, by the gateway."""
    deadline = time.monotonic() + 20
    while not sees() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sees()


def test_steps_are_taken_at_their_time_on_the_clock(tmp_path):
    config = tmp_path / "archipelago.toml"
    config.write_text(TOML)
    with Cluster("--config", config) as cluster:
        here, there = cluster.client("us-east-1"), cluster.client("eu-west-1")
        there.describe_vpcs()
        assert outcomes(cluster) == [None, None]
        cluster.operate("clock", advance=3600)
        eventually(lambda: outcomes(cluster) == ["200 OK", None])
        here.describe_vpcs()
        with pytest.raises(ClientError, match="Unavailable"):
            there.describe_vpcs()
        cluster.operate("clock", advance=3600)
        eventually(lambda: outcomes(cluster) == ["200 OK", "200 OK"])
        there.describe_vpcs()
        assert cluster.operate("scenario", steps="[]")["steps"] == []


def test_a_region_that_is_off_stays_off_until_it_is_on_again(tmp_path):
    with Cluster("--data-dir", tmp_path) as cluster:
        here, there = cluster.client("us-east-1"), cluster.client("eu-west-1")
        vpc = there.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        cluster.operate("region", region="eu-west-1", power="off")
        eventually(lambda: "eu-west-1" not in cluster.nodes())
        for _ in range(3):
            with pytest.raises(ClientError) as refused:
                there.describe_vpcs()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            here.describe_vpcs()
        assert "eu-west-1" not in cluster.nodes()
        cluster.operate("region", region="eu-west-1", power="on")
        eventually(lambda: "eu-west-1" in cluster.nodes())
        assert there.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_a_frozen_region_goes_on_where_it_was():
    with Cluster() as cluster:
        there = cluster.client("eu-west-1")
        vpc = there.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        cluster.operate("region", region="eu-west-1", power="paused")
        state = f"/proc/{cluster.nodes()['eu-west-1']}/stat"
        eventually(lambda: open(state).read().split()[2] == "T")
        cluster.operate("region", region="eu-west-1", power="on")
        assert there.describe_vpcs(VpcIds=[vpc])["Vpcs"]
        cluster.operate("region", region="eu-west-1", power="paused")
        eventually(lambda: open(state).read().split()[2] == "T")
        assert cluster.stop() == 0 and not os.path.exists(state), "a frozen node stops with the others"


@pytest.mark.parametrize("wrong", [{"region": "moon", "power": "on"}, {"region": "eu-west-1", "power": "half"}])
def test_what_the_operator_cannot_mean_is_refused(cluster, wrong):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        cluster.operate("region", **wrong)


def test_a_scenario_without_a_page_does_not_start(tmp_path):
    config = tmp_path / "archipelago.toml"
    config.write_text('[[scenario]]\nat = 1\npage = "moon"\n')
    with pytest.raises(AssertionError, match="exit 1|no banner"):
        Cluster("--config", config)
