"""What Celery runs of bulk jobs. Messages only wake: crm.workbench.bulk.jobs decides what is to be done."""

from celery import shared_task
from kombu.exceptions import OperationalError

from crm.workbench.bulk import jobs

# A wake-up that nobody took until the next sweep is stale: the sweep sends another.
WAKE_SECONDS = 50


@shared_task
def run_bulk(job_id: int) -> str:
    """Run a confirmed job, unless another worker does so or it is over."""
    return jobs.run(job_id)


@shared_task
def sweep_bulk() -> int:
    """Wake workers for jobs whose message was lost or whose worker died."""
    waiting = jobs.sweep()
    for job_id in waiting:
        run_bulk.apply_async((job_id,), expires=WAKE_SECONDS)
    return len(waiting)


def wake(job_id: int) -> None:
    """Tell a worker; without a broker the next sweep does."""
    try:
        run_bulk.apply_async((job_id,), expires=WAKE_SECONDS, retry=False)
    except OperationalError:
        return
