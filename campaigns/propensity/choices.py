from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import Outcome, Purpose


class ModelState(models.TextChoices):
    LEARNING = "learning", _("Being learned")
    TOO_FEW = "too_few", _("Too few answers")
    FAILED = "failed", _("Failed")
    READY = "ready", _("Learned, off")
    SUBMITTED = "submitted", _("Waits for approval")
    ON = "on", pgettext_lazy("model", "On")
    REFUSED = "refused", _("Sent back")
    OFF = "off", _("Switched off")


# States in which there are figures to look at.
JUDGED = (ModelState.READY, ModelState.SUBMITTED, ModelState.ON, ModelState.REFUSED, ModelState.OFF)


class Band(models.IntegerChoices):
    """What people see of a score; the edges were cut on the contacts that the model was judged by."""

    HIGH = 1, pgettext_lazy("likelihood", "High")
    MIDDLE = 2, pgettext_lazy("likelihood", "Middle")
    LOW = 3, pgettext_lazy("likelihood", "Low")


# A contact that asked for something, and the answer. Whoever was not reached gave none, and who refused contacts at all
# has left: neither is learned from.
ASKING = (Purpose.MATURITY, Purpose.CRITICAL, Purpose.ALERT, Purpose.CAMPAIGN)
SAID_YES = (Outcome.INTERESTED, Outcome.BOOKED, Outcome.SOLD)
SAID_NO = (Outcome.NOT_INTERESTED,)
