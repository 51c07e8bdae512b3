"""What clients send that no honest one would, and what each of it gets: one table for the tests and for the docs.

`python tests/e2e/hostile.py` writes docs/hostile-inputs.md anew.
"""

import datetime
import gzip
from pathlib import Path
from urllib.parse import quote

DOCS = Path(__file__).parents[2] / "docs" / "hostile-inputs.md"

#: What a limit of the front door is.
PARAMETERS, NAME, DEPTH, HEADERS, HEADER_BYTES, BODY = 10_000, 512, 12, 200, 64 << 10, 16 << 20

FORM = "application/x-www-form-urlencoded"


def raw(method="POST", path="/", body=b"", headers=(), length=None, version="HTTP/1.1"):
    """A request as it goes over the wire."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"{method} {path} {version}", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers]
    if length is not None or (body and not any(name.lower() == "transfer-encoding" for name, _ in headers)):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def form(query, **more):
    headers = [("Content-Type", FORM), *more.pop("headers", ())]
    return raw(body=query, headers=headers, **more)


def vpcs(query):
    return form(f"Action=DescribeVpcs&Version=2016-11-15&{query}")


def ec2(action, query=""):
    return form(f"Action={action}&Version=2016-11-15&{query}")


def get(path):
    return raw("GET", path)


def chunked(*chunks, end=True):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + (b"0\r\n\r\n" if end else b"")
    return raw(body=body, headers=[("Transfer-Encoding", "chunked"), ("Content-Type", FORM)])


def trail(body):
    target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
    return raw(body=body, headers=[("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", target)])


def sts(query):
    return form(f"Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&{query}")


def authorization(text, date="20260101T000000Z"):
    headers = [("Authorization", text), ("X-Amz-Date", date)]
    return form("Action=DescribeVpcs&Version=2016-11-15", headers=headers)


def credential(text="test/20260101/us-east-1/ec2/aws4_request", headers="host;x-amz-date", signature="0" * 64):
    return f"AWS4-HMAC-SHA256 Credential={text}, SignedHeaders={headers}, Signature={signature}"


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def presigned(**change):
    """A URL whose signature does not hold."""
    date = now()
    parts = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"test/{date[:8]}/us-east-1/ec2/aws4_request",
        "X-Amz-Date": date,
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    parts |= {f"X-Amz-{name}": value for name, value in change.items()}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parts.items() if value is not None)
    return get(f"/?Action=DescribeVpcs&Version=2016-11-15&{query}")


def nested(opening, closing, depth, inner=""):
    return opening * depth + inner + closing * depth


def policy(text):
    return quote(text, safe="")


DEEP_JSON = nested("[", "]", 100_000)
DEEP_POLICY = '{"Version":"2012-10-17","Statement":' + nested('{"a":', "}", 5000, "1") + "}"
BOMB = gzip.compress(b"Action=DescribeVpcs&A=" + b"a" * (64 << 20))
#: Replaced by ids of what is there, which are as long.
AMI, SUBNET = "ami-00000000000000000", "subnet-00000000000000000"
VOLUMES = "AvailabilityZone=us-east-1a"

#: Groups of (what is sent, the request, what it gets). `closed`: no more than the end of the connection. Requests that
#: need no signature are sent where none is asked for.
QUERY = [
    ("`Filter.999999999.Value.1`, a filter without a name", lambda: vpcs("Filter.999999999.Value.1=a"), "400 MissingParameter"),
    ("an index of 400 digits", lambda: vpcs(f"VpcId.{'9' * 400}=vpc-12345678"), "400 InvalidVpcID.NotFound"),
    ("an index of 0", lambda: vpcs("VpcId.0=vpc-12345678"), "400 InvalidVpcID.NotFound"),
    ("a negative index", lambda: vpcs("VpcId.-1=vpc-12345678"), "400 UnknownParameter"),
    ("an index with leading zeros", lambda: vpcs("VpcId.0001=vpc-12345678"), "400 InvalidVpcID.NotFound"),
    ("an index that is no number", lambda: vpcs("VpcId.1e3=vpc-12345678"), "400 UnknownParameter"),
    ("an index in other digits than ASCII's", lambda: vpcs("VpcId.%D9%A1=vpc-12345678"), "400 UnknownParameter"),
    (f"a name of more than {DEPTH} dots", lambda: vpcs("A" + ".1" * (DEPTH + 1) + "=a"), "400 MalformedQueryString"),
    ("a name as deep as is allowed, and unknown", lambda: vpcs("Filter.1" + ".Value.1" * 5 + "=a"), "400 UnknownParameter"),
    ("a name of nothing but dots", lambda: vpcs("...=a"), "400 UnknownParameter"),
    (f"a name of more than {NAME} bytes", lambda: vpcs("A" * (NAME + 1) + "=a"), "400 MalformedQueryString"),
    (f"more than {PARAMETERS:,} parameters", lambda: vpcs("&".join(f"A{n}=a" for n in range(PARAMETERS + 1))), "400 MalformedQueryString"),
    ("4,999 filters", lambda: vpcs("&".join(f"Filter.{n}.Name=vpc-id&Filter.{n}.Value.1=a" for n in range(4999))), "400 FilterLimitExceeded"),
    ("the same parameter twice, alike", lambda: vpcs("VpcId.1=vpc-12345678&VpcId.1=vpc-12345678"), "400 InvalidVpcID.NotFound"),
    ("the same parameter twice, not alike", lambda: vpcs("VpcId.1=vpc-1&VpcId.1=vpc-2"), "400 MalformedQueryString"),
    ("two actions", lambda: vpcs("Action=RunInstances"), "400 MalformedQueryString"),
    ("a value without a name", lambda: vpcs("=a"), "400 MalformedQueryString"),
    ("a percent sign alone", lambda: vpcs("VpcId.1=%"), "400 MalformedQueryString"),
    ("a percent sign before no hexadecimal digits", lambda: vpcs("VpcId.1=%zz"), "400 MalformedQueryString"),
    ("bytes that are not UTF-8, percent-encoded", lambda: vpcs("VpcId.1=%ff%fe"), "400 MalformedQueryString"),
    ("bytes that are not UTF-8, as they are", lambda: form(b"Action=DescribeVpcs&VpcId.1=\xff"), "400 MalformedQueryString"),
    ("an overlong encoding of NUL", lambda: vpcs("VpcId.1=%C0%80"), "400 MalformedQueryString"),
    ("half of a surrogate pair", lambda: vpcs("VpcId.1=%ED%A0%80"), "400 MalformedQueryString"),
    ("NUL in an id", lambda: vpcs("VpcId.1=vpc-%00"), "400 InvalidVpcID.Malformed"),
    ("NUL in a name", lambda: vpcs("Vpc%00Id.1=vpc-1"), "400 UnknownParameter"),
    ("NUL in the action", lambda: form("Action=Describe%00Vpcs&Version=2016-11-15"), "400 InvalidAction"),
    ("an action of a million letters", lambda: ec2("A" * 1_000_000), "400 InvalidAction"),
    ("no action", lambda: form("Version=2016-11-15"), "400 MissingAction"),
    ("an empty body", lambda: form(""), "400 MissingAction"),
    ("a version that never was", lambda: form("Action=DescribeVpcs&Version=1999-99-99"), "400 NoSuchVersion"),
    ("a value of 15 MiB", lambda: vpcs(f"VpcId.1={'a' * (15 << 20)}"), "400 InvalidVpcID.Malformed"),
    ("a body of ampersands", lambda: form(b"&" * (15 << 20)), "400 MissingAction"),
    ("markup in a value", lambda: vpcs("VpcId.1=%3C%2FMessage%3E%3Cscript%3E"), "400 InvalidVpcID.Malformed"),
]

VALUES = [
    ("an integer beyond 32 bits", lambda: ec2("CreateVolume", f"{VOLUMES}&Size=99999999999999999999"), "400 InvalidParameterValue"),
    ("an integer in exponents", lambda: ec2("CreateVolume", f"{VOLUMES}&Size=1e9"), "400 InvalidParameterValue"),
    ("a volume of 2^31 - 1 GiB", lambda: ec2("CreateVolume", f"{VOLUMES}&Size=2147483647"), "400 InvalidParameterValue"),
    ("a volume of a negative size", lambda: ec2("CreateVolume", f"{VOLUMES}&Size=-2147483648"), "400 InvalidParameterValue"),
    ("a time in the year 99999", lambda: ec2("DescribeSpotPriceHistory", "StartTime=99999-01-01T00:00:00Z"), "400 InvalidParameterValue"),
    ("a page of -1", lambda: vpcs("MaxResults=-1"), "400 InvalidParameterValue"),
    ("a token for the next page that nobody gave", lambda: vpcs("NextToken=AAAA%00"), "400 InvalidNextToken"),
    ("user data that are not base64", lambda: ec2("RunInstances", "ImageId=ami-1&MinCount=1&MaxCount=1&UserData=%25%25"), "400"),
    ("2^31 - 1 instances", lambda: ec2("RunInstances", f"ImageId={AMI}&MinCount=2147483647&MaxCount=2147483647"), "400 InstanceLimitExceeded"),
    ("2^31 - 1 Spot Instances", lambda: ec2("RequestSpotInstances", f"InstanceCount=2147483647&LaunchSpecification.ImageId={AMI}&LaunchSpecification.InstanceType=m5.large"), "400 MaxSpotInstanceCountExceeded"),
    ("2^31 - 1 instances in a Spot Fleet", lambda: ec2("RequestSpotFleet", f"SpotFleetRequestConfig.TargetCapacity=2147483647&SpotFleetRequestConfig.IamFleetRole=arn:aws:iam::123456789012:role/a&SpotFleetRequestConfig.LaunchSpecifications.1.ImageId={AMI}&SpotFleetRequestConfig.LaunchSpecifications.1.InstanceType=m5.large"), "400 InvalidParameterValue"),
    ("2^31 - 1 hosts", lambda: ec2("AllocateHosts", f"{VOLUMES}&InstanceType=m5.large&Quantity=2147483647"), "400 HostLimitExceeded"),
    ("2^31 - 1 addresses of an interface", lambda: ec2("CreateNetworkInterface", f"SubnetId={SUBNET}&SecondaryPrivateIpAddressCount=2147483647"), "400 InvalidParameterValue"),
    ("2^31 - 1 IPv6 addresses of an interface", lambda: ec2("CreateNetworkInterface", f"SubnetId={SUBNET}&Ipv6AddressCount=2147483647"), "400 InvalidParameterValue"),
    ("reserved capacity for 2^31 - 1 instances", lambda: ec2("CreateCapacityReservation", f"{VOLUMES}&InstanceType=m5.large&InstancePlatform=Linux/UNIX&InstanceCount=2147483647"), "400"),
    ("a filter of stars", lambda: vpcs(f"Filter.1.Name=vpc-id&Filter.1.Value.1={'*a' * 5000}"), "200"),
    ("a block of addresses with a prefix of /999", lambda: ec2("CreateVpc", "CidrBlock=10.0.0.0/999"), "400 InvalidParameterValue"),
    ("the whole of the IPv4 space", lambda: ec2("CreateVpc", "CidrBlock=0.0.0.0/0"), "400 InvalidVpc.Range"),
    ("3,000 tags", lambda: ec2("CreateTags", "ResourceId.1=vpc-12345678&" + "&".join(f"Tag.{n}.Key=k{n}&Tag.{n}.Value=v" for n in range(3000))), "400"),
    ("a policy of an endpoint that is nested 5,000 deep", lambda: ec2("CreateVpcEndpoint", f"VpcId=vpc-12345678&ServiceName=com.amazonaws.us-east-1.s3&PolicyDocument={policy(DEEP_POLICY)}"), "400"),
    ("a copy by a presigned URL that is none", lambda: ec2("CopySnapshot", "SourceRegion=eu-west-1&SourceSnapshotId=snap-12345678&PresignedUrl=http%3A%2F%2F%5B%3A%3A%2F%3F%25zz"), "400"),
    ("a copy from a region that never was", lambda: ec2("CopyImage", "SourceRegion=mars-north-1&SourceImageId=ami-12345678&Name=golden"), "400 InvalidParameterValue"),
]

HTTP = [
    (f"a body whose length is announced as more than {BODY >> 20} MiB", lambda: form("", length=BODY + 1), "413 RequestEntityTooLarge"),
    (f"chunks of more than {BODY >> 20} MiB", lambda: chunked(*[b"a" * (1 << 20)] * ((BODY >> 20) + 1)), "413 RequestEntityTooLarge"),
    ("a length that is no number", lambda: form("", length="ten"), "400, closed"),
    ("a negative length", lambda: form("", length=-1), "400, closed"),
    ("a length beyond 64 bits", lambda: form("", length="9" * 30), "400, closed"),
    ("two lengths that differ", lambda: form("", headers=[("Content-Length", 3)], length=5) + b"abcde", "400, closed"),
    ("a chunk whose size is no number", lambda: chunked(end=False) + b"zz\r\n", "400 InvalidRequest"),
    ("a chunk whose size is beyond 64 bits", lambda: chunked(end=False) + b"f" * 17 + b"\r\n", "400 InvalidRequest"),
    ("a compressed body", lambda: raw(body=BOMB, headers=[("Content-Encoding", "gzip"), ("Content-Type", FORM)]), "415 UnsupportedMediaType"),
    (f"more than {HEADERS} headers", lambda: form("", headers=[(f"X-{n}", n) for n in range(HEADERS + 1)]), "400 InvalidRequest"),
    ("a thousand headers", lambda: form("", headers=[(f"X-{n}", n) for n in range(1000)]), "431, closed"),
    (f"headers of more than {HEADER_BYTES >> 10} KiB", lambda: form("", headers=[("X-A", "a" * HEADER_BYTES)]), "400 InvalidRequest"),
    ("headers of a megabyte", lambda: form("", headers=[("X-A", "a" * (1 << 20))]), "431, closed"),
    ("a URL of 100 KB", lambda: get("/?" + "a" * 100_000), "414, closed"),
    ("NUL in a header", lambda: form("", headers=[("X-A", "a\0b")]), "400, closed"),
    ("NUL in the request line", lambda: raw("GET", "/\0"), "400, closed"),
    ("a header without a colon", lambda: b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", "400, closed"),
    ("a header that goes on in the next line", lambda: b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400, closed"),
    ("no host", lambda: b"GET /?Action=DescribeVpcs&Version=2016-11-15 HTTP/1.1\r\n\r\n", "200"),
    ("a host that is none", lambda: b"GET /?Action=DescribeVpcs&Version=2016-11-15 HTTP/1.1\r\nHost: ec2.\xff..%00\r\n\r\n", "200"),
    ("HTTP/1.0", lambda: raw("GET", "/?Action=DescribeVpcs&Version=2016-11-15", version="HTTP/1.0"), "200"),
    ("HTTP/0.9", lambda: b"GET /\r\n\r\n", "400, closed"),
    ("the preface of HTTP/2", lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100), "closed"),
    ("HTTP/9.9", lambda: raw("GET", "/", version="HTTP/9.9"), "400, closed"),
    ("the beginning of TLS", lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), "400, closed"),
    ("bytes without sense", lambda: bytes(range(256)) * 64 + b"\r\n\r\n", "400, closed"),
    ("the method PUT", lambda: raw("PUT", "/?Action=DescribeVpcs"), "400 InvalidRequest"),
    ("the method CONNECT", lambda: raw("CONNECT", "example.com:443"), "400 InvalidRequest"),
    ("a method of a megabyte", lambda: raw("A" * (1 << 20), "/"), "431, closed"),
    ("SOAP", lambda: raw(body="<Envelope/>", headers=[("Content-Type", "text/xml"), ("SOAPAction", "DescribeVpcs")]), "400 UnsupportedProtocol"),
    ("a form in parts", lambda: raw(body="--a", headers=[("Content-Type", "multipart/form-data; boundary=a")]), "400 InvalidRequest"),
]

SIGNATURES = [
    ("no signature", lambda: ec2("DescribeVpcs"), "403 MissingAuthenticationToken"),
    ("an empty Authorization", lambda: authorization(""), "400 IncompleteSignature"),
    ("another scheme", lambda: authorization("Basic dGVzdDp0ZXN0"), "400 IncompleteSignature"),
    ("nothing but the algorithm", lambda: authorization("AWS4-HMAC-SHA256"), "400 IncompleteSignature"),
    ("ten thousand commas", lambda: authorization("AWS4-HMAC-SHA256 " + "," * 10_000), "400 IncompleteSignature"),
    ("a credential of one part", lambda: authorization(credential("test")), "400 IncompleteSignature"),
    ("a credential of a thousand parts", lambda: authorization(credential("a/" * 1000)), "400 IncompleteSignature"),
    ("an Authorization that is not ASCII", lambda: authorization("AWS4-HMAC-SHA256 Credential=\u00e9"), "403 MissingAuthenticationToken"),
    ("ten thousand signed headers", lambda: authorization(credential(f"test/{now()[:8]}/us-east-1/ec2/aws4_request", ";".join(["host"] * 10_000)), now()), "401 AuthFailure"),
    ("a signature of 50 KB", lambda: authorization(credential(f"test/{now()[:8]}/us-east-1/ec2/aws4_request", signature="0" * 50_000), now()), "401 AuthFailure"),
    ("signed on no day", lambda: authorization(credential("test/20269999/us-east-1/ec2/aws4_request"), "20269999T999999Z"), "400 IncompleteSignature"),
    ("signed in the year 0", lambda: authorization(credential("test/00000101/us-east-1/ec2/aws4_request"), "00000101T000000Z"), "400 RequestExpired"),
    ("signed in the year 9999", lambda: authorization(credential("test/99991231/us-east-1/ec2/aws4_request"), "99991231T235959Z"), "400 IncompleteSignature"),
    ("for a service that is not here", lambda: authorization(credential(f"test/{now()[:8]}/us-east-1/s3/aws4_request"), now()), "401 AuthFailure"),
    ("a presigned URL with a wrong signature", lambda: presigned(), "401 AuthFailure"),
    ("a presigned URL without a signature", lambda: presigned(Signature=None), "400 IncompleteSignature"),
    ("a presigned URL that holds for 10^18 seconds", lambda: presigned(Expires=str(10**18)), "400 IncompleteSignature"),
    ("a presigned URL that holds for less than none", lambda: presigned(Expires="-1"), "400 IncompleteSignature"),
    ("a presigned URL by another algorithm", lambda: presigned(Algorithm="AWS4-HMAC-MD5"), "400 IncompleteSignature"),
    ("a presigned URL with NUL in the credential", lambda: presigned(Credential="test\0/20260101/us-east-1/ec2/aws4_request"), "400 IncompleteSignature"),
    ("Signature Version 2 without a method", lambda: ec2("DescribeVpcs", "AWSAccessKeyId=test&Signature=x&SignatureVersion=2"), "400 IncompleteSignature"),
    ("Signature Version 2 that expires in the year 9999", lambda: ec2("DescribeVpcs", "AWSAccessKeyId=test&Signature=x&SignatureVersion=2&SignatureMethod=HmacSHA256&Expires=9999-12-31T23:59:59Z"), "400 IncompleteSignature"),
    ("Signature Version 3", lambda: ec2("DescribeVpcs", "AWSAccessKeyId=test&Signature=x&SignatureVersion=3"), "400 IncompleteSignature"),
    ("a session token that is none", lambda: form("Action=DescribeVpcs", headers=[("Authorization", credential(f"ASIA{'A' * 16}/{now()[:8]}/us-east-1/ec2/aws4_request")), ("X-Amz-Date", now()), ("X-Amz-Security-Token", "A" * 10_000)]), "401 AuthFailure"),
]

OTHERS = [
    ("CloudTrail: no JSON", lambda: trail("{"), "400 SerializationException"),
    ("CloudTrail: JSON that is nested 100,000 deep", lambda: trail(DEEP_JSON), "400 SerializationException"),
    ("CloudTrail: JSON of 15 MiB", lambda: trail('{"NextToken":"' + "a" * (15 << 20) + '"}'), "400 InvalidNextTokenException"),
    ("CloudTrail: a list where an object should be", lambda: trail('{"LookupAttributes":[[[]]]}'), "400 SerializationException"),
    ("CloudTrail: 10^30 results", lambda: trail('{"MaxResults":1e30}'), "400"),
    ("CloudTrail: times beyond the calendar", lambda: trail('{"StartTime":1e300,"EndTime":-1e300}'), "400"),
    ("STS: a session policy that is nested 900 deep", lambda: sts(f"RoleArn=arn:aws:iam::123456789012:role/a&Policy={policy(nested('[', ']', 900))}"), "400 MalformedPolicyDocument"),
    ("STS: a session policy of a megabyte", lambda: sts(f"RoleArn=arn:aws:iam::123456789012:role/a&Policy={'a' * (1 << 20)}"), "400"),
    ("STS: a role that is no ARN", lambda: sts("RoleArn=%00"), "400"),
    ("STS: a session of -1 seconds", lambda: sts("RoleArn=arn:aws:iam::123456789012:role/a&DurationSeconds=-1"), "400"),
]

OPERATOR = [
    ("a page that is not there", lambda: get("/_archipelago/" + "a" * 10_000), "404"),
    ("a page with NUL in its name", lambda: get("/_archipelago/%00"), "404"),
    ("a method that a page does not have", lambda: raw("DELETE", "/_archipelago/clock"), "405"),
    ("parameters that are not UTF-8", lambda: get("/_archipelago/clock?region=%ff"), "400"),
    ("the clock by NaN", lambda: raw("POST", "/_archipelago/clock?advance=NaN"), "400"),
    ("the clock by infinity", lambda: raw("POST", "/_archipelago/clock?advance=1e999"), "400"),
    ("the clock backwards", lambda: raw("POST", "/_archipelago/clock?advance=-1"), "400"),
    ("a region that never was", lambda: raw("POST", "/_archipelago/region?region=mars-north-1&power=off"), "400"),
    ("capacity of 2^70", lambda: raw("POST", f"/_archipelago/capacity?limit={2**70}"), "400"),
    ("a fault with a probability of NaN", lambda: raw("POST", "/_archipelago/faults?name=f&probability=NaN&error=A"), "400"),
    ("a fault with a latency of 2^70", lambda: raw("POST", f"/_archipelago/faults?name=f&latency={2**70}"), "400"),
    ("figures of NaN for a bucket", lambda: raw("POST", "/_archipelago/throttle?action=RunInstances&max=NaN&refill=NaN"), "400"),
    ("identities that are not JSON", lambda: raw("POST", "/_archipelago/iam", "{"), "400"),
    ("identities that are nested 100,000 deep", lambda: raw("POST", "/_archipelago/iam", DEEP_JSON), "400"),
    ("a scenario that is nested 30,000 deep", lambda: raw("POST", "/_archipelago/scenario", f"steps={nested('[', ']', 30_000)}", [("Content-Type", FORM)]), "400"),
    ("a scenario of no JSON", lambda: raw("POST", "/_archipelago/scenario", "steps=%7B", [("Content-Type", FORM)]), "400"),
    ("a negative number of remembered calls", lambda: raw("POST", "/_archipelago/record?keep=-1"), "400"),
    ("a body of more than 16 MiB", lambda: raw("POST", "/_archipelago/iam", length=BODY + 1), "413"),
    ("a world of text", lambda: raw("POST", "/_archipelago/world", "a" * 100), "400"),
    ("a world of nothing", lambda: raw("POST", "/_archipelago/world", ""), "400"),
    ("a world with a part of 2^62 bytes", lambda: raw("POST", "/_archipelago/world", b"\xff" * 8 + b"\x40"), "400"),
    ("a world that ends in the middle of a part", lambda: raw("POST", "/_archipelago/world", b"\x64aaaa"), "400"),
    ("a world compressed, which `ctl` would have unpacked", lambda: raw("POST", "/_archipelago/world", gzip.compress(b"a" * (1 << 20))), "400"),
]

GROUPS = {
    "Queries": QUERY,
    "Values": VALUES,
    "HTTP": HTTP,
    "Signatures": SIGNATURES,
    "STS and CloudTrail": OTHERS,
    "The operator's pages": OPERATOR,
}

#: By the tests that are not a request and an answer: (what is sent, what it gets).
CONVERSATIONS = [
    ("headers, one byte at a time or never complete", "closed after 30 s"),
    ("a body, one byte at a time or never complete, or chunks without end", "408 RequestTimeout after 30 s"),
    ("a body that ends before its announced length", "400 InvalidRequest, or nothing if the client has gone"),
    ("100 requests at once over one connection", "100 answers, in order"),
    ("a request after an answer of 413", "closed"),
    ("3,000 connections that say nothing", "closed after 30 s; others are answered meanwhile"),
    ("bodies that together would take more than 512 MiB, while they are sent", "503 RequestLimitExceeded"),
]

NODES = [
    ("a call without the cluster's token, or with a wrong one", "UNAUTHENTICATED, before its message is read"),
    ("a message of more than 32 MiB, or one that says so of itself", "OUT_OF_RANGE"),
    ("a message that is not the action's", "INTERNAL, with EC2's InternalError"),
    ("an action that is not there", "UNIMPLEMENTED"),
    ("bytes that are neither HTTP/1.1 nor HTTP/2", "closed"),
    ("frames of HTTP/2 without sense", "closed"),
]


def document():
    """docs/hostile-inputs.md"""
    out = [
        "# What hostile inputs get",
        "",
        "Written by `python tests/e2e/hostile.py` from the tables that `tests/e2e/test_hostile_inputs.py` sends. Errors have the shape",
        "of their service: EC2's and STS' XML, CloudTrail's JSON, JSON on the operator's pages. Where there is only a status, the",
        "error's code depends on what is checked first, or there is none. *closed* is the end of the connection; what is no HTTP",
        "gets no more than the status line before. Nothing of this ends in a panic, takes memory that stays, or keeps others from",
        "being answered.",
    ]
    for title, group in GROUPS.items():
        out += ["", f"## {title}", "", "| sent | gets |", "|---|---|"]
        out += [f"| {what} | {gets} |" for what, _, gets in group]
    for title, rows in (("Conversations", CONVERSATIONS), ("Nodes", NODES)):
        out += ["", f"## {title}", "", "| sent | gets |", "|---|---|", *(f"| {what} | {gets} |" for what, gets in rows)]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    DOCS.write_text(document())
