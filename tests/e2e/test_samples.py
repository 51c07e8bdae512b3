"""The sample requests of the reference are answered with the elements that its sample answers have."""

import base64
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader

from sandbox import fresh_account

VERSION = "2014-10-01"


def lines():
    """(request, paths of elements, {name: path}) of each line."""
    for line in (Path(__file__).parent / "samples.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            request, elements, *names = line.split(" | ")
            names = dict(name.split("=") for name in " ".join(names).split())
            yield request, paths(elements), names


def paths(text):
    """a.b(c d) is a, a/b, a/b/c and a/b/d."""
    found, prefixes, current = [], [""], ""
    for token in re.findall(r"[\w.]+|[()]", text):
        if token == "(":
            prefixes.append(current)
        elif token == ")":
            prefixes.pop()
        else:
            current = prefixes[-1]
            for name in token.split("."):
                current = f"{current}/{name}" if current else name
                if current not in found:
                    found.append(current)
    return found


LINES = list(lines())
# The families whose actions are all in the table. A family that is added there belongs here too.
FAMILIES = """
    addresses dhcp_options images instances internet_gateways key_pairs network_acls network_interfaces regions
    route_tables security_groups snapshots subnets tags volumes vpc_peering vpcs vpn
""".split()


def public_key():
    """Of an Ed25519 key whose point is the curve's base."""
    point = b"\x58" + b"\x66" * 31
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", point))
    line = b"ssh-ed25519 " + base64.b64encode(blob)
    return quote(base64.b64encode(line).decode(), safe="")


def ask(url, account, query):
    """A request as the reference writes it, but with each value encoded, and signed in its headers."""
    action, *pairs = query.split("&")
    pairs = [pair.split("=", 1) for pair in pairs]
    query = "&".join(f"{name}={quote(unquote_plus(value), safe='-_.~')}" for name, value in pairs)
    request = AWSRequest("GET", f"{url}/?Action={action}&Version={VERSION}&{query}".rstrip("&"))
    SigV4Auth(Credentials(account, "test"), "ec2", "us-east-1").add_auth(request)
    return requests.get(request.url, headers=dict(request.headers), timeout=60)


@pytest.fixture(scope="module")
def answers(cluster):
    """Of all lines, made one after the other."""
    account, known, answers = fresh_account(), {"public_key": public_key()}, []
    for request, _, names in LINES:
        try:
            query = request.format(**known)
        except KeyError as missing:
            answers.append((request, None, f"no {missing}: the line that makes it failed"))
            continue
        response = ask(cluster.url, account, query)
        root = ElementTree.fromstring(re.sub(r' xmlns="[^"]+"', "", response.text))
        answers.append((query, root if response.ok else None, response.text))
        known.update({name: root.findtext(path) for name, path in names.items() if root.find(path) is not None})
    return answers


@pytest.mark.parametrize("number", range(len(LINES)), ids=[f"{at}-{line[0][:60]}" for at, line in enumerate(LINES)])
def test_a_sample_has_the_elements_of_the_reference(answers, number):
    query, root, text = answers[number]
    assert root is not None, f"{query}\n{text}"
    assert root.tag == query.split("&")[0] + "Response"
    missing = [path for path in ["requestId", *LINES[number][1]] if root.find(path) is None]
    assert not missing, f"{query}\n{text}"


def test_every_action_that_the_reference_knows_is_asked():
    reference = Loader().load_service_model("ec2", "service-2", VERSION)["operations"].keys()
    schema = Path(__file__).parents[2] / "proto" / "schema" / "ec2" / "v1"
    files = [schema / f"{family}.proto" for family in FAMILIES]
    ours = {rpc for file in files for rpc in re.findall(r"rpc (\w+)\(", file.read_text())}
    asked = {request.split("&")[0] for request, _, _ in LINES}
    assert (ours & reference) - asked == set()
