#!/usr/bin/env python3
"""Records requests signed by botocore, at a fixed time: pip install botocore && python3 gateway/testdata/botocore.py"""

import base64
import datetime
import hashlib
import hmac
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

HERE = Path(__file__).parent
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE.resolve()]

import botocore.auth as auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

NOW = datetime.datetime(2014, 10, 1, 12, 0, 0)
URL = "http://127.0.0.1:4566/"
QUERY = {"Action": "DescribeTags", "Version": "2014-10-01", "Filter.1.Name": "tag:a b+c", "Filter.1.Value.1": "~é*/"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
KEY, OTHER = Credentials("test", "test"), Credentials("AKIDEXAMPLE", "secret/with+signs", "a/token+with=signs")


class Then(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return NOW

    @classmethod
    def now(cls, tz=None):
        return NOW.replace(tzinfo=tz)


auth.datetime.datetime = Then
if hasattr(auth, "get_current_datetime"):
    auth.get_current_datetime = lambda *_, **__: NOW
time.gmtime = lambda *_: NOW.timetuple()


def record(name, method, url, headers, body=""):
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1"]
    if not any(key.lower() == "host" for key in headers):
        lines.append(f"Host:{parts.netloc}")
    lines += [f"{key}:{value}" for key, value in headers.items()]
    (HERE / "botocore" / f"{name}.txt").write_text("\n".join(lines) + "\n\n" + body)


def header(name, credentials, region):
    request = AWSRequest("POST", URL, data=urlencode(QUERY), headers=dict(FORM))
    auth.SigV4Auth(credentials, "ec2", region).add_auth(request)
    record(name, "POST", request.url, request.headers, request.data)


def presigned(name, credentials, region):
    request = AWSRequest("GET", URL + "?" + urlencode(QUERY, quote_via=quote))
    auth.SigV4QueryAuth(credentials, "ec2", region, expires=600).add_auth(request)
    record(name, "GET", request.url, request.headers)


def version_2(name, credentials, method):
    data, params = (dict(QUERY), {}) if method == "POST" else ({}, dict(QUERY))
    request = AWSRequest(method, URL, data=data, params=params)
    auth.SigV2Auth(credentials).add_auth(request)
    if method == "POST":
        record(name, method, URL, FORM, urlencode(data))
    else:
        record(name, method, URL + "?" + urlencode(params), {})


def version_2_sha1(name, credentials):
    """Older clients; botocore never signed like this."""
    params = QUERY | {
        "AWSAccessKeyId": credentials.access_key, "SignatureVersion": "2", "SignatureMethod": "HmacSHA1",
        "Expires": "2014-10-01T12:10:00Z",
    }
    text = "&".join(f"{quote(key, safe='')}={quote(params[key], safe='-_~')}" for key in sorted(params))
    signed = hmac.new(credentials.secret_key.encode(), f"GET\n127.0.0.1:4566\n/\n{text}".encode(), hashlib.sha1)
    params["Signature"] = base64.b64encode(signed.digest()).decode()
    record(name, "GET", URL + "?" + urlencode(params), {})


header("v4-header", KEY, "eu-west-1")
header("v4-header-token", OTHER, "us-east-1")
presigned("v4-presigned", KEY, "us-west-2")
presigned("v4-presigned-token", OTHER, "us-east-1")
version_2("v2-get", KEY, "GET")
version_2("v2-post-token", OTHER, "POST")
version_2_sha1("v2-sha1-expires", KEY)
