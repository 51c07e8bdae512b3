"""Writes that others see later: the documented errors appear, and pass with the clock."""

import urllib.error

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account

CONFIG = """
[[consistency]]
kind = "security-group"
delay = { min = 3000, max = 3000 }

[[consistency]]
kind = "volume"
action = "CreateVolume"
delay = { min = 2000, max = 2000 }
"""


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A cluster whose clock stands still."""
    config = tmp_path_factory.mktemp("consistency") / "archipelago.toml"
    config.write_text(CONFIG)
    with Cluster("--config", config, "--lifecycle", "instant") as cluster:
        cluster.client().describe_vpcs()
        cluster.operate("clock", scale=0)
        yield cluster


@pytest.fixture
def ec2(slow):
    return slow.client(account=fresh_account())


def test_what_was_created_is_not_found_until_it_is_seen(slow, ec2):
    group = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    groups = [g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"]]
    assert "web" not in groups
    for unseen in (
        lambda: ec2.describe_security_groups(GroupIds=[group]),
        lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]),
        lambda: ec2.authorize_security_group_ingress(GroupName="web", IpPermissions=[rule]),
        lambda: ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "b"}]),
        lambda: ec2.delete_security_group(GroupId=group),
    ):
        with pytest.raises(ClientError, match="InvalidGroup.NotFound"):
            unseen()
    slow.operate("clock", advance=2)
    with pytest.raises(ClientError, match="InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])
    slow.operate("clock", advance=1)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["GroupName"] == "web"


def test_a_name_that_is_taken_is_taken_at_once(ec2):
    ec2.create_security_group(GroupName="web", Description="d")
    with pytest.raises(ClientError, match="InvalidGroup.Duplicate"):
        ec2.create_security_group(GroupName="web", Description="d")


def test_a_change_and_a_deletion_are_seen_later(slow, ec2):
    group = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
    slow.operate("clock", advance=3)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "b"}])

    def tags():
        seen = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0].get("Tags", [])
        assert [tag["Key"] for tag in ec2.describe_tags()["Tags"]] == [tag["Key"] for tag in seen]
        return seen

    assert tags() == []
    slow.operate("clock", advance=3)
    assert tags() == [{"Key": "a", "Value": "b"}]
    ec2.delete_security_group(GroupId=group)
    assert tags() != [], "it is seen a while longer"
    with pytest.raises(ClientError, match="InvalidGroup.NotFound"):
        ec2.delete_security_group(GroupId=group)
    slow.operate("clock", advance=3)
    with pytest.raises(ClientError, match="InvalidGroup.NotFound"):
        tags()
    assert ec2.describe_tags()["Tags"] == []


def test_a_rule_for_an_action_is_about_its_writes_alone(slow, ec2):
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    assert ec2.describe_volumes()["Volumes"] == []
    with pytest.raises(ClientError, match="InvalidVolume.NotFound"):
        ec2.create_snapshot(VolumeId=volume)
    slow.operate("clock", advance=2)
    ec2.modify_volume_attribute(VolumeId=volume, AutoEnableIO={"Value": True})
    attribute = ec2.describe_volume_attribute(VolumeId=volume, Attribute="autoEnableIO")
    assert attribute["AutoEnableIO"]["Value"] is True
    ec2.delete_volume(VolumeId=volume)
    assert ec2.describe_volumes()["Volumes"] == [], "its deletion is seen at once"


def test_pages_hold_what_is_seen_in_order(slow, ec2):
    for size in range(1, 8):
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=size)
    slow.operate("clock", advance=2)
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=99)
    pages = ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5})
    assert [[volume["Size"] for volume in page["Volumes"]] for page in pages] == [[1, 2, 3, 4, 5], [6, 7]]


def test_the_operator_changes_it_at_run_time(slow):
    ec2 = slow.client("eu-west-1")
    ec2.describe_vpcs()
    slow.operate("clock", scale=0, region="eu-west-1")
    shown = slow.operate("consistency", region="eu-west-1", kind="vpc", delay="100-900")["regions"]["eu-west-1"]
    assert shown["rules"][-1] == {"kind": "vpc", "action": None, "delay": {"min": 100, "max": 900}}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(ClientError, match="InvalidVpcID.NotFound"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    slow.operate("clock", advance=0.9, region="eu-west-1")
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    assert slow.operate("consistency", region="eu-west-1", clear="true")["regions"]["eu-west-1"]["rules"] == []
    back = slow.operate("consistency", region="eu-west-1", configured="true")["regions"]["eu-west-1"]["rules"]
    assert [rule["kind"] for rule in back] == ["security-group", "volume"]
    for wrong in ({"delay": "9-1"}, {"delay": "soon"}, {}, {"clear": "perhaps"}):
        with pytest.raises(urllib.error.HTTPError):
            slow.operate("consistency", region="eu-west-1", **wrong)
            assert slow.operate("consistency", "GET")["regions"]["eu-west-1"]["rules"] == back


def test_what_was_set_survives_a_restart(tmp_path):
    with Cluster("--data-dir", tmp_path) as cluster:
        cluster.client().describe_vpcs()
        cluster.operate("consistency", kind="volume", delay=60000)
        cluster.client().create_volume(AvailabilityZone="us-east-1a", Size=1)
    with Cluster("--data-dir", tmp_path) as cluster:
        account = fresh_account()
        cluster.client(account=account).describe_vpcs()
        assert [r["kind"] for r in cluster.operate("consistency", "GET")["regions"]["us-east-1"]["rules"]] == ["volume"]
        ec2 = cluster.client(account=account)
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
        assert ec2.describe_volumes()["Volumes"] == []


def test_instances_are_seen_late_in_each_state(slow):
    slow.operate("consistency", kind="instance", delay=1000)
    ec2 = slow.client()
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    with pytest.raises(ClientError, match="InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=[launched["InstanceId"]])
    with pytest.raises(ClientError, match="InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    slow.operate("clock", advance=1)
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])

    def state():
        return ec2.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"]

    assert state() == "running"
    slow.operate("clock", advance=1)
    assert state() == "terminated"
    slow.operate("consistency", configured="true")
