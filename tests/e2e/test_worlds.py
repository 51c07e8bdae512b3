"""Worlds as files: what is exported comes back as it was, whatever happened in between."""

import gzip
import json
import re
import signal
import subprocess
import urllib.request

import pytest

import samples
from sandbox import PROGRAM, Cluster, fresh_account
from test_wire_names import ACTIONS, MODEL

READS = [
    action
    for action in ACTIONS
    if re.match("Describe|Get|List|Search", action)
    and not getattr(MODEL.operation_model(action).input_shape, "required_members", None)
]
REGIONS = ["us-east-1", "eu-west-1"]


def ctl(cluster, *words):
    return subprocess.run([PROGRAM, "ctl", "--endpoint", cluster.url, *words], capture_output=True, text=True)


def export(cluster, file):
    done = ctl(cluster, "export", str(file))
    assert done.returncode == 0, done.stderr
    return gzip.decompress(file.read_bytes())


def import_(cluster, file):
    done = ctl(cluster, "import", str(file))
    assert done.returncode == 0, done.stderr


def described(cluster, accounts):
    """The text of every Describe that asks for nothing in particular."""
    texts = {}
    for region in REGIONS:
        for account in accounts:
            for action in READS:
                answer = samples.ask(cluster.url, account, action, region)
                texts[region, account, action] = re.sub(r"<(requestId|RequestID)>[^<]*<", "", answer.text)
    return texts


def differences(before, after):
    return [(key, before[key], after[key]) for key in before if before[key] != after[key]]


def pour(cluster, account, other):
    """Resources of many kinds, whole and half gone, in two regions."""
    samples.run(cluster.url, samples.table("samples.txt"), account)
    here, there = cluster.client("us-east-1", account), cluster.client("eu-west-1", account)
    image = here.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instances = here.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=3, MaxCount=3, ClientToken="once")
    ids = [instance["InstanceId"] for instance in instances["Instances"]]
    here.stop_instances(InstanceIds=ids[1:2])
    gone = here.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    here.terminate_instances(InstanceIds=[gone["Instances"][0]["InstanceId"]])
    here.create_tags(Resources=ids, Tags=[{"Key": "of", "Value": "a world"}])
    volume = here.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    snapshot = here.create_snapshot(VolumeId=volume)["SnapshotId"]
    here.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[other]
    )
    there.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot)
    vpc = here.create_vpc(CidrBlock="10.10.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    theirs = there.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    peering = here.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=theirs, PeerRegion="eu-west-1")
    peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    subnet = here.create_subnet(VpcId=vpc, CidrBlock="10.10.1.0/24")["Subnet"]["SubnetId"]
    address = here.allocate_address()["AllocationId"]
    here.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    here.create_transit_gateway()
    here.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    here.create_managed_prefix_list(PrefixListName="p", MaxEntries=5, AddressFamily="IPv4")
    here.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.small"}
    )
    here.create_fleet(
        Type="maintain",
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"}}],
        TargetCapacitySpecification={"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"},
    )
    here.create_ipam(OperatingRegions=[{"RegionName": "us-east-1"}])
    cluster.client("us-east-1", other).create_vpc(CidrBlock="10.30.0.0/16")


@pytest.fixture(scope="module")
def world():
    with Cluster() as cluster:
        accounts = fresh_account(), fresh_account()
        for region in REGIONS:
            cluster.client(region, accounts[0]).describe_vpcs()
        cluster.operate("clock", scale=0)
        pour(cluster, *accounts)
        yield cluster, accounts


def test_every_describe_is_the_same_after_a_wipe_and_an_import(world, tmp_path):
    cluster, accounts = world
    before = described(cluster, accounts)
    assert sum("<item>" in text for text in before.values()) > 60
    export(cluster, tmp_path / "world")
    cluster.operate("reset")
    assert described(cluster, accounts) != before
    import_(cluster, tmp_path / "world")
    assert differences(before, described(cluster, accounts)) == []


def test_a_world_lives_on_in_another_cluster(world, tmp_path):
    cluster, accounts = world
    before = described(cluster, accounts)
    exported = export(cluster, tmp_path / "world")
    with Cluster() as other:
        import_(other, tmp_path / "world")
        assert differences(before, described(other, accounts)) == []
        assert export(other, tmp_path / "again") == exported
        here = other.client("us-east-1", accounts[0])
        image = here.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        launch = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 3, "MaxCount": 3, "ClientToken": "once"}
        known = re.findall(r"<instanceId>(.*?)<", before["us-east-1", accounts[0], "DescribeInstances"])
        assert {i["InstanceId"] for i in here.run_instances(**launch)["Instances"]} < set(known), "a token is known"
        del launch["ClientToken"]
        fresh = {i["InstanceId"] for i in here.run_instances(**launch)["Instances"]}
        assert not fresh & set(known)
        addresses = [i["PrivateIpAddress"] for r in here.describe_instances(
            Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
        )["Reservations"] for i in r["Instances"]]
        assert len(addresses) == len(set(addresses))


def test_what_is_imported_survives_the_death_of_its_node(world, tmp_path):
    cluster, accounts = world
    before = described(cluster, accounts)
    export(cluster, tmp_path / "world")
    with Cluster("--data-dir", tmp_path / "data") as other:
        stale = other.client("us-east-1", accounts[0]).create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
        import_(other, tmp_path / "world")
        other.kill("us-east-1")
        other.stop(signal.SIGKILL)
    with Cluster("--data-dir", tmp_path / "data") as other:
        exported = export(other, tmp_path / "again")
        for region in REGIONS:
            text = before[region, accounts[0], "DescribeVpcs"]
            for vpc in re.findall("<vpcId>(.*?)<", text):
                assert vpc.encode() in exported, "regions that nobody has asked for since are exported too"
            assert samples.ask(other.url, accounts[0], "DescribeVpcs", region).text.count(stale) == 0
        after = described(other, accounts)
        for key in before:
            if key[2] in ["DescribeVpcs", "DescribeSubnets", "DescribeNetworkInterfaces", "DescribeAddresses"]:
                assert after[key] == before[key]


def test_a_damaged_file_changes_nothing(world, tmp_path):
    cluster, accounts = world
    exported = export(cluster, tmp_path / "world")
    before = described(cluster, accounts)
    damaged = {
        "half": (exported[: len(exported) // 2], "ends"),
        "text": (b"This is no world.\n" * 9, "no world"),
        "long text": (b"This is no world.\n" * 2_000_000, "no world"),
        "more": (exported + exported, "after its end"),
        "empty": (b"", "no world"),
        "zipped": ((tmp_path / "world").read_bytes()[:-200], "world|damaged|deflate|end of file|UnexpectedEof"),
        "changed": (exported.replace(b"vpc/vpc-", b"vpx/vpc-", 1), "cannot be read"),
    }
    for name, (content, why) in damaged.items():
        (tmp_path / name).write_bytes(content)
        done = ctl(cluster, "import", str(tmp_path / name))
        assert done.returncode == 1 and re.search(why, done.stderr), f"{name}: {done.stderr}"
    assert differences(before, described(cluster, accounts)) == []
    assert ctl(cluster, "import", str(tmp_path / "nowhere")).returncode == 1
    assert ctl(cluster, "export", str(tmp_path / "no" / "where")).returncode == 1


def test_identities_are_part_of_the_world(tmp_path):
    account = fresh_account()
    people = {
        "users": [{"account": account, "name": "alice", "inline": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]}],
        "keys": [{"access_key": "AKIAALICE", "secret": "s", "account": account}],
    }
    with Cluster() as cluster:
        request = urllib.request.Request(
            f"{cluster.url}/_archipelago/iam", json.dumps(people).encode(), {"content-type": "application/json"}
        )
        urllib.request.urlopen(request)
        export(cluster, tmp_path / "world")
    with Cluster() as cluster:
        import_(cluster, tmp_path / "world")
        assert [user["name"] for user in cluster.operate("iam", "GET")["users"]] == ["alice"]


def test_a_seed_repeats_a_world(tmp_path):
    def play(seed):
        with Cluster("--seed", seed) as cluster:
            answers = samples.run(cluster.url, samples.table("samples.txt"), "123456789012")
            ids = [re.findall(r">([a-z]+-[0-9a-f]{17})<", text) for _, _, text in answers]
            request_ids = [root.findtext("requestId") for _, root, _ in answers if root is not None]
            return ids, request_ids

    assert play(7) == play(7)
    assert play(7) != play(8)


POPULATE = """
[[populate]]
region = "eu-west-1"
account = "{account}"
action = "DescribeImages"
as = "ami"
set = {{ Owner = ["amazon"], Filter = [{{ Name = "name", Value = ["al2023-ami-*-x86_64"] }}] }}

[[populate]]
region = "eu-west-1"
account = "{account}"
action = "CreateVpc"
as = "vpc"
times = 2
set = {{ CidrBlock = "10.${{turn}}.0.0/16" }}

[[populate]]
region = "eu-west-1"
account = "{account}"
action = "CreateSubnet"
as = "subnet"
times = 2
set = {{ VpcId = "${{vpc.turn.vpc.vpcId}}", CidrBlock = "10.${{turn}}.0.0/16" }}

[[populate]]
region = "eu-west-1"
account = "{account}"
action = "RunInstances"
times = 2
[populate.set]
ImageId = "${{ami.imagesSet.0.imageId}}"
InstanceType = "t3.micro"
MinCount = 1000
MaxCount = 1000
SubnetId = "${{subnet.turn.subnet.subnetId}}"
TagSpecification = [{{ ResourceType = "instance", Tag = [{{ Key = "Name", Value = "load-${{turn}}" }}] }}]
"""


def instances(cluster, account):
    pages = cluster.client("eu-west-1", account).get_paginator("describe_instances").paginate()
    return [instance for page in pages for group in page["Reservations"] for instance in group["Instances"]]


def test_a_populated_account_is_there_from_the_start_and_once(tmp_path):
    account = fresh_account()
    config = tmp_path / "archipelago.toml"
    config.write_text(POPULATE.format(account=account))
    options = "--config", config, "--data-dir", tmp_path / "data"
    with Cluster(*options) as cluster:
        first = instances(cluster, account)
        assert len(first) == 2000
        assert {tag["Value"] for instance in first for tag in instance["Tags"]} == {"load-0", "load-1"}
        assert {instance["PrivateIpAddress"].rsplit(".", 2)[0] for instance in first} == {"10.0", "10.1"}
    with Cluster(*options) as cluster:
        again = instances(cluster, account)
        assert [i["InstanceId"] for i in again] == [i["InstanceId"] for i in first]


@pytest.mark.parametrize(
    "entry, why",
    [
        ('action = "CreateVpc"\nset = { CidrBlock = "10.0.0.0/8" }', "CreateVpc in us-east-1: InvalidVpc.Range"),
        ('action = "CreateVcp"', "The action CreateVcp is not valid"),
        ('action = "CreateVpc"\nset = { CidrBlok = "10.0.0.0/16" }', "CidrBlok"),
        ('action = "CreateVpc"\nset = { CidrBlock = "${vpc.vpc.cidrBlock}" }', "no entry before this one is called vpc"),
        ('action = "CreateVpc"\naccount = "12"', "an account has 12 digits"),
    ],
)
def test_an_entry_that_cannot_be_carried_out_stops_the_start(tmp_path, entry, why):
    config = tmp_path / "archipelago.toml"
    config.write_text(f'[[populate]]\nregion = "us-east-1"\n{entry}\n')
    command = [PROGRAM, "up", "--listen", "127.0.0.1:0", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and why in done.stderr


def test_a_cluster_begins_with_the_world_of_a_file(world, tmp_path):
    cluster, accounts = world
    before = described(cluster, accounts)
    export(cluster, tmp_path / "world")
    with Cluster("--world", tmp_path / "world") as other:
        assert differences(before, described(other, accounts)) == []
    command = [PROGRAM, "up", "--listen", "127.0.0.1:0", "--world", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "nowhere" in done.stderr
