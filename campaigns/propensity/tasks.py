"""What Celery runs of propensity. Messages only wake: the modules decide what is done, and a sweep wakes again."""

from celery import shared_task

from campaigns.propensity import scoring
from campaigns.propensity.choices import ModelState
from campaigns.propensity.models import PropensityModel
from crm.jobs.waking import WAKE_SECONDS, tell


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
