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


def code_of(call, **arguments):
    """The code of the error that a call meets, if any."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]


def test_a_zone_can_be_struck_in_whatever_names_it_or_something_in_it(stormy, ctl):
    ec2 = stormy.client()
    inside, outside = (ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"] for zone in ("us-east-1b", "us-east-1a"))
    ctl("post", "faults", "name=f", "zone=us-east-1b", "error=InternalError")
    assert code_of(ec2.create_volume, AvailabilityZone="us-east-1b", Size=1) == "InternalError"
    assert code_of(ec2.create_volume, AvailabilityZoneId="use1-az2", Size=1) == "InternalError"
    assert code_of(ec2.describe_volumes, VolumeIds=[inside]) == "InternalError"
    by_zone = [{"Name": "availability-zone", "Values": ["us-east-1b"]}]
    assert code_of(ec2.describe_volumes, Filters=by_zone) == "InternalError"
    assert code_of(ec2.delete_volume, VolumeId=inside) == "InternalError"
    assert len(ec2.describe_volumes()["Volumes"]) == 2, "what names nothing concerns no zone"
    ec2.delete_volume(VolumeId=outside)
    assert ctl("get", "faults")["faults"][0]["struck"] == 5


def test_a_lack_of_capacity_in_a_zone_looks_as_it_does_on_aws(stormy, ctl):
    ec2 = stormy.client()
    subnets = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1b"]}])["Subnets"]
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}])
    wish = dict(ImageId=images["Images"][0]["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
    ctl("post", "faults", "name=f", "action=RunInstances", "zone=us-east-1b", "error=InsufficientInstanceCapacity")
    with pytest.raises(ClientError) as refused:
        ec2.run_instances(**wish, SubnetId=subnets[0]["SubnetId"])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert refused.value.response["Error"] == {
        "Code": "InsufficientInstanceCapacity",
        "Message": "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested "
        "(us-east-1b). Our system will be working on provisioning additional capacity.",
    }
    ec2.run_instances(**wish, Placement={"AvailabilityZone": "us-east-1a"})
    ec2.run_instances(**wish)


def test_a_tag_can_be_struck_whether_something_has_it_or_is_to_have_it(stormy, ctl):
    ec2 = stormy.client()

    def tagged(team):
        return [{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": team}]}]

    def create(team):
        return ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tagged(team))

    blue, red = create("blue")["VolumeId"], create("red")["VolumeId"]
    ctl("post", "faults", "name=f", "tag=team=bl*", "error=InternalError")
    assert code_of(create, team="blue") == "InternalError"
    assert code_of(ec2.delete_volume, VolumeId=blue) == "InternalError"
    assert len(ec2.describe_volumes()["Volumes"]) == 2
    ec2.delete_volume(VolumeId=red)


def test_the_same_seed_strikes_the_same_calls(tmp_path):
    def struck(seed):
        config = tmp_path / "archipelago.toml"
        rule = 'name = "f"\nerror = "InternalError"\nprobability = 0.5\nzone = "us-east-1b"\n'
        config.write_text(f"seed = {seed}\n[[faults]]\n{rule}")
        with Cluster("--config", config) as cluster:
            ec2 = cluster.client()
            ec2.describe_vpcs()
            wish = dict(AvailabilityZone="us-east-1b", Size=1)
            return [code_of(ec2.create_volume, **wish) for _ in range(40)]

    first = struck(7)
    assert first == struck(7) and 0 < first.count("InternalError") < 40
    assert first != struck(8)


def test_a_rule_that_makes_no_sense_is_told_to_the_operator(stormy):
    command = [PROGRAM, "ctl", "--endpoint", stormy.url, "post", "faults", "name=f", "error=X", "probability=7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "probability must be from 0 to 1" in done.stderr
