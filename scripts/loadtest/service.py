"""A service on several hosts: Redis, a host with pictures, servers and workers, each with an address of its own."""

import contextlib
import itertools
import json
import pathlib
import sys
import time

from benchmarks.client import Client
from benchmarks.processes import ChildProcess, capture_output
from benchmarks.settings import ALGAR

from . import package
from .hosts import Host
from .leftovers import read_records

PORT = 8080
SERVERS, WORKERS = 2, 8


class Service:
    """Starts all processes. `seconds` is the time that the host of pictures takes for each of them."""

    def __init__(self, settings, stack, seconds):
        self.settings, self.stack, self.folder = settings, stack, settings.folder
        self.socket = self.folder / "redis.sock"
        redis, pictures = Host("redis", 2), Host("pictures", 3)
        self.start(redis, "eady to accept", "redis-server", "--bind", redis.address, "--protected-mode", "no", "--save",
                   "", "--appendonly", "no", "--unixsocket", self.socket, "--dir", self.folder)
        self.start(pictures, "listening", sys.executable, pathlib.Path(__file__).with_name("picture_host.py"),
                   pictures.address, PORT, package.EXAMPLE / "media", seconds)
        # One detection on a picture: an archive of three of them fetches three pictures.
        self.ids = package.write_package(self.folder / "data", f"http://{pictures.address}:{PORT}", detections=1)
        # A worker fetches one picture after the other, so that an archive of three takes three times as long.
        self.common = ["--store", f"redis://{redis.address}", "--artifacts", self.folder / "exports", "--data",
                       f"algar={ALGAR}", "--data", f"pictures={self.folder / 'data'}", "--fetch-media",
                       "--fetch-private", "--fetch-parallel", "1"]
        # Without tokens a server lets in only its own machine, which the clients of this test are not.
        self.token = json.loads(capture_output([settings.program, "token", "new", "clients", "--json"],
                                               env=settings.environment()))
        self.clients = [self.start_server(number) for number in range(1, SERVERS + 1)]
        for number in range(1, WORKERS + 1):
            self.start(Host(f"worker{number}", 20 + number), "working for", settings.program, "worker", "--workers",
                       "1", *self.common)

    def start(self, host, ready, *command):
        process = ChildProcess(host.command(*command), self.folder / f"{host.name}.log", cwd=self.folder,
                               env=self.settings.environment())
        self.stack.enter_context(process)
        process.wait_until_ready(lambda: ready in process.read_log())

    def start_server(self, number):
        host = Host(f"server{number}", 10 + number)
        self.start(host, "listening on", self.settings.program, "serve", "--workers", "0", "--listen",
                   f"{host.address}:{PORT}", "--access", self.token["access"], "--max-queued-each", "10000",
                   *self.common)
        return Client(PORT, address=host.address, token=self.token["token"])

    def run(self, exports):
        """Submits exports at their times, and waits for all. Returns their records, in the order of submission."""
        ids, begun = [], time.monotonic()
        clients = itertools.cycle(self.clients)
        for export in exports:
            time.sleep(max(0.0, begun + export.at - time.monotonic()))
            ids.append(next(clients).submit(export.kind, package.to_json(export.body)))
        while True:
            records = read_records(f"redis+unix://{self.socket}")
            if all(records[job]["status"] != "processing" for job in ids):
                return [records[job] for job in ids]
            time.sleep(0.5)


@contextlib.contextmanager
def run_service(settings, seconds):
    with contextlib.ExitStack() as stack:
        yield Service(settings, stack, seconds)
