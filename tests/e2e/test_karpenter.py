"""The exchange of a node autoscaler such as Karpenter with EC2: the 17 operations that it uses, in its order and shape,
with no capacity in two of three zones."""

from datetime import datetime

import pytest
from botocore.exceptions import ClientError

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
TYPES = ("m5.large", "c5.large")
CLUSTER = {"Key": "kubernetes.io/cluster/demo", "Value": "owned"}


@pytest.fixture
def scarce(cluster):
    """On-demand capacity of these types in the third zone only."""
    bounds = [dict(zone=zone, instance_type=name, market="on-demand") for zone in ZONES[:2] for name in TYPES]
    for bound in bounds:
        cluster.operate("capacity", region="us-east-1", limit=0, **bound)
    yield
    cluster.operate("capacity", region="us-east-1", unbound="true")


def discover(ec2):
    """What Karpenter reads before it launches anything."""
    subnets = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": list(ZONES)}])["Subnets"]
    vpc = subnets[0]["VpcId"]
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    images = ec2.describe_images(
        Owners=["amazon"],
        Filters=[{"Name": "name", "Values": ["al2023-ami-2*"]}, {"Name": "architecture", "Values": ["x86_64"]}],
    )["Images"]
    types = ec2.get_paginator("describe_instance_types").paginate(
        Filters=[{"Name": "supported-virtualization-type", "Values": ["hvm"]}]
    )
    offered = {each["InstanceType"] for page in types for each in page["InstanceTypes"]}
    offerings = ec2.get_paginator("describe_instance_type_offerings").paginate(LocationType="availability-zone")
    places = {(o["InstanceType"], o["Location"]) for page in offerings for o in page["InstanceTypeOfferings"]}
    assert offered >= set(TYPES) and all((name, zone) in places for name in TYPES for zone in ZONES)
    prices = ec2.get_paginator("describe_spot_price_history").paginate(
        ProductDescriptions=["Linux/UNIX", "Linux/UNIX (Amazon VPC)"],
        InstanceTypes=list(TYPES),
        StartTime=datetime.now(),
    )
    known = {(p["InstanceType"], p["AvailabilityZone"]) for page in prices for p in page["SpotPriceHistory"]}
    assert known >= {(name, zone) for name in TYPES for zone in ZONES}
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    return {each["AvailabilityZone"]: each["SubnetId"] for each in subnets}, groups[0]["GroupId"], images[0]["ImageId"]


def launch_template(ec2, name, group, image):
    tags = [CLUSTER, {"Key": "karpenter.sh/nodepool", "Value": "default"}]
    return ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True},
                }
            ],
            "IamInstanceProfile": {"Name": "KarpenterNode"},
            "ImageId": image,
            "Monitoring": {"Enabled": False},
            "SecurityGroupIds": [group],
            "UserData": "IyEvYmluL2Jhc2g=",
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "TagSpecifications": [{"ResourceType": "network-interface", "Tags": tags}],
        },
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )["LaunchTemplate"]


def create_fleet(ec2, template, subnets, capacity_type, zones=ZONES):
    tags = [CLUSTER, {"Key": "karpenter.sh/nodeclaim", "Value": "default-abcde"}]
    overrides = [
        {"InstanceType": name, "SubnetId": subnets[zone], "AvailabilityZone": zone} for name in TYPES for zone in zones
    ]
    strategy = {"SpotOptions": {"AllocationStrategy": "price-capacity-optimized"}}
    if capacity_type == "on-demand":
        strategy = {"OnDemandOptions": {"AllocationStrategy": "lowest-price"}}
    return ec2.create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {"LaunchTemplateName": template, "Version": "$Latest"},
                "Overrides": overrides,
            }
        ],
        TargetCapacitySpecification={"DefaultTargetCapacityType": capacity_type, "TotalTargetCapacity": 1},
        TagSpecifications=[
            {"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume", "fleet")
        ],
        **strategy,
    )


def test_a_node_autoscaler_gets_its_nodes_where_there_is_capacity(cluster, ec2, scarce):
    subnets, group, image = discover(ec2)
    launch_template(ec2, "karpenter.k8s.aws/1", group, image)
    found = ec2.describe_launch_templates(LaunchTemplateNames=["karpenter.k8s.aws/1"])["LaunchTemplates"]
    assert found[0]["LatestVersionNumber"] == 1

    made = create_fleet(ec2, "karpenter.k8s.aws/1", subnets, "on-demand")
    # Karpenter remembers each offering that had no capacity, by type and zone.
    refused = {
        (
            error["LaunchTemplateAndOverrides"]["Overrides"]["InstanceType"],
            error["LaunchTemplateAndOverrides"]["Overrides"]["AvailabilityZone"],
        )
        for error in made["Errors"]
        if error["ErrorCode"] == "InsufficientInstanceCapacity"
    }
    assert refused == {(name, zone) for name in TYPES for zone in ZONES[:2]}
    (launched,) = made["Instances"]
    assert launched["LaunchTemplateAndOverrides"]["Overrides"]["AvailabilityZone"] == ZONES[2]
    assert launched["LaunchTemplateAndOverrides"]["Overrides"]["SubnetId"] == subnets[ZONES[2]]
    assert launched["Lifecycle"] == "on-demand"
    (node,) = launched["InstanceIds"]

    shown = ec2.describe_instances(
        Filters=[
            {"Name": "tag-key", "Values": ["karpenter.sh/nodeclaim"]},
            {"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping"]},
        ]
    )["Reservations"][0]["Instances"][0]
    assert shown["InstanceId"] == node and shown["Placement"]["AvailabilityZone"] == ZONES[2]
    assert shown["IamInstanceProfile"]["Arn"].endswith("/KarpenterNode")
    tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
    assert tags["aws:ec2:fleet-id"] == made["FleetId"] and tags[CLUSTER["Key"]] == "owned"
    ec2.create_tags(Resources=[node], Tags=[{"Key": "Name", "Value": "ip-10-0-0-1"}])
    assert ec2.describe_instance_status(InstanceIds=[node], IncludeAllInstances=True)["InstanceStatuses"]

    spot = create_fleet(ec2, "karpenter.k8s.aws/1", subnets, "spot")
    assert spot["Instances"][0]["Lifecycle"] == "spot" and not spot["Errors"]
    taken = spot["Instances"][0]["InstanceIds"][0]
    described = ec2.describe_instances(InstanceIds=[taken])["Reservations"][0]["Instances"][0]
    assert described["InstanceLifecycle"] == "spot" and described["SpotInstanceRequestId"].startswith("sir-")

    nowhere = create_fleet(ec2, "karpenter.k8s.aws/1", subnets, "on-demand", zones=ZONES[:2])
    assert not nowhere["Instances"] and len(nowhere["Errors"]) == 4

    ending = ec2.terminate_instances(InstanceIds=[node, taken])["TerminatingInstances"]
    assert {each["CurrentState"]["Name"] for each in ending} == {"shutting-down"}
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[node, taken])
    ec2.delete_launch_template(LaunchTemplateName="karpenter.k8s.aws/1")
    with pytest.raises(ClientError, match="InvalidLaunchTemplateName.NotFoundException"):
        create_fleet(ec2, "karpenter.k8s.aws/1", subnets, "spot")


def test_run_instances_by_a_template_meets_the_same_lack_of_capacity(cluster, ec2, scarce):
    subnets, group, image = discover(ec2)
    template = launch_template(ec2, "node", group, image)
    run = dict(
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]}, InstanceType="m5.large", MinCount=1, MaxCount=1
    )
    with pytest.raises(ClientError) as refused:
        ec2.run_instances(SubnetId=subnets[ZONES[0]], **run)
    error = refused.value.response
    assert error["Error"]["Code"] == "InsufficientInstanceCapacity"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert ZONES[2] in error["Error"]["Message"] and ZONES[1] not in error["Error"]["Message"].split("choosing")[1]
    (node,) = ec2.run_instances(SubnetId=subnets[ZONES[2]], **run)["Instances"]
    assert node["SecurityGroups"][0]["GroupId"] == group


def test_the_operator_has_a_spot_instance_interrupted(cluster, ec2):
    image = discover(ec2)[2]
    (instance,) = ec2.run_instances(
        ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, InstanceMarketOptions={"MarketType": "spot"}
    )["Instances"]
    cluster.operate("spot/interrupt", region="us-east-1", instance_id=instance["InstanceId"])
    request = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[instance["SpotInstanceRequestId"]])
    assert request["SpotInstanceRequests"][0]["Status"]["Code"] == "marked-for-termination"
    cluster.operate("clock", region="us-east-1", advance=121)
    ended = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert ended["StateReason"]["Code"] == "Server.SpotInstanceTermination"
