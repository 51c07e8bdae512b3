"""The record of calls, through CloudTrail's own API and in files."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    config = folder / "archipelago.toml"
    config.write_text(f'[record]\nkeep = 1000\ndirectory = "{folder}/calls"\n')
    with Cluster("--config", config) as cluster:
        cluster.calls = folder / "calls"
        yield cluster


@pytest.fixture
def account():
    return fresh_account()


def lookup(cluster, account, **more):
    return cluster.client(service="cloudtrail", account=account).lookup_events(**more)["Events"]


def by(key, value):
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_a_call_is_found_by_its_name_and_by_its_resource(recorded, account):
    ec2 = recorded.client(account=account)
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)
    ec2.delete_volume(VolumeId=volume["VolumeId"])

    (created,) = lookup(recorded, account, **by("EventName", "CreateVolume"))
    assert created["ReadOnly"] == "false" and created["EventSource"] == "ec2.amazonaws.com"
    assert {"ResourceType": "AWS::EC2::Volume", "ResourceName": volume["VolumeId"]} in created["Resources"]
    record = json.loads(created["CloudTrailEvent"])
    assert record["userIdentity"]["accountId"] == account and record["userIdentity"]["type"] == "Root"
    assert record["requestParameters"].items() >= {"availabilityZone": "us-east-1a", "size": "8"}.items()
    assert record["responseElements"]["volumeId"] == volume["VolumeId"]
    assert record["responseElements"]["size"] == 8
    assert record["requestID"] == volume["ResponseMetadata"]["RequestId"]
    assert record["sourceIPAddress"] == "127.0.0.1" and "Boto3" in record["userAgent"]

    names = [event["EventName"] for event in lookup(recorded, account, **by("ResourceName", volume["VolumeId"]))]
    assert names == ["DeleteVolume", "CreateVolume"]


def test_what_was_refused_is_recorded_with_its_error(recorded, account):
    ec2 = recorded.client(account=account)
    with pytest.raises(ClientError):
        ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])
    (event,) = lookup(recorded, account, **by("EventName", "TerminateInstances"))
    record = json.loads(event["CloudTrailEvent"])
    assert record["errorCode"] == "Client.InvalidInstanceID.NotFound"
    assert record["requestParameters"] == {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}
    assert record["responseElements"] is None


def test_no_secret_is_ever_in_the_record(recorded, account):
    ec2 = recorded.client(account=account)
    ec2.create_key_pair(KeyName="key")
    linux = [{"Name": "name", "Values": ["al2023-ami-2*"]}, {"Name": "architecture", "Values": ["x86_64"]}]
    image = ec2.describe_images(Owners=["amazon"], Filters=linux)["Images"][0]
    ec2.run_instances(
        ImageId=image["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData="hunter2", KeyName="key"
    )
    template = ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData={"UserData": "aHVudGVyMg==", "InstanceType": "t3.micro"}
    )
    assert template["LaunchTemplate"]["LaunchTemplateName"] == "template"
    lines = "".join(event["CloudTrailEvent"] for event in lookup(recorded, account))
    assert "RunInstances" in lines and "sensitiveDataRemoved" in lines
    for secret in ("hunter2", "aHVudGVyMg", "PRIVATE KEY"):
        assert secret not in lines


def test_the_command_line_looks_events_up(recorded, account):
    recorded.client(account=account).describe_vpcs()
    arguments = ["aws", "cloudtrail", "lookup-events", "--lookup-attributes"]
    arguments += ["AttributeKey=EventName,AttributeValue=DescribeVpcs"]
    found = subprocess.run(arguments, env=recorded.environment(account), capture_output=True, text=True, check=True)
    (event,) = json.loads(found.stdout)["Events"]
    assert event["Username"] == "root"


def test_pages_end(recorded, account):
    ec2 = recorded.client(account=account)
    for _ in range(7):
        ec2.describe_regions()
    pages = recorded.client(service="cloudtrail", account=account).get_paginator("lookup_events").paginate(
        PaginationConfig={"PageSize": 3}, **by("EventName", "DescribeRegions")
    )
    assert [len(page["Events"]) for page in pages] == [3, 3, 1]


def test_files_have_a_line_for_each_call(recorded, account):
    ec2 = recorded.client(account=account)
    for _ in range(5):
        ec2.describe_regions()
    recorded.stop()
    lines = [json.loads(line) for file in recorded.calls.iterdir() for line in file.read_text().splitlines()]
    mine = [line["eventName"] for line in lines if line["recipientAccountId"] == account]
    assert mine == ["DescribeRegions"] * 5


def test_without_a_record_the_trail_says_so(cluster, account):
    with pytest.raises(ClientError, match="record.keep"):
        lookup(cluster, account)
