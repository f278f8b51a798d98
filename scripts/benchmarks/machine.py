"""The machine and the versions of what was measured."""

import os
import pathlib
import platform
import subprocess

from .postgres import find_program
from .settings import PEER_PACKAGES, ROOT


def describe_machine():
    """Name -> text, for the head of the document."""
    memory = read_field("/proc/meminfo", "MemTotal").split()[0]
    return {
        "processor": f"{read_field('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{int(memory) / 1024**2:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
    }


def describe_versions(settings):
    commit = read_first_line("git", "rev-parse", "--short=12", "HEAD")
    # The document is written anew each time.
    changed = read_first_line("git", "status", "--porcelain", "--", ".", ":!docs/BENCHMARKS.md")
    versions = {
        "trapline": f"{read_first_line(settings.program, '--version')}, commit {commit}"
                    f"{' with changes' if changed else ''}",
        "Rust": read_first_line("rustc", "--version"),
        "Redis": read_first_line("redis-server", "--version").partition(" sha=")[0],
        "PostgreSQL": read_first_line(find_program("postgres"), "--version"),
        "Python": platform.python_version(),
    }
    if settings.peer:
        versions["peer"] = describe_peer(settings)
    return versions


def describe_peer(settings):
    code = ("import sys, platform\nfrom importlib.metadata import version\n"
            "print('Python', platform.python_version(), *(f', {n} {version(n)}' for n in sys.argv[1:]), sep=' ')")
    return read_first_line(settings.peer_python(), "-c", code, *PEER_PACKAGES).replace(" ,", ",")


def read_field(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "0 unknown"


def read_first_line(*command):
    """The first line that a command prints, or “unknown”."""
    try:
        output = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL, text=True, check=False, cwd=ROOT).stdout.strip()
    except OSError:
        return "unknown"
    return output.partition("\n")[0]
