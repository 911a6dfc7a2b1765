"""What 任务中心 shows of a night: steps, chunks, files and figures, each beside the night before."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.jobs.choices import RunState, StepState
from crm.jobs.models import JobChunk, JobRun, JobStep
from customers.choices import AlertKind, LoadState
from customers.models import FeedLoad
from segments.models import TierScheme

JOB = "nightly"
NIGHTS = 14
ERRORS = 5
STEP_NAMES = {
    "metrics": (_("Customer figures"), _("balances, averages, balance-days")),
    "tiers": (_("Tiers"), _("every active scheme")),
    "alerts": (_("Alerts"), _("maturities, movements, thresholds")),
    "publish": (_("Publish"), _("all at once, in one transaction")),
}


@dataclass(frozen=True)
class NightRow:
    """One line of the list of nights; `share` is its length in percent of the longest."""

    run: JobRun
    seconds: float | None
    share: float
    changed: int | None
    rejected: int

    @property
    def is_whole(self) -> bool:
        return self.run.state == RunState.PUBLISHED


@dataclass(frozen=True)
class StepRow:
    """One step beside the same step of the night before; shares are percent of the longest step of either night."""

    step: JobStep
    title: Any
    note: Any
    seconds: float | None
    rows_before: int | None
    seconds_before: float | None
    chunks: dict[str, int]
    share: float = 0.0
    share_before: float = 0.0

    @property
    def rows_change(self) -> int | None:
        return None if self.rows_before is None else self.step.rows - self.rows_before

    @property
    def seconds_change(self) -> float | None:
        if self.seconds is None or self.seconds_before is None:
            return None
        return self.seconds - self.seconds_before

    @property
    def done(self) -> int:
        return self.chunks.get(StepState.DONE, 0)

    @property
    def failed(self) -> int:
        return self.chunks.get(StepState.QUARANTINED, 0)

    @property
    def total(self) -> int:
        return sum(self.chunks.values())


@dataclass(frozen=True)
class Figure:
    """One number of a published night and of the one before."""

    label: Any
    value: int
    before: int | None

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.value - self.before


@dataclass
class NightPage:
    """Everything of one night."""

    run: JobRun
    before: JobRun | None
    steps: list[StepRow]
    loads: list[FeedLoad]
    figures: list[Figure]
    errors: list[JobChunk]
    seconds: float | None
    moves: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        return sum(load.rows_rejected for load in self.loads)


def span(began: datetime | None, ended: datetime | None) -> float | None:
    """Seconds between two instants, None while one is missing."""
    return None if began is None or ended is None else (ended - began).total_seconds()


def recent_nights() -> tuple[list[NightRow], float | None]:
    """The last nights, newest first, and the median of their seconds."""
    runs = list(JobRun.objects.filter(job=JOB).order_by("-business_date")[:NIGHTS])
    days = [run.business_date for run in runs]
    rejected: Counter[date] = Counter()
    for load in FeedLoad.objects.filter(as_of__in=days).exclude(state=LoadState.SUPERSEDED):
        rejected[load.as_of] += load.rows_rejected
    lengths = [length for run in runs if (length := span(run.started_at, run.finished_at)) is not None]
    longest = max(lengths, default=0.0) or 1.0
    rows = []
    for run in runs:
        seconds = span(run.started_at, run.finished_at)
        changed = run.counts.get("rows")
        rows.append(NightRow(run, seconds, 100 * (seconds or 0) / longest, changed, rejected[run.business_date]))
    return rows, median(lengths) if lengths else None


def night_page(run: JobRun) -> NightPage:
    """One night beside the published one before it."""
    before = (
        JobRun.objects.filter(job=run.job, business_date__lt=run.business_date, published_at__isnull=False)
        .order_by("-business_date")
        .first()
    )
    loads = FeedLoad.objects.filter(as_of=run.business_date).prefetch_related("rejects").order_by("-received_at", "-pk")
    errors = JobChunk.objects.filter(step__run=run).exclude(error="").select_related("step").order_by("step__no", "no")
    return NightPage(
        run=run,
        before=before,
        steps=step_rows(run, before),
        loads=list(loads),
        figures=figures(run.counts, before.counts if before else {}),
        errors=list(errors[:ERRORS]),
        seconds=span(run.started_at, run.finished_at),
        moves=moves(run.counts),
    )


def step_rows(run: JobRun, before: JobRun | None) -> list[StepRow]:
    """The steps in order, with their chunks by state."""
    steps = list(JobStep.objects.filter(run=run).order_by("no"))
    past = {step.name: step for step in JobStep.objects.filter(run=before)} if before else {}
    chunks: dict[int, dict[str, int]] = {}
    for step_id, state in JobChunk.objects.filter(step__run=run).values_list("step_id", "state"):
        counts = chunks.setdefault(step_id, {})
        counts[state] = counts.get(state, 0) + 1
    lengths = [span(one.started_at, one.finished_at) or 0.0 for one in (*steps, *past.values())]
    longest = max(lengths, default=0.0) or 1.0
    return [step_row(step, past.get(step.name), chunks.get(step.pk, {}), longest) for step in steps]


def step_row(step: JobStep, past: JobStep | None, chunks: dict[str, int], longest: float) -> StepRow:
    title, note = STEP_NAMES.get(step.name, (step.name, ""))
    seconds = span(step.started_at, step.finished_at)
    seconds_before = span(past.started_at, past.finished_at) if past else None
    return StepRow(
        step=step,
        title=title,
        note=note,
        seconds=seconds,
        rows_before=past.rows if past else None,
        seconds_before=seconds_before,
        chunks=chunks,
        share=100 * (seconds or 0) / longest,
        share_before=100 * (seconds_before or 0) / longest,
    )


def figures(counts: dict[str, Any], before: dict[str, Any]) -> list[Figure]:
    """Customers, rows written, alerts raised by kind and closed."""
    found = [
        Figure(label, int(counts[key]), int(before[key]) if key in before else None)
        for key, label in (("customers", _("Customers")), ("rows", _("Rows written")))
        if key in counts
    ]
    raised, raised_before = counts.get("alerts", {}), before.get("alerts", {})
    for kind in AlertKind:
        if kind in raised:
            value = int(raised[kind]["raised"])
            past = int(raised_before[kind]["raised"]) if kind in raised_before else None
            found.append(Figure(_("New: %(kind)s") % {"kind": kind.label}, value, past))
    if "alerts_closed" in counts:
        past = int(before["alerts_closed"]) if "alerts_closed" in before else None
        found.append(Figure(_("Alerts closed"), int(counts["alerts_closed"]), past))
    return found


def moves(counts: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(name of the scheme, customers up, customers down) of the night."""
    of_schemes = counts.get("moves", {})
    names = scheme_names(of_schemes)
    return [(names.get(code, code), *ups_and_downs(pairs.items())) for code, pairs in of_schemes.items()]


def scheme_names(codes: Collection[str], using: str = "default") -> dict[str, str]:
    """What the newest version of each of these schemes is called, in the reader's language."""
    if not codes:
        return {}
    versions = TierScheme.objects.using(using).filter(code__in=codes).order_by("version")
    return {scheme.code: scheme.name for scheme in versions}


def ups_and_downs(pairs: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """Customers whose tier rose and fell, from "old>new" pairs; 0 means not a customer."""
    up = down = 0
    for pair, customers in pairs:
        old, new = (int(rank) for rank in pair.split(">"))
        if old and new:
            up, down = (up + customers, down) if new > old else (up, down + customers)
    return up, down


@dataclass(frozen=True)
class Progress:
    """A run under way: its current step and the chunks of it."""

    run: JobRun
    title: Any
    number: int
    of: int
    chunks: list[JobChunk]
    seconds: float

    @property
    def done(self) -> int:
        return sum(chunk.state == StepState.DONE for chunk in self.chunks)

    @property
    def percent(self) -> int:
        """Of all steps, counting a step by its chunks."""
        share = self.done / len(self.chunks) if self.chunks else 0
        return int(100 * (max(self.number - 1, 0) + share) / self.of) if self.of else 0


def progress(run: JobRun) -> Progress:
    """How far a run is."""
    steps = list(JobStep.objects.filter(run=run).order_by("no"))
    current = next((step for step in steps if step.no == run.step_no), None)
    chunks = list(JobChunk.objects.filter(step=current).order_by("no")) if current else []
    title = STEP_NAMES.get(current.name, (current.name, ""))[0] if current else ""
    seconds = span(run.started_at, run.finished_at or timezone.now()) or 0.0
    return Progress(run, title, run.step_no, len(steps), chunks, seconds)
