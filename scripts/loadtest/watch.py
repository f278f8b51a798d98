"""Samples memory and descriptors of each process, once a second, and the idle time of the machine."""

import pathlib
import threading
import time


class Watch(threading.Thread):
    """`samples` is name -> list of (seconds, generation, memory with children, own memory, descriptors)."""

    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.fleet = fleet
        self.begun = time.monotonic()
        self.samples = {member.name: [] for member in fleet.members()}
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(1):
            for member in self.fleet.members():
                generation = member.generation
                sample = member.sample()
                # A sample from before an end must not count for the next process.
                if sample and sample[2] and generation == member.generation:
                    self.samples[member.name].append((time.monotonic() - self.begun, generation, *sample))

    def find_most(self, names, since):
        """The largest memory and the most descriptors of each, since a time, as texts."""
        memory, descriptors = [], []
        for name in names:
            recent = [sample for sample in self.samples[name] if sample[0] >= since]
            memory.append(f"{max((sample[2] for sample in recent), default=0):.0f}")
            descriptors.append(str(max((sample[4] for sample in recent), default=0)))
        return " ".join(memory), " ".join(descriptors)


def read_processor_times():
    """The seconds of all cores since the start of the machine, in all and idle, in ticks."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return sum(fields), fields[3] + fields[4]


class IdleMeter:
    """The share of the machine's time that is idle, from one call to the next."""

    def __init__(self):
        self.last = read_processor_times()

    def read(self):
        now = read_processor_times()
        total, idle = (after - before for after, before in zip(now, self.last))
        self.last = now
        return idle / total if total else 0.0
