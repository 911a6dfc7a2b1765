from django.db import models
from django.utils.translation import pgettext_lazy


class Period(models.TextChoices):
    """How often a tier is given its entitlements anew; what is left of them ends with it. Words of SQL's date_trunc."""

    MONTH = "month", pgettext_lazy("entitlement", "each month")
    QUARTER = "quarter", pgettext_lazy("entitlement", "each quarter")
    YEAR = "year", pgettext_lazy("entitlement", "each year")


class EntryKind(models.TextChoices):
    """What an entry of the ledger does. What is issued is a lot with a last day; others take from it or give back."""

    EARN = "earn", pgettext_lazy("ledger", "Issued")
    SPEND = "spend", pgettext_lazy("ledger", "Used")
    EXPIRE = "expire", pgettext_lazy("ledger", "Expired")
    REVERSE = "reverse", pgettext_lazy("ledger", "Reversed")


class Source(models.TextChoices):
    """Where what was issued comes from; what is done with it later names the same, or the hand that did it."""

    TIER = "tier", pgettext_lazy("ledger", "Tier")
    CAMPAIGN = "campaign", pgettext_lazy("ledger", "Campaign")
    REFERRAL = "referral", pgettext_lazy("ledger", "Introduction of a customer")
    AVERAGE = "average", pgettext_lazy("ledger", "Monthly average")
    OPENING = "opening", pgettext_lazy("ledger", "Opening balance")
    MANUAL = "manual", pgettext_lazy("ledger", "By hand")
