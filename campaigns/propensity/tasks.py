"""What Celery runs of propensity. Messages only wake: the modules decide what is done, and a sweep wakes again."""

from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from campaigns.propensity import scoring
from campaigns.propensity.choices import ModelState
from campaigns.propensity.models import PropensityModel

# A wake-up that nobody took until the next sweep is stale: the sweep sends another.
WAKE_SECONDS = 50


@shared_task
def learn_propensity(model_id: int) -> str:
    """Learn a model, unless another worker does so or it is over."""
    # Only here: scikit-learn takes 100 MB and a second, which no web process needs.
    from campaigns.propensity import training

    return training.run(model_id)


@shared_task
def score_propensity() -> int:
    """Bring the scores of customers up to the published night and the model that is on."""
    return scoring.run()


@shared_task
def sweep_propensity() -> int:
    """Wake workers for what is to be learned or scored; how many messages were sent."""
    waiting = list(
        PropensityModel.objects.using("batch").filter(state=ModelState.LEARNING).values_list("pk", flat=True)
    )
    for model_id in waiting:
        learn_propensity.apply_async((model_id,), expires=WAKE_SECONDS)
    if scoring.is_due():
        score_propensity.apply_async(expires=WAKE_SECONDS)
        return len(waiting) + 1
    return len(waiting)


def wake_learning(model_id: int) -> None:
    """Tell a worker of a model to learn."""
    tell(learn_propensity, model_id)


def wake_scoring() -> None:
    """Tell a worker that another model is on, or none."""
    tell(score_propensity)


def tell(task: Any, *arguments: int) -> None:
    """Send the message; without a broker the next sweep does."""
    try:
        task.apply_async(arguments, expires=WAKE_SECONDS, retry=False)
    except OperationalError:
        return
