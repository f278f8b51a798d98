"""docs/BENCHMARKS.md: the machine, the versions, the table of a whole run, and what its rows mean."""

from datetime import datetime, timezone

from .machine import describe_machine, describe_versions
from .settings import ROOT, report_progress
from .table import format_markdown, list_missed

PATH = ROOT / "docs/BENCHMARKS.md"
TITLES = {
    "polls": "Polling", "reports": "Reports", "jobs": "Report jobs", "archives": "Archives",
    "growth": "Cost at a million records", "memory": "Memory", "database": "PostgreSQL", "sizes": "Size of a survey",
    "micro": "Hot paths", "instructions": "Instructions of hot paths",
}
# Sections with a table of their own, since their rows compare with nothing that runs beside them.
OWN_TABLES = ["micro", "instructions"]
MEANINGS = {
    "polls": "A client that polls. `wrk` requests the statuses of 1,000 different report jobs in order, half of them "
             "completed and half queued, from a server without workers; the peer's workers are stopped as well. The "
             "second pair compares with `/healthz`, which needs no store: the share that is left is the cost of "
             "looking up a job. The last pair is the time within which 99% of responses come when 256 connections "
             "request as fast as they can.",
    "reports": "`trapline report` from the command line, with the start of the program and reading the data; memory is "
               "that of its processes together. The rows below are parts, inside one process: the first time, and the "
               "median of ten more.",
    "jobs": "Jobs for a report of five months on 1,000 observations. *Two workers*: 200 jobs (20 of the peer) are "
            "submitted at once, and the time goes until the last is completed. *Idle server*: one job at a time, from "
            "POST until a client that polls each millisecond sees it completed. *Submission to start*: on Redis, with "
            "one free worker in another process, by the times in the record, which are of Redis and in whole "
            "milliseconds.",
    "archives": "Jobs for archives of crops that fit into 300 pixels; each ZIP is downloaded and checked. The last two "
                "rows compare `trapline archive` with a program that decodes every picture of the archive whole with "
                "libjpeg-turbo, on all cores, and does no more.",
    "growth": "The same server on a store with few and with 1,000,000 records of completed jobs, which are copies of "
              "a real one. *Statuses*: of 1,000 jobs in both, at random among the million, since requests for the same "
              "job at one moment share a read. *Submission*: one after the other on one connection. *Claim*: from "
              "submission until a client sees that a free worker has the job. Ratios near 1 mean that the cost does not grow.",
    "memory": "Resident memory of the whole server process. *Idle*: with the example, after three seconds. *After "
              "10,000 jobs*: compared with the same process after 100 of them, each fifteen seconds after the last "
              "job, when the threads of jobs have ended; of each hundred 4 are whole reports, 16 small ones and 80 archives of a "
              "table.",
    "database": "`trapline report` from the command line. The survey is the one of `make-survey`, spread over two "
                "years, in the tables of [POSTGRESQL.md](POSTGRESQL.md) and, beside it, in files, which are read "
                "anew each time.",
    "sizes": "*Start*: from the start of the process to its first answer to `/healthz`. *Reports*: `trapline report` "
             "on the survey that `make-survey` writes, with reading, computing and layout.",
    "micro": "One function each: the benchmarks `micro` in `crates/*/benches`, by divan, built without optimization at "
             "link time. *Ours* is the median of some samples, *spread* the fastest and the slowest.",
    "instructions": "The instructions of one call, counted by valgrind, which do not depend on what else the machine "
                    "does: the benchmarks `instructions`, by gungraun, built without optimization at link time. *Other* "
                    "is the last commit before what is measured, for information.",
}
READING = """\
Rounds of the two sides alternate in one run: five short ones, or three if one takes many seconds. *Ours* and *other* \
are medians. *Ratio* is how many times as good as the other we are in the same round: more of a rate, less of a time \
or of memory. *Spread* is the smallest and the largest ratio of all rounds, or of our figures if \
there is no other. A goal of times or of a share compares the median of the ratios, any other the medians."""
HOW = """## How to measure again

```
TRAPLINE_PEER=DIR make bench              # everything; writes this page
TRAPLINE_PEER=DIR scripts/bench polls     # one section; prints its table only
scripts/bench --quick                     # tries the program: one short round, whose figures mean little
```

`scripts/bench --help` lists the sections and says what `DIR` must contain: a Python service with the same API \
(FastAPI, Celery with two processes, Redis, reportlab with matplotlib, Pillow). Without it the rows that compare with \
it are left out. Without valgrind or gungraun-runner instructions are left out, and a line says how to install them. \
`scripts/setup bench` installs wrk, Redis, PostgreSQL and Python. A million records take 2 GiB of \
memory in Redis and 1.4 GiB of disk in SQLite. Ten million observations are left out with less than 6 GiB of free \
disk.
"""


def write(settings, results):
    PATH.write_text(build_text(settings, results))
    report_progress(f"wrote {PATH.relative_to(ROOT)}")


def build_text(settings, results):
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    facts = {"date": today, **describe_machine(), **describe_versions(settings)}
    measured = {name: rows for name, rows in results.items() if rows}
    lines = ["# Benchmarks", "", "Written by `make bench`; do not edit.", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {text} |" for name, text in facts.items()]
    compared = {TITLES[name]: rows for name, rows in measured.items() if name not in OWN_TABLES}
    lines += ["", "## Figures", "", format_markdown(compared)]
    for name in OWN_TABLES:
        if name in measured:
            lines += ["", f"## {TITLES[name]}", "", format_markdown({TITLES[name]: measured[name]})]
    missed = [f"- {text}" for text in list_missed(measured)]
    lines += ["", "## Goals that are not met", "", *(missed or ["All are met."]), "", "## What the rows mean", "",
              READING, ""]
    lines += [f"- **{TITLES[name]}.** {MEANINGS[name]}" for name in measured]
    return "\n".join([*lines, "", HOW.rstrip()]) + "\n"
