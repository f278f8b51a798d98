"""The processes of a soak test: servers, workers and Redis, which end and are started anew."""

import itertools
import os
import pathlib
import signal

from benchmarks.processes import ChildProcess, find_free_port, read_memory, read_tree_memory

# Starting with two cores that are busy takes a second.
START = 60
# A worker may work for --grace seconds (10) after a signal to stop.
STOP = 60
WORKERS = 3


class Member:
    """A place in the fleet: a process, and after its end the one that takes its place.

    `generation` counts the ends: a connection that is older than the last of them had to break.
    """

    def __init__(self, name, folder, command, ready, environment, port=None):
        self.name, self.folder, self.command, self.ready, self.port = name, folder, command, ready, port
        self.environment = environment
        self.generation = 0
        self.is_up = False
        self.process = None

    def start(self):
        log = self.folder / f"{self.name}-{self.generation}.log"
        self.process = ChildProcess(self.command, log, cwd=self.folder, env=self.environment)
        self.process.wait_until_ready(lambda: self.ready in self.process.read_log().lower(), seconds=START)
        self.is_up = True

    def note_end(self):
        self.is_up = False
        self.generation += 1

    def kill(self):
        """As a power cut does: the process and its children end at once."""
        self.note_end()
        self.process.send(signal.SIGKILL)
        self.process.child.wait()

    def terminate(self):
        self.note_end()
        os.kill(self.process.child.pid, signal.SIGTERM)
        self.process.child.wait(STOP)

    def pid(self):
        return self.process.child.pid

    def sample(self):
        """Its memory with that of its children, its own, both in MiB, and its descriptors; `None` if it has ended."""
        pid = self.pid()
        try:
            return read_tree_memory(pid), read_memory(pid, "VmRSS", 0), len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return None

    def stop(self):
        if self.process is not None:
            self.process.stop()


class Fleet:
    """One Redis that writes to its disk, two servers without workers, and three worker processes."""

    def __init__(self, settings, data, ttl):
        self.folder = settings.folder
        self.exports = self.folder / "exports"
        self.socket = self.folder / "redis.sock"
        environment = settings.environment()
        redis = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "yes",
                 "--dir", self.folder]
        self.redis = Member("redis", self.folder, redis, "ready to accept connections", environment)
        common = [*itertools.chain.from_iterable(("--data", part) for part in data), "--store", self.url(),
                  "--artifacts", self.exports, "--ttl", str(ttl)]
        self.servers, self.workers = [], []
        for number in (1, 2):
            port = find_free_port()
            command = [settings.program, "serve", "--workers", "0", "--listen", f"127.0.0.1:{port}", *common]
            self.servers.append(
                Member(f"server {number}", self.folder, command, "listening on", environment, port=port))
        for number in range(1, WORKERS + 1):
            command = [settings.program, "worker", "--workers", "1", *common]
            self.workers.append(Member(f"worker {number}", self.folder, command, "working for", environment))

    def url(self):
        return f"redis+unix://{self.socket}"

    def members(self):
        return [*self.servers, *self.workers, self.redis]

    def __enter__(self):
        try:
            for member in [self.redis, *self.servers, *self.workers]:
                member.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for member in [*self.servers, *self.workers, self.redis]:
            member.stop()

    def list_files(self):
        """The names of all files, finished or not, without the hidden folder of the program's own notes."""
        return {path.name for path in pathlib.Path(self.exports).iterdir() if path.name != ".trapline"}

    def measure_cpu(self):
        """The seconds of processor time that the processes have used, ended ones and this program included."""
        own = os.times()
        live = sum(read_cpu(member.pid()) for member in self.members())
        return live + own.user + own.system + own.children_user + own.children_system


def read_cpu(pid):
    """The seconds of processor time of a process and of its ended children."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime, stime, cutime and cstime are fields 14 to 17; the name and the number stand before these.
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
