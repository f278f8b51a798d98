"""Cost that does not grow: statuses, submissions and claims at few and at a million records."""

import contextlib
import time
from statistics import median

from .datasets import SMALL_REPORT, make_small_data
from .records import copy_record
from .rounds import Row, alternate, within
from .servers import Server, make_store
from .settings import report_progress
from .wrk import run_wrk

STORES = ("SQLite", "Redis")
FEW, POLLED, MANY = 10, 1000, 1_000_000


def measure(settings):
    rows = []
    for name in STORES:
        rows += measure_store(settings, name)
    return rows


def measure_store(settings, name):
    many = settings.choose(MANY, 50_000)
    data = make_small_data(settings)
    with contextlib.ExitStack() as stack:
        stores, paths = {}, {}
        for number in (FEW, POLLED, many):
            store = stores[number] = make_store(settings, stack, name)
            with Server(settings, data, store, 1) as server:
                statuses, _ = server.client().run_jobs("pdf", SMALL_REPORT, 1)
            begun = time.monotonic()
            ids = copy_record(store, statuses[0]["job_id"], number - 1)
            report_progress(f"growth: {number:,} records in {name} after {time.monotonic() - begun:.0f} s")
            paths[number] = [f"/api/exports/pdf/{job}" for job in [statuses[0]["job_id"], *ids]]
        results = {}
        with contextlib.ExitStack() as servers:
            idle = {number: servers.enter_context(Server(settings, data, store, 0))
                    for number, store in stores.items()}
            # As many different jobs of each, since requests for the same job at one moment share a read.
            results[POLLED, "statuses of 1,000 jobs at 64 connections"] = alternate(settings.rounds(), {
                number: poll(settings, idle[number].port, paths[number][:POLLED]) for number in (POLLED, many)})
            results[FEW, "one submission"] = alternate(settings.rounds(), {
                number: submit_jobs(settings, idle[number].client()) for number in (FEW, many)})
        with contextlib.ExitStack() as servers:
            working = {number: servers.enter_context(Server(settings, data, stores[number], 1))
                       for number in (FEW, many)}
            results[FEW, "submission to claim"] = alternate(settings.rounds(), {
                number: claim_jobs(settings, server.client()) for number, server in working.items()})
    return [Row(f"{what}, {name}, {many:,} records", by_number[many], "/s" if "statuses" in what else "ms",
                by_number[few], f"{few:,} records", is_time="statuses" not in what, goal=within(0.2))
            for (few, what), by_number in results.items()]


def poll(settings, port, paths):
    return lambda: run_wrk(settings, port, paths).rate


def submit_jobs(settings, client):
    """The milliseconds of a submission, one after the other. The jobs are deleted, since few should stay few."""

    def measure():
        begun = time.perf_counter()
        jobs = [client.submit("pdf", SMALL_REPORT)
                for _ in take_turns(settings.choose(300, 50), settings.seconds() * 3)]
        milliseconds = (time.perf_counter() - begun) * 1000 / len(jobs)
        for job in jobs:
            client.delete(job)
        return milliseconds

    return measure


def claim_jobs(settings, client):
    """The median of milliseconds until a client that polls all the time sees that a free worker has a job.

    The times in a record would not do: its start is the time at which the worker began to look for a job.
    """

    def measure():
        waits = []
        for _ in take_turns(settings.choose(200, 10), settings.seconds() * 3):
            begun = time.perf_counter()
            job = client.submit("pdf", SMALL_REPORT)
            while client.fetch_status("pdf", job).get("phase") == "queued":
                pass
            waits.append((time.perf_counter() - begun) * 1000)
            client.wait("pdf", job, pause=0.002)
            client.delete(job)
        return median(waits)

    return measure


def take_turns(number, seconds):
    """So many turns, or at least two of them if they take too long."""
    begun = time.perf_counter()
    for turn in range(number):
        if turn > 1 and time.perf_counter() - begun > seconds:
            return
        yield turn
