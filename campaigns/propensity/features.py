"""What a model may know of a customer: only what the bank knew in the evening before the contact (features.sql).

Sex, marital status and place are none of it, and never will be: a test holds this list against them. Flags of the core
bank's file that keep no history (payroll, pension, merchant) are left out too: of a past day nobody could tell them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.choices import Channel
from campaigns.propensity.choices import SAID_NO, SAID_YES
from crm import db
from customers.averages import month_start

PACKAGE = "campaigns.propensity"
# A score is of a call: the other ways are there so that the model learns nothing about customers from them.
PLANNED = Channel.PHONE


@dataclass(frozen=True)
class Feature:
    """One column of features.sql: its name, and the words for having more or less of it than others."""

    name: str
    more: str | Promise
    less: str | Promise
    is_channel: bool = False


FEATURES = (
    Feature("tier", _("Higher tier than most"), _("Lower tier than most")),
    Feature("average", _("Large average last month"), _("Small average last month")),
    Feature("growth", _("Balance above last month's average"), _("Balance below last month's average")),
    Feature("classes", _("Holds many kinds of products"), _("Holds few kinds of products")),
    Feature("holds_time", _("Has a time deposit"), _("Has no time deposit")),
    Feature("holds_wealth", _("Has wealth products or funds"), _("Has no wealth products or funds")),
    Feature("holds_insurance", _("Has insurance"), _("Has no insurance")),
    Feature("holds_loan", _("Has a loan"), _("Has no loan")),
    Feature("maturity", _("Money falls due soon"), _("No money falls due soon")),
    Feature("near_upgrade", _("Close to the next tier"), _("Not close to the next tier")),
    Feature("age_under_30", _("Under 30"), _("30 or older")),
    Feature("age_45_59", _("45 to 59 years old"), _("Not 45 to 59 years old")),
    Feature("age_60", _("60 or older"), _("Under 60")),
    Feature("months_open", _("Customer for a long time"), _("Customer for a short time")),
    Feature("earlier_yes", _("Said yes within a year"), _("Has not said yes within a year")),
    Feature("earlier_no", _("Said no within a year"), _("Has not said no within a year")),
    Feature("recent_contacts", _("Contacted often in 90 days"), _("Contacted little in 90 days")),
    Feature("in_person", _("Face to face"), _("Not face to face"), is_channel=True),
    Feature("wecom", _("By WeCom"), _("Not by WeCom"), is_channel=True),
)
NAMES = tuple(one.name for one in FEATURES)
BY_NAME = {one.name: one for one in FEATURES}


def statement(asked: str) -> str:
    """features.sql for the rows of this SELECT: key, customer_id, day, channel."""
    return db.sql_text(PACKAGE, "features").replace("{asked}", asked).rstrip()


def parameters(first: date) -> dict[str, Any]:
    """What the statement needs beside those of its SELECT; `first` is the earliest day that is asked for."""
    eve = first - timedelta(days=1)
    return {
        "history": month_start(month_start(eve) - timedelta(days=1)),
        "yes": [one.value for one in SAID_YES],
        "no": [one.value for one in SAID_NO],
    }
