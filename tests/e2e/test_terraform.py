"""Terraform's AWS provider: apply, a plan without changes, an update where the stack has one, destroy; and through an
outage."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from sandbox import ROOT, Cluster

STACKS = Path(__file__).parent / "stacks"
OUTAGE = Path(__file__).parent / "outage"
SCENARIO = ROOT / "docs" / "scenarios" / "zone-outage.toml"
MIRROR = next(
    (
        path
        for root in ("/opt", "/usr/share", "/usr/local/share", Path.home() / ".terraform.d")
        for path in Path(root).glob("*/registry.terraform.io/hashicorp/aws")
    ),
    None,
)
PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}
"""


class Terraform:
    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {**environment, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        mirror = MIRROR.parents[2]
        (folder / "rc").write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
        self.environment["TF_CLI_CONFIG_FILE"] = str(folder / "rc")

    def run(self, *arguments, status=(0,)):
        done = subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode in status, done.stdout[-4000:] + done.stderr[-8000:]
        return done

    def assert_no_changes(self, *variables):
        # Status 2 is a plan with changes.
        done = self.run("plan", "-detailed-exitcode", "-no-color", "-input=false", *variables, status=(0, 2))
        assert done.returncode == 0, done.stdout[-8000:]

    def resources(self):
        state = json.loads(self.run("show", "-json").stdout)
        return state.get("values", {}).get("root_module", {}).get("resources", [])


def initialized(stack, folder, environment, provider=PROVIDER):
    if not shutil.which("terraform"):
        pytest.skip("Terraform is not installed")
    if MIRROR is None:
        pytest.skip("no local mirror has Terraform's AWS provider")
    shutil.copytree(stack, folder, dirs_exist_ok=True)
    (folder / "provider.tf").write_text(provider)
    terraform = Terraform(folder, environment)
    terraform.run("init", "-input=false")
    return terraform


@pytest.fixture(params=sorted(path.name for path in STACKS.iterdir()))
def terraform(request, cluster, account, tmp_path):
    return initialized(STACKS / request.param, tmp_path, cluster.environment(account))


def test_a_stack_is_applied_stays_as_it_is_is_updated_and_destroyed(terraform):
    terraform.run("apply", "-auto-approve", "-no-color", "-input=false")
    terraform.assert_no_changes()
    if 'variable "changed"' in (terraform.folder / "main.tf").read_text():
        terraform.run("apply", "-auto-approve", "-no-color", "-input=false", "-var", "changed=true")
        terraform.assert_no_changes("-var", "changed=true")
    terraform.run("destroy", "-auto-approve", "-no-color", "-input=false")
    assert terraform.resources() == []


def reach(cluster, second):
    """Sets the clock ahead to a time of the scenario, and waits until its steps are taken."""
    scenario = cluster.operate("scenario", "GET")
    cluster.operate("clock", advance=second - scenario["second"])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        outcomes = [step["outcome"] for step in cluster.operate("scenario", "GET")["steps"] if step["at"] <= second]
        if all(outcomes):
            assert set(outcomes) == {"200 OK"}
            return
        time.sleep(0.05)
    raise AssertionError(outcomes)


def test_a_stack_goes_through_an_outage_and_is_healed_afterwards(account, tmp_path):
    with Cluster("--config", SCENARIO) as cluster:
        # A lack of capacity is a server's error, which the provider tries 25 times if it is not told otherwise, ever more
        # slowly: it would outlast the outage.
        impatient = PROVIDER.replace('"us-east-1"', '"us-east-1"\n  max_retries = 2')
        terraform = initialized(OUTAGE, tmp_path, cluster.environment(account), impatient)
        ec2 = cluster.client(account=account)

        def apply(*more, only=(), status=(0,)):
            variable = ["-var", "more=" + json.dumps(more)]
            only = [f"-target={address}" for address in only]
            return terraform.run("apply", "-auto-approve", "-no-color", "-input=false", *variable, *only, status=status)

        def instances():
            """(zone, state) of each that is not terminated."""
            found = [each for page in ec2.describe_instances()["Reservations"] for each in page["Instances"]]
            states = [(each["Placement"]["AvailabilityZone"], each["State"]["Name"]) for each in found]
            return sorted(state for state in states if state[1] != "terminated")

        def impaired():
            states = ec2.describe_volume_status()["VolumeStatuses"]
            return {each["AvailabilityZone"] for each in states if each["VolumeStatus"]["Status"] == "impaired"}

        apply()
        assert instances() == [("us-east-1a", "running"), ("us-east-1b", "running")]

        reach(cluster, 180)
        assert instances() == [("us-east-1a", "running"), ("us-east-1b", "stopped")]
        assert impaired() == {"us-east-1b"}
        zones = ("us-east-1a", "us-east-1b")
        failed = apply(*zones, only=["aws_instance.more"], status=(1,)).stderr
        assert failed.count("Error: ") == 1 and 'aws_instance.more["us-east-1b"]' in failed
        assert "InsufficientInstanceCapacity" in failed and "(us-east-1b)" in failed
        assert instances() == [("us-east-1a", "running")] * 2 + [("us-east-1b", "stopped")]

        reach(cluster, 480)
        apply(*zones)
        assert instances() == [("us-east-1a", "running")] * 2 + [("us-east-1b", "running")] * 2
        terraform.assert_no_changes("-var", "more=" + json.dumps(zones))
        for volume in ec2.describe_volume_status()["VolumeStatuses"]:
            ec2.enable_volume_io(VolumeId=volume["VolumeId"])
        assert impaired() == set()

        reach(cluster, 1080)
        terraform.run("destroy", "-auto-approve", "-no-color", "-input=false", "-refresh=false")
        assert instances() == [] and ec2.describe_volumes()["Volumes"] == []
