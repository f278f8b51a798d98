"""Reports on the bundled data of Algar: from the command line, and the parts that take the time."""

import random
import re

from .processes import capture_output, run_measured
from .rounds import Row, alternate
from .settings import ALGAR, BenchError, report_progress

YEAR = ("2018-05-01", "2019-04-30")
SEASON = ("2018-05-01", "2018-08-31")


def measure(settings):
    times = settings.folder / "times.csv"
    write_times(times)
    report = [settings.program, "report", "--data", ALGAR, "-o", settings.folder / "report.pdf"]
    year = [*report, "--from", YEAR[0], "--to", YEAR[1]]
    seasons = [*report, "--type", "comparison", "--compare", "Summer=2018-06-01..2018-08-31",
               "--compare", "Winter=2018-12-01..2019-02-28"]

    def run_report(command):
        return lambda: run_measured(command, settings.folder / "log", env=settings.environment())

    parts = {
        "numbers of a season of Algar": ("numbers", ALGAR, *SEASON),
        "numbers of a year of Algar": ("numbers", ALGAR, *YEAR),
        "28 overlaps of activity, 200 times for each species": ("overlap", times),
        "50 charts and 1,000 rows of tables": ("layout_time", ALGAR, *YEAR),
    }
    results = alternate(settings.rounds(), {
        "year": run_report(year),
        "seasons": run_report(seasons),
        **{part: run for part, call in parts.items() if (run := prepare_example(settings, *call))},
    })
    rows = []
    for name, what in (("year", "report.pdf of a year of Algar"), ("seasons", "comparison of two seasons of Algar")):
        seconds, memory = zip(*results.pop(name), strict=True)
        rows += [Row(what, list(seconds), "s"), Row(f"{what}, memory", list(memory), "MiB")]
    for name, measured in results.items():
        if len(measured[0]) > 1:  # The first time in a process, and the median of ten more.
            rows.append(Row(f"{name}, first time", [first for first, _ in measured], "ms"))
        rows.append(Row(name, [times[-1] for times in measured], "ms"))
    return rows


def prepare_example(settings, name, *arguments):
    """A call of an example; `None` if it is missing beside a ready program."""
    try:
        command = [settings.tool(f"examples/{name}"), *arguments]
    except BenchError as error:
        report_progress(f"reports: a part is left out: {error}")
        return None
    return lambda: read_milliseconds(capture_output(command, env=settings.environment()))


def read_milliseconds(output):
    """The milliseconds that an example prints."""
    return [float(number) for number in re.findall(r"(\d+) ms", output)]


def write_times(path):
    """Eight species with 200 times each, of which every pair is compared."""
    random.seed(1)
    with open(path, "w") as file:
        file.write("zone,class,time\n")
        for species in range(1, 9):
            for _ in range(200):
                time = (species / 8 + (random.random() + random.random() - 1) / 3 + 1) % 1
                file.write(f"1,class{species},{time:f}\n")
