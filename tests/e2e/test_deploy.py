"""The container image and the Kubernetes manifests."""

import os
import shutil
import socket
import subprocess
import uuid

import kubernetes_validate
import pytest
import requests
import yaml

from sandbox import ROOT

DEPLOY = ROOT / "cluster" / "deploy"
KUBERNETES = "1.34"


def built(folder):
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    text = subprocess.run(["kubectl", "kustomize", DEPLOY / folder], capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


@pytest.fixture(scope="module")
def manifests():
    return built("kubernetes")


@pytest.fixture(scope="module")
def secure_manifests():
    return built("kubernetes-tls")


def test_every_manifest_is_valid(manifests):
    for manifest in manifests:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_with_tls_every_process_has_its_certificate_and_nodes_are_probed_without(secure_manifests):
    for manifest in secure_manifests:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    for pod in pods(secure_manifests):
        (container,) = pod["containers"]
        assert {"secretRef": {"name": "cluster-certificate"}} in container["envFrom"]
        if "region-node" in container["args"]:
            assert "--probes=0.0.0.0:7002" in container["args"]
            assert {container[f"{kind}Probe"]["grpc"]["port"] for kind in ("startup", "readiness")} == {7002}
            assert container["livenessProbe"]["httpGet"]["port"] == "probes"


def pods(manifests):
    return [each["spec"]["template"]["spec"] for each in manifests if each["kind"] in ("Deployment", "StatefulSet")]


def test_pods_are_not_root_and_cannot_write_to_their_root(manifests):
    for pod in pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


def test_every_region_of_the_topology_is_a_stateful_set_with_a_volume(manifests):
    topology = next(each["data"]["ARCHIPELAGO_TOPOLOGY"] for each in manifests if each["kind"] == "ConfigMap")
    addresses = dict(entry.split("=") for entry in topology.split(","))
    sets = {
        next(e["value"] for e in each["spec"]["template"]["spec"]["containers"][0]["env"]): each
        for each in manifests
        if each["kind"] == "StatefulSet"
    }
    assert addresses.keys() == sets.keys()
    for region, address in addresses.items():
        assert sets[region]["spec"]["serviceName"] == address.split(":")[0]
        assert sets[region]["spec"]["volumeClaimTemplates"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_image_serves():
    """Builds the image and starts it from its own root file system, with nothing else in it."""
    if not shutil.which("buildah"):
        pytest.skip("buildah is not installed (Debian: apt-get install buildah)")
    if os.geteuid() != 0:
        pytest.skip("starting a container by hand needs root")
    image = f"archipelago-test-{uuid.uuid4().hex[:8]}"
    environment = {**os.environ, "STORAGE_DRIVER": "vfs", "PROFILE": "dev"}
    built = subprocess.run([DEPLOY / "build-image", image], env=environment, capture_output=True, text=True)
    if built.returncode != 0 and "permitted" in built.stderr:
        pytest.skip(f"buildah cannot run here: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    container = subprocess.run(
        ["buildah", "from", image], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    port = free_port()
    try:
        server = subprocess.Popen(
            ["buildah", "run", "--isolation", "chroot", "--user", "65532:65532", container, "--"]
            + ["/archipelago", "up", "--listen", f"127.0.0.1:{port}"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        banner = server.stdout.readline()
        if not banner:
            error = server.stderr.read()
            if "permitted" in error or "mount" in error:
                pytest.skip(f"containers cannot run here: {error.strip().splitlines()[-1]}")
            pytest.fail(error)
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).text == "ok"
    finally:
        server.terminate()
        server.wait(timeout=30)
        subprocess.run(["buildah", "rm", container], env=environment, capture_output=True)
        subprocess.run(["buildah", "rmi", image], env=environment, capture_output=True)
