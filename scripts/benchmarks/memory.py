"""Memory: a server that is idle, after many jobs, and an archive of many pictures."""

import contextlib
import json
import time
from statistics import median

from .datasets import (REPORT, SMALL_REPORT, make_pictures, make_small_data, read_first_id, read_ids,
                       repeat_pictures)
from .processes import run_measured
from .rounds import Row, alternate, below, within
from .servers import Server, make_store
from .settings import ALGAR, report_progress

STORES = ("SQLite", "Redis")
BATCH = 100
# Seconds after jobs until their threads have ended and what they had is given back.
AFTER_JOBS = 15


def measure(settings):
    return measure_idle(settings) + measure_jobs(settings) + measure_archives(settings)


def measure_idle(settings):
    with contextlib.ExitStack() as stack:
        stores = {name: make_store(settings, stack, name) for name in STORES}

        def start(store):
            def measure():
                with Server(settings, ALGAR, store, 2) as server:
                    return settle(settings, server)

            return measure

        results = alternate(settings.rounds(), {name: start(store) for name, store in stores.items()})
    return [Row(f"idle server with the example, {name}", results[name], "MiB", goal=below(40, "MiB"))
            for name in STORES]


def measure_jobs(settings):
    many = settings.choose(10_000, 2 * BATCH)
    data = make_small_data(settings)
    archive = json.dumps({"detection_ids": [read_first_id(data)], "include_crops": False})

    def run_server(name):
        def measure():
            report_progress(f"memory: {many:,} jobs on {name}")
            with contextlib.ExitStack() as stack:
                server = stack.enter_context(Server(settings, data, make_store(settings, stack, name), 2))
                run_batch(server, archive)
                first = settle(settings, server, pause=AFTER_JOBS)
                for _ in range(many // BATCH - 1):
                    run_batch(server, archive)
                return first, settle(settings, server, pause=AFTER_JOBS)

        return measure

    results = alternate(settings.rounds(is_long=True), {name: run_server(name) for name in STORES})
    return [Row(f"server after {many:,} jobs, {name}", [last for _, last in results[name]], "MiB",
                [first for first, _ in results[name]], f"after {BATCH}", is_time=True, goal=within(0.1))
            for name in STORES]


def run_batch(server, archive):
    """Runs a hundred jobs, and deletes nine of ten, since the files of ten thousand fill a small disk.

    Most are archives of one table: as many whole reports would take twenty minutes.
    """
    client = server.client()
    for kind, body, number in (("pdf", REPORT, 4), ("pdf", SMALL_REPORT, 16), ("zip", archive, 80)):
        statuses, _ = client.run_jobs(kind, body, number)
        for status in statuses[number // 10:]:
            client.delete(status["job_id"])


def settle(settings, server, pause=3):
    """The memory of an idle server: the median of a second, after a pause of some seconds."""
    time.sleep(settings.choose(pause, 1))
    samples = []
    for _ in range(10):
        samples.append(server.memory())
        time.sleep(0.1)
    return median(samples)


def measure_archives(settings):
    """One archive from the command line; ten times as many detections are the same pictures under other ids."""
    if not settings.peer:
        report_progress("memory: archives are skipped, since the peer's gen.py makes the pictures")
        return []
    pictures = make_pictures(settings, "five")
    few = len(read_ids(pictures))
    data = repeat_pictures(settings, pictures, 10)

    def run_archive(number):
        command = [settings.program, "archive", "--data", data, "--images", pictures, "--max", str(number),
                   "-o", settings.folder / "crops.zip"]
        return lambda: run_measured(command, settings.folder / "log", env=settings.environment())[1]

    results = alternate(settings.rounds(is_long=True), {number: run_archive(number) for number in (few, 10 * few)})
    return [Row(f"archive of {few:,} detections", results[few], "MiB"),
            Row(f"archive of {10 * few:,} detections", results[10 * few], "MiB", results[few], f"{few:,}",
                is_time=True)]
