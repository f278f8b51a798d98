"""Several hosts on one machine: network namespaces on a bridge, as tests/hosts.rs has them.

All of it is in namespaces of its own for networks, mounts and processes, which end with their first process. So
nothing is left over, however the program ends, and two runs do not disturb each other.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from benchmarks.settings import BenchError

# Inside it names the temporary folder.
INSIDE = "TRAPLINE_HOSTS_INSIDE"
NET = "10.78.0"


def is_inside():
    return INSIDE in os.environ


def enter():
    """Returns a temporary folder inside the namespaces. Outside it runs this program there, removes the folder, and
    exits as that program does."""
    if is_inside():
        run_shell("mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up")
        run_shell(f"ip link add br0 type bridge && ip addr add {NET}.1/24 dev br0 && ip link set br0 up")
        return pathlib.Path(os.environ[INSIDE])
    user = ["--user", "--map-root-user"] if os.geteuid() else []
    unshare = ["setpriv", "--pdeathsig", "KILL", "unshare", *user, "--net", "--mount", "--pid", "--mount-proc",
               "--fork", "--kill-child", "--"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        raise BenchError("network namespaces need root, or user namespaces without it; `unshare --net` is refused here")
    folder = tempfile.mkdtemp(prefix="trapline-hosts-")
    child = subprocess.Popen([*unshare, sys.executable, *sys.argv], env={**os.environ, INSIDE: folder})
    try:
        sys.exit(child.wait())
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Host:
    """A host with an address that ends in `number`."""

    def __init__(self, name, number):
        self.name, self.address = name, f"{NET}.{number}"
        run_shell(f"ip netns add {name} && ip link add to-{name} type veth peer name eth0 netns {name} && "
                  f"ip link set to-{name} master br0 up && nsenter --net=/run/netns/{name} sh -c "
                  f"'ip addr add {self.address}/24 dev eth0 && ip link set eth0 up && ip link set lo up'")

    def command(self, *command):
        """A command that runs a program there."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]


def run_shell(script):
    result = subprocess.run(["sh", "-ec", script], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        raise BenchError(f"{script}: {result.stderr.strip()}")
