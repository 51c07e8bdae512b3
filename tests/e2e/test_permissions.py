"""Users, roles and policies: the tables of "Granting IAM Users Required Permissions" of the 2014-10-01 reference, and
what boto3 sees of sessions, authorization messages and DryRun."""

import gzip
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account

REGION = "us-east-1"


def call(cluster, method, body=None, query=""):
    request = urllib.request.Request(f"{cluster.url}/_archipelago/iam{query}", method=method)
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(request, data) as answer:
        return json.load(answer)


class Person:
    """A user with a key, whose policy changes from call to call."""

    def __init__(self, cluster, account, name="alice"):
        self.cluster, self.account, self.name = cluster, account, name
        self.arn = f"arn:aws:iam::{account}:user/{name}"
        key = {"access_key": f"AKIA{name.upper()}{account}", "secret": "s", "account": account, "principal": self.arn}
        self.key = key
        self.may()
        call(cluster, "POST", {"keys": [key]})

    def may(self, *statements, **more):
        inline = [{"Version": "2012-10-17", "Statement": list(statements)}] if statements else []
        user = {"account": self.account, "name": self.name, "inline": inline, **more}
        call(self.cluster, "POST", {"users": [user]})

    def client(self, service="ec2", region=REGION):
        return client(self.cluster, self.key["access_key"], "s", None, service, region)


def client(cluster, key, secret, token=None, service="ec2", region=REGION):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=cluster.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def session(cluster, answer, service="ec2"):
    given = answer["Credentials"]
    return client(cluster, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], service)


def allow(action="*", resource="*", condition=None, effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def code(ask, **parameters):
    try:
        ask(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.fixture(scope="module")
def place():
    with Cluster() as cluster:
        yield cluster


# The tables -----------------------------------------------------------------------------------------------------------

# Resource -> the condition keys that each action's table has for it, where all tables agree.
INSTANCE = """AvailabilityZone EbsOptimized InstanceProfile InstanceType PlacementGroup Region ResourceTag/purpose
    RootDeviceType Tenancy""".split()
LINKED_INSTANCE = """AvailabilityZone InstanceType PlacementGroup ProductCode Region ResourceTag/purpose RootDeviceType
    Subnet Tenancy Vpc""".split()
NEW_INSTANCE = [key for key in INSTANCE if not key.startswith("ResourceTag")]
IMAGE = "ImageType Owner Public Region RootDeviceType ResourceTag/purpose".split()
GROUP = "Region ResourceTag/purpose Vpc".split()
VPC = "Region ResourceTag/purpose Tenancy".split()
IN_VPC = "Region ResourceTag/purpose Vpc".split()
TAGGED = "Region ResourceTag/purpose".split()
VOLUME = "AvailabilityZone ParentSnapshot Region ResourceTag/purpose VolumeIops VolumeSize VolumeType".split()
NEW_VOLUME = [key for key in VOLUME if not key.startswith("ResourceTag")]
SNAPSHOT = "Owner ParentVolume Region SnapshotTime ResourceTag/purpose VolumeSize".split()
SUBNET = "AvailabilityZone Region ResourceTag/purpose Vpc".split()
NEW_INTERFACE = "AvailabilityZone Region Subnet Vpc".split()
INTERFACE = NEW_INTERFACE + ["ResourceTag/purpose"]
PEERING = "AccepterVpc Region ResourceTag/purpose RequesterVpc".split()

# Action, the world's names for its parameters, and its resources with their keys.
SUPPORTED = [
    ("DeleteCustomerGateway", {"CustomerGatewayId": "customer-gateway"}, {"customer-gateway": TAGGED}),
    ("DeleteDhcpOptions", {"DhcpOptionsId": "dhcp-options"}, {"dhcp-options": TAGGED}),
    ("AttachClassicLinkVpc", {"InstanceId": "instance", "VpcId": "vpc", "Groups": ["security-group"]},
     {"instance": LINKED_INSTANCE, "security-group": GROUP, "vpc": VPC}),
    ("DetachClassicLinkVpc", {"InstanceId": "instance", "VpcId": "vpc"}, {"instance": LINKED_INSTANCE, "vpc": VPC}),
    ("RebootInstances", {"InstanceIds": ["instance"]}, {"instance": INSTANCE}),
    ("StartInstances", {"InstanceIds": ["instance"]}, {"instance": INSTANCE}),
    ("StopInstances", {"InstanceIds": ["instance"]}, {"instance": INSTANCE}),
    ("TerminateInstances", {"InstanceIds": ["instance"]}, {"instance": INSTANCE}),
    ("DeleteInternetGateway", {"InternetGatewayId": "internet-gateway"}, {"internet-gateway": TAGGED}),
    ("DeleteNetworkAcl", {"NetworkAclId": "network-acl"}, {"network-acl": IN_VPC}),
    ("DeleteNetworkAclEntry", {"NetworkAclId": "network-acl", "RuleNumber": 100, "Egress": False},
     {"network-acl": IN_VPC}),
    ("DeleteRoute", {"RouteTableId": "route-table", "DestinationCidrBlock": "0.0.0.0/0"}, {"route-table": IN_VPC}),
    ("DeleteRouteTable", {"RouteTableId": "route-table"}, {"route-table": IN_VPC}),
    ("AuthorizeSecurityGroupEgress", {"GroupId": "security-group"}, {"security-group": GROUP}),
    ("AuthorizeSecurityGroupIngress", {"GroupId": "security-group"}, {"security-group": GROUP}),
    ("DeleteSecurityGroup", {"GroupId": "security-group"}, {"security-group": GROUP}),
    ("RevokeSecurityGroupEgress", {"GroupId": "security-group"}, {"security-group": GROUP}),
    ("RevokeSecurityGroupIngress", {"GroupId": "security-group"}, {"security-group": GROUP}),
    ("AttachVolume", {"InstanceId": "instance", "VolumeId": "volume", "Device": "/dev/sdh"},
     {"instance": INSTANCE, "volume": VOLUME}),
    ("DeleteVolume", {"VolumeId": "volume"}, {"volume": VOLUME}),
    ("DetachVolume", {"VolumeId": "volume"}, {"instance": INSTANCE, "volume": VOLUME}),
    ("DisableVpcClassicLink", {"VpcId": "vpc"}, {"vpc": VPC}),
    ("EnableVpcClassicLink", {"VpcId": "vpc"}, {"vpc": VPC}),
    ("AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": "vpc-peering-connection"},
     {"other vpc": VPC, "vpc-peering-connection": ["AcceptorVpc", *PEERING]}),
    ("CreateVpcPeeringConnection", {"VpcId": "vpc", "PeerVpcId": "other vpc"},
     {"vpc": VPC, "new vpc-peering-connection": ["AccepterVpc", "Region", "RequesterVpc"]}),
    ("DeleteVpcPeeringConnection", {"VpcPeeringConnectionId": "vpc-peering-connection"},
     {"vpc-peering-connection": PEERING}),
    ("RejectVpcPeeringConnection", {"VpcPeeringConnectionId": "vpc-peering-connection"},
     {"vpc-peering-connection": PEERING}),
    ("RunInstances", "launch", {
        "image": IMAGE, "new instance": NEW_INSTANCE, "key-pair": ["Region"], "new network-interface": NEW_INTERFACE,
        "placement-group": ["Region", "PlacementGroupStrategy"], "security-group": GROUP, "snapshot": SNAPSHOT,
        "subnet": SUBNET, "new volume": NEW_VOLUME}),
    ("RunInstances", "launch with interface", {
        "image": ["Region"], "new instance": ["Region"], "network-interface": INTERFACE, "new volume": ["Region"]}),
]

OPERATORS = {
    "VolumeSize": "NumericEquals", "VolumeIops": "NumericEquals", "SnapshotTime": "DateEquals", "Public": "Bool",
    "EbsOptimized": "Bool", "Vpc": "ArnEquals", "Subnet": "ArnEquals", "PlacementGroup": "ArnEquals",
    "ParentSnapshot": "ArnEquals", "ParentVolume": "ArnEquals", "InstanceProfile": "ArnEquals",
    "AccepterVpc": "ArnEquals", "AcceptorVpc": "ArnEquals", "RequesterVpc": "ArnEquals",
}
WRONG = {"NumericEquals": "7777", "DateEquals": "2001-01-01T00:00:00Z", "ArnEquals": "arn:aws:ec2:*:*:vpc/none"}


class World:
    """One resource of each kind in an account, with its ARN and the values of its condition keys."""

    def __init__(self, cluster):
        self.account = fresh_account()
        self.ec2 = ec2 = cluster.client(account=self.account)
        self.ids, self.arns, self.keys = {}, {}, {}
        zone = "us-east-1a"
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        ec2.create_key_pair(KeyName="k")
        ec2.create_placement_group(GroupName="pg", Strategy="spread")
        source = ec2.create_volume(AvailabilityZone=zone, Size=8)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=source)["SnapshotId"]
        root = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
        image = ec2.register_image(
            Name="image", RootDeviceName="/dev/xvda", VirtualizationType="hvm", Architecture="x86_64", EnaSupport=True,
            BlockDeviceMappings=[root],
        )["ImageId"]
        ec2.modify_image_attribute(ImageId=image, Attribute="productCodes", ProductCodes=["abc123"])
        launch = {
            "ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "KeyName": "k",
            "SubnetId": subnet, "SecurityGroupIds": [group], "Placement": {"GroupName": "pg"},
            "IamInstanceProfile": {"Name": "app"}, "EbsOptimized": True,
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda",
                 "Ebs": {"SnapshotId": snapshot, "VolumeType": "io1", "Iops": 100, "VolumeSize": 10}}],
        }
        instance = ec2.run_instances(**launch)["Instances"][0]["InstanceId"]
        volume = ec2.create_volume(
            AvailabilityZone=zone, SnapshotId=snapshot, Size=9, VolumeType="io1", Iops=120)["VolumeId"]
        ec2.attach_volume(InstanceId=instance, VolumeId=volume, Device="/dev/sdg")
        interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        options = [{"Key": "domain-name", "Values": ["example.com"]}]
        options = ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"]
        customer = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.1", BgpAsn=65000)
        customer = customer["CustomerGateway"]["CustomerGatewayId"]
        peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
        peering = peering["VpcPeeringConnectionId"]
        self.launch = launch
        self.with_interface = {
            "ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1,
            "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
        }

        arn = self.arn
        in_vpc = {"Vpc": arn("vpc", vpc)}
        placed = {"AvailabilityZone": zone, "Subnet": arn("subnet", subnet), **in_vpc}
        started = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["StartTime"]
        of_instance = {
            "EbsOptimized": "true", "InstanceType": "t3.micro", "RootDeviceType": "ebs", "Tenancy": "default",
            "InstanceProfile": f"arn:aws:iam::{self.account}:instance-profile/app", "ProductCode": "abc123",
            "PlacementGroup": arn("placement-group", "pg"), **placed,
        }
        parent = {"ParentSnapshot": arn("snapshot", snapshot), "AvailabilityZone": zone, "VolumeType": "io1"}
        between = {"RequesterVpc": arn("vpc", vpc), "AccepterVpc": arn("vpc", other), "AcceptorVpc": arn("vpc", other)}
        self.add("instance", instance, of_instance)
        self.add("new instance", "*", of_instance)
        self.add("image", image, {
            "ImageType": "machine", "Owner": self.account, "Public": "false", "RootDeviceType": "ebs"})
        self.add("snapshot", snapshot, {
            "Owner": self.account, "ParentVolume": arn("volume", source), "VolumeSize": "8",
            "SnapshotTime": started.isoformat()})
        self.add("volume", volume, {"VolumeSize": "9", "VolumeIops": "120", **parent})
        self.add("new volume", "*", {"VolumeSize": "10", "VolumeIops": "100", **parent})
        self.add("network-interface", interface, placed)
        self.add("new network-interface", "*", placed)
        self.add("subnet", subnet, placed)
        self.add("security-group", group, in_vpc)
        self.add("network-acl", acl, in_vpc)
        self.add("route-table", table, in_vpc)
        self.add("vpc", vpc, {"Tenancy": "default"})
        self.add("other vpc", other, {"Tenancy": "default"})
        self.add("vpc-peering-connection", peering, between)
        self.add("new vpc-peering-connection", "*", between)
        self.add("placement-group", "pg", {"PlacementGroupStrategy": "spread"})
        self.add("key-pair", "k", {})
        self.add("internet-gateway", gateway, {})
        self.add("dhcp-options", options, {})
        self.add("customer-gateway", customer, {})
        named = [id for id in self.ids.values() if re.search("-[0-9a-f]{17}$", id)]
        ec2.create_tags(Resources=named, Tags=[{"Key": "purpose", "Value": "test"}])

    def arn(self, kind, name):
        account = "" if kind in ("image", "snapshot") else self.account
        return f"arn:aws:ec2:{REGION}:{account}:{kind}/{name}"

    def add(self, name, id, keys):
        self.ids[name] = id
        self.arns[name] = self.arn(name.split(" ")[-1], id)
        self.keys[name] = {"Region": REGION, "ResourceTag/purpose": "test", **keys}

    def parameters(self, wanted):
        if isinstance(wanted, str):
            return self.launch if wanted == "launch" else self.with_interface
        put = lambda value: self.ids.get(value, value) if isinstance(value, str) else value
        return {name: [put(v) for v in value] if isinstance(value, list) else put(value)
                for name, value in wanted.items()}


@pytest.fixture(scope="module")
def world(place):
    return World(place)


@pytest.fixture(scope="module")
def tester(place, world):
    return Person(place, world.account, "tester")


def method(ec2, action):
    return getattr(ec2, botocore.xform_name(action))


@pytest.mark.parametrize("case", SUPPORTED, ids=lambda case: f"{case[0]}-{case[1]}" if isinstance(case[1], str) else case[0])
def test_supported_resource_level_permissions(world, tester, case):
    action, wanted, resources = case
    ask = method(tester.client(), action)
    parameters = {**world.parameters(wanted), "DryRun": True}
    beside = allow("iam:PassRole")

    def outcome(changed=None, condition=None):
        """With a statement for each resource, one of them under a condition."""
        statements = [
            allow(f"ec2:{action}", world.arns[name], condition if name == changed else None)
            for name in resources
            if name != changed or condition
        ]
        tester.may(beside, *statements)
        return code(ask, **parameters)

    assert outcome() == "DryRunOperation"
    for name, keys in resources.items():
        assert outcome(name) == "UnauthorizedOperation", f"without {name}"
        for key in keys:
            operator, value = OPERATORS.get(key, "StringEquals"), world.keys[name][key]
            assert outcome(name, {operator: {f"ec2:{key}": value}}) == "DryRunOperation", f"{name} {key} {value}"
            wrong = {"true": "false", "false": "true"}.get(value) or WRONG.get(operator, "wrong")
            assert outcome(name, {operator: {f"ec2:{key}": wrong}}) == "UnauthorizedOperation", f"{name} {key} {wrong}"


# "Unsupported Resource-Level Permissions": these need Resource "*" there. AWS has added resources to most of them since.
UNSUPPORTED = """AllocateAddress AssignPrivateIpAddresses AssociateAddress AssociateDhcpOptions AssociateRouteTable
AttachInternetGateway AttachNetworkInterface AttachVpnGateway BundleInstance CancelBundleTask CancelConversionTask
CancelExportTask CancelReservedInstancesListing CancelSpotInstanceRequests ConfirmProductInstance CopyImage CopySnapshot
CreateCustomerGateway CreateDhcpOptions CreateImage CreateInstanceExportTask CreateInternetGateway CreateKeyPair
CreateNetworkAcl CreateNetworkAclEntry CreateNetworkInterface CreatePlacementGroup CreateReservedInstancesListing
CreateRoute CreateRouteTable CreateSecurityGroup CreateSnapshot CreateSpotDatafeedSubscription CreateSubnet CreateTags
CreateVolume CreateVpc CreateVpnConnection CreateVpnConnectionRoute CreateVpnGateway DeleteKeyPair
DeleteNetworkInterface DeletePlacementGroup DeleteSnapshot DeleteSpotDatafeedSubscription DeleteSubnet DeleteTags
DeleteVpc DeleteVpnConnection DeleteVpnConnectionRoute DeleteVpnGateway DeregisterImage DescribeAccountAttributes
DescribeAddresses DescribeAvailabilityZones DescribeBundleTasks DescribeClassicLinkInstances DescribeConversionTasks
DescribeCustomerGateways DescribeDhcpOptions DescribeExportTasks DescribeImageAttribute DescribeImages
DescribeInstanceAttribute DescribeInstances DescribeInstanceStatus DescribeInternetGateways DescribeKeyPairs
DescribeNetworkAcls DescribeNetworkInterfaceAttribute DescribeNetworkInterfaces DescribePlacementGroups DescribeRegions
DescribeReservedInstances DescribeReservedInstancesListings DescribeReservedInstancesModifications
DescribeReservedInstancesOfferings DescribeRouteTables DescribeSecurityGroups DescribeSnapshotAttribute
DescribeSnapshots DescribeSpotDatafeedSubscription DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeSubnets
DescribeTags DescribeVolumeAttribute DescribeVolumes DescribeVolumeStatus DescribeVpcAttribute DescribeVpcClassicLink
DescribeVpcPeeringConnections DescribeVpcs DescribeVpnConnections DescribeVpnGateways DetachInternetGateway
DetachNetworkInterface DetachVpnGateway DisableVgwRoutePropagation DisassociateAddress DisassociateRouteTable
EnableVgwRoutePropagation EnableVolumeIO GetConsoleOutput GetPasswordData ImportInstance ImportKeyPair ImportVolume
ModifyImageAttribute ModifyInstanceAttribute ModifyNetworkInterfaceAttribute ModifyReservedInstances
ModifySnapshotAttribute ModifySubnetAttribute ModifyVolumeAttribute ModifyVpcAttribute MonitorInstances
PurchaseReservedInstancesOffering RegisterImage ReleaseAddress ReplaceNetworkAclAssociation ReplaceNetworkAclEntry
ReplaceRoute ReplaceRouteTableAssociation ReportInstanceStatus RequestSpotInstances ResetImageAttribute
ResetInstanceAttribute ResetNetworkInterfaceAttribute ResetSnapshotAttribute UnassignPrivateIpAddresses
UnmonitorInstances""".split()

MODEL = Path(botocore.__file__).parent / "data/ec2/2016-11-15/service-2.json.gz"


def filled(shapes, name):
    """Something for every required parameter."""
    shape = shapes[name]
    if "enum" in shape:
        return shape["enum"][0]
    match shape["type"]:
        case "structure":
            return {member: filled(shapes, shape["members"][member]["shape"]) for member in shape.get("required", [])}
        case "list":
            return [filled(shapes, shape["member"]["shape"])]
        case "integer" | "long" | "double" | "float":
            return 1
        case "boolean":
            return True
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case _:
            return "x"


def test_actions_without_resource_level_permissions_are_for_who_may_use_all_resources(world, tester):
    with gzip.open(MODEL) as file:
        model = json.load(file)
    ec2 = tester.client()
    for action in UNSUPPORTED:
        shape = model["operations"][action].get("input", {}).get("shape")
        parameters = filled(model["shapes"], shape) if shape else {}
        if shape and "DryRun" in model["shapes"][shape]["members"]:
            parameters["DryRun"] = True
        ask = method(ec2, action)
        tester.may(allow(f"ec2:{action}"), allow("ec2:*", effect="Deny", condition={
            "StringNotEquals": {"aws:username": "tester"}}))
        allowed = code(ask, **parameters)
        if "DryRun" in parameters:
            assert allowed in ("DryRunOperation", "MissingParameter", "InvalidParameterValue"), (action, allowed)
        assert allowed != "UnauthorizedOperation", action
        tester.may(allow("ec2:*", "arn:aws:ec2:*:*:nothing/*"))
        if allowed not in ("MissingParameter", "InvalidParameterValue"):
            assert code(ask, **parameters) == "UnauthorizedOperation", action


# What boto3 sees ------------------------------------------------------------------------------------------------------


@pytest.fixture
def alice(place):
    return Person(place, fresh_account())


def test_accounts_that_nobody_has_restricted_may_do_everything(place, alice):
    other = place.client()
    assert code(other.create_volume, AvailabilityZone="us-east-1a", Size=1, DryRun=True) == "DryRunOperation"
    # The account's own key is its root's.
    root = place.client(account=alice.account)
    assert code(root.create_volume, AvailabilityZone="us-east-1a", Size=1) is None
    assert code(alice.client().describe_volumes) == "UnauthorizedOperation"


def test_an_explicit_denial_wins(alice):
    alice.may(allow("ec2:*"), allow("ec2:DeleteVolume", effect="Deny"))
    ec2 = alice.client()
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    with pytest.raises(ClientError) as refused:
        ec2.delete_volume(VolumeId=volume)
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "with an explicit deny in an identity-based policy" in error["Error"]["Message"]


def test_a_refusal_can_be_decoded_by_who_may(place, alice):
    alice.may(allow("ec2:Describe*"))
    with pytest.raises(ClientError) as refused:
        alice.client().create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="gp3")
    message = refused.value.response["Error"]["Message"]
    arn = f"arn:aws:ec2:us-east-1:{alice.account}:volume/*"
    assert message.startswith(
        f"You are not authorized to perform this operation. User: {alice.arn} is not authorized to perform: "
        f"ec2:CreateVolume on resource: {arn} because no identity-based policy allows the ec2:CreateVolume action. "
        "Encoded authorization failure message: "
    )
    encoded = message.rsplit(" ", 1)[1]
    sts = alice.client("sts")
    assert code(sts.decode_authorization_message, EncodedMessage=encoded) == "AccessDenied"
    alice.may(allow("sts:DecodeAuthorizationMessage"))
    decoded = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert decoded["allowed"] is False and decoded["explicitDeny"] is False
    context = decoded["context"]
    assert (context["action"], context["resource"]) == ("ec2:CreateVolume", arn)
    assert context["principal"]["arn"] == alice.arn
    conditions = {item["key"]: [v["value"] for v in item["values"]["items"]] for item in context["conditions"]["items"]}
    assert conditions["ec2:VolumeType"] == ["gp3"] and conditions["aws:username"] == ["alice"]
    wrong = code(sts.decode_authorization_message, EncodedMessage=encoded[:-2])
    assert wrong == "InvalidAuthorizationMessageException"
    stranger = place.client(service="sts")
    assert code(stranger.decode_authorization_message, EncodedMessage=encoded) == "InvalidAuthorizationMessageException"


def test_tags_at_creation_need_create_tags(alice):
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "blue"}]}]
    volume = {"AvailabilityZone": "us-east-1a", "Size": 1, "TagSpecifications": tags, "DryRun": True}
    create = lambda **more: code(alice.client().create_volume, **{**volume, **more})
    alice.may(allow("ec2:CreateVolume"))
    assert create() == "UnauthorizedOperation"
    assert create(TagSpecifications=[]) == "DryRunOperation"
    only = {"StringEquals": {"ec2:CreateAction": "CreateVolume"}}
    alice.may(allow("ec2:CreateVolume"), allow("ec2:CreateTags", condition=only))
    assert create() == "DryRunOperation"
    alice.may(allow("ec2:CreateTags"), allow("ec2:CreateVolume", condition={
        "StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}))
    assert create() == "DryRunOperation"
    tags[0]["Tags"] = [{"Key": "team", "Value": "red"}]
    assert create() == "UnauthorizedOperation"


def test_a_tag_on_the_resource_and_one_on_the_user_may_have_to_agree(place, alice):
    root = place.client(account=alice.account)
    make = lambda team: root.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[
        {"ResourceType": "volume", "Tags": [{"Key": "team", "Value": team}]}])["VolumeId"]
    blue, red = make("blue"), make("red")
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    alice.may(allow("ec2:DeleteVolume", condition=same), tags={"team": "blue"})
    ec2 = alice.client()
    assert code(ec2.delete_volume, VolumeId=red) == "UnauthorizedOperation"
    assert code(ec2.delete_volume, VolumeId=blue) is None


def test_an_instance_profile_needs_pass_role(world, tester):
    everything = allow("ec2:*")
    ask = method(tester.client(), "RunInstances")
    tester.may(everything)
    assert code(ask, **world.launch, DryRun=True) == "UnauthorizedOperation"
    tester.may(everything, allow("iam:PassRole", f"arn:aws:iam::{world.account}:role/app"))
    assert code(ask, **world.launch, DryRun=True) == "DryRunOperation"


def test_a_launch_template_is_launched_as_what_it_says(world, tester):
    data = {name: value for name, value in world.launch.items()
            if name not in ("MinCount", "MaxCount", "SubnetId", "IamInstanceProfile")}
    template = world.ec2.create_launch_template(LaunchTemplateName="template", LaunchTemplateData=data)
    template = template["LaunchTemplate"]["LaunchTemplateId"]
    launch = {"MinCount": 1, "MaxCount": 1, "SubnetId": world.ids["subnet"], "DryRun": True,
              "LaunchTemplate": {"LaunchTemplateId": template}}
    ask = method(tester.client(), "RunInstances")
    small = {"StringEquals": {"ec2:InstanceType": "t3.micro"}}
    others = ["image", "key-pair", "new network-interface", "placement-group", "security-group", "snapshot", "subnet",
              "new volume"]
    rest = [allow("ec2:RunInstances", world.arns[name]) for name in others]
    rest.append(allow("ec2:RunInstances", world.arn("launch-template", template)))
    tester.may(*rest, allow("ec2:RunInstances", world.arns["new instance"], small))
    assert code(ask, **launch) == "DryRunOperation"
    assert code(ask, **launch, InstanceType="t3.large") == "UnauthorizedOperation"
    from_template = {"Bool": {"ec2:IsLaunchTemplateResource": "true"}}
    tester.may(*rest[:6], *rest[7:], allow("ec2:RunInstances", "*", from_template))
    assert code(ask, **launch) == "UnauthorizedOperation"  # The subnet is the request's own.


def test_regions_and_addresses_can_be_limited(place, alice):
    alice.may(allow("ec2:*", condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}))
    assert code(alice.client().describe_vpcs) is None
    assert code(alice.client(region="eu-west-1").describe_vpcs) == "UnauthorizedOperation"
    alice.may(allow("ec2:*", condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
    assert code(alice.client().describe_vpcs) == "UnauthorizedOperation"
    alice.may(allow("ec2:*", condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}))
    assert code(alice.client().describe_vpcs) is None


def test_groups_attached_policies_and_boundaries(place, alice):
    account = alice.account
    volumes = {"Version": "2012-10-17", "Statement": allow(["ec2:CreateVolume", "ec2:DescribeVolumes"])}
    call(place, "POST", {
        "policies": [{"account": account, "name": "volumes", "document": volumes}],
        "groups": [{"account": account, "name": "operators", "policies": ["arn:aws:iam::aws:policy/AmazonEC2FullAccess"]}],
    })
    ec2 = alice.client()
    alice.may(groups=["operators"])
    assert code(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "DryRunOperation"
    alice.may(groups=["operators"], boundary="volumes")
    assert code(ec2.describe_volumes) is None
    with pytest.raises(ClientError) as refused:
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert "because no permissions boundary allows the ec2:CreateVpc action" in str(refused.value)
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(place, "DELETE", query=f"?account={account}&policy=volumes")
    assert "there is no policy volumes" in refused.value.read().decode()
    shown = call(place, "DELETE", query=f"?account={account}")
    assert not [user for user in shown.get("users", []) if user["account"] == account]
    assert code(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "DryRunOperation"


def test_a_role_is_what_its_policies_and_its_session_allow_until_it_expires(place, alice):
    account, role = alice.account, f"arn:aws:iam::{alice.account}:role/deploy"
    trust = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}}
    inline = [{"Version": "2012-10-17", "Statement": allow("ec2:*")}]
    call(place, "POST", {"roles": [{"account": account, "name": "deploy", "trust": trust, "inline": inline}]})
    sts = alice.client("sts")
    assume = {"RoleArn": role, "RoleSessionName": "run7"}
    assert code(sts.assume_role, **assume) == "AccessDenied"
    alice.may(allow("sts:AssumeRole", role))
    ec2 = session(place, sts.assume_role(**assume))
    assert code(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "DryRunOperation"
    narrow = json.dumps({"Version": "2012-10-17", "Statement": allow("ec2:Describe*")})
    ec2 = session(place, sts.assume_role(**assume, Policy=narrow))
    assert code(ec2.describe_vpcs) is None
    with pytest.raises(ClientError) as refused:
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    said = f"User: arn:aws:sts::{account}:assumed-role/deploy/run7 is not authorized to perform: ec2:CreateVpc"
    assert said in str(refused.value) and "because no session policy allows" in str(refused.value)
    # The token of another session does not fit, and a role that is gone allows nothing.
    call(place, "DELETE", query=f"?account={account}&role=deploy")
    assert code(ec2.describe_vpcs) == "UnauthorizedOperation"
    assert code(sts.assume_role, **assume) == "AccessDenied"


def test_mfa_can_be_demanded(place, alice):
    alice.may(allow("ec2:*", condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    assert code(alice.client().describe_vpcs) == "UnauthorizedOperation"
    sts = alice.client("sts")
    assert code(session(place, sts.get_session_token()).describe_vpcs) == "UnauthorizedOperation"
    device = f"arn:aws:iam::{alice.account}:mfa/alice"
    token = sts.get_session_token(SerialNumber=device, TokenCode="123456")
    assert code(session(place, token).describe_vpcs) is None


def test_what_is_wrong_is_said_and_changes_nothing(place, alice):
    before = call(place, "GET")
    broken = {"account": alice.account, "name": "bob", "inline": ['{"Statement":[]}']}
    for body in ({"users": [broken]}, {"users": [{**broken, "inline": [], "groups": ["none"]}]}, {"people": []}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(place, "POST", body)
        assert refused.value.code == 400 and json.load(refused.value)["error"]
    assert call(place, "GET") == before


def test_the_configuration_names_users_too(tmp_path):
    account = fresh_account()
    (tmp_path / "volumes.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": allow("ec2:DescribeVolumes")}))
    config = tmp_path / "archipelago.toml"
    config.write_text(f"""
        [[keys]]
        access_key = "AKIDCONFIGURED"
        secret = "s"
        account = "{account}"
        principal = "arn:aws:iam::{account}:user/alice"
        [[users]]
        account = "{account}"
        name = "alice"
        policies = ["volumes"]
        [[policies]]
        account = "{account}"
        name = "volumes"
        document = {{ file = "volumes.json" }}
    """)
    with Cluster("--config", config) as cluster:
        ec2 = client(cluster, "AKIDCONFIGURED", "s")
        assert code(ec2.describe_volumes) is None
        assert code(ec2.describe_vpcs) == "UnauthorizedOperation"
