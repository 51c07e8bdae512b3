"""Throttling as AWS documents it, and what clients make of it."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox import Cluster, fresh_account

# Quick enough to be waited for: a burst of two, and then twenty a second.
TOML = """
[throttle.requests]
DescribeRegions = { max = 2, refill = 20 }
"""


@pytest.fixture(scope="module")
def throttled(tmp_path_factory):
    config = tmp_path_factory.mktemp("throttle") / "archipelago.toml"
    config.write_text(TOML)
    with Cluster("--config", config) as cluster:
        yield cluster


def test_what_exceeds_the_bucket_is_refused_with_503(throttled):
    ec2 = throttled.client()
    with pytest.raises(ClientError) as refused:
        for _ in range(50):
            ec2.describe_regions()
    error = refused.value.response
    assert (error["Error"]["Code"], error["Error"]["Message"]) == ("RequestLimitExceeded", "Request limit exceeded.")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 503
    throttled.client().describe_regions()  # Another account has a bucket of its own.


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_a_client_that_tries_again_gets_through(throttled, mode):
    ec2 = boto3.client(
        "ec2",
        region_name="us-east-1",
        endpoint_url=throttled.url,
        aws_access_key_id=fresh_account(),
        aws_secret_access_key="test",
        config=Config(retries={"mode": mode, "total_max_attempts": 10}),
    )
    for _ in range(12):
        assert ec2.describe_regions()["Regions"]


def test_the_operator_reads_and_sets_the_figures(throttled):
    assert throttled.operate("throttle", "GET")["requests"] == {"DescribeRegions": {"max": 2, "refill": 20.0}}
    assert throttled.operate("throttle", profile="aws")["resources"]["RunInstances"] == {"max": 1000, "refill": 2.0}
    ec2 = throttled.client()

    def refusals(count):
        codes = []
        for _ in range(count):
            with pytest.raises(ClientError) as refused:
                ec2.create_default_vpc()
            codes.append(refused.value.response["Error"]["Code"])
        return codes

    assert refusals(2) == ["DefaultVpcAlreadyExists", "RequestLimitExceeded"]
    throttled.operate("throttle", profile="off")
    assert refusals(2) == ["DefaultVpcAlreadyExists"] * 2
