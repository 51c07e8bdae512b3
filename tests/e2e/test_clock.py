"""A region's time is its own: what takes months on AWS is seen at once when the clock is advanced."""

import pytest

from sandbox import Cluster, fresh_account

YEAR = 366 * 24 * 3600
LINUX = [{"Name": "name", "Values": ["al2023-ami-2*"]}, {"Name": "architecture", "Values": ["x86_64"]}]


@pytest.fixture(scope="module")
def own():
    """A cluster whose clock nobody else reads."""
    with Cluster("--lifecycle", "realistic") as cluster:
        yield cluster


@pytest.fixture
def ec2(own):
    return own.client()


def image(ec2):
    return ec2.describe_images(Owners=["amazon"], Filters=LINUX)["Images"][0]["ImageId"]


def instance(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def test_a_reservation_of_one_year_is_paid_for_is_active_and_retires(own, ec2):
    offering = ec2.describe_reserved_instances_offerings(
        InstanceType="m5.large", ProductDescription="Linux/UNIX", MaxDuration=YEAR, OfferingType="No Upfront"
    )["ReservedInstancesOfferings"][0]["ReservedInstancesOfferingId"]
    bought = ec2.purchase_reserved_instances_offering(ReservedInstancesOfferingId=offering, InstanceCount=2)

    def state():
        known = ec2.describe_reserved_instances(ReservedInstancesIds=[bought["ReservedInstancesId"]])
        return known["ReservedInstances"][0]["State"]

    assert state() == "payment-pending"
    own.operate("clock", region="us-east-1", advance=600)
    assert state() == "active"
    own.operate("clock", region="us-east-1", advance=YEAR)
    assert state() == "retired"


def test_a_persistent_spot_request_is_interrupted_and_fulfilled_again(own, ec2):
    (request,) = ec2.request_spot_instances(
        Type="persistent", LaunchSpecification={"ImageId": image(ec2), "InstanceType": "m5.large"}
    )["SpotInstanceRequests"]

    def shown():
        return ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[request["SpotInstanceRequestId"]])[
            "SpotInstanceRequests"
        ][0]

    own.operate("clock", region="us-east-1", advance=60)
    first = shown()
    assert (first["State"], first["Status"]["Code"]) == ("active", "fulfilled")
    own.operate("spot/interrupt", region="us-east-1", instance_id=first["InstanceId"])
    assert shown()["Status"]["Code"] == "marked-for-termination"
    own.operate("clock", region="us-east-1", advance=121)
    assert instance(ec2, first["InstanceId"])["State"]["Name"] in ("shutting-down", "terminated")
    own.operate("clock", region="us-east-1", advance=600)
    again = shown()
    assert (again["State"], again["Status"]["Code"]) == ("active", "fulfilled")
    assert again["InstanceId"] != first["InstanceId"]


def test_a_maintained_fleet_heals(own, ec2):
    ec2.create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"ImageId": image(ec2), "InstanceType": "t3.micro"}
    )
    fleet = ec2.create_fleet(
        Type="maintain",
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateName": "node", "Version": "$Latest"}}],
        TargetCapacitySpecification={"TotalTargetCapacity": 3, "DefaultTargetCapacityType": "on-demand"},
    )["FleetId"]

    def members():
        return {each["InstanceId"] for each in ec2.describe_fleet_instances(FleetId=fleet)["ActiveInstances"]}

    own.operate("clock", region="us-east-1", advance=60)
    before = members()
    assert len(before) == 3
    lost = before.pop()
    ec2.terminate_instances(InstanceIds=[lost])
    own.operate("clock", region="us-east-1", advance=600)
    assert len(members()) == 3 and before < members() and lost not in members()


def test_a_conversion_task_ends_in_a_volume(own, ec2):
    task = ec2.import_volume(
        AvailabilityZone="us-east-1a",
        Image={"Format": "VMDK", "Bytes": 1 << 30, "ImportManifestUrl": "https://disks.example.com/manifest.xml"},
        Volume={"Size": 8},
    )["ConversionTask"]

    def shown():
        (known,) = ec2.describe_conversion_tasks(ConversionTaskIds=[task["ConversionTaskId"]])["ConversionTasks"]
        return known

    assert shown()["State"] == "active"
    own.operate("clock", region="us-east-1", advance=3600)
    ended = shown()
    assert ended["State"] == "completed"
    volume = ended["ImportVolume"]["Volume"]["Id"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == 8


def test_an_import_that_is_killed_is_carried_on_after_the_restart(tmp_path):
    account = fresh_account()
    with Cluster("--data-dir", tmp_path, "--lifecycle", "realistic") as cluster:
        ec2 = cluster.client(account=account, retries=8)
        disks = [{"Format": "VMDK", "UserBucket": {"S3Bucket": "disks", "S3Key": f"{n}.vmdk"}} for n in range(2)]
        task = ec2.import_image(DiskContainers=disks, Description="moved")["ImportTaskId"]
        cluster.kill("us-east-1")
        (known,) = ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"]
        assert known["Status"] == "active" and ec2.describe_images(Owners=["self"])["Images"] == []
        cluster.operate("clock", region="us-east-1", advance=3600)
        (known,) = ec2.describe_import_image_tasks(ImportTaskIds=[task])["ImportImageTasks"]
        assert known["Status"] == "completed"
        (made,) = ec2.describe_images(Owners=["self"])["Images"]
        assert made["ImageId"] == known["ImageId"]
        snapshots = {snapshot["SnapshotId"] for snapshot in known["SnapshotDetails"]}
        assert {each["SnapshotId"] for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]} == snapshots
        assert len(snapshots) == 2
        cluster.kill("us-east-1")
        assert len(ec2.describe_images(Owners=["self"])["Images"]) == 1
