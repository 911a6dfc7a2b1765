"""What Celery runs of campaigns. Messages only wake: campaigns.launching decides what is to be done."""

from celery import shared_task

from campaigns import launching
from campaigns.propensity.tasks import learn_propensity as learn_propensity
from campaigns.propensity.tasks import score_propensity as score_propensity
from campaigns.propensity.tasks import sweep_propensity as sweep_propensity
from crm.jobs.waking import WAKE_SECONDS, tell


@shared_task
def launch(campaign_id: int) -> str:
    """Launch an approved campaign, unless another worker does so or it is over."""
    return launching.run(campaign_id)


@shared_task
def sweep_launches() -> int:
    """Wake workers for launches whose message was lost or whose worker died."""
    waiting = launching.waiting()
    for campaign_id in waiting:
        launch.apply_async((campaign_id,), expires=WAKE_SECONDS)
    return len(waiting)


def wake(campaign_id: int) -> None:
    """Tell a worker; without a broker the next sweep does."""
    tell(launch, campaign_id)
