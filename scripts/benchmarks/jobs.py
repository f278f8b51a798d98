"""Report jobs: how many a second, how long one takes, and how long one waits for a free worker."""

import contextlib
import json
import time
from statistics import median

from .datasets import REPORT, make_small_data
from .records import read_wait
from .rounds import Row, alternate, at_least_times, below
from .servers import Peer, Server, Worker, make_store
from .settings import ALGAR, report_progress

STORES = ("SQLite", "Redis")
SEASON = json.dumps({"report_type": "seasonal_activity", "start_date": "2018-09-01", "end_date": "2019-01-31"})


def measure(settings):
    return measure_rates(settings) + measure_start(settings)


def measure_rates(settings):
    data = make_small_data(settings)
    with contextlib.ExitStack() as stack:
        servers = {store: stack.enter_context(Server(settings, data, make_store(settings, stack, store), 2))
                   for store in STORES}
        clients = {store: server.client() for store, server in servers.items()}
        if settings.peer:
            clients["peer"] = stack.enter_context(Peer(settings, data)).client()
        for client in clients.values():  # The first jobs of a process are slower.
            client.run_jobs("pdf", REPORT, 4)
        numbers = {name: settings.choose(20, 4) if name == "peer" else settings.choose(200, 20) for name in clients}

        def run_burst(name):
            return lambda: numbers[name] / clients[name].run_jobs("pdf", REPORT, numbers[name])[1]

        report_progress("jobs: rounds")
        rates = alternate(settings.rounds(), {name: run_burst(name) for name in clients})
        single = alternate(settings.rounds(), {
            name: lambda client=client, number=max(2, numbers[name] // 10): time_single_jobs(client, number)
            for name, client in clients.items()})
        memory = {store: server.most_memory() for store, server in servers.items()}
    rows = [Row(f"report jobs with two workers, {store}", rates[store], "/s", rates.get("peer"), "peer",
                goal=at_least_times(15)) for store in STORES]
    rows += [Row(f"one report job on an idle server, {store}", single[store], "ms", single.get("peer"), "peer",
                 is_time=True, goal=below(30, "ms")) for store in STORES]
    rows += [Row(f"most memory of the server, {store}", [memory[store]], "MiB") for store in STORES]
    return rows


def time_single_jobs(client, number):
    """The median of milliseconds from POST to completed, as a client sees them that polls all the time."""
    times = []
    for _ in range(number):
        begun = time.perf_counter()
        client.wait("pdf", client.submit("pdf", REPORT), pause=0.001)
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)


def measure_start(settings):
    """From submission to start with a free worker in another process."""
    with contextlib.ExitStack() as stack:
        store = make_store(settings, stack, "Redis")
        server = stack.enter_context(Server(settings, ALGAR, store, 0))
        stack.enter_context(Worker(settings, ALGAR, store, server.folder / "exports"))
        client = server.client()

        def submit_jobs():
            jobs = [client.wait("pdf", client.submit("pdf", SEASON))["job_id"] for _ in range(settings.choose(10, 3))]
            return [read_wait(store, job) for job in jobs]

        rounds = [submit_jobs() for _ in range(settings.rounds())]
    return [Row("from submission to start, worker in another process", [median(waits) for waits in rounds], "ms"),
            Row("… the slowest of each round", [max(waits) for waits in rounds], "ms")]
