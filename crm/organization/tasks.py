"""What Celery's clock runs for sign-ins."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_sessions() -> None:
    """Remove the rows of sessions that have ended; their cookies were worth nothing already."""
    call_command("clearsessions")
