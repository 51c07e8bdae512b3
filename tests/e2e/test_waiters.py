"""botocore's waiters come to an end: what is made, changed and deleted has the states that they wait for."""

import pytest
from botocore.exceptions import WaiterError
from botocore.waiter import WaiterModel
from botocore.loaders import Loader

from sandbox import Cluster

VERSION = "2016-11-15"
QUICK = {"Delay": 1, "MaxAttempts": 5}


class World:
    """What a waiter's subject needs around it, made when it is first asked for."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self._vpcs = 0

    def vpc(self):
        self._vpcs += 1
        return self.ec2.create_vpc(CidrBlock=f"10.{self._vpcs}.0.0/16")["Vpc"]["VpcId"]

    def subnet(self):
        vpc = self.vpc()
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{self._vpcs}.0.0/24")["Subnet"]["SubnetId"]

    def interface(self):
        made = self.ec2.create_network_interface(SubnetId=self.subnet())
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def internet_gateway(self):
        return self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]

    def nat_gateway(self):
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet(), ConnectivityType="private")
        return made["NatGateway"]["NatGatewayId"]

    def deleted_nat_gateway(self):
        gateway = self.nat_gateway()
        self.ec2.delete_nat_gateway(NatGatewayId=gateway)
        return gateway

    def group(self):
        return self.ec2.create_security_group(GroupName="one", Description="one", VpcId=self.vpc())["GroupId"]

    def shared_group(self):
        """A group that a second VPC uses too; filters that find this one association."""
        group, vpc = self.group(), self.vpc()
        self.ec2.associate_security_group_vpc(GroupId=group, VpcId=vpc)
        return [{"Name": "group-id", "Values": [group]}, {"Name": "vpc-id", "Values": [vpc]}]

    def unshared_group(self):
        filters = self.shared_group()
        group, vpc = (each["Values"][0] for each in filters)
        self.ec2.disassociate_security_group_vpc(GroupId=group, VpcId=vpc)
        return filters

    def customer_gateway(self):
        made = self.ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.7", BgpAsn=65010)
        return made["CustomerGateway"]["CustomerGatewayId"]

    def deleted_customer_gateway(self):
        gateway = self.customer_gateway()
        self.ec2.delete_customer_gateway(CustomerGatewayId=gateway)
        return gateway

    def vpn(self):
        gateway = self.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
        made = self.ec2.create_vpn_connection(
            Type="ipsec.1", CustomerGatewayId=self.customer_gateway(), VpnGatewayId=gateway
        )
        return made["VpnConnection"]["VpnConnectionId"]

    def deleted_vpn(self):
        vpn = self.vpn()
        self.ec2.delete_vpn_connection(VpnConnectionId=vpn)
        return vpn

    def peering(self):
        made = self.ec2.create_vpc_peering_connection(VpcId=self.vpc(), PeerVpcId=self.vpc())
        return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]

    def deleted_peering(self):
        peering = self.peering()
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        return peering

    def image(self, name="al2023-ami-2*"):
        filters = [{"Name": "name", "Values": [name]}, {"Name": "architecture", "Values": ["x86_64"]}]
        return self.ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"][0]["ImageId"]

    def instance(self, **more):
        launch = {"ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more}
        return self.ec2.run_instances(**launch)["Instances"][0]["InstanceId"]

    def stopped_instance(self):
        instance = self.instance()
        self.ec2.stop_instances(InstanceIds=[instance])
        return instance

    def terminated_instance(self):
        instance = self.instance()
        self.ec2.terminate_instances(InstanceIds=[instance])
        return instance

    def windows_instance(self):
        key = self.ec2.create_key_pair(KeyName="windows")["KeyName"]
        return self.instance(ImageId=self.image("Windows_Server-*"), KeyName=key)

    def own_image(self):
        return self.ec2.create_image(InstanceId=self.instance(), Name="own")["ImageId"]

    def key_pair(self):
        return self.ec2.create_key_pair(KeyName="key")["KeyName"]

    def volume(self):
        return self.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]

    def used_volume(self):
        instance, volume = self.instance(Placement={"AvailabilityZone": "us-east-1a"}), self.volume()
        self.ec2.attach_volume(InstanceId=instance, VolumeId=volume, Device="/dev/sdf")
        return volume

    def deleted_volume(self):
        volume = self.volume()
        self.ec2.delete_volume(VolumeId=volume)
        return volume

    def snapshot(self):
        return self.ec2.create_snapshot(VolumeId=self.volume())["SnapshotId"]

    def spot_request(self):
        wish = {"ImageId": self.image(), "InstanceType": "t3.micro"}
        made = self.ec2.request_spot_instances(LaunchSpecification=wish)
        return made["SpotInstanceRequests"][0]["SpotInstanceRequestId"]

    def spot_request_too_cheap(self):
        wish = {"ImageId": self.image(), "InstanceType": "t3.micro"}
        made = self.ec2.request_spot_instances(LaunchSpecification=wish, SpotPrice="0.0001")
        request = made["SpotInstanceRequests"][0]["SpotInstanceRequestId"]
        self.ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[request])
        return request

    def bundle(self):
        stored = [{"Name": "platform", "Values": ["windows"]}, {"Name": "root-device-type", "Values": ["instance-store"]}]
        image = self.ec2.describe_images(Filters=stored)["Images"][0]["ImageId"]
        windows = self.instance(ImageId=image, InstanceType="m1.large")
        place = {"S3": {"Bucket": "bundles", "Prefix": "windows"}}
        return self.ec2.bundle_instance(InstanceId=windows, Storage=place)["BundleTask"]["BundleId"]

    def conversion(self):
        manifest = "https://disks.example.com/manifest.xml"
        return self.ec2.import_volume(
            AvailabilityZone="us-east-1a",
            Image={"Format": "VMDK", "Bytes": 1 << 30, "ImportManifestUrl": manifest},
            Volume={"Size": 1},
        )["ConversionTask"]["ConversionTaskId"]

    def snapshot_import(self):
        disk = {"Format": "VMDK", "UserBucket": {"S3Bucket": "disks", "S3Key": "one.vmdk"}}
        return self.ec2.import_snapshot(DiskContainer=disk)["ImportTaskId"]

    def imported_instance(self):
        image = {"Format": "VMDK", "Bytes": 1 << 30, "ImportManifestUrl": "https://disks.example.com/m.xml"}
        made = self.ec2.import_instance(
            Platform="Windows",
            LaunchSpecification={"InstanceType": "m3.medium", "Architecture": "x86_64"},
            DiskImages=[{"Image": image, "Volume": {"Size": 30}}],
        )
        task = made["ConversionTask"]["ConversionTaskId"]
        (ended,) = self.ec2.describe_conversion_tasks(ConversionTaskIds=[task])["ConversionTasks"]
        return ended["ImportInstance"]["InstanceId"]

    def export(self, instance=None):
        made = self.ec2.create_instance_export_task(
            InstanceId=instance or self.imported_instance(), TargetEnvironment="vmware", ExportToS3Task={"S3Bucket": "exports"}
        )
        return made["ExportTask"]["ExportTaskId"]


# Waiter, parameter, what it is given.
COMPUTE = [
    ("bundle_task_complete", "BundleIds", World.bundle),
    ("conversion_task_completed", "ConversionTaskIds", World.conversion),
    ("export_task_completed", "ExportTaskIds", World.export),
    ("image_available", "ImageIds", World.own_image),
    ("image_exists", "ImageIds", World.own_image),
    ("instance_exists", "InstanceIds", World.instance),
    ("instance_running", "InstanceIds", World.instance),
    ("instance_status_ok", "InstanceIds", World.instance),
    ("instance_stopped", "InstanceIds", World.stopped_instance),
    ("instance_terminated", "InstanceIds", World.terminated_instance),
    ("key_pair_exists", "KeyNames", World.key_pair),
    ("snapshot_completed", "SnapshotIds", World.snapshot),
    ("snapshot_imported", "ImportTaskIds", World.snapshot_import),
    ("spot_instance_request_fulfilled", "SpotInstanceRequestIds", World.spot_request),
    ("system_status_ok", "InstanceIds", World.instance),
    ("volume_available", "VolumeIds", World.volume),
    ("volume_deleted", "VolumeIds", World.deleted_volume),
    ("volume_in_use", "VolumeIds", World.used_volume),
]

NETWORKING = [
    ("customer_gateway_available", "CustomerGatewayIds", World.customer_gateway),
    ("internet_gateway_exists", "InternetGatewayIds", World.internet_gateway),
    ("nat_gateway_available", "NatGatewayIds", World.nat_gateway),
    ("nat_gateway_deleted", "NatGatewayIds", World.deleted_nat_gateway),
    ("network_interface_available", "NetworkInterfaceIds", World.interface),
    ("security_group_exists", "GroupIds", World.group),
    ("security_group_vpc_association_associated", "Filters", World.shared_group),
    ("security_group_vpc_association_disassociated", "Filters", World.unshared_group),
    ("subnet_available", "SubnetIds", World.subnet),
    ("vpc_available", "VpcIds", World.vpc),
    ("vpc_exists", "VpcIds", World.vpc),
    ("vpc_peering_connection_deleted", "VpcPeeringConnectionIds", World.deleted_peering),
    ("vpc_peering_connection_exists", "VpcPeeringConnectionIds", World.peering),
    ("vpn_connection_available", "VpnConnectionIds", World.vpn),
    ("vpn_connection_deleted", "VpnConnectionIds", World.deleted_vpn),
]

# What is not there is not waited for without end.
IN_VAIN = [
    ("instance_running", "InstanceIds", World.terminated_instance),
    ("spot_instance_request_fulfilled", "SpotInstanceRequestIds", World.spot_request_too_cheap),
    ("customer_gateway_available", "CustomerGatewayIds", World.deleted_customer_gateway),
    ("nat_gateway_available", "NatGatewayIds", World.deleted_nat_gateway),
    ("network_interface_available", "NetworkInterfaceIds", lambda _: "eni-0123456789abcdef0"),
    ("vpn_connection_available", "VpnConnectionIds", World.deleted_vpn),
]

# What ends when there is nothing, too.
OF_NOTHING = [
    ("nat_gateway_deleted", "NatGatewayIds", "nat-0123456789abcdef0"),
    ("vpc_peering_connection_deleted", "VpcPeeringConnectionIds", "pcx-0123456789abcdef0"),
]

# Of actions that are not here.
MISSING = ("ImageUsageReport", "SecondaryNetwork", "SecondarySubnet", "StoreImageTask")
# Tried by themselves, since they are about time; but no task ever has the state `deleted`.
APART = {"ConversionTaskCancelled", "ConversionTaskDeleted", "ExportTaskCancelled", "PasswordDataAvailable"}


@pytest.fixture
def world(ec2):
    return World(ec2)


def parameters(name, subject):
    return {name: subject if isinstance(subject, list) or not name.endswith("s") else [subject]}


@pytest.mark.parametrize("waiter, name, make", COMPUTE + NETWORKING, ids=[each[0] for each in COMPUTE + NETWORKING])
def test_a_waiter_sees_what_it_waits_for(world, waiter, name, make):
    subject = make(world)
    world.ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


@pytest.mark.parametrize("waiter, name, make", IN_VAIN, ids=[each[0] for each in IN_VAIN])
def test_a_waiter_knows_that_it_waits_in_vain(world, waiter, name, make):
    subject = make(world)
    with pytest.raises(WaiterError, match="terminal failure state"):
        world.ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


@pytest.mark.parametrize("waiter, name, subject", OF_NOTHING, ids=[each[0] for each in OF_NOTHING])
def test_what_is_unknown_is_deleted(ec2, waiter, name, subject):
    ec2.get_waiter(waiter).wait(**parameters(name, subject), WaiterConfig=QUICK)


def test_every_waiter_is_tried():
    names = WaiterModel(Loader().load_service_model("ec2", "waiters-2", VERSION)).waiter_names
    wanted = {name for name in names if not name.startswith(MISSING)} - APART
    tried = {"".join(part.title() for part in waiter.split("_")) for waiter, *_ in COMPUTE + NETWORKING}
    assert wanted == tried


def test_what_takes_its_time_is_waited_for():
    with Cluster("--lifecycle", "realistic") as cluster:
        world = World(cluster.client())
        conversion = world.conversion()
        world.ec2.cancel_conversion_task(ConversionTaskId=conversion)
        world.ec2.get_waiter("conversion_task_cancelled").wait(ConversionTaskIds=[conversion], WaiterConfig=QUICK)
        windows, imported = world.windows_instance(), world.imported_instance()
        with pytest.raises(WaiterError, match="Max attempts"):
            world.ec2.get_waiter("password_data_available").wait(InstanceId=windows, WaiterConfig={"MaxAttempts": 1})
        cluster.operate("clock", advance=3600)
        world.ec2.get_waiter("password_data_available").wait(InstanceId=windows, WaiterConfig=QUICK)
        export = world.export(imported)
        world.ec2.cancel_export_task(ExportTaskId=export)
        world.ec2.get_waiter("export_task_cancelled").wait(ExportTaskIds=[export], WaiterConfig=QUICK)
