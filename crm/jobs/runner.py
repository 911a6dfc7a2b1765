"""Working through a run: claim, compute, move on. Any number of processes may work on the same run."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.db.models import F
from django.utils import timezone

from crm.jobs import ledger
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import JobChunk, JobRun, JobStep

log = structlog.get_logger()

IDLE_SECONDS = 0.1
DATABASE_PATIENCE_SECONDS = 120.0

Arguments = dict[str, Any]
Counts = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of a job: `plan` names its chunks when the step begins, `compute` does one of them.

    Both run in a transaction on the batch alias. A chunk of an `essential` step that fails three times ends the run;
    of another step it is set aside, and the run goes on and says so.
    """

    name: str
    plan: Callable[[JobRun], list[Arguments]]
    compute: Callable[[JobRun, Arguments], Counts]
    essential: bool = True


def one_chunk(run: JobRun) -> list[Arguments]:
    """The plan of a step that is a single piece."""
    return [{}]


def work(run: JobRun, steps: Sequence[Step], *, on_progress: Callable[[JobRun], None] | None = None) -> JobRun:
    """Work on the run until it is over, side by side with any other process that does; returns the run as it ended.

    A database that goes away is waited for; everything else that a chunk raises is recorded on it, and it is tried
    again up to three times.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}"
    lost_at: float | None = None
    while True:
        try:
            if on_progress is not None:
                on_progress(run)
            over = turn(run, steps, worker)
            lost_at = None
        except (OperationalError, InterfaceError):
            lost_at = lost_at or time.monotonic()
            connections["batch"].close()
            if time.monotonic() - lost_at > DATABASE_PATIENCE_SECONDS:
                raise
            time.sleep(0.5)
            continue
        if over:
            return JobRun.objects.using("batch").get(pk=run.pk)


def turn(run: JobRun, steps: Sequence[Step], worker: str) -> bool:
    """One chunk, or one move to the next step, or a short wait for others; True when the run is over."""
    claim = ledger.claim_chunk(run, worker)
    if claim is not None:
        compute(run, steps[claim.step_no - 1], claim, is_last=claim.step_no == len(steps))
        return False
    try:
        return advance(run, steps) != RunState.RUNNING
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a step that cannot even be planned
        log.error("step not opened", run=run.pk, error=without_values(error))
        ledger.fail_run(run, without_values(error))
        return True


def compute(run: JobRun, step: Step, claim: ledger.Claim, *, is_last: bool) -> None:
    """One chunk in one transaction; the last step's transaction also marks the run published."""
    try:
        with transaction.atomic(using="batch"):
            ledger.hold_chunk(run, claim)
            counts = step.compute(run, claim.arguments)
            ledger.finish_chunk(claim, counts)
            if is_last:
                ledger.publish_run(run, counts)
    except ledger.FencedOff:
        log.warning("chunk taken over", step=step.name, chunk=claim.number)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        told = without_values(error)
        log.error("chunk failed", step=step.name, chunk=claim.number, attempt=claim.attempts, error=told)
        ledger.release_chunk(claim, told)


def without_values(error: Exception) -> str:
    """What went wrong, for pages and logs. The whole text of a database error may repeat a customer's row: of such only
    kind, state, table and column are told."""
    if not isinstance(error, DatabaseError):
        return f"{type(error).__name__}: {error}"
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    parts = [type(error).__name__, getattr(cause, "sqlstate", None)]
    parts += [getattr(diagnosis, name, None) for name in ("table_name", "column_name", "constraint_name")]
    return " ".join(str(part) for part in parts if part)


def advance(run: JobRun, steps: Sequence[Step]) -> str:
    """Close the current step when all its chunks are done and open the next one; returns the state of the run."""
    with transaction.atomic(using="batch"):
        row = JobRun.objects.using("batch").select_for_update().get(pk=run.pk)
        if row.epoch != run.epoch:
            return RunState.CANCELLED
        current = JobStep.objects.using("batch").filter(run=row, no=row.step_no).first()
        if current is not None and not close_step(row, current, steps):
            if row.state == RunState.RUNNING:
                time.sleep(IDLE_SECONDS)
            return JobRun.objects.using("batch").get(pk=row.pk).state
        if row.state != RunState.RUNNING or row.step_no == len(steps):
            return row.state
        open_step(row, steps)
        return row.state


def close_step(run: JobRun, current: JobStep, steps: Sequence[Step]) -> bool:
    """True when every chunk of the step has ended; a spoilt essential step fails the run instead."""
    if current.state == StepState.DONE:
        return True
    ledger.set_aside_deadly(current.pk)
    chunks = list(JobChunk.objects.using("batch").filter(step=current).only("state", "rows", "counts", "error"))
    spoilt = [chunk for chunk in chunks if chunk.state == StepState.QUARANTINED]
    if spoilt and steps[current.no - 1].essential:
        ledger.fail_run(run, f"{current.name}: {spoilt[0].error}")
        return False
    if any(chunk.state in (StepState.PENDING, StepState.RUNNING) for chunk in chunks):
        return False
    current.state, current.finished_at = StepState.DONE, timezone.now()
    current.rows = sum(chunk.rows for chunk in chunks)
    current.counts = summed([chunk.counts for chunk in chunks])
    if spoilt:
        current.counts["set_aside"] = len(spoilt)
    current.save(using="batch")
    return True


def open_step(run: JobRun, steps: Sequence[Step]) -> None:
    """Begin the next step with the chunks that its plan names."""
    JobRun.objects.using("batch").filter(pk=run.pk).update(step_no=F("step_no") + 1)
    run.step_no += 1
    current = JobStep.objects.using("batch").get(run=run, no=run.step_no)
    current.state, current.started_at = StepState.RUNNING, timezone.now()
    current.save(using="batch")
    plan = steps[run.step_no - 1].plan(run)
    JobChunk.objects.using("batch").bulk_create(
        JobChunk(step=current, no=number, arguments=arguments) for number, arguments in enumerate(plan, start=1)
    )


def summed(counts: list[Counts]) -> Counts:
    """Counts of all chunks added up, key by key."""
    total: Counts = {}
    for one in counts:
        for key, value in one.items():
            if isinstance(value, int | float):
                total[key] = total.get(key, 0) + value
            else:
                total[key] = value
    return total
