from django.db import models
from django.utils.translation import gettext_lazy as _


class TierMetric(models.TextChoices):
    POINT = "point", _("Balance on the day")
    MONTH_AVERAGE = "month_average", _("Monthly average")
    LAST_MONTH_AVERAGE = "last_month_average", _("Last month's average")
    QUARTER_AVERAGE = "quarter_average", _("Quarterly average")


class Promotion(models.TextChoices):
    IMMEDIATE = "immediate", _("At once")
    NEXT_MONTH = "next_month", _("Next month")


class DowngradeTarget(models.TextChoices):
    LATEST = "latest", _("The tier of the latest metric")
    HIGHEST_IN_WINDOW = "highest_in_window", _("The highest tier of the window")


class MoveCause(models.TextChoices):
    OPENED = "opened", _("New customer")
    PROMOTED = "promoted", _("Metric reached a higher band")
    DOWNGRADED = "downgraded", _("Metric stayed below the band")
    SCHEME_CHANGED = "scheme_changed", _("Scheme changed")
    CLOSED = "closed", _("Customer closed")


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
