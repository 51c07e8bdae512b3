"""What no honest client would send: each gets a clear error, or a closed connection."""

import http.client
import json
import os
import re
import socket
import subprocess
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

import hostile
from sandbox import PROGRAM, Cluster, fresh_account

PATIENCE = 20


class Watched(Cluster):
    """A cluster whose logs are looked through in the end: no input may make anything panic."""

    def __init__(self, folder, *options):
        self.log = folder / "log"
        self.errors = self.log.open("wb")
        super().__init__(*options, stderr=self.errors)
        parsed = urllib.parse.urlsplit(self.url)
        self.address = (parsed.hostname, parsed.port)

    def __exit__(self, *_):
        super().__exit__(*_)
        self.errors.close()
        assert "panicked" not in self.log.read_text()

    def well(self):
        """Whether somebody honest is answered."""
        return bool(self.client(account=fresh_account()).describe_vpcs()["Vpcs"])


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    with Watched(tmp_path_factory.mktemp("trusting"), "--auth", "permissive") as cluster:
        assert cluster.well()
        cluster.operate("record", keep=100)
        yield cluster


@pytest.fixture(scope="module")
def there(trusting):
    """Ids of what is there in the account of those who do not sign."""
    ec2 = trusting.client(account="000000000000")
    image = ec2.describe_images(Owners=["amazon"], MaxResults=5)["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    return {hostile.AMI.encode(): image.encode(), hostile.SUBNET.encode(): subnet.encode()}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with Watched(tmp_path_factory.mktemp("strict")) as cluster:
        assert cluster.well()
        yield cluster


class Answer:
    """What came back: None as status for a connection that was closed without a word."""

    def __init__(self, stream, method="GET"):
        self.status, self.kind, self.body, self.code = None, "", b"", ""
        response = http.client.HTTPResponse(stream, method=method)
        try:
            response.begin()
        except (http.client.HTTPException, ConnectionError):
            return
        self.status, self.kind = response.status, response.headers.get("content-type", "")
        self.headers = response.headers
        self.body = response.read()
        self.closed = response.will_close
        if self.kind.startswith("text/xml"):
            tree = ElementTree.fromstring(self.body)
            codes = [each.text for each in tree.iter() if each.tag.split("}")[-1] == "Code"]
            self.code = codes[0] if codes and self.status != 200 else ""
        elif "json" in self.kind:
            self.code = json.loads(self.body).get("__type", "")

    def __str__(self):
        if self.status is None:
            return "closed"
        if not self.body:
            return f"{self.status}, closed" if self.closed else f"{self.status} and nothing in it"
        return f"{self.status} {self.code}".strip()


def send(address, request):
    with socket.create_connection(address, timeout=PATIENCE) as stream:
        try:
            stream.sendall(request)
        except ConnectionError:
            pass
        return Answer(stream)


CASES = [
    pytest.param(group, request, gets, id=f"{group}: {what}")
    for group, cases in hostile.GROUPS.items()
    for what, request, gets in cases
]


@pytest.mark.parametrize("group, request_, gets", CASES)
def test_each_gets_what_the_table_says(trusting, strict, there, group, request_, gets):
    sent = request_()
    for placeholder, found in there.items():
        assert len(placeholder) == len(found)
        sent = sent.replace(placeholder, found)
    answer = send((strict if group == "Signatures" else trusting).address, sent)
    told = str(answer)
    assert told == gets or (gets.isdigit() and told.split()[0] == gets), answer.body[:500]
    assert "html" not in answer.kind and b"<html" not in answer.body.lower()
    if answer.body and answer.status != 200:
        service = {"The operator's pages": "application/json"}.get(group, "text/xml;charset=UTF-8")
        assert answer.kind == ("application/x-amz-json-1.1" if "__type" in answer.body.decode() else service)
        assert len(answer.body) < 4096, "an error repeats what it was sent"


def test_the_documentation_says_what_the_table_says():
    assert hostile.DOCS.read_text() == hostile.document(), "run: python tests/e2e/hostile.py"


def test_everybody_else_is_still_answered(trusting, strict):
    assert trusting.well() and strict.well()


def test_a_client_that_is_slow_for_ever_is_left(trusting):
    """All at once: each of them is given half a minute."""
    whole = hostile.ec2("DescribeVpcs")
    head, body = whole.split(b"\r\n\r\n")
    drip = lambda data: [data[at : at + 1] for at in range(len(data))]
    slow = {
        "headers that stop": ([head[:40]], "closed"),
        "headers by the byte": (drip(head), "closed"),
        "nothing at all": ([], "closed"),
        "a body that stops": ([head + b"\r\n\r\n" + body[:5]], "408 RequestTimeout"),
        "a body by the byte": ([head + b"\r\n\r\n", *drip(body)], "408 RequestTimeout"),
        "chunks without end": ([hostile.chunked(b"Action=D", end=False)] + [b"1\r\na\r\n"] * 1000, "408 RequestTimeout"),
    }

    def talk(case):
        parts, gets = case
        with socket.create_connection(trusting.address, timeout=60) as stream:
            done = threading.Event()

            def trickle():
                for part in parts:
                    try:
                        stream.sendall(part)
                    except OSError:
                        return
                    if done.wait(1.5):
                        return

            sender = threading.Thread(target=trickle)
            sender.start()
            told = str(Answer(stream))
            done.set()
            sender.join()
            return told, gets

    with ThreadPoolExecutor(len(slow)) as pool:
        outcome = dict(zip(slow, pool.map(talk, slow.values()), strict=True))
    assert all(told == gets for told, gets in outcome.values()), outcome


def test_a_body_that_ends_early_is_no_request(trusting):
    with socket.create_connection(trusting.address, timeout=PATIENCE) as stream:
        stream.sendall(hostile.form("Action=DescribeVpcs&Version=2016-11-15", length=1000))
        stream.shutdown(socket.SHUT_WR)
        assert str(Answer(stream)) in ("400 InvalidRequest", "closed")


def test_requests_at_once_are_answered_in_order(trusting):
    actions = ["DescribeVpcs", "DescribeSubnets", "DescribeRegions", "Nonsense"] * 25
    with socket.create_connection(trusting.address, timeout=PATIENCE) as stream:
        stream.sendall(b"".join(hostile.ec2(action) for action in actions))
        reader = stream.makefile("rb")

        class Kept:
            makefile = staticmethod(lambda *_: reader)

        reader.close, close = (lambda: None), reader.close
        for action in actions:
            answer = Answer(Kept)
            assert (action.encode() in answer.body) and (answer.status == (400 if action == "Nonsense" else 200))
        close()


def test_what_follows_a_refused_body_is_not_read_as_a_request(trusting):
    with socket.create_connection(trusting.address, timeout=PATIENCE) as stream:
        stream.sendall(hostile.form("", length=hostile.BODY + 1))
        answer = Answer(stream)
        assert (answer.status, answer.closed) == (413, True)
        try:
            stream.sendall(hostile.ec2("DescribeVpcs"))
            rest = stream.recv(100)
        except ConnectionError:
            rest = b""
        assert rest == b""


def resident(pid):
    """MiB of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10


def test_thousands_of_idle_connections_take_little_and_keep_nobody_out(trusting):
    before = resident(trusting.process.pid)
    idle = [socket.create_connection(trusting.address, timeout=PATIENCE) for _ in range(3000)]
    try:
        assert trusting.well()
        assert resident(trusting.process.pid) - before < 100
    finally:
        for stream in idle:
            stream.close()


WORST = [
    lambda: hostile.vpcs("&".join(f"Filter.{n}.Value.{n}=a" for n in range(3000))),
    lambda: hostile.vpcs("A" * 500 + ".1" * 10 + "=a&" + "&".join(f"A{n}=%ff" for n in range(100))),
    lambda: hostile.form(f"Action={'A' * 200_000}"),
    lambda: hostile.form("", headers=[("X-A", "a" * hostile.HEADER_BYTES)]),
    lambda: hostile.trail(hostile.DEEP_JSON),
    lambda: hostile.sts(f"RoleArn=arn:aws:iam::123456789012:role/a&Policy={hostile.policy(hostile.DEEP_POLICY)}"),
    lambda: hostile.vpcs(f"VpcId.1={'a' * 1_000_000}"),
    lambda: hostile.form("", length=hostile.BODY + 1),
    lambda: bytes(range(256)) * 64,
    lambda: hostile.authorization(hostile.credential("a/" * 1000)),
]


def test_thousands_of_the_worst_leave_no_memory_behind(trusting):
    requests = [make() for make in WORST]

    def round_(_):
        for request in requests:
            send(trusting.address, request)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(round_, range(10)))
        processes = {"gateway": trusting.process.pid, **trusting.nodes()}
        before = {name: resident(pid) for name, pid in processes.items()}
        list(pool.map(round_, range(150)))
    after = {name: resident(pid) for name, pid in processes.items()}
    assert all(after[name] - before[name] < 64 for name in processes), (before, after)
    assert trusting.well()


def test_bodies_under_way_have_a_bound_together(trusting):
    """What nobody could hold is refused while it is sent, and what was begun is finished."""
    size, count = 15 << 20, 50
    head = hostile.form("", length=size)
    senders = []
    try:
        for _ in range(count):
            stream = socket.create_connection(trusting.address, timeout=PATIENCE)
            senders.append(stream)
            try:
                stream.sendall(head)
                stream.sendall(b"&" * (size - 1))
            except ConnectionError:
                pass
        assert resident(trusting.process.pid) < 1100
        refused = 0
        for stream in senders:
            stream.settimeout(0.2)
            try:
                refused += str(Answer(stream)) in ("503 RequestLimitExceeded", "closed")
            except TimeoutError:
                pass
        assert refused >= count - (512 << 20) // size
    finally:
        for stream in senders:
            stream.close()
    assert trusting.well()


TOKEN = "a-token-of-the-cluster"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A node by itself: (process, HOST:PORT)."""
    log = tmp_path_factory.mktemp("node") / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [PROGRAM, "region-node", "--region", "us-east-1", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, "ARCHIPELAGO_CLUSTER_TOKEN": TOKEN},
        )
        address = process.stdout.readline().split()[-1]
        yield process, address
        assert process.poll() is None
        process.terminate()
        process.wait(timeout=30)
    assert "panicked" not in log.read_text()


def call(address, message=b"", token=TOKEN, path="/ec2.v1.VpcsService/DescribeVpcs", account="123456789012"):
    """The status code, and the message."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    # cluster.v1.Caller: the account is its first field, the version its seventh.
    caller = b"\x0a" + bytes([len(account)]) + account.encode() + b"\x3a\x0a2016-11-15"
    metadata.append(("archipelago-caller-bin", caller))
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options) as channel:
        try:
            return None, channel.unary_unary(path)(message, metadata=metadata, timeout=PATIENCE)
        except grpc.RpcError as error:
            return error.code(), error.details()


def test_a_node_answers_nobody_without_the_token(node):
    _, address = node
    assert call(address)[0] is None
    services = [
        "/ec2.v1.VpcsService/DescribeVpcs",
        "/ec2.v1.VpcsService/NotThere",
        "/cluster.v1.Admin/Reset",
        "/cluster.v1.Peer/ExportImage",
        "/cluster.v1.Permissions/Describe",
    ]
    for path in services:
        for token in (None, "", "a-token-of-the-clusteR", TOKEN + " ", "\u0000" * 0 + "x" * 5000):
            assert call(address, token=token, path=path)[0] == grpc.StatusCode.UNAUTHENTICATED, (path, token)


def test_a_node_reads_no_message_of_a_stranger(node):
    process, address = node
    before = resident(process.pid)
    for _ in range(4):
        assert call(address, bytes(100 << 20), token="wrong")[0] in (
            grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE,
        )
    assert resident(process.pid) - before < 64


def test_a_message_that_is_too_large_is_refused(node):
    process, address = node
    before = resident(process.pid)
    assert call(address, bytes(40 << 20))[0] == grpc.StatusCode.OUT_OF_RANGE
    assert resident(process.pid) - before < 128


def test_messages_without_sense_are_refused(node):
    _, address = node
    for message in (b"\xff" * 100, b"\x0a\xff\xff\xff\xff\x0f", b"\x0b" * 5000, bytes(1 << 20)):
        code, told = call(address, message)
        assert (code, "InternalError" in told) == (grpc.StatusCode.INTERNAL, True)
    assert call(address, path="/ec2.v1.VpcsService/NotThere")[0] == grpc.StatusCode.UNIMPLEMENTED
    assert call(address)[0] is None


def test_frames_without_sense_close_the_connection(node):
    process, address = node
    host, port = address.split(":")
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    settings = b"\0\0\0\4\0\0\0\0\0"
    before = resident(process.pid)
    for opening in (
        b"\xff" * 4096,
        b"\x16\x03\x01" + bytes(600),
        preface + b"\xff" * 4096,
        preface + settings + b"\xff\xff\xff\0\0\0\0\0\1",
        preface + settings + b"\0\0\x08\x06\0\0\0\0\0" * 10_000,
        # Streams that are begun and given up at once, and headers that never end.
        preface + settings + b"".join(
            b"\0\0\1\1\4" + stream.to_bytes(4, "big") + b"\x82" + b"\0\0\4\3\0" + stream.to_bytes(4, "big") + bytes(4)
            for stream in range(1, 20_000, 2)
        ),
        preface + settings + b"\0\0\1\1\0\0\0\0\1\x82" + (b"\0\x40\0\x09\0\0\0\0\1" + b"\x82" * 16384) * 200,
    ):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as stream:
            try:
                stream.sendall(opening)
                stream.shutdown(socket.SHUT_WR)
                while stream.recv(65536):
                    pass
            except OSError:
                pass
    assert resident(process.pid) - before < 64
    assert call(address)[0] is None
