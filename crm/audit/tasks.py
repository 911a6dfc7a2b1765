"""What Celery's clock runs for the audit trail."""

from celery import shared_task

from crm.audit import anchor


@shared_task
def sign_heads() -> int:
    """Append the signed heads to the anchor file and the log; returns how many chains there are."""
    return len(anchor.anchor().heads)
