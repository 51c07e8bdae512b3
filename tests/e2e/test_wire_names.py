"""The schema against the EC2 model that botocore ships: every name on the wire, in both directions."""

import re
import subprocess
import sys

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, StructureShape

from sandbox import ROOT

SCHEMA = ROOT / "proto" / "schema" / "ec2" / "v1"
MODEL = botocore.session.get_session().get_service_model("ec2")
ACTIONS = sorted(
    action for path in SCHEMA.glob("*.proto") for action in re.findall(r"^  rpc (\w+)\(", path.read_text(), re.M)
)


def example(shape, seen=()):
    """A value with every member of a shape."""
    if isinstance(shape, StructureShape):
        members = shape.members.items() if shape.name not in seen else ()
        inner = (*seen, shape.name)
        return {name: example(member, inner) for name, member in members if name != "DryRun"}
    if isinstance(shape, ListShape):
        return [example(shape.member, seen)]
    return {
        "string": lambda: shape.enum[0] if shape.enum else "x",
        "boolean": lambda: True,
        "timestamp": lambda: "2026-01-01T00:00:00Z",
        "blob": lambda: b"x",
        "double": lambda: 1.5,
        "float": lambda: 1.5,
    }.get(shape.type_name, lambda: 7)()


@pytest.mark.parametrize("action", ACTIONS)
def test_every_parameter_of_an_action_is_known(cluster, action):
    operation = MODEL.operation_model(action)
    client = cluster.client(account="100000000000", parameter_validation=False)
    method = next(name for name, of in client.meta.method_to_api_mapping.items() if of == action)
    parameters = example(operation.input_shape) if operation.input_shape else {}
    # A dry run passes the decoding of all parameters, then executes nothing.
    client.meta.events.register("before-call.ec2", lambda params, **_: params["body"].update(DryRun="true"))
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**parameters)
    assert refused.value.response["Error"]["Code"] == "DryRunOperation", refused.value


def elements(message):
    """{field number: XML element} of a message of the schema."""
    for path in SCHEMA.glob("*.proto"):
        if found := re.search(rf"^message {message} \{{\n(.*?)^\}}", path.read_text(), re.M | re.S):
            return {xml_name(line) for line in found[1].splitlines() if " = " in line and "option (" not in line}
    raise AssertionError(f"no message {message}")


def xml_name(line):
    if named := re.search(r'\(ec2\.xml\) = "(\w+)"', line):
        return named[1]
    field = re.search(r"(\w+) = \d+", line)[1]
    first, *rest = field.split("_")
    return first + "".join(part.capitalize() for part in rest)


def outputs(shape, seen):
    if isinstance(shape, ListShape):
        outputs(shape.member, seen)
    elif isinstance(shape, StructureShape) and shape.name not in seen:
        seen[shape.name] = {member.serialization.get("name", name) for name, member in shape.members.items()}
        for member in shape.members.values():
            outputs(member, seen)
    return seen


@pytest.mark.parametrize("action", ACTIONS)
def test_every_element_of_a_response_is_named_as_in_the_model(action):
    shape = MODEL.operation_model(action).output_shape
    for message, expected in outputs(shape, {}).items() if shape else ():
        assert elements(message) >= expected, message


def test_the_schema_is_what_the_importer_writes():
    before = {path: path.read_text() for path in SCHEMA.glob("*.proto")}
    subprocess.run([sys.executable, ROOT / "proto" / "import" / "import.py"], check=True, capture_output=True)
    assert {path: path.read_text() for path in SCHEMA.glob("*.proto")} == before
