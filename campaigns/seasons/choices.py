from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_QUARTERS = 4


class Measure(models.TextChoices):
    """What a target asks for, each of it something that a night publishes.

    Deposits are asked for by their daily average alone: the supervisor forbids banks targets on what deposits are on
    one day (DOMAIN §6).
    """

    DEPOSIT_AVERAGE = "deposit_average", _("Growth of the daily average of deposits")
    AUM_AVERAGE = "aum_average", _("Growth of the daily average of AUM")
    AUM_POINT = "aum_point", _("Growth of AUM on the last day")
    CUSTOMERS = "customers", _("Net new customers from a tier on")
    CAMPAIGN = "campaign", _("Customers who reach the goal of a campaign")


AVERAGES = frozenset({Measure.DEPOSIT_AVERAGE, Measure.AUM_AVERAGE})
# Counted in customers, all others in yuan.
OF_PEOPLE = frozenset({Measure.CUSTOMERS, Measure.CAMPAIGN})
