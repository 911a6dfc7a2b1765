from django.db import models
from django.utils.translation import gettext_lazy as _


class TierMetric(models.TextChoices):
    POINT = "point", _("Balance on the day")
    MONTH_AVERAGE = "month_average", _("Monthly average")
    LAST_MONTH_AVERAGE = "last_month_average", _("Last month's average")
    QUARTER_AVERAGE = "quarter_average", _("Quarterly average")
    WEIGHTED = "weighted", _("Weighted assets of the day")
    WEIGHTED_LAST_MONTH = "weighted_last_month", _("Weighted assets, last month's average")
    POINTS = "points", _("Points of the holdings")
    SCORE = "score", _("Score")
    PERCENTILE = "percentile", _("Place in the branch by score, percent")


# Metrics that one row of nightly numbers does not hold (segments/tiering/measures.py).
BY_HOLDINGS = frozenset({TierMetric.WEIGHTED, TierMetric.WEIGHTED_LAST_MONTH, TierMetric.POINTS})
BY_SCORE = frozenset({TierMetric.SCORE, TierMetric.PERCENTILE})
BY_MONEY = frozenset(TierMetric) - BY_HOLDINGS - BY_SCORE


class Measure(models.TextChoices):
    """What a factor of a score looks at; each is one number of a customer (docs/tiering.md)."""

    AUM = "aum", _("AUM")
    LAST_MONTH_AVERAGE = "last_month_average", _("Last month's average")
    DEPOSIT = "deposit", _("Deposits")
    LOAN = "loan", _("Loans")
    CONTRIBUTION = "contribution", _("Yearly contribution")
    STABILITY = "stability", _("Stability, percent")
    TERM_DAYS = "term_days", _("Term of the deposits, days")
    CLASSES = "classes", _("Kinds of products")
    SPENDING = "spending", _("Spending of 90 days")
    MOVEMENTS = "movements", _("Movements of 90 days")
    OVERDUE_DAYS = "overdue_days", _("Days of a loan overdue")


class Promotion(models.TextChoices):
    IMMEDIATE = "immediate", _("At once")
    NEXT_MONTH = "next_month", _("Next month")
    REVIEW = "review", _("On review days")


class DowngradeTarget(models.TextChoices):
    LATEST = "latest", _("The tier of the latest metric")
    HIGHEST_IN_WINDOW = "highest_in_window", _("The highest tier of the window")


class MoveCause(models.TextChoices):
    OPENED = "opened", _("New customer")
    PROMOTED = "promoted", _("Metric reached a higher band")
    DOWNGRADED = "downgraded", _("Metric stayed below the band")
    SCHEME_CHANGED = "scheme_changed", _("Scheme changed")
    CLOSED = "closed", _("Customer closed")


class DecisionState(models.TextChoices):
    """What a person made of a grade that the rules suggest."""

    CONFIRMED = "confirmed", _("Confirmed")
    CHOSEN = "chosen", _("Another one chosen")
    REJECTED = "rejected", _("Rejected")


class SegmentKind(models.TextChoices):
    RULE = "rule", _("By rule")
    STATIC = "static", _("Chosen customers")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Waits for approval")
    IN_FORCE = "in_force", _("In force")
    REPLACED = "replaced", _("Replaced")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class MemberCause(models.TextChoices):
    """Why a customer joined or left. `conditions` beside it says which conditions of the rule it was."""

    CONDITIONS = "conditions", _("Conditions of the rule")
    OPENED = "opened", _("New customer")
    RULE = "rule", _("Rule changed")
    CHOSEN = "chosen", _("Chosen by staff")
    CLOSED = "closed", _("Customer closed")
    MOVED = "moved", _("Moved to another branch")
    OPTED_OUT = "opted_out", _("Refuses profiling")
    WITHDRAWN = "withdrawn", _("Segment withdrawn")


class SimulationState(models.TextChoices):
    RUNNING = "running", _("Being simulated")
    READY = "ready", _("Simulated")
    FAILED = "failed", _("Failed")
    SUBMITTED = "submitted", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Sent back")
