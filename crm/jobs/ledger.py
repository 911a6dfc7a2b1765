"""The ledger of runs: opening a run, claiming its chunks, moving on to the next step (SECURITY §3.6).

PostgreSQL is the truth; Redis only wakes workers. A claim is committed before the work, so that attempts survive a
kill; the work itself is one transaction that holds the chunk's row lock, so that no second worker can do it at the
same time and a dead worker's lock is gone with its connection.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import db
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import Heartbeat, JobChunk, JobRun, JobStep

MAX_ATTEMPTS = 3
MAX_DEATHS = 10  # claims whose worker died without a word; more than that, and the chunk itself kills workers
RUNS = JobRun.objects.using("batch")


class RunRefused(Exception):
    """The run cannot be opened now; the message says why in plain words."""


class FencedOff(Exception):
    """Another worker or a newer epoch owns this chunk; nothing was written."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to compute one chunk of one step."""

    chunk_id: int
    number: int
    step_no: int
    arguments: dict[str, Any]
    attempts: int


def published_date(job: str = "nightly", using: str = "default") -> date | None:
    """The newest business date whose run is published: what every page shows."""
    newest = JobRun.objects.using(using).filter(job=job, published_at__isnull=False).order_by("-business_date").first()
    return newest.business_date if newest else None


def published_before(day: date, job: str = "nightly") -> date | None:
    """The newest business date before this day whose run is published."""
    earlier = RUNS.filter(job=job, published_at__isnull=False, business_date__lt=day)
    return earlier.order_by("-business_date").values_list("business_date", flat=True).first()


def is_published_before(day: date, job: str = "nightly") -> bool:
    """Whether a run of an earlier day is published."""
    return published_before(day, job) is not None


def first_published(job: str = "nightly", using: str = "default") -> date | None:
    """The business date of the first run that is published."""
    runs = JobRun.objects.using(using).filter(job=job, published_at__isnull=False).order_by("business_date")
    return runs.values_list("business_date", flat=True).first()


def refuse_while_running(job: str) -> None:
    """Raise RunRefused while a run of this job computes; no run can start before the caller's transaction ends."""
    db.hold_lock(f"run:{job}")
    busy = RUNS.filter(job=job, state=RunState.RUNNING).first()
    if busy is not None:
        raise RunRefused(
            _("The run of %(date)s is computing; try again when it has ended.") % {"date": busy.business_date}
        )


def open_run(
    job: str, business_date: date, steps: Sequence[str], *, rerun: bool = False, options: dict[str, Any] | None = None
) -> tuple[JobRun, bool]:
    """The run of this job and day, and whether there is work to do.

    A run that is under way is joined; a failed one starts again with a new epoch; a published one is left alone
    unless `rerun`. Raises RunRefused while another day is running, or when a later day is published already.
    """
    with transaction.atomic(using="batch"):
        db.hold_lock(f"run:{job}")
        busy = RUNS.filter(job=job, state=RunState.RUNNING).exclude(business_date=business_date).first()
        if busy is not None:
            raise RunRefused(_("The run of %(date)s is still going on.") % {"date": busy.business_date})
        published = published_date(job, using="batch")
        if published is not None and business_date < published:
            raise RunRefused(
                _("%(published)s is published already; %(date)s lies before it.")
                % {"published": published, "date": business_date}
            )
        run = RUNS.select_for_update().filter(job=job, business_date=business_date).first()
        if run is not None and run.state == RunState.RUNNING:
            return run, True
        if run is not None and run.state == RunState.PUBLISHED and not rerun:
            return run, False
        if run is None:
            run = JobRun(job=job, business_date=business_date, epoch=0)
        run.epoch += 1
        run.state, run.step_no, run.message = RunState.RUNNING, 0, ""
        run.started_at, run.finished_at = timezone.now(), None
        # What a published day counted, and what it had to leave out, holds until it is published again.
        run.counts = {**(run.counts if run.published_at else {}), "options": options or {}}
        run.save(using="batch")
        JobStep.objects.using("batch").filter(run=run).delete()
        JobStep.objects.using("batch").bulk_create(
            JobStep(run=run, no=number, name=name) for number, name in enumerate(steps, start=1)
        )
        return run, True


CLAIM = """
UPDATE jobs_jobchunk SET state = 'running', attempts = attempts + 1, worker = %(worker)s,
       started_at = now(), lease_until = now() + %(lease)s
WHERE id = (SELECT c.id FROM jobs_jobchunk c
            JOIN jobs_jobstep s ON s.id = c.step_id JOIN jobs_jobrun r ON r.id = s.run_id
            WHERE r.id = %(run)s AND r.epoch = %(epoch)s AND r.state = 'running' AND s.no = r.step_no
              AND (c.state = 'pending' OR (c.state = 'running' AND c.lease_until < now())) AND c.attempts < %(deaths)s
            ORDER BY c.no FOR UPDATE OF c SKIP LOCKED LIMIT 1)
RETURNING id, no, arguments, attempts, (SELECT no FROM jobs_jobstep WHERE id = step_id) AS step_no
"""


def claim_chunk(run: JobRun, worker: str) -> Claim | None:
    """Take the next free chunk of the current step, or one whose worker died; None when there is none."""
    with transaction.atomic(using="batch"):
        rows = db.fetch_all(
            CLAIM,
            {
                "run": run.pk,
                "epoch": run.epoch,
                "worker": worker[:80],
                "lease": timedelta(seconds=settings.CHUNK_LEASE_SECONDS),
                "deaths": MAX_DEATHS,
            },
        )
    if not rows:
        return None
    row = rows[0]
    return Claim(row["id"], row["no"], row["step_no"], json.loads(row["arguments"]), row["attempts"])


def hold_chunk(run: JobRun, claim: Claim) -> None:
    """Lock the chunk for the rest of the transaction; raises FencedOff when it is no longer this worker's."""
    rows = db.fetch_all(
        "SELECT c.attempts, c.state, r.epoch, r.state AS run_state FROM jobs_jobchunk c "
        "JOIN jobs_jobstep s ON s.id = c.step_id JOIN jobs_jobrun r ON r.id = s.run_id "
        "WHERE c.id = %s FOR UPDATE OF c",
        [claim.chunk_id],
    )
    mine = rows and (rows[0]["attempts"], rows[0]["state"]) == (claim.attempts, StepState.RUNNING)
    if not mine or rows[0]["epoch"] != run.epoch or rows[0]["run_state"] != RunState.RUNNING:
        raise FencedOff


def finish_chunk(claim: Claim, counts: dict[str, int]) -> None:
    """Mark the chunk done, in the transaction that did its work."""
    JobChunk.objects.using("batch").filter(pk=claim.chunk_id).update(
        state=StepState.DONE, finished_at=timezone.now(), rows=counts.get("rows", 0), counts=counts, error=""
    )


def release_chunk(claim: Claim, error: str) -> None:
    """Give a failed chunk back, or set it aside after its last attempt."""
    last = claim.attempts >= MAX_ATTEMPTS
    JobChunk.objects.using("batch").filter(pk=claim.chunk_id, attempts=claim.attempts).update(
        state=StepState.QUARANTINED if last else StepState.PENDING, lease_until=None, error=error[:4000]
    )


def set_aside_deadly(step_id: int) -> None:
    """Set aside chunks of this step that outlived MAX_DEATHS workers."""
    JobChunk.objects.using("batch").filter(
        step_id=step_id, state=StepState.RUNNING, attempts__gte=MAX_DEATHS, lease_until__lt=timezone.now()
    ).update(state=StepState.QUARANTINED, error=f"{MAX_DEATHS} workers died on this chunk")


def fail_run(run: JobRun, message: str) -> None:
    """End a run that cannot go on; what was published before stays as it is."""
    RUNS.filter(pk=run.pk, epoch=run.epoch, state=RunState.RUNNING).update(
        state=RunState.FAILED, finished_at=timezone.now(), message=message[:4000]
    )


def publish_run(run: JobRun, counts: dict[str, Any]) -> None:
    """Mark the run published, in the transaction that publishes its results."""
    now = timezone.now()
    merged = {**RUNS.get(pk=run.pk).counts, **counts}
    RUNS.filter(pk=run.pk, epoch=run.epoch).update(
        state=RunState.PUBLISHED, finished_at=now, published_at=now, counts=merged
    )


def beat(name: str) -> None:
    """Note that this part of the system is alive."""
    Heartbeat.objects.using("batch").update_or_create(name=name, defaults={"at": timezone.now()})
