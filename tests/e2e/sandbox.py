"""A cluster of real processes on free ports, and clients for it."""

import itertools
import json
import os
import re
import signal
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("ARCHIPELAGO_PROGRAM", ROOT / "target" / "debug" / "archipelago"))

_accounts = itertools.count(100_000_000_001)


def fresh_account():
    """Any 12 digits are an account: tests that share a cluster do not see each other."""
    return str(next(_accounts))


class Cluster:
    """`archipelago up` with some options."""

    def __init__(self, *options, env=None, stderr=None):
        self.process = subprocess.Popen(
            [PROGRAM, "up", "--listen", "127.0.0.1:0", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **(env or {})},
        )
        first = self.process.stdout.readline()
        found = re.search(r"https?://\S+?(?=\.\s|\s|$)", first)
        assert found, f"no banner: {first!r}, exit {self.process.poll()}"
        self.url = found[0]

    def client(self, region="us-east-1", account=None, service="ec2", retries=0, **more):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=account or fresh_account(),
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": retries + 1}, read_timeout=120, **more),
        )

    def environment(self, account, region="us-east-1"):
        """What the AWS CLI and Terraform are to be run with."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": region,
            "AWS_PAGER": "",
        }

    def operate(self, page, method="POST", **parameters):
        """Asks for a page of the operator's, and returns what it says."""
        url = f"{self.url}/_archipelago/{page}?{urllib.parse.urlencode(parameters)}"
        return json.load(urllib.request.urlopen(urllib.request.Request(url, method=method)))

    def nodes(self):
        """{region: process id} of the region nodes."""
        listing = subprocess.run(
            ["ps", "-ww", "--ppid", str(self.process.pid), "-o", "pid=,args="], capture_output=True, text=True
        ).stdout
        found = re.findall(r"^\s*(\d+) .*--region (\S+)", listing, re.M)
        return {region: int(pid) for pid, region in found}

    def kill(self, region):
        os.kill(self.nodes()[region], signal.SIGKILL)

    def stop(self, with_signal=signal.SIGTERM):
        """Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL if self.process.poll() is not None else signal.SIGTERM)
