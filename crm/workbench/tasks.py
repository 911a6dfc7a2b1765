"""What Celery runs of exports. Messages only wake: customers.exports decides what is to be done."""

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from customers.exports import requests, runs
from segments.tiers import primary_tiers

# A wake-up that nobody took until the next sweep is stale: the sweep sends another.
WAKE_SECONDS = 50


@shared_task
def make_export(export_id: int) -> str:
    """Make the file of a request, unless another worker does so or it is over."""
    return runs.run(export_id, primary_tiers(), timezone.now())


@shared_task
def sweep_exports() -> int:
    """Wake workers for requests whose message was lost or whose worker died, and remove what is over."""
    waiting = requests.sweep(timezone.now())
    for export_id in waiting:
        make_export.apply_async((export_id,), expires=WAKE_SECONDS)
    return len(waiting)


def wake(export_id: int) -> None:
    """Tell a worker; without a broker the next sweep does."""
    try:
        make_export.apply_async((export_id,), expires=WAKE_SECONDS, retry=False)
    except OperationalError:
        return
