"""Times of the hot paths, one function each: the benchmarks `micro` of the crates."""

import re

from .processes import capture_output
from .rounds import Row
from .settings import ROOT, BenchError, report_progress

NANOSECONDS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}
# A line of the tree that divan prints: name, fastest, slowest and median.
LEAF = re.compile(r"^[├╰]─ (.+?)  +(\S+ \S+) +│ (\S+ \S+) +│ (\S+ \S+) +│")


def measure(settings):
    report_progress("micro: building the benchmarks")
    # Without link-time optimization, which would take minutes for each crate; instructions are counted in the same
    # profile.
    command = ["cargo", "bench", "--locked", "--workspace", "--bench", "micro"]
    quick = ["--", "--sample-count", "3"] if settings.quick else []
    rows = read_rows(capture_output([*command, *quick], cwd=ROOT))
    if not rows:
        raise BenchError("the benchmarks printed no times")
    return rows


def read_rows(output):
    """The rows out of what divan prints; the fastest and the slowest time are the spread."""
    rows = []
    for line in output.splitlines():
        if leaf := LEAF.match(line):
            name, fastest, slowest, middle = leaf.groups()
            unit = middle.split()[1]
            times = [read_nanoseconds(time) / NANOSECONDS[unit] for time in (fastest, middle, slowest)]
            rows.append(Row(name, times, unit))
    return rows


def read_nanoseconds(text):
    number, unit = text.split()
    return float(number) * NANOSECONDS[unit]
