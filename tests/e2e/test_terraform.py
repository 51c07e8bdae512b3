"""Terraform's AWS provider: apply, a plan without changes, an update where the stack has one, destroy."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

STACKS = Path(__file__).parent / "stacks"
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


@pytest.fixture(params=sorted(path.name for path in STACKS.iterdir()))
def terraform(request, cluster, account, tmp_path):
    if not shutil.which("terraform"):
        pytest.skip("Terraform is not installed")
    if MIRROR is None:
        pytest.skip("no local mirror has Terraform's AWS provider")
    shutil.copytree(STACKS / request.param, tmp_path, dirs_exist_ok=True)
    (tmp_path / "provider.tf").write_text(PROVIDER)
    terraform = Terraform(tmp_path, cluster.environment(account))
    terraform.run("init", "-input=false")
    return terraform


def test_a_stack_is_applied_stays_as_it_is_is_updated_and_destroyed(terraform):
    terraform.run("apply", "-auto-approve", "-no-color", "-input=false")
    terraform.assert_no_changes()
    if 'variable "changed"' in (terraform.folder / "main.tf").read_text():
        terraform.run("apply", "-auto-approve", "-no-color", "-input=false", "-var", "changed=true")
        terraform.assert_no_changes("-var", "changed=true")
    terraform.run("destroy", "-auto-approve", "-no-color", "-input=false")
    assert terraform.resources() == []
