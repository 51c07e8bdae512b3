"""EC2-Classic with boto3, in an account that is configured with it, while others go on as ever."""

import ipaddress

import pytest
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account

CLASSIC, PARTNER = "210987654321", "210987654322"
CONFIG = f"""
[[accounts]]
id = "{CLASSIC}"
classic = true

[[accounts]]
id = "{PARTNER}"
classic = true
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classic")
    (folder / "config.toml").write_text(CONFIG)
    with Cluster("--config", folder / "config.toml", "--data-dir", folder / "data") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ec2(cluster):
    return cluster.client(account=CLASSIC, retries=8)


@pytest.fixture(scope="module")
def ami(ec2):
    found = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2*-x86_64"]}])
    return max(found["Images"], key=lambda image: image["CreationDate"])["ImageId"]


def launch(ec2, ami, **more):
    run = ec2.run_instances(ImageId=ami, InstanceType="m3.medium", MinCount=1, MaxCount=1, **more)
    (instance,) = run["Instances"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance["InstanceId"]])
    return instance["InstanceId"]


def shown(ec2, instance):
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return reservation, reservation["Instances"][0]


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def test_the_account_has_both_platforms_and_no_default_vpc(ec2):
    told = ec2.describe_account_attributes()["AccountAttributes"]
    told = {known["AttributeName"]: [value["AttributeValue"] for value in known["AttributeValues"]] for known in told}
    assert told["supported-platforms"] == ["EC2", "VPC"]
    assert told["default-vpc"] == ["none"]
    assert ec2.describe_vpcs()["Vpcs"] == []


def test_other_accounts_are_as_ever(cluster, ami):
    other = cluster.client(account=fresh_account())
    (instance,) = other.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    assert instance["VpcId"] and instance["SubnetId"] and len(instance["NetworkInterfaces"]) == 1
    assert refused(other.allocate_address, Domain="standard") == "InvalidParameterValue"


def test_an_instance_lives_outside_of_vpcs(ec2, ami):
    ec2.create_security_group(GroupName="web", Description="web servers")
    instance = launch(ec2, ami, SecurityGroups=["web"])
    reservation, now = shown(ec2, instance)
    assert [group["GroupName"] for group in reservation["Groups"]] == ["web"]
    assert "VpcId" not in now and "SubnetId" not in now and now["NetworkInterfaces"] == []
    assert ipaddress.ip_address(now["PrivateIpAddress"]) in ipaddress.ip_network("10.0.0.0/8")
    assert now["PublicDnsName"].endswith("compute-1.amazonaws.com")

    (address,) = [ec2.allocate_address()["PublicIp"]]
    ec2.associate_address(InstanceId=instance, PublicIp=address)
    assert shown(ec2, instance)[1]["PublicIpAddress"] == address
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    assert "PublicIpAddress" not in shown(ec2, instance)[1]
    assert "InstanceId" not in ec2.describe_addresses(PublicIps=[address])["Addresses"][0]
    ec2.start_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance])
    again = shown(ec2, instance)[1]
    assert again["PrivateIpAddress"] != now["PrivateIpAddress"] and again["PublicIpAddress"] != address
    ec2.release_address(PublicIp=address)
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])
    ec2.delete_security_group(GroupName="web")


def test_volumes_images_tags_and_the_console_are_the_same_there(ec2, ami):
    instance = launch(ec2, ami, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}])
    zone = shown(ec2, instance)[1]["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(Size=1, AvailabilityZone=zone)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume])
    assert len(shown(ec2, instance)[1]["BlockDeviceMappings"]) == 2
    image = ec2.create_image(InstanceId=instance, Name="of-classic")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image])
    copy = launch(ec2, image)
    assert len(shown(ec2, copy)[1]["BlockDeviceMappings"]) == 2
    assert "Output" in ec2.get_console_output(InstanceId=instance)
    ec2.reboot_instances(InstanceIds=[instance])
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "more", "Value": ""}])
    assert {tag["Key"] for tag in shown(ec2, instance)[1]["Tags"]} == {"k", "more"}
    found = ec2.describe_instances(Filters=[{"Name": "group-name", "Values": ["default"]}, {"Name": "tag:k", "Values": ["v"]}])
    assert [known["Instances"][0]["InstanceId"] for known in found["Reservations"]] == [instance]
    ec2.terminate_instances(InstanceIds=[instance, copy])


def test_rules_name_groups_of_other_accounts(cluster, ec2):
    partner = cluster.client(account=PARTNER, retries=8)
    partner.create_security_group(GroupName="clients", Description="d")
    ec2.create_security_group(GroupName="service", Description="d")
    ec2.authorize_security_group_ingress(
        GroupName="service", SourceSecurityGroupName="clients", SourceSecurityGroupOwnerId=PARTNER
    )
    (group,) = ec2.describe_security_groups(GroupNames=["service"])["SecurityGroups"]
    pairs = [pair for permission in group["IpPermissions"] for pair in permission["UserIdGroupPairs"]]
    assert {(pair["UserId"], pair["GroupName"]) for pair in pairs} == {(PARTNER, "clients")}
    assert group["IpPermissionsEgress"] == []
    assert refused(partner.delete_security_group, GroupName="clients") == "InvalidGroup.InUse"
    ec2.revoke_security_group_ingress(
        GroupName="service", SourceSecurityGroupName="clients", SourceSecurityGroupOwnerId=PARTNER
    )
    partner.delete_security_group(GroupName="clients")
    ec2.delete_security_group(GroupName="service")


def test_newer_types_need_a_subnet(ec2, ami):
    newer = {"ImageId": ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert refused(ec2.run_instances, **newer) == "VPCResourceNotSpecified"
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    (instance,) = ec2.run_instances(SubnetId=subnet, **newer)["Instances"]
    assert instance["VpcId"] == vpc
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])


def test_what_is_there_outlives_the_node(cluster, ec2, ami):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="linked", Description="d", VpcId=vpc)["GroupId"]
    ec2.enable_vpc_classic_link(VpcId=vpc)
    instance = launch(ec2, ami)
    address = ec2.allocate_address()["PublicIp"]
    ec2.associate_address(InstanceId=instance, PublicIp=address)
    ec2.attach_classic_link_vpc(InstanceId=instance, VpcId=vpc, Groups=[group])
    before = shown(ec2, instance)[1]
    cluster.kill("us-east-1")
    after = shown(ec2, instance)[1]
    assert (after["PrivateIpAddress"], after["PublicIpAddress"]) == (before["PrivateIpAddress"], address)
    (linked,) = ec2.describe_classic_link_instances()["Instances"]
    assert (linked["InstanceId"], linked["VpcId"]) == (instance, vpc)
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.detach_classic_link_vpc(InstanceId=instance, VpcId=vpc)
    ec2.delete_security_group(GroupId=group)
