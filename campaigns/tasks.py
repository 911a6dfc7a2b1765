"""What Celery finds of the app, each task from the package it belongs to."""

from campaigns.propensity.tasks import learn_propensity as learn_propensity
from campaigns.propensity.tasks import score_propensity as score_propensity
from campaigns.propensity.tasks import sweep_propensity as sweep_propensity
