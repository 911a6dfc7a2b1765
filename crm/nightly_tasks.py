"""What Celery runs. A lost message loses nothing: the ledger says what is left, and `sweep` wakes workers for it."""

from datetime import date

import structlog
from celery import shared_task

from crm import nightly
from crm.jobs import ledger
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun

log = structlog.get_logger()
# A wake-up that nobody took until the next sweep is stale: the sweep sends another.
WAKE_SECONDS = 50
HELPERS = 2


@shared_task
def run_night(as_of: str | None = None) -> str:
    """The night of a day (yesterday unless told): take the waiting files in, then work; returns the run's state."""
    day = date.fromisoformat(as_of) if as_of else nightly.last_business_date()
    try:
        nightly.load_waiting(day)
        run, is_open = nightly.open_night(day)
    except ledger.RunRefused as refusal:
        log.warning("night refused", as_of=str(day), reason=str(refusal))
        return "refused"
    if not is_open:
        return run.state
    for _helper in range(HELPERS):
        work_on.apply_async((run.pk,), expires=WAKE_SECONDS)
    return nightly.work(run).state


@shared_task
def work_on(run_id: int) -> str:
    """Join a night that is under way."""
    run = JobRun.objects.using("batch").filter(pk=run_id, state=RunState.RUNNING).first()
    return nightly.work(run).state if run else "over"


@shared_task
def sweep() -> int:
    """Wake a worker for every night that is still running: whoever worked on it may be dead."""
    running = list(JobRun.objects.using("batch").filter(job=nightly.JOB, state=RunState.RUNNING))
    for run in running:
        work_on.apply_async((run.pk,), expires=WAKE_SECONDS)
    return len(running)


@shared_task
def heartbeat() -> None:
    """Sent by beat, done by a worker: it proves both alive."""
    ledger.beat("beat")
