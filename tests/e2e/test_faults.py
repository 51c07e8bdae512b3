"""Faults on demand, as clients meet them."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ResponseStreamingError

from sandbox import PROGRAM, Cluster

BROKEN = (ConnectionClosedError, EndpointConnectionError, ResponseStreamingError)


@pytest.fixture(scope="module")
def stormy():
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def ctl(stormy):
    """Operates the cluster by the command line; afterwards there are no faults."""

    def run(*arguments):
        command = [PROGRAM, "ctl", "--endpoint", stormy.url, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    yield run
    run("post", "faults", "remove=*")


def test_an_error_is_met_as_often_as_asked_for(stormy, ctl):
    shown = ctl("post", "faults", "name=f", "action=DescribeV*", "error=InternalError", "message=No luck.", "count=2")
    assert shown["faults"][0]["rule"]["action"] == "DescribeV*"
    ec2 = stormy.client()
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            ec2.describe_vpcs()
        assert refused.value.response["Error"] == {"Code": "InternalError", "Message": "No luck."}
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        ec2.describe_subnets()
    assert ec2.describe_vpcs()["Vpcs"]
    assert ctl("get", "faults")["faults"][0]["struck"] == 2


def test_the_status_is_the_one_asked_for(stormy, ctl):
    ctl("post", "faults", "name=f", "error=ServiceUnavailable", "status=502", "region=eu-*")
    with pytest.raises(ClientError) as refused:
        stormy.client("eu-west-1").describe_vpcs()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    stormy.client().describe_vpcs()


def test_a_client_that_tries_again_survives_a_dropped_connection(stormy, ctl):
    ctl("post", "faults", "name=f", "connection=drop", "count=1")
    with pytest.raises(BROKEN):
        stormy.client().describe_vpcs()
    ctl("post", "faults", "name=f", "connection=drop", "count=1")
    assert stormy.client(retries=2).describe_vpcs()["Vpcs"]


def test_an_answer_that_is_lost_has_happened_and_a_token_finds_it(stormy, ctl):
    ec2 = stormy.client()
    wish = dict(AvailabilityZone="us-east-1a", Size=1, ClientToken="once")
    ctl("post", "faults", "name=f", "action=CreateVolume", "connection=lose-answer", "count=1")
    with pytest.raises(BROKEN):
        ec2.create_volume(**wish)
    volume = ec2.create_volume(**wish)["VolumeId"]
    assert [each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]] == [volume]


def test_an_answer_breaks_off_in_its_middle(stormy, ctl):
    ctl("post", "faults", "name=f", "connection=truncate", "count=1")
    with pytest.raises(BROKEN):
        stormy.client().describe_regions()
    assert stormy.client().describe_regions()["Regions"]


def test_a_single_resource_can_be_struck(stormy, ctl):
    ec2 = stormy.client()
    first, second = (ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"] for _ in range(2))
    ctl("post", "faults", "name=f", f"resource={first}", "error=IncorrectState", "message=It is stuck.")
    with pytest.raises(ClientError, match="It is stuck."):
        ec2.delete_volume(VolumeId=first)
    ec2.delete_volume(VolumeId=second)


def test_a_rule_that_makes_no_sense_is_told_to_the_operator(stormy):
    command = [PROGRAM, "ctl", "--endpoint", stormy.url, "post", "faults", "name=f", "error=X", "probability=7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "probability must be from 0 to 1" in done.stderr
