"""A pytest plugin that writes security-report.json: what the security tests counted, beside the goals of SECURITY §2.

Every worker of a run in parallel hands its counts over when it ends. A goal stands in the report only when the run
measured it, so that nothing is claimed that was not tried.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.security.figures import FIGURES

FILE = "security-report.json"
# Counted once a process and the same in each, so not to be added up.
SAME_IN_EACH = ("urls", "urls_unlisted", "rls_tables")


@dataclass(frozen=True)
class Goal:
    """A figure that has to be `at_least` or `at_most` this; both None where it is only told."""

    name: str
    figure: str
    at_least: int | None = None
    at_most: int | None = None
    needs: str = ""


GOALS = (
    Goal("addresses without a policy", "urls_unlisted", at_most=0, needs="urls"),
    Goal("cells: address × method × role × relation", "cells", at_least=4000),
    Goal("cells with a wrong answer", "wrong", at_most=0, needs="cells"),
    Goal("refused cells, after each of which the business tables' hash was unchanged", "denied"),
    Goal("customers shown to somebody out of scope", "leaks", at_most=0, needs="cells"),
    Goal("plain C2 values in any answer but a reveal", "plain_values", at_most=0, needs="cells"),
    Goal("foreign customers shown with scoping off", "floor_leaks", at_most=0, needs="floor_requests"),
    Goal("requests with scoping off", "floor_requests"),
    Goal("forms that refuse a request without its token", "csrf"),
    Goal("tables under forced row-level security", "rls_tables"),
    Goal("statements that tried to lift row-level security, all refused", "rls_attempts"),
    Goal("requests through one pool that saw a foreign row", "pooled_leaks", at_most=0, needs="pooled_requests"),
    Goal("requests over random branches through one pool", "pooled_requests"),
    )  # fmt: skip


def is_met(goal: Goal, figures: Mapping[str, int]) -> bool | None:
    """None for a goal that is only told."""
    if goal.at_least is None and goal.at_most is None:
        return None
    figure = figures.get(goal.figure, 0)
    return (goal.at_least is None or figure >= goal.at_least) and (goal.at_most is None or figure <= goal.at_most)


def report(figures: Mapping[str, int], failed: int) -> dict[str, Any]:
    """What the file holds."""
    rows = [
        {**asdict(goal), "value": figures.get(goal.figure, 0), "met": is_met(goal, figures)}
        for goal in GOALS
        if goal.figure in figures or (goal.needs and goal.needs in figures)
    ]
    return {"failed_tests": failed, "goals": rows, "figures": dict(sorted(figures.items()))}


def add(figures: Mapping[str, int]) -> None:
    """Take the counts of another process in."""
    for name, value in figures.items():
        FIGURES[name] = max(FIGURES[name], value) if name in SAME_IN_EACH else FIGURES[name] + value


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    add(getattr(node, "workeroutput", {}).get("security_figures", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["security_figures"] = dict(FIGURES)
    elif "cells" in FIGURES:
        path = Path(session.config.rootpath) / FILE
        path.write_text(json.dumps(report(FIGURES, session.testsfailed), ensure_ascii=False, indent=1) + "\n")
