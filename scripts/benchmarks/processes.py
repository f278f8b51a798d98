"""Child processes: free ports, starting, stopping, time and memory."""

import os
import pathlib
import signal
import socket
import subprocess
import time

from .settings import BenchError, report_progress


def find_free_port(distance=None):
    """A free port, of which the port `distance` after it is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            if distance is None:
                return port
            try:
                second.bind(("127.0.0.1", port + distance))
                return port
            except (OSError, OverflowError):
                continue


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, what, seconds=60, pause=0.02):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise BenchError(f"{what} did not happen within {seconds} s")
        time.sleep(pause)


class ChildProcess:
    """A process in a session of its own, which is stopped with everything that it started."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        self.name = pathlib.Path(command[0]).name
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **options)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and issubclass(kind, Exception) and (log := self.read_log()):
            report_progress(f"the end of the log of {self.name}:\n{log[-1500:]}")
        self.stop()

    def wait_until_ready(self, condition, seconds=60, pause=0.02):
        def is_ready():
            if self.child.poll() is not None:
                raise BenchError(f"{self.name} ended: {self.read_log()[-2000:]}")
            return condition()

        try:
            wait_until(is_ready, f"the start of {self.name}", seconds, pause)
        except BaseException:
            self.stop()
            raise

    def read_log(self):
        return self.log.read_text(errors="replace")

    def send(self, number):
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def stop(self):
        if self.child.poll() is None:
            self.send(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                pass
        # What it started and left behind.
        self.send(signal.SIGKILL)
        self.child.wait()

    def memory(self):
        """The memory that it holds now, in MiB."""
        return read_memory(self.child.pid, "VmRSS")

    def most_memory(self):
        """The most memory that it held, in MiB."""
        return read_memory(self.child.pid, "VmHWM")


def read_memory(pid, field, missing=None):
    """A field of a process in MiB; of one that has ended, `missing`."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    if missing is None:
        raise BenchError(f"process {pid} has ended")
    return missing


def read_tree_memory(pid):
    """The memory of a process and its children in MiB, 0 if it has ended."""
    try:
        lists = pathlib.Path(f"/proc/{pid}/task").glob("*/children")  # Each thread has its own.
        children = [child for path in lists for child in path.read_text().split()]
        return read_memory(pid, "VmRSS", missing=0) + sum(map(read_tree_memory, children))
    except OSError:
        return 0


def run_measured(command, log, **options):
    """Runs a command, and returns its seconds and the most memory that it and its children held, in MiB.

    The memory is read from /proc every few milliseconds: the one that `wait4` gives is at least that of this program.
    Pages are laid out in a child, while its parent waits.
    """
    memory = 0.0
    begun = time.perf_counter()
    with open(log, "wb") as output:
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=output, **options)
    try:
        while child.poll() is None:
            memory = max(memory, read_tree_memory(child.pid))
            time.sleep(0.005)
    finally:
        child.kill()
    seconds = time.perf_counter() - begun
    if child.wait():
        raise BenchError(f"{command[0]} failed: {pathlib.Path(log).read_text(errors='replace')[-2000:]}")
    return seconds, memory


def capture_output(command, **options):
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode:
        raise BenchError(f"{command[0]} failed: {result.stdout[-2000:]}")
    return result.stdout.strip()
