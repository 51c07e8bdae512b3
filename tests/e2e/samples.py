"""Tables of sample requests: the reference's own, in an order in which one run can make them all, with ids of the run.

Request | elements | names that later lines use for some of them. a.b(c d) stands for a, a/b, a/b/c and a/b/d. A line
`@advance 60` lets the region's clock go ahead by so many seconds, `@account other` goes on as another account, and
`@account` as the first again.
"""

import base64
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import quote, unquote_plus

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox import fresh_account

VERSION = "2014-10-01"


def table(name):
    """(request, paths of elements, {name: path}) of each line of a file."""
    lines = []
    for line in (Path(__file__).parent / name).read_text().splitlines():
        if line and not line.startswith("#"):
            request, elements, *names = (line + " | " if line.startswith("@") else line).split(" | ")
            names = dict(name.split("=") for name in " ".join(names).split())
            lines.append((request, paths(elements), names))
    return lines


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


def public_key():
    """Of an Ed25519 key whose point is the curve's base."""
    point = b"\x58" + b"\x66" * 31
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", point))
    line = b"ssh-ed25519 " + base64.b64encode(blob)
    return quote(base64.b64encode(line).decode(), safe="")


def ask(url, account, query, region="us-east-1"):
    """A request as the reference writes it, but with each value encoded, and signed in its headers."""
    action, *pairs = query.split("&")
    pairs = [pair.split("=", 1) for pair in pairs]
    query = "&".join(f"{name}={quote(unquote_plus(value), safe='-_.~')}" for name, value in pairs)
    request = AWSRequest("GET", f"{url}/?Action={action}&Version={VERSION}&{query}".rstrip("&"))
    SigV4Auth(Credentials(account, "test"), "ec2", region).add_auth(request)
    return requests.get(request.url, headers=dict(request.headers), timeout=60)


def run(url, lines, account=None):
    """The answers to all lines, made one after the other: query, root of the answer or None, text."""
    accounts = {"": account or fresh_account()}
    account, known, answers = accounts[""], {"public_key": public_key()}, []
    for request, _, names in lines:
        if request.startswith("@"):
            directive, *argument = request[1:].split()
            argument = "".join(argument)
            if directive == "advance":
                requests.post(f"{url}/_archipelago/clock?advance={argument}", timeout=60).raise_for_status()
            else:
                account = accounts.setdefault(argument, fresh_account())
            answers.append((request, None, ""))
            continue
        try:
            query = request.format(account=accounts[""], **known)
        except KeyError as missing:
            answers.append((request, None, f"no {missing}: the line that makes it failed"))
            continue
        response = ask(url, account, query)
        root = ElementTree.fromstring(re.sub(r' xmlns="[^"]+"', "", response.text))
        answers.append((query, root if response.ok else None, response.text))
        known.update({name: root.findtext(path) for name, path in names.items() if root.find(path) is not None})
    return answers


def check(answer, line):
    """An answer has the elements of its line."""
    query, root, text = answer
    if query.startswith("@"):
        return
    assert root is not None, f"{query}\n{text}"
    assert root.tag == query.split("&")[0] + "Response"
    missing = [path for path in ["requestId", *line[1]] if root.find(path) is None]
    assert not missing, f"{missing}\n{query}\n{text}"


def names(lines):
    """What tests of the lines are called."""
    return [f"{at}-{line[0][:60]}" for at, line in enumerate(lines)]
