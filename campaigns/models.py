"""All models of the app, each from the package it belongs to."""

from campaigns.propensity.models import PropensityModel as PropensityModel
from campaigns.propensity.models import PropensityScore as PropensityScore
