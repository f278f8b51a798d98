"""Polling clients: statuses of 1,000 different jobs, half of them completed and half queued."""

import contextlib

from .datasets import REPORT, make_small_data
from .rounds import Row, alternate, at_least_share, at_least_times, below
from .servers import Peer, Server, make_store
from .settings import report_progress
from .wrk import run_wrk

STORES = ("Redis", "SQLite")


def measure(settings):
    half = settings.choose(500, 10)
    data = make_small_data(settings)
    with contextlib.ExitStack() as stack:
        targets = {}  # name -> (port, paths)
        for store in STORES:
            server, paths = prepare_server(settings, stack, data, store, half)
            targets[f"status {store}"] = (server.port, paths)
            targets[f"healthz {store}"] = (server.port, ["/healthz"])
        if settings.peer:
            report_progress(f"polls: {half} jobs of the peer")
            peer = stack.enter_context(Peer(settings, data))
            client = peer.client()
            statuses, _ = client.run_jobs("pdf", REPORT, half)
            peer.pause_workers()
            queued = [client.submit("pdf", REPORT) for _ in range(half)]
            targets["status peer"] = (peer.port, interleave([status["job_id"] for status in statuses], queued))

        def poll(name, connections):
            port, paths = targets[name]
            failures = 0.01 if "peer" in name else 0.0
            return lambda: run_wrk(settings, port, paths, connections, failures)

        report_progress("polls: rounds")
        loads = alternate(settings.rounds(), {name: poll(name, 64) for name in targets})
        crowds = alternate(settings.rounds(), {name: poll(name, 256) for name in targets if "status" in name})
    return build_rows(loads, crowds)


def prepare_server(settings, stack, data, store, half):
    """A server without workers whose jobs are half completed and half queued, and the paths of their statuses."""
    report_progress(f"polls: {2 * half} jobs on {store}")
    address = make_store(settings, stack, store)
    with Server(settings, data, address, 2) as server:
        statuses, _ = server.client().run_jobs("pdf", REPORT, half)
    server = stack.enter_context(Server(settings, data, address, 0))
    client = server.client()
    queued = [client.submit("pdf", REPORT) for _ in range(half)]
    return server, interleave([status["job_id"] for status in statuses], queued)


def interleave(completed, queued):
    jobs = [job for pair in zip(completed, queued, strict=True) for job in pair]
    return [f"/api/exports/pdf/{job}" for job in jobs]


def build_rows(loads, crowds):
    rates = {name: [load.rate for load in results] for name, results in loads.items()}
    slowest = {name: [load.p99_ms for load in results] for name, results in crowds.items()}
    rows = []
    for store in STORES if "status peer" in rates else ():
        rows.append(Row(f"statuses at 64 connections, {store}", rates[f"status {store}"], "/s",
                        rates["status peer"], "peer", goal=at_least_times(50) if store == "Redis" else None))
    for store, share in zip(STORES, (0.6, 0.45), strict=True):
        rows.append(Row(f"statuses beside `/healthz`, {store}", rates[f"status {store}"], "/s",
                        rates[f"healthz {store}"], "/healthz", goal=at_least_share(share)))
    for store in STORES:
        rows.append(Row(f"99% of statuses at 256 connections, {store}", slowest[f"status {store}"], "ms",
                        slowest.get("status peer"), "peer", is_time=True, goal=below(10, "ms")))
    return rows
