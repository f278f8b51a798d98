"""Instructions of hot paths, counted by valgrind, and those of the last commit: the benchmarks `instructions`.

A count does not depend on what else the machine does, so a difference is one of the code. It is no goal.
"""

import os
import re
import shutil
import tomllib

from .processes import capture_output
from .rounds import Row
from .settings import ROOT, BenchError, report_progress

TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
# What gungraun prints: a line for each function, and below it its counts.
FUNCTION = re.compile(r"^instructions::\w+::(\w+)")
COUNT = re.compile(r"^ +Instructions: +(\d+)")


def measure(settings):
    if missing := list_missing():
        report_progress(f"instructions: skipped; install what counts them: {' && '.join(missing)}")
        return []
    counts = count_instructions(settings, ROOT)
    before = count_before(settings)
    return [Row(name, [count], "instructions", [before[name]] if name in before else None, "last commit",
                is_time=True) for name, count in counts.items()]


def list_missing():
    """The commands that install what is missing."""
    commands = []
    if not shutil.which("valgrind"):
        commands.append("apt-get install -y valgrind")
    if not shutil.which(os.environ.get("GUNGRAUN_RUNNER", "gungraun-runner")):
        commands.append(f"cargo install --locked gungraun-runner --version {read_version()}")
    return commands


def read_version():
    """The version of the library, which its runner must have as well."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return next(package["version"] for package in packages if package["name"] == "gungraun")


def count_instructions(settings, folder):
    """Name of the function -> instructions, of the sources in a folder."""
    report_progress(f"instructions: building and counting in {folder}")
    # A place of its own for each call, or the runner would compare with the call before.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET), "GUNGRAUN_COLOR": "never",
                   "GUNGRAUN_HOME": str(settings.folder / f"gungraun-{folder.name}")}
    command = ["cargo", "bench", "--locked", "--workspace", "--bench", "instructions"]
    counts, name = {}, None
    for line in capture_output(command, cwd=folder, env=environment).splitlines():
        if function := FUNCTION.match(line):
            name = function[1].replace("_", " ")
        elif name and (count := COUNT.match(line)):
            counts[name] = int(count[1])
    if not counts:
        raise BenchError("the runner printed no instructions")
    return counts


def count_before(settings):
    """The same of the last commit; nothing if it has no such benchmarks or cannot be built."""
    # Cargo builds the sources of another folder anew, but not their dependencies.
    folder = TARGET / "last-commit"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        # The commit before the changes that are measured.
        is_changed = run_git("status", "--porcelain", "--", ".", ":!docs/BENCHMARKS.md")
        commit = "HEAD" if is_changed else "HEAD~1"
        archive = settings.folder / "last-commit.tar"
        run_git("archive", "--output", archive, commit)
        # With the time of now, by which Cargo sees that the files are others.
        capture_output(["tar", "-xmf", archive, "-C", folder])
        if not list(folder.glob("crates/*/benches/instructions.rs")):
            report_progress(f"instructions: {commit} has none to compare with")
            return {}
        return count_instructions(settings, folder)
    except BenchError as error:
        report_progress(f"instructions: nothing to compare with: {error}")
        return {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_git(*command):
    try:
        return capture_output(["git", *command], cwd=ROOT)
    except FileNotFoundError as error:
        raise BenchError(f"git is missing: {error}") from error
