"""What the night finds in contacts, and what people say of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FlawKind(models.TextChoices):
    """What the night finds in contacts (docs/quality.md); the first two are found in one sitting of an author."""

    ALIKE = "alike", _("Texts alike")
    BURST = "burst", _("Entered in a burst")
    NO_NEXT = "no_next", _("Next step missing")
    NO_CHANGE = "no_change", _("Nothing followed")


class FindingState(models.TextChoices):
    """What was last said of a finding; all but the first are verdicts."""

    OPEN = "open", pgettext_lazy("finding", "To be judged")
    REASONABLE = "reasonable", pgettext_lazy("finding", "Reasonable")
    TALK = "talk", pgettext_lazy("finding", "To be talked over")


# What somebody judges; the others are counted only.
FINDING_KINDS = (FlawKind.ALIKE, FlawKind.BURST)
