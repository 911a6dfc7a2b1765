"""Timing, and the report that every measurement fills: figures, floors, ratios against goals, facts of the machine."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from crm import db
from crm.embedded.tuning import machine_memory

SETTINGS = ("server_version", "shared_buffers", "work_mem", "maintenance_work_mem", "max_wal_size", "fsync", "jit")


@dataclass(frozen=True)
class Goal:
    """One line: what was measured over what, and the ratio it must not pass."""

    name: str
    measured: float
    floor: float
    at_most: float

    @property
    def ratio(self) -> float:
        return self.measured / self.floor if self.floor else float("inf")

    @property
    def is_met(self) -> bool:
        return self.ratio <= self.at_most


@dataclass
class Report:
    """What one measurement found; seconds unless the name says otherwise."""

    subject: str
    customers: int
    figures: dict[str, Any] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        goals = [
            {"name": one.name, "measured": one.measured, "floor": one.floor, "ratio": round(one.ratio, 3),
             "at_most": one.at_most, "met": one.is_met}
            for one in self.goals
        ]  # fmt: skip
        facts = {"subject": self.subject, "customers": self.customers}
        return {**facts, "machine": machine(), "figures": self.figures, "goals": goals}

    def in_words(self) -> str:
        width = max((len(name) for name in (*self.figures, *(goal.name for goal in self.goals))), default=0)
        lines = [f"{name:<{width}}  {value}" for name, value in self.figures.items()]
        lines += [
            f"{goal.name:<{width}}  {goal.measured:.3f} / {goal.floor:.3f} = {goal.ratio:.2f}  "
            f"(at most {goal.at_most:g}: {'met' if goal.is_met else 'NOT MET'})"
            for goal in self.goals
        ]
        return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were taken on; figures of two machines, or of two days, do not compare."""
    rows = db.fetch_all("SELECT name, setting, unit FROM pg_settings WHERE name = ANY (%s)", [list(SETTINGS)])
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(machine_memory() / 1e9, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "postgresql": {row["name"]: f"{row['setting']}{row['unit'] or ''}" for row in rows},
    }


def seconds_of(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 6)


def median_of(times: int, work: Callable[[], object]) -> float:
    """The median of a few calls."""
    return median(seconds_of(work) for _time in range(times))


def p50_p95(samples: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return round(median(samples), 5), round(quantiles(samples, n=20)[-1], 5)
