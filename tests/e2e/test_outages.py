"""Zones without power, lines between regions that are cut, and regions that are slow."""

import json
import subprocess
import time
import urllib.error

import pytest
from botocore.exceptions import ClientError

from sandbox import PROGRAM, Cluster, fresh_account


@pytest.fixture(scope="module")
def harmed():
    """A cluster of its own, since an outage concerns every account."""
    with Cluster() as cluster:
        yield cluster


def ctl(cluster, *arguments):
    command = [PROGRAM, "ctl", "--endpoint", cluster.url, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def dark(answer, region="us-east-1"):
    return [zone["zone"] for zone in answer["regions"][region]["zones"] if zone["power"] == "off"]


def refused(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def image(ec2):
    filters = [{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}]
    return ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"][0]["ImageId"]


def launch(ec2, zone=None):
    where = {"Placement": {"AvailabilityZone": zone}} if zone else {}
    wish = dict(ImageId=image(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1)
    return ec2.run_instances(**wish, **where)["Instances"][0]


def test_a_zone_loses_its_power_and_has_it_back(harmed):
    ec2 = harmed.client()
    lost = launch(ec2, "us-east-1b")["InstanceId"]
    assert dark(ctl(harmed, "post", "zone", "region=us-east-1", "zone=use1-az2", "power=off")) == ["us-east-1b"]
    assert dark(ctl(harmed, "get", "zone", "region=us-east-1")) == ["us-east-1b"]
    shown = ec2.describe_instances(InstanceIds=[lost])["Reservations"][0]["Instances"][0]
    assert shown["State"]["Name"] == "stopped" and shown["StateReason"]["Code"] == "Server.InternalError"
    status = ec2.describe_instance_status(InstanceIds=[lost], IncludeAllInstances=True)["InstanceStatuses"][0]
    assert status["SystemStatus"]["Status"] == "impaired"
    zone = ec2.describe_availability_zones(ZoneNames=["us-east-1b"])["AvailabilityZones"][0]
    assert zone["State"] == "unavailable" and zone["Messages"]
    code, status, message = refused(launch, ec2=ec2, zone="us-east-1b")
    assert (code, status) == ("InsufficientInstanceCapacity", 500) and "(us-east-1b)" in message
    code, status, _ = refused(ec2.start_instances, InstanceIds=[lost])
    assert (code, status) == ("InsufficientInstanceCapacity", 500)
    code, status, _ = refused(ec2.create_volume, AvailabilityZone="us-east-1b", Size=1)
    assert (code, status) == ("InsufficientVolumeCapacity", 500)
    assert launch(ec2)["Placement"]["AvailabilityZone"] != "us-east-1b"
    harmed.operate("zone", region="us-east-1", zone="us-east-1b", power="on")
    ec2.start_instances(InstanceIds=[lost])
    launch(ec2, "us-east-1b")


def test_a_zone_stays_without_power_when_its_node_is_killed(tmp_path):
    with Cluster("--data-dir", tmp_path) as cluster:
        ec2 = cluster.client(retries=5)
        cluster.operate("zone", region="us-east-1", zone="us-east-1b", power="off")
        cluster.kill("us-east-1")
        zone = ec2.describe_availability_zones(ZoneNames=["us-east-1b"])["AvailabilityZones"][0]
        assert zone["State"] == "unavailable"


def test_a_line_is_cut_while_clients_reach_both_its_ends(harmed):
    account = fresh_account()
    here, there = harmed.client("us-east-1", account), harmed.client("eu-west-1", account)
    volume = there.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    snapshot = there.create_snapshot(VolumeId=volume)["SnapshotId"]
    wish = dict(SourceRegion="eu-west-1", SourceSnapshotId=snapshot)
    cut = harmed.operate("line", region="us-east-1", peer="eu-west-1", state="cut")["regions"]
    assert cut == {"us-east-1": {"cut": ["eu-west-1"]}, "eu-west-1": {"cut": ["us-east-1"]}}
    assert refused(here.copy_snapshot, **wish)[:2] == ("Unavailable", 503)
    assert here.describe_vpcs()["Vpcs"] and there.describe_vpcs()["Vpcs"]
    whole = harmed.operate("line", region="eu-west-1", peer="us-east-1", state="whole")["regions"]
    assert whole == {"us-east-1": {"cut": []}, "eu-west-1": {"cut": []}}
    assert here.copy_snapshot(**wish)["SnapshotId"]


def test_a_slow_region_is_slow_in_all_that_it_does(harmed):
    def seconds(call, **arguments):
        started = time.monotonic()
        call(**arguments)
        return time.monotonic() - started

    here, there = harmed.client("us-east-1"), harmed.client("eu-west-1")
    here.describe_vpcs(), there.describe_vpcs()
    harmed.operate("faults", name="slow", region="eu-west-1", latency="700")
    vpc = there.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for call, arguments in [
        (there.describe_regions, {}),
        (there.describe_instances, {}),
        (there.describe_volume_status, {}),
        (there.get_ebs_encryption_by_default, {}),
        (there.create_tags, dict(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])),
        (there.modify_vpc_attribute, dict(VpcId=vpc, EnableDnsHostnames={"Value": True})),
        (there.delete_vpc, dict(VpcId=vpc)),
    ]:
        assert seconds(call, **arguments) >= 0.7, call
    assert seconds(here.describe_vpcs) < 0.7
    harmed.operate("faults", remove="slow")
    assert seconds(there.describe_vpcs) < 0.7


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("zone", dict(zone="us-east-1b", power="off")),
        ("zone", dict(region="us-east-1", power="off")),
        ("zone", dict(region="us-east-1", zone="eu-west-1a", power="off")),
        ("zone", dict(region="us-east-1", zone="us-east-1b", power="half")),
        ("line", dict(region="us-east-1", state="cut")),
        ("line", dict(region="us-east-1", peer="us-east-1", state="cut")),
        ("line", dict(region="us-east-1", peer="moon", state="cut")),
        ("line", dict(region="us-east-1", peer="eu-west-1", state="wet")),
    ],
)
def test_what_the_operator_cannot_mean_is_refused(cluster, page, wrong):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        cluster.operate(page, **wrong)
