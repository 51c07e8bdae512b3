"""What a request does in several processes is one trace (OTLP over gRPC)."""

from concurrent import futures

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from sandbox import Cluster, fresh_account

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps the spans that processes send, each with the name of its service."""

    def __init__(self):
        self.spans = []
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.url = f"http://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"

    def Export(self, request, _):
        for resource in request.resource_spans:
            attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(attributes["service.name"], span) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(0)


def attributes(span):
    return {each.key: each.value.string_value for each in span.attributes}


@pytest.fixture(scope="module")
def spans():
    """Of a cluster in which a snapshot was copied from eu-west-1 to us-east-1."""
    account = fresh_account()
    with Collector() as collector:
        # The log's level has no say in traces.
        with Cluster(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "RUST_LOG": "warn"}) as cluster:
            here, there = cluster.client("us-east-1", account), cluster.client("eu-west-1", account)
            volume = there.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
            snapshot = there.create_snapshot(VolumeId=volume)["SnapshotId"]
            here.meta.events.register(
                "before-sign.ec2.CopySnapshot", lambda request, **_: request.headers.add_header("traceparent", PARENT)
            )
            here.copy_snapshot(SourceRegion="eu-west-1", SourceSnapshotId=snapshot)
            # A process sends its last spans before it ends.
            assert cluster.stop() == 0
        yield collector.spans


def of_the_copy(spans):
    trace = bytes.fromhex(PARENT.split("-")[1])
    return [(service, span) for service, span in spans if span.trace_id == trace]


def test_a_copy_between_regions_is_one_trace_of_gateway_node_actor_and_peer(spans):
    copy = of_the_copy(spans)
    seen = {(service, span.name) for service, span in copy}
    assert {
        ("archipelago-gateway", "request"),
        ("archipelago-us-east-1", "action"),
        ("archipelago-us-east-1", "actor"),
        ("archipelago-eu-west-1", "export_snapshot"),
    } <= seen
    # And nothing else: what eu-west-1 does for others is other traces.
    assert ("archipelago-eu-west-1", "action") not in seen
    (request,) = (span for _, span in copy if span.name == "request")
    assert attributes(request)["action"] == "CopySnapshot"
    assert attributes(request)["region"] == "us-east-1"


def test_each_span_of_a_trace_hangs_below_that_which_caused_it(spans):
    copy = of_the_copy(spans)
    known = {span.span_id: (service, span) for service, span in copy}

    def way(span):
        while span.parent_span_id in known:
            span = known[span.parent_span_id][1]
            yield span.name
        yield span.parent_span_id.hex()

    client = PARENT.split("-")[2]
    for service, span in copy:
        expected = {"request": [client], "action": ["request", client]}
        assert list(way(span)) == expected.get(span.name, ["action", "request", client]), (service, span.name)


def test_an_actor_is_seen_with_its_resource(spans):
    actors = [attributes(span) for _, span in of_the_copy(spans) if span.name == "actor"]
    assert any(each["kind"] == "snapshot" and each["id"].startswith("snap-") for each in actors), actors
