"""What Celery runs of feeds. Messages only wake: customers.feeds.uploaded decides what is to be done."""

from celery import shared_task

from crm.jobs.waking import WAKE_SECONDS, tell
from customers.feeds import uploaded


@shared_task
def load_upload(upload_id: int) -> str:
    """Load a confirmed upload, unless another worker does so or it is over."""
    return uploaded.load(upload_id)


@shared_task
def sweep_uploads() -> int:
    """Wake workers for uploads whose message was lost or whose worker died, and remove what is stale."""
    waiting = uploaded.sweep()
    for upload_id in waiting:
        load_upload.apply_async((upload_id,), expires=WAKE_SECONDS)
    return len(waiting)


def wake(upload_id: int) -> None:
    """Tell a worker; without a broker the next sweep does."""
    tell(load_upload, upload_id)
