"""Gifts: their occasions, what was done about them, and their limits."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class GiftOccasion(models.TextChoices):
    BIRTHDAY = "birthday", _("Birthday")
    FAMILY = "family", _("Birthday in the family")
    WEDDING = "wedding", _("Wedding anniversary")
    ANNIVERSARY = "anniversary", _("Anniversary with the bank")
    EXAM = "exam", _("Child's exam")
    RETIREMENT = "retirement", _("Retirement")
    FESTIVAL = "festival", _("Festival")
    EVENT = "event", _("Event of the bank")
    THANKS = "thanks", _("Thanks for business")


class GiftState(models.TextChoices):
    """What was last done about a gift; all but the first are steps."""

    ASKED = "asked", _("Waits for approval")
    APPROVED = "approved", pgettext_lazy("gift", "Approved")
    REFUSED = "refused", pgettext_lazy("gift", "Not approved")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Not given after all")
    REVERSED = "reversed", _("Reversed")


class GiftLimitKind(models.TextChoices):
    GIFT = "gift", _("One gift")
    CUSTOMER_YEAR = "customer_year", _("Gifts to a customer in a year")
    STAFF_MONTH = "staff_month", _("Gifts by a member of staff in a month")
