"""Waits that were measured, beside those of the simulation of crates/scale."""

import re
import statistics
import subprocess
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.settings import BenchError

from . import package
from .clients import read_seconds

# As in crates/scale/src/day.rs: one client in forty submits a batch of forty.
BATCH_SHARE, BATCH_SIZE = 1 / 40, 40
# What exports are: a small report, or an archive of so many pictures.
SHARES = {"report": 0.6, 1: 0.2, 2: 0.1, 3: 0.1}
# Service times are drawn so often, since one draw has waits of its own.
DRAWS = 20
TOLERANCE = 0.25
# Records have milliseconds, and a free worker takes some of them to begin: less than this is no difference.
NO_DIFFERENCE = 0.01


@dataclass
class Export:
    at: float
    size: object  # A key of SHARES.
    kind: str
    body: dict


def draw_exports(rng, ids, number, rate):
    """Draws exports at random times, as many a second as `rate` says, half of them in batches."""
    exports, at = [], 0.0
    mean = 1 - BATCH_SHARE + BATCH_SHARE * BATCH_SIZE
    while len(exports) < number:
        at += rng.expovariate(rate / mean)
        for _ in range(BATCH_SIZE if rng.random() < BATCH_SHARE else 1):
            exports.append(draw_export(rng, ids, at))
    return exports[:number]


def draw_export(rng, ids, at):
    size = rng.choices(list(SHARES), SHARES.values())[0]
    if size == "report":
        return Export(at, size, "pdf", package.choose_report(rng, is_small=True))
    return Export(at, size, "zip", package.choose_archive(ids, size, rng))


class Times:
    """When a job was created, begun and completed, in seconds."""

    def __init__(self, record):
        if record["status"] != "completed":
            raise BenchError(f"job {record['job_id']} failed: {record['error']}")
        self.created, self.begun, self.ended = (
            read_seconds(record[name]) for name in ("created_at", "started_at", "completed_at"))

    def wait(self):
        return self.begun - self.created

    def service(self):
        return self.ended - self.begun


class ServiceTimes:
    """Measured times of each size of export, and the pause of a worker between two jobs."""

    def __init__(self, exports, times):
        self.by_size = defaultdict(list)
        for export, time in zip(exports, times):
            self.by_size[export.size].append(time.service())
        if missing := [size for size in SHARES if not self.by_size[size]]:
            raise BenchError(f"too few exports to measure service times of {missing}; give more --exports")
        self.pause = find_pause(times)

    def draw(self, rng, size):
        return rng.choice(self.by_size[size]) + self.pause

    def mean(self):
        """The mean time for which an export occupies a worker."""
        return sum(share * statistics.mean(self.by_size[size]) for size, share in SHARES.items()) + self.pause


def find_pause(times):
    """The median time from the end of a job to the begin of the next one on the same worker, while others wait.

    Records do not name their worker: each job that has waited took the place of the last one that ended before.
    """
    ends = sorted(time.ended for time in times)
    pauses, free = [], []
    for time in sorted(times, key=lambda time: time.begun):
        while ends and ends[0] <= time.begun:
            free.append(ends.pop(0))
        if free:
            end = free.pop()
            if time.created < end:
                pauses.append(time.begun - end)
    return statistics.median(pauses) if pauses else 0.0


def simulate(program, folder, exports, service, rng, workers):
    """The mean, median and 95% of waits in the simulation, each the mean of several draws of service times."""
    path = folder / "exports.txt"
    results = []
    for _ in range(DRAWS):
        path.write_text("".join(f"{export.at:.6f} {service.draw(rng, export.size):.6f}\n" for export in exports))
        output = subprocess.run([program, "--workers", str(workers), "--exports-file", path], text=True,
                                capture_output=True)
        found = re.search(r"mean ([\d.]+) s, median ([\d.]+) s, 95 % ([\d.]+) s", output.stdout)
        if not found:
            raise BenchError(f"{program}: {output.stdout[-500:]}{output.stderr[-500:]}")
        results.append([float(value) for value in found.groups()])
    return [statistics.mean(values) for values in zip(*results)]


def summarize_waits(times):
    """The mean, median and 95% of waits, of the same places in their order as the simulation takes."""
    waits = sorted(time.wait() for time in times)
    return [statistics.mean(waits), waits[len(waits) // 2], waits[len(waits) * 95 // 100]]


def compare(measured, simulated):
    """Returns the lines of the table, and whether all are within the tolerance."""
    rows = []
    for name, real, model in zip(("mean", "median", "95%"), measured, simulated):
        is_within = abs(model - real) <= max(TOLERANCE * real, NO_DIFFERENCE)
        ratio = f"{model / real:.2f}" if real > NO_DIFFERENCE else "–"
        rows.append(([name, f"{real:.2f} s", f"{model:.2f} s", ratio, "yes" if is_within else "no"], is_within))
    return [row for row, _ in rows], all(is_within for _, is_within in rows)
