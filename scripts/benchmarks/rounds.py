"""Rounds that alternate between what is compared, and the row of the table that they give."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


def alternate(rounds, sides):
    """Calls each of `sides` (name -> function) once a round, and returns name -> list of results.

    What is compared is measured within seconds of each other, so a slow minute of the machine slows all of it.
    """
    results = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            results[name].append(measure())
    return results


@dataclass
class Row:
    """One row: ours, what it is compared with, and a goal. Each list has one value for each round."""

    what: str
    ours: list[float]
    unit: str
    other: list[float] | None = None
    other_name: str = ""
    is_time: bool = False  # or memory: less is better
    goal: "Goal | None" = None

    def ratios(self):
        """How many times as good as the other we are, for each round: more is better."""
        pairs = zip(self.ours, self.other or [], strict=False)
        return [other / ours if self.is_time else ours / other for ours, other in pairs if ours and other]

    def is_met(self):
        """Whether the goal is met; `None` without a goal, or without what it compares with."""
        return self.goal.is_met(self) if self.has_goal() else None

    def has_goal(self):
        return self.goal is not None and (bool(self.ratios()) or not self.goal.is_relative)


@dataclass(frozen=True)
class Goal:
    text: str
    is_met: Callable[[Row], bool]
    is_relative: bool = False


def at_least_times(times):
    return Goal(f"at least {times} times", lambda row: median(row.ratios()) >= times, is_relative=True)


def at_least_share(share):
    return Goal(f"at least {share:.0%}", lambda row: median(row.ratios()) >= share, is_relative=True)


def at_most(bound, unit):
    return Goal(f"at most {bound:,g} {unit}", lambda row: median(row.ours) <= bound)


def below(bound, unit):
    return Goal(f"under {bound:,g} {unit}", lambda row: median(row.ours) < bound)


def within(share):
    """Ours costs at most `share` more than the other: a rate falls or a time grows by no more."""

    def is_met(row):
        ours, other = median(row.ours), median(row.other)
        return ours <= other * (1 + share) if row.is_time else ours >= other * (1 - share)

    return Goal(f"within {share:.0%}", is_met, is_relative=True)
