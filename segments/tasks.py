"""What Celery runs of segments. A lost message loses nothing: the next night judges every segment."""

from celery import shared_task

from crm.jobs.waking import tell
from segments import refresh
from segments.models import Segment


@shared_task
def judge(segment_id: int) -> str:
    """Find the members of one segment, whose rule was just approved."""
    segment = Segment.objects.using("batch").filter(pk=segment_id).first()
    if segment is None:
        return "gone"
    refresh.refresh_now(segment)
    return segment.code


def wake(segment_id: int) -> None:
    """Tell a worker; without a broker the next night does it."""
    tell(judge, segment_id, expires=None)
