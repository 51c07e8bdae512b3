import pytest

from sandbox import Cluster, fresh_account


@pytest.fixture(scope="session")
def cluster():
    """One cluster for all tests that do not harm it."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def account():
    return fresh_account()


@pytest.fixture
def ec2(cluster, account):
    """EC2 in us-east-1, in an account of the test's own."""
    return cluster.client(account=account)
