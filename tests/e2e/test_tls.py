"""HTTPS at the gateway, and mutual TLS between the processes."""

import http.client
import os
import re
import socket
import ssl
import subprocess
import urllib.parse
from pathlib import Path

import boto3
import grpc
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import SSLError

from sandbox import PROGRAM, Cluster, fresh_account

HERE, THERE = "us-east-1", "eu-west-1"


class SecureCluster(Cluster):
    """HTTPS with a certificate for development."""

    def __init__(self, folder, *options, **more):
        self.ca = Path(folder) / "ca.pem"
        super().__init__("--tls-self-signed", self.ca, *options, **more)

    def client(self, region=HERE, account=None, verify=None):
        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=self.url,
            verify=str(self.ca) if verify is None else verify,
            aws_access_key_id=account or fresh_account(),
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    @property
    def address(self):
        parsed = urllib.parse.urlsplit(self.url)
        return parsed.hostname, parsed.port


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    with SecureCluster(tmp_path_factory.mktemp("tls"), "--cluster-tls") as cluster:
        yield cluster


def run(*arguments, **environment):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


def test_boto3_verifies_the_gateway_by_the_file_that_it_wrote(secure):
    assert secure.url.startswith("https://")
    assert secure.client().describe_vpcs()["Vpcs"]
    by_name = secure.url.replace("127.0.0.1", "localhost")
    assert requests.get(f"{by_name}/readyz", verify=secure.ca, timeout=10).text == "ok"


def test_a_client_that_does_not_trust_the_file_goes_away(secure):
    with pytest.raises(SSLError):
        secure.client(verify=True).describe_vpcs()
    assert secure.client().describe_vpcs()["Vpcs"]


def test_the_key_is_nowhere_on_the_disk(secure):
    assert [each.name for each in secure.ca.parent.iterdir()] == ["ca.pem"]
    assert re.findall("-----BEGIN (.+)-----", secure.ca.read_text()) == ["CERTIFICATE"]


def test_plain_http_is_told_in_xml_that_this_is_https(secure):
    connection = http.client.HTTPConnection(*secure.address, timeout=10)
    connection.request("POST", "/", "Action=DescribeVpcs")
    answer = connection.getresponse()
    body = answer.read().decode()
    assert (answer.status, answer.headers["content-type"]) == (400, "text/xml;charset=UTF-8")
    assert "<Code>InvalidRequest</Code>" in body and "HTTPS" in body
    assert answer.headers["connection"] == "close"


def test_what_is_neither_http_nor_tls_is_closed(secure):
    for opening in (b"\x16\x03\x01\xff\xffgarbage" * 4000, b"\x00" * 100):
        with socket.create_connection(secure.address, timeout=10) as stream:
            try:
                stream.sendall(opening)
                while stream.recv(65536):
                    pass
            except ConnectionError:
                pass
    assert secure.client().describe_vpcs()["Vpcs"]


def test_old_versions_of_tls_are_refused(secure):
    context = ssl.create_default_context(cafile=secure.ca)
    with socket.create_connection(secure.address, timeout=10) as stream:
        with context.wrap_socket(stream, server_hostname="localhost") as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(secure.address, timeout=10) as stream, pytest.raises(ssl.SSLError):
        old.wrap_socket(stream)


def test_policies_see_that_the_transport_is_secure(secure):
    account = fresh_account()
    key = {"access_key": f"AKID{account}", "secret": "test", "account": account}
    document = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    user = {"account": account, "name": "alice", "inline": [{"Statement": document}]}
    told = {"users": [user], "keys": [{**key, "principal": f"arn:aws:iam::{account}:user/alice"}]}
    page = f"{secure.url}/_archipelago/iam"
    assert requests.post(page, json=told, verify=secure.ca, timeout=10).ok
    assert secure.client(account=f"AKID{account}").describe_vpcs()


def test_ctl_reaches_an_https_endpoint(secure):
    secure.client().describe_vpcs()
    told = run("ctl", "--endpoint", secure.url, "--ca", secure.ca, "get", "health")
    assert (told.returncode, HERE in told.stdout) == (0, True), told.stderr
    told = run("ctl", "get", "health", ARCHIPELAGO_ENDPOINT=secure.url, ARCHIPELAGO_CA=str(secure.ca))
    assert told.returncode == 0
    told = run("ctl", "--endpoint", secure.url, "get", "health")
    assert (told.returncode, "--ca" in told.stderr) == (1, True)


def test_a_world_goes_out_and_in_over_https(tmp_path):
    with SecureCluster(tmp_path, "--cluster-tls") as cluster:
        ec2, at = cluster.client(), ("ctl", "--endpoint", cluster.url, "--ca", cluster.ca)
        vpcs = ec2.describe_vpcs()["Vpcs"]
        assert run(*at, "export", tmp_path / "world").returncode == 0
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
        assert run(*at, "import", tmp_path / "world").returncode == 0
        assert ec2.describe_vpcs()["Vpcs"] == vpcs
        (tmp_path / "text").write_bytes(b"This is no world.\n" * 2_000_000)
        told = run(*at, "import", tmp_path / "text")
        assert (told.returncode, "no world" in told.stderr) == (1, True), told.stderr


def test_ctl_believes_only_whom_it_is_told_to(secure, tmp_path):
    with SecureCluster(tmp_path) as other:
        told = run("ctl", "--endpoint", secure.url, "--ca", other.ca, "get", "health")
        assert (told.returncode, "invalid peer certificate" in told.stderr) == (1, True), told.stderr


def test_images_and_snapshots_are_copied_between_nodes_over_mutual_tls(secure):
    account = fresh_account()
    here, there = secure.client(HERE, account), secure.client(THERE, account)
    volume = here.create_volume(AvailabilityZone=f"{HERE}a", Size=1)["VolumeId"]
    snapshot = here.create_snapshot(VolumeId=volume)["SnapshotId"]
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    image = here.register_image(Name="golden", RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])["ImageId"]
    copied = there.copy_snapshot(SourceRegion=HERE, SourceSnapshotId=snapshot)["SnapshotId"]
    (found,) = there.describe_snapshots(SnapshotIds=[copied])["Snapshots"]
    assert found["State"] == "completed"
    copied = there.copy_image(SourceRegion=HERE, SourceImageId=image, Name="golden")["ImageId"]
    (found,) = there.describe_images(ImageIds=[copied])["Images"]
    assert found["State"] == "available"


def ports(pid):
    """Where a process listens."""
    inodes = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(each))
        inodes |= {found[1]} if found else set()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes]


def test_a_node_and_the_directory_refuse_who_has_no_certificate(secure):
    secure.client().describe_vpcs()
    processes = {"node": secure.nodes()[HERE], "gateway": secure.process.pid}
    listening = {(name, port) for name, pid in processes.items() for port in ports(pid)} - {("gateway", secure.address[1])}
    assert {name for name, _ in listening} == {"node", "gateway"}
    for name, port in listening:
        health = "/grpc.health.v1.Health/Check"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(health)(b"", timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE, name
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stream, pytest.raises(OSError) as refused:
            with context.wrap_socket(stream) as tls:
                # In TLS 1.3 the client hears of it only after its own part.
                tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                while tls.recv(4096):
                    pass
        assert "certificate required" in str(refused.value).lower(), name


def test_no_key_stands_on_a_command_line(secure):
    secure.client().describe_vpcs()
    for pid in (secure.process.pid, *secure.nodes().values()):
        assert "BEGIN" not in Path(f"/proc/{pid}/cmdline").read_text()
        assert Path(f"/proc/{pid}/environ").stat().st_mode & 0o077 == 0


def test_a_node_that_is_restarted_has_a_new_certificate_of_the_same_authority(secure):
    client = secure.client()
    client.describe_vpcs()
    secure.kill(HERE)
    patient = boto3.client(
        "ec2", region_name=HERE, endpoint_url=secure.url, verify=str(secure.ca), aws_access_key_id=fresh_account(),
        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 9}),
    )
    assert patient.describe_vpcs()["Vpcs"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An authority and two certificates of it, as an operator makes them."""
    folder = tmp_path_factory.mktemp("made")
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *ec, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=ours", "-days", 2)
    for name in ("one", "two"):
        openssl("req", *ec, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-out", folder / f"{name}.pem", "-days", 2, "-extfile", folder / "names")
    return folder


@pytest.mark.parametrize(
    "options, message",
    [
        (["--tls-cert", "one.pem"], "--tls-cert needs --tls-key"),
        (["--tls-key", "one.key"], "--tls-key needs --tls-cert"),
        (["--tls-cert", "one.pem", "--tls-key", "two.key"], "the key is not the certificate's"),
        (["--tls-cert", "none.pem", "--tls-key", "one.key"], "none.pem: No such file"),
        (["--tls-cert", "one.key", "--tls-key", "one.key"], "there is no certificate in PEM"),
        (["--tls-cert", "one.pem", "--tls-key", "one.pem"], "the key is not in PEM"),
        (["--tls-self-signed", "none/ca.pem"], "none/ca.pem: No such file"),
        (["--tls-self-signed", "x.pem", "--tls-cert", "one.pem", "--tls-key", "one.key"], "give no other"),
    ],
)
def test_options_that_cannot_be_served_are_told_at_the_start(made, options, message):
    options = [str(made / each) if "." in each else each for each in options]
    ended = run("up", "--listen", "127.0.0.1:0", *options)
    assert ended.returncode == 1 and message in ended.stderr, ended.stderr


@pytest.mark.parametrize(
    "options, message",
    [
        (["--cluster-ca", "ca.pem"], "go together"),
        (["--cluster-ca", "one.key", "--cluster-cert", "one.pem", "--cluster-key", "one.key"], "--cluster-ca: there is no"),
        (["--cluster-ca", "ca.pem", "--cluster-cert", "one.pem", "--cluster-key", "two.key"], "not the certificate's"),
        (["--cluster-ca", "ca.pem", "--cluster-cert", "one.pem", "--cluster-key", "none.key"], "none.key: No such file"),
    ],
)
def test_a_node_tells_what_is_wrong_with_its_certificate(made, options, message):
    options = [str(made / each) if "." in each else each for each in options]
    ended = run("region-node", "--region", HERE, "--listen", "127.0.0.1:0", "--cluster-token", "t", *options)
    assert ended.returncode == 1 and message in ended.stderr, ended.stderr


def test_processes_that_run_by_themselves_take_certificates_of_the_operator(made):
    files = ["--cluster-ca", made / "ca.pem", "--cluster-cert", made / "one.pem", "--cluster-key", made / "one.key"]
    # The environment may hold what would be in the file, as a secret of Kubernetes does.
    node = subprocess.Popen(
        [PROGRAM, "region-node", "--region", HERE, "--listen", "127.0.0.1:0", "--probes", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True,
        env={
            **os.environ,
            "ARCHIPELAGO_CLUSTER_TOKEN": "t",
            "ARCHIPELAGO_CLUSTER_CA": (made / "ca.pem").read_text(),
            "ARCHIPELAGO_CLUSTER_CERT": (made / "two.pem").read_text(),
            "ARCHIPELAGO_CLUSTER_KEY": (made / "two.key").read_text(),
        },
    )
    gateway = None
    try:
        address = node.stdout.readline().split()[-1]
        (probes,) = set(ports(node.pid)) - {int(address.split(":")[1])}
        assert requests.get(f"http://127.0.0.1:{probes}/livez", timeout=10).text == "ok"
        assert "archipelago" in requests.get(f"http://127.0.0.1:{probes}/metrics", timeout=10).text
        with grpc.insecure_channel(f"127.0.0.1:{probes}") as channel:
            assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == b"\x08\x01"
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary("/ec2.v1.VpcsService/DescribeVpcs")(b"", timeout=10)
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
        gateway = subprocess.Popen(
            [PROGRAM, "gateway", "--listen", "127.0.0.1:0", "--cluster-token", "t", *files,
             "--topology", f"{HERE}={address}", "--tls-cert", made / "one.pem", "--tls-key", made / "one.key"],
            stderr=subprocess.PIPE, text=True,
        )
        port = re.search(r"127\.0\.0\.1:(\d+)", gateway.stderr.readline())[1]
        ec2 = boto3.client(
            "ec2", region_name=HERE, endpoint_url=f"https://localhost:{port}", verify=str(made / "ca.pem"),
            aws_access_key_id=fresh_account(), aws_secret_access_key="test",
        )
        assert ec2.describe_vpcs()["Vpcs"]
    finally:
        for process in filter(None, (node, gateway)):
            process.terminate()
            process.wait(timeout=30)
