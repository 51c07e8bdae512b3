"""The sample requests of the reference are answered with the elements that its sample answers have."""

import re
from pathlib import Path

import pytest
from botocore.loaders import Loader

import samples
from sandbox import Cluster

LINES = samples.table("samples.txt")
COMPUTE = samples.table("samples_compute.txt")
CLASSIC = samples.table("samples_classic.txt")
# The families whose actions are all in a table. A family that is added there belongs here too.
FAMILIES = """
    addresses bundle_tasks classic_link dhcp_options images import_export instances internet_gateways key_pairs
    network_acls network_interfaces placement_groups regions reserved_instances route_tables security_groups snapshots
    spot subnets tags volumes vpc_peering vpcs vpn
""".split()
CLASSIC_ACCOUNT = "210987654321"
CONFIG = f"""
[[accounts]]
id = "{CLASSIC_ACCOUNT}"
classic = true

# So that there is something to cancel.
[lifecycle]
durations = {{ bundle = 600000, import = 600000, export = 600000, address-attribute-change = 60000 }}
"""


@pytest.fixture(scope="module")
def answers(cluster):
    return samples.run(cluster.url, LINES)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A cluster of one's own, whose clock is moved."""
    config = tmp_path_factory.mktemp("samples") / "config.toml"
    config.write_text(CONFIG)
    with Cluster("--config", config) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def compute(slow):
    return samples.run(slow.url, COMPUTE)


@pytest.fixture(scope="module")
def classic(slow):
    return samples.run(slow.url, CLASSIC, CLASSIC_ACCOUNT)


@pytest.mark.parametrize("number", range(len(LINES)), ids=samples.names(LINES))
def test_a_sample_has_the_elements_of_the_reference(answers, number):
    samples.check(answers[number], LINES[number])


@pytest.mark.parametrize("number", range(len(COMPUTE)), ids=samples.names(COMPUTE))
def test_a_sample_of_computing_has_the_elements_of_the_reference(compute, number):
    samples.check(compute[number], COMPUTE[number])


@pytest.mark.parametrize("number", range(len(CLASSIC)), ids=samples.names(CLASSIC))
def test_a_sample_of_ec2_classic_has_the_elements_of_the_reference(classic, number):
    samples.check(classic[number], CLASSIC[number])


def test_every_action_that_the_reference_knows_is_asked():
    reference = Loader().load_service_model("ec2", "service-2", samples.VERSION)["operations"].keys()
    schema = Path(__file__).parents[2] / "proto" / "schema" / "ec2" / "v1"
    files = [schema / f"{family}.proto" for family in FAMILIES]
    ours = {rpc for file in files for rpc in re.findall(r"rpc (\w+)\(", file.read_text())}
    asked = {request.split("&")[0] for request, _, _ in LINES + COMPUTE + CLASSIC}
    assert (ours & reference) - asked == set()
