"""Quotas of accounts, by the configuration and by the operator, as a client meets them."""

import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from sandbox import PROGRAM, Cluster, fresh_account

RAISED = fresh_account()

TOML = f"""
[quotas]
profile = "aws"
limits = {{ internet-gateways = 2, key-pairs = "none" }}

[[quotas.overrides]]
account = "{RAISED}"
limits = {{ vpcs = 7 }}

[[quotas.overrides]]
region = "eu-west-1"
limits = {{ vpcs = 2 }}
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    config = tmp_path_factory.mktemp("quotas") / "archipelago.toml"
    config.write_text(TOML)
    with Cluster("--config", config) as cluster:
        yield cluster


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Code"], response["Error"]["Message"]


def vpcs(ec2, count):
    return [ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(count)]


def image(ec2):
    filters = [{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}]
    return ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"][0]["ImageId"]


def test_the_sixth_vpc_is_refused_until_one_is_deleted(limited):
    ec2 = limited.client()
    made = vpcs(ec2, 4)  # Beside the default VPC.
    full = ("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16") == full
    ec2.delete_vpc(VpcId=made[0])
    vpcs(ec2, 1)
    assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16") == full
    vpcs(limited.client(), 1)  # Another account has quotas of its own.


def test_an_account_and_a_region_may_have_other_figures(limited):
    ec2 = limited.client(account=RAISED)
    vpcs(ec2, 6)
    assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16")[0] == "VpcLimitExceeded"
    europe = limited.client("eu-west-1")
    vpcs(europe, 1)
    assert refusal(europe.create_vpc, CidrBlock="10.0.0.0/16")[0] == "VpcLimitExceeded"


def test_addresses_and_vcpus_are_limited_and_one_account_has_more(limited):
    account = fresh_account()
    ec2 = limited.client(account=account)
    addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(5)]
    full = ("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    assert refusal(ec2.allocate_address, Domain="vpc") == full
    ec2.release_address(AllocationId=addresses[0])
    ec2.allocate_address(Domain="vpc")

    launch = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    instances = [ec2.run_instances(**launch)["Instances"][0]["InstanceId"] for _ in range(2)]
    code, message = refusal(ec2.run_instances, **launch)
    assert code == "VcpuLimitExceeded"
    assert message.startswith("You have requested more vCPU capacity than your current vCPU limit of 5 allows")
    ec2.stop_instances(InstanceIds=instances[:1])
    instances += [ec2.run_instances(**launch)["Instances"][0]["InstanceId"]]
    assert refusal(ec2.start_instances, InstanceIds=instances[:1])[0] == "VcpuLimitExceeded"
    gpu = {**launch, "InstanceType": "g4dn.xlarge"}
    assert refusal(ec2.run_instances, **gpu)[0] == "VcpuLimitExceeded"
    spot = {**launch, "InstanceMarketOptions": {"MarketType": "spot"}, "MinCount": 3, "MaxCount": 3}
    assert refusal(ec2.run_instances, **spot) == ("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")

    set_ = {"account": account, "region": "us-east-1"}
    shown = limited.operate("quotas", **set_, name="on-demand-standard-vcpus", limit=64)["regions"]["us-east-1"]
    assert shown["quotas"][0]["limit"] == 64 and shown["quotas"][0]["used"] == [{"of": None, "used": 4.0}]
    ec2.start_instances(InstanceIds=instances[:1])
    ec2.run_instances(**launch)
    limited.operate("quotas", **set_, name="instances", limit=4)
    code, message = refusal(ec2.run_instances, **launch)
    assert code == "InstanceLimitExceeded"
    assert message.startswith("You have requested more instances (5) than your current instance limit of 4 allows")
    limited.operate("quotas", **set_, name="addresses", limit=6)
    ec2.allocate_address(Domain="vpc")
    assert refusal(ec2.allocate_address, Domain="vpc") == full

    known = ec2.describe_account_attributes()["AccountAttributes"]
    figures = {known["AttributeName"]: known["AttributeValues"][0]["AttributeValue"] for known in known}
    assert (figures["max-instances"], figures["vpc-max-elastic-ips"]) == ("4", "6")


def test_the_page_shows_figures_and_use_and_tells_what_is_wrong(limited):
    account = fresh_account()
    ec2 = limited.client(account=account)
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    page = limited.operate("quotas", "GET", account=account, region="us-east-1")["regions"]["us-east-1"]
    quotas = {quota["name"]: quota for quota in page["quotas"]}
    assert page["profile"] == "aws"
    assert (quotas["internet-gateways"]["limit"], quotas["internet-gateways"]["aws"]) == (2, 5)
    assert quotas["key-pairs"]["limit"] is None
    assert quotas["vpcs"]["used"] == [{"of": None, "used": 1.0}]
    one = limited.operate("quotas", "GET", account=account, region="us-east-1", name="outbound-rules-per-security-group")
    used = one["regions"]["us-east-1"]["quotas"][0]["used"]
    assert {"of": f"{group} (IPv4)", "used": 1.0} in used

    def ctl(*arguments):
        command = [PROGRAM, "ctl", "--endpoint", limited.url, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    for wrong, why in [
        (["name=vcps", "limit=1"], "there is no quota"),
        (["name=vpcs", "limit=many"], "limit must be a number, none or configured"),
        (["name=vpcs"], "must be given with name"),
        (["profile=azure"], "profile must be off or aws"),
        (["profile=aws", "account=me"], "account must be 12 digits"),
        ([], "must be given"),
    ]:
        status, said = ctl("post", "quotas", *wrong)
        assert status != 0 and why in said, said


def test_what_is_wrong_in_the_configuration_is_told(tmp_path):
    config = tmp_path / "archipelago.toml"
    for text, why in [
        ("[quotas.limits]\nvcps = 1", 'there is no quota "vcps"'),
        ("[quotas]\nlimits = { vpcs = -1 }", "-1 is negative"),
        ("[[quotas.overrides]]\naccount = '1'\nlimits = {}", "'1' is no account"),
    ]:
        config.write_text(text)
        done = subprocess.run(
            [PROGRAM, "up", "--listen", "127.0.0.1:0", "--config", config],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ,
        )
        assert done.returncode != 0 and why in done.stderr, done.stderr


def test_what_the_operator_sets_survives_the_death_of_a_node(tmp_path):
    with Cluster("--data-dir", tmp_path / "data") as cluster:
        account = fresh_account()
        ec2 = cluster.client(account=account, retries=8)
        vpcs(ec2, 6)  # Nothing is enforced where nothing is said.
        cluster.operate("quotas", profile="aws", region="us-east-1")
        cluster.operate("quotas", name="vpcs", limit=8, account=account, region="us-east-1")
        vpcs(ec2, 1)
        cluster.kill("us-east-1")
        assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16")[0] == "VpcLimitExceeded"
        page = cluster.operate("quotas", "GET", account=account, name="vpcs")["regions"]["us-east-1"]
        assert page["profile"] == "aws"
        assert page["set"] == [{"account": account, "name": "vpcs", "limit": 8}]
        assert (page["quotas"][0]["limit"], page["quotas"][0]["used"]) == (8, [{"of": None, "used": 8.0}])
        cluster.operate("quotas", name="vpcs", limit="configured", account=account)
        cluster.operate("quotas", profile="off")
        vpcs(ec2, 1)


def test_a_world_has_the_figures_and_what_is_used_of_them(tmp_path):
    def ctl(cluster, verb):
        command = [PROGRAM, "ctl", "--endpoint", cluster.url, verb, tmp_path / "world.gz"]
        subprocess.run(command, check=True, capture_output=True)

    account = fresh_account()
    with Cluster() as cluster:
        made = vpcs(cluster.client(account=account), 2)
        cluster.operate("quotas", name="vpcs", limit=3, account=account)
        ctl(cluster, "export")
    with Cluster() as cluster:
        ctl(cluster, "import")
        ec2 = cluster.client(account=account)
        assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16")[0] == "VpcLimitExceeded"
        ec2.delete_vpc(VpcId=made[0])
        vpcs(ec2, 1)
        assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/16")[0] == "VpcLimitExceeded"
