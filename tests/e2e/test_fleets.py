"""Fleets over real processes: a region that is killed while it launches one goes on with it."""

import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from sandbox import Cluster, fresh_account

TARGET = 300


def template(ec2):
    image = ec2.describe_images(
        Owners=["amazon"],
        Filters=[{"Name": "name", "Values": ["al2023-ami-2*"]}, {"Name": "architecture", "Values": ["x86_64"]}],
    )["Images"][0]["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )


def members(ec2):
    found = ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}], PaginationConfig={"PageSize": 1000}
    )
    return [i for page in found for reservation in page["Reservations"] for i in reservation["Instances"]]


def fleet(ec2):
    types = ("t3.micro", "t3.small", "t3.medium", "m5.large", "c5.large", "r5.large")
    overrides = [{"InstanceType": name, "AvailabilityZone": f"us-east-1{zone}"} for name in types for zone in "abc"]
    return ec2.create_fleet(
        Type="maintain",
        SpotOptions={"AllocationStrategy": "diversified"},
        LaunchTemplateConfigs=[
            {"LaunchTemplateSpecification": {"LaunchTemplateName": "node"}, "Overrides": overrides}
        ],
        TargetCapacitySpecification={"TotalTargetCapacity": TARGET, "DefaultTargetCapacityType": "spot"},
    )


def test_a_region_killed_during_a_fleets_launch_launches_the_rest_and_nothing_twice(tmp_path):
    account = fresh_account()
    with Cluster("--data-dir", tmp_path) as cluster:
        ec2 = cluster.client(account=account)
        template(ec2)

        def create():
            try:
                fleet(cluster.client(account=account))
            except (ClientError, BotoCoreError):
                pass  # The region was killed under the request.

        launching = threading.Thread(target=create)
        launching.start()
        while not members(ec2):
            time.sleep(0.01)
        cluster.kill("us-east-1")
        launching.join()
        ec2 = cluster.client(account=account, retries=8)
        deadline = time.monotonic() + 60
        while len(found := members(ec2)) < TARGET and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(found) == TARGET
        (known,) = ec2.describe_fleets()["Fleets"]
        assert (known["FleetState"], known["ActivityStatus"]) == ("active", "fulfilled")
        requests = ec2.get_paginator("describe_spot_instance_requests").paginate(
            Filters=[{"Name": "state", "Values": ["active"]}], PaginationConfig={"PageSize": 1000}
        )
        active = [request for page in requests for request in page["SpotInstanceRequests"]]
        assert {request["InstanceId"] for request in active} == {instance["InstanceId"] for instance in found}
        ec2.delete_fleets(FleetIds=[known["FleetId"]], TerminateInstances=True)
        assert members(ec2) == []
