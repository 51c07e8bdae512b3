"""The ways between nodes, each of which can be cut: what is sent then stays on the way, and nobody learns of it."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time

import requests

from sandbox import PROGRAM, Cluster

SECRET = "the cluster's"


class Wire:
    """A way to an address that is known later. Cut, it takes connections and bytes as before, and passes nothing on."""

    def __init__(self):
        self.target = None
        self._whole = threading.Event()
        self._whole.set()
        self._ends = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self._whole.clear()

    def mend(self, forgetful=False):
        """With or without the connections of before: a router that was restarted has forgotten them, and says so to
        nobody."""
        if forgetful:
            for end in self._ends:
                end.forgotten = True
            self._ends.clear()
        self._whole.set()

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with contextlib.suppress(OSError):
            self._whole.wait()
            host, port = self.target.split(":")
            far = socket.create_connection((host, int(port)))
            for one, other in ((near, far), (far, near)):
                end = End(one, other, self._whole)
                self._ends.add(end)
                threading.Thread(target=end.pump, daemon=True).start()


class End:
    """One direction of a connection."""

    def __init__(self, source, sink, whole):
        self.source, self.sink, self.whole = source, sink, whole
        self.forgotten = False

    def pump(self):
        with contextlib.suppress(OSError):
            while True:
                select.select([self.source], [], [])
                self.whole.wait()
                data = self.source.recv(65536)
                if self.forgotten:
                    if not data:
                        return
                    continue
                if not data:
                    break
                self.sink.sendall(data)
        with contextlib.suppress(OSError):
            self.sink.shutdown(socket.SHUT_WR)


class WiredCluster(Cluster):
    """A gateway and nodes that are processes of their own; between the nodes there are wires."""

    def __init__(self, regions, data):
        self.environment_of_nodes = {**os.environ, "ARCHIPELAGO_CLUSTER_TOKEN": SECRET}
        self.wires = {region: Wire() for region in regions}
        self.data, self.processes, self.addresses = data, {}, {}
        for region in regions:
            self.start(region)
        listen = f"127.0.0.1:{free_port()}"
        command = [PROGRAM, "gateway", "--listen", listen, "--topology", book(self.addresses)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment_of_nodes)
        self.url = f"http://{listen}"
        self.wait_until_ready()

    def start(self, region):
        others = {other: wire.address for other, wire in self.wires.items() if other != region}
        command = [PROGRAM, "region-node", "--region", region, "--topology", book(others)]
        command += ["--listen", self.addresses.get(region, "127.0.0.1:0"), "--data-dir", self.data / region]
        node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment_of_nodes)
        address = node.stdout.readline().removeprefix("listening on ").strip()
        assert address, f"the node of {region} has not started"
        self.processes[region] = node
        self.addresses[region] = self.wires[region].target = address

    def wait_until_ready(self):
        for _ in range(300):
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/readyz", timeout=10).ok:
                    return
            time.sleep(0.1)
        raise AssertionError(f"the gateway is not ready, exit {self.process.poll()}")

    def nodes(self):
        return {region: node.pid for region, node in self.processes.items()}

    def kill(self, region):
        self.processes[region].kill()
        self.processes[region].wait()
        self.processes[region].stdout.close()

    def stop(self, with_signal=signal.SIGTERM):
        status = super().stop(with_signal)
        for node in self.processes.values():
            node.kill()
            node.wait()
        for wire in self.wires.values():
            wire.close()
        return status


def book(addresses):
    return ",".join(f"{region}={address}" for region, address in addresses.items())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
