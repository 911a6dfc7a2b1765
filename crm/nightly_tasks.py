"""What Celery runs. A lost message loses nothing: the ledger says what is left, and `sweep` wakes workers for it."""

from datetime import date

import structlog
from celery import shared_task

from crm import nightly
from crm.jobs import ledger
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.jobs.waking import WAKE_SECONDS

log = structlog.get_logger()
HELPERS = 2


@shared_task
def run_night(as_of: str | None = None) -> str:
    """The night of a day (the oldest that waits, unless told): take its files in, then work; returns the run's state.

    Further days that wait are started by the sweep, one after the other.
    """
    waiting = [date.fromisoformat(as_of)] if as_of else nightly.waiting_dates()
    if not waiting:
        log.warning("no files yet", as_of=str(nightly.last_business_date()))
        return "waits for files"
    day = waiting[0]
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
def sweep() -> str:
    """Wake a worker for a night that is under way, or start the one that is due: whoever was told may be dead, the
    message lost with Redis, or the files late."""
    running = JobRun.objects.using("batch").filter(job=nightly.JOB, state=RunState.RUNNING).first()
    if running is not None:
        work_on.apply_async((running.pk,), expires=WAKE_SECONDS)
        return f"{running.business_date} under way"
    day = nightly.due_date()
    if day is None:
        return "nothing due"
    run_night.apply_async((day.isoformat(),), expires=WAKE_SECONDS)
    return f"{day} due"


@shared_task
def heartbeat() -> None:
    """Sent by beat, done by a worker: it proves both alive."""
    ledger.beat("beat")
