"""Surveys of different sizes: a report from the command line, and the start of a server."""

import contextlib
import shutil
import time

from .datasets import make_survey
from .processes import run_measured
from .rounds import Row, alternate, below
from .servers import Server, make_store
from .settings import ALGAR, report_progress

MILLION = 1_000_000
TEN_MILLION = 10 * MILLION
FREE_GIB = 6  # Ten million observations take 1.8 GB of disk, and their report half a minute.
PERIOD = ["--from", "2023-09-01", "--to", "2023-11-30"]


def measure(settings):
    return measure_starts(settings) + measure_reports(settings)


def measure_reports(settings):
    sizes = [10_000, 100_000, *settings.choose([MILLION], [])]
    if not settings.quick:
        if shutil.disk_usage(settings.folder).free > FREE_GIB * 1024**3:
            sizes.append(TEN_MILLION)
        else:
            report_progress(f"sizes: ten million observations are skipped, which need {FREE_GIB} GiB of free disk")
    rows = []
    for size in sizes:
        report_progress(f"sizes: report on {size:,} observations")
        survey = make_survey(settings, size)
        command = [settings.program, "report", "--data", survey, *PERIOD, "-o", settings.folder / "report.pdf"]
        results = [run_measured(command, settings.folder / "log", env=settings.environment())
                   for _ in range(settings.rounds(is_long=size >= MILLION))]
        shutil.rmtree(survey)
        seconds, memory = zip(*results, strict=True)
        rows += [Row(f"report.pdf of {size:,} observations", list(seconds), "s"),
                 Row(f"report.pdf of {size:,} observations, memory", list(memory), "MiB")]
    return rows


def measure_starts(settings):
    """From the start of the process to the first answer."""
    report_progress("sizes: start of a server")
    many = settings.choose(MILLION, 10_000)
    survey = make_survey(settings, many)
    with contextlib.ExitStack() as stack:
        stores = {name: make_store(settings, stack, name) for name in ("SQLite", "Redis")}

        def start(data, store):
            return lambda: time_start(settings, data, stores[store])

        sides = {(data, store): start(path, store)
                 for data, path in (("example", ALGAR), ("many", survey)) for store in stores}
        results = alternate(settings.rounds(), sides)
    rows = []
    for (data, store), times in results.items():
        words, bound = ("the example", 150) if data == "example" else (f"{many:,} observations", 1000)
        rows.append(Row(f"start to first answer with {words}, {store}", times, "ms", goal=below(bound, "ms")))
    return rows


def time_start(settings, data, store):
    begun = time.perf_counter()
    with Server(settings, data, store, 2, pause=0.001):
        return (time.perf_counter() - begun) * 1000
