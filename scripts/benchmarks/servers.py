"""The servers that are measured: ours, its Redis, and the Python peer."""

import os
import pathlib
import signal
import tempfile

from .client import Client
from .processes import ChildProcess, find_free_port, is_listening, wait_until
from .settings import BenchError

PEER_REDIS = 1000  # serve.sh gives its Redis the port so far after its own


class Server(ChildProcess):
    """`trapline serve` on a free port."""

    def __init__(self, settings, data, store, workers, options=(), pause=0.02):
        self.port = find_free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=settings.folder))
        # Records and files stay for the whole run.
        command = [settings.program, "serve", "--data", data, "--store", store, "--artifacts", self.folder / "exports",
                   "--workers", str(workers), "--listen", f"127.0.0.1:{self.port}", "--max-connections", "1024",
                   "--ttl", "86400", *options]
        super().__init__(command, self.folder / "log", cwd=self.folder, env=settings.environment())
        self.wait_until_ready(self.is_healthy, pause=pause)

    def is_healthy(self):
        try:
            Client(self.port).request("GET", "/healthz")
        except (OSError, BenchError):
            return False
        return True

    def client(self):
        return Client(self.port)


class Worker(ChildProcess):
    """`trapline worker` with one worker."""

    def __init__(self, settings, data, store, artifacts):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="worker-", dir=settings.folder))
        command = [settings.program, "worker", "--data", data, "--store", store, "--artifacts", artifacts,
                   "--workers", "1"]
        super().__init__(command, folder / "log", cwd=folder, env=settings.environment())
        self.wait_until_ready(lambda: "working" in self.read_log())


class Redis(ChildProcess):
    """A private `redis-server` on a socket, which keeps nothing on disk."""

    def __init__(self, settings):
        self.folder = tempfile.mkdtemp(prefix="redis-", dir=settings.folder)
        self.socket = f"{self.folder}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                   "--dir", self.folder]
        super().__init__(command, f"{self.folder}/log")
        self.wait_until_ready(lambda: os.path.exists(self.socket))

    def url(self):
        return f"redis+unix://{self.socket}"


def make_store(settings, stack, name):
    """The address of a new store, `Redis` or `SQLite`."""
    if name == "Redis":
        return stack.enter_context(Redis(settings)).url()
    return f"sqlite:{tempfile.mkdtemp(prefix='jobs-', dir=settings.folder)}"


class Peer(ChildProcess):
    """The Python server, as its serve.sh starts it."""

    def __init__(self, settings, data):
        settings.peer_python()
        self.port = find_free_port(PEER_REDIS)
        folder = tempfile.mkdtemp(prefix="peer-", dir=settings.folder)
        environment = {**settings.peer_environment(), "TMPDIR": folder}
        command = ["bash", settings.peer / "serve.sh", data, str(self.port)]
        super().__init__(command, f"{folder}/log", cwd=folder, env=environment)
        self.wait_until_ready(lambda: is_listening(self.port))

    def client(self):
        # Of some thousand statuses one was answered with 500.
        return Client(self.port, retries=3)

    def pause_workers(self):
        """Stops the Celery processes, so that jobs stay queued."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                # The session is the fourth field after the name, which may contain anything.
                session = int((process / "stat").read_text().rpartition(")")[2].split()[3])
                if session == self.child.pid and b"celery" in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGSTOP)
            except OSError:
                continue  # It ended.

    def stop(self):
        self.send(signal.SIGCONT)
        super().stop()
        wait_until(lambda: not is_listening(self.port + PEER_REDIS), "the end of the peer's Redis")
