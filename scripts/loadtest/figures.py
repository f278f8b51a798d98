"""What a soak test counts, minute by minute, and its table in Markdown."""

import collections
import threading
from statistics import median

HEAD = ["minute", "requests", "statuses, ms", "submissions, ms", "completed", "failed", "to completion, s", "503",
        "lost to restarts", "idle", "memory, MiB", "descriptors"]


class Figures:
    """Counts and times, which many threads add to."""

    def __init__(self):
        self.lock = threading.Lock()
        self.total = collections.Counter()
        self.minute = collections.Counter()
        self.times = collections.defaultdict(list)
        self.all_times = collections.defaultdict(list)
        self.errors = []

    def count(self, what, number=1):
        with self.lock:
            self.total[what] += number
            self.minute[what] += number

    def add_time(self, what, seconds):
        with self.lock:
            self.times[what].append(seconds)

    def add_error(self, what, text):
        """Counts something that must not happen, and keeps the first texts."""
        self.count(what)
        with self.lock:
            if len(self.errors) < 20:
                self.errors.append(f"{what}: {text}")

    def end_minute(self):
        """Returns the counts and times since the last call, and begins anew."""
        with self.lock:
            minute, times = self.minute, self.times
            self.minute, self.times = collections.Counter(), collections.defaultdict(list)
            for what, values in times.items():
                self.all_times[what] += values
            return minute, times


def find_quantile(values, share):
    """The smallest value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.4999) - 1))]


def format_times(seconds):
    """The median, 95% and 99%, in milliseconds."""
    if not seconds:
        return "–"
    return " / ".join(f"{value * 1000:.1f}" for value in
                      (median(seconds), find_quantile(seconds, 0.95), find_quantile(seconds, 0.99)))


def format_median(values):
    return f"{median(values):.2f}" if values else "–"


def format_row(name, counts, times, idle, memory, descriptors):
    """A line of the table. `memory` and `descriptors` are texts."""
    return format_line([
        name, f"{counts['answers']:,}", format_times(times["status"]), format_times(times["submission"]),
        f"{counts['completed']:,}", counts["failed"], format_median(times["completion"]), counts["503"],
        counts["lost to restarts"], f"{idle:.0%}", memory, descriptors])


def format_line(cells):
    return f"| {' | '.join(map(str, cells))} |"


def format_head(cells):
    return f"{format_line(cells)}\n|{'---|' * len(cells)}"


def fit_slope(samples):
    """The slope of a line through (seconds, MiB) by least squares, in MiB per hour; `None` with too few samples."""
    if len(samples) < 10:
        return None
    middle = sum(at for at, _ in samples) / len(samples)
    mean = sum(value for _, value in samples) / len(samples)
    spread = sum((at - middle) ** 2 for at, _ in samples)
    return sum((at - middle) * (value - mean) for at, value in samples) / spread * 3600
