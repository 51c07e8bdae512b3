"""CopySnapshot with the URL that clients sign for the source region; boto3 and the AWS CLI send one by themselves."""

import pytest

from sandbox import fresh_account

HERE, THERE = "us-east-1", "eu-west-1"


@pytest.fixture
def regions(cluster):
    account = fresh_account()
    return cluster.client(HERE, account), cluster.client(THERE, account)


def snapshot(there):
    volume = there.create_volume(AvailabilityZone=f"{THERE}a", Size=1)["VolumeId"]
    return there.create_snapshot(VolumeId=volume)["SnapshotId"]


def copy(here, source, **more):
    """The copy of a snapshot, and the URL that was sent for it."""
    sent = []
    note = lambda params, **_: sent.append(params["body"]["PresignedUrl"])
    here.meta.events.register_last("before-call.ec2.CopySnapshot", note)
    copied = here.copy_snapshot(SourceRegion=THERE, SourceSnapshotId=source, **more)["SnapshotId"]
    here.meta.events.unregister("before-call.ec2.CopySnapshot", note)
    (found,) = here.describe_snapshots(SnapshotIds=[copied])["Snapshots"]
    return found, sent[0]


def test_a_url_that_the_client_signs_is_believed(regions):
    here, there = regions
    found, url = copy(here, snapshot(there))
    assert "X-Amz-Signature" in url
    assert found["State"] == "completed"


def test_a_url_that_was_changed_ends_the_copy_in_error(regions):
    here, there = regions
    source = snapshot(there)
    _, url = copy(here, source)
    forged = url[:-4] + ("0000" if not url.endswith("0000") else "1111")
    found, _ = copy(here, source, PresignedUrl=forged)
    assert found["State"] == "error"
    assert "presigned URL" in found["StateMessage"]
