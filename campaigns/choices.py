from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CampaignKind(models.TextChoices):
    """DOMAIN §3."""

    QUALIFY = "qualify", _("Reaching an asset level")
    RETENTION = "retention", _("Keeping maturing money")
    CRITICAL = "critical", _("Lifting over a threshold")
    FIRST_BUY = "first_buy", _("First purchase")
    MGM = "mgm", _("Customers bring customers")
    GROUP = "group", _("Customer group event")
    SALON = "salon", _("Salon")
    REACTIVATE = "reactivate", _("Waking up quiet customers")


class QuarterTheme(models.TextChoices):
    """季度主题 (S1 1.1)."""

    VOLUME = "volume", _("Q1 volume")
    ACQUIRE = "acquire", _("Q2 new customers")
    EXPERIENCE = "experience", _("Q3 experience")
    PERFORM = "perform", _("Q4 performance")


class CampaignState(models.TextChoices):
    """A draft is asked for by one person and approved by another; the launch, in one piece, makes it run."""

    DRAFT = "draft", pgettext_lazy("campaign", "Draft")
    ASKED = "asked", _("Waiting for approval")
    APPROVED = "approved", _("Being launched")
    RUNNING = "running", pgettext_lazy("campaign", "Running")
    ENDED = "ended", pgettext_lazy("campaign", "Ended")
    WITHDRAWN = "withdrawn", pgettext_lazy("campaign", "Withdrawn")


# Nobody has launched it: it can still be changed.
UNLAUNCHED = (CampaignState.DRAFT, CampaignState.ASKED)
# It has members, whose holdings are followed.
LAUNCHED = (CampaignState.RUNNING, CampaignState.ENDED)


class Basis(models.TextChoices):
    """What of the holdings counts: over a period, or at its end."""

    AVERAGE = "average", _("Monthly average of AUM")
    POINT = "point", _("AUM at month end")


class Success(models.TextChoices):
    REACHES = "reaches", _("reaches an amount")
    GAINS = "gains", _("gains an amount over the base")


class Stratifier(models.TextChoices):
    """By what the control group is drawn, so that both groups are alike in it."""

    TIER = "tier", pgettext_lazy("strata", "Tier")
    BAND = "band", _("Band of the base")
    OWNER = "owner", _("Relationship manager")


class Exclusion(models.TextChoices):
    """Why somebody of the segment is not in the campaign, in the order in which it is asked. Loan-funded money is left
    out where the campaign says so, all else always."""

    OUT_OF_BASE = "out_of_base", _("Outside the base")
    LOAN_FUNDED = "loan_funded", _("Holds loan-funded money")
    IN_TRANSIT = "in_transit", _("Holds money in transit")
    OPT_OUT = "opt_out", _("Refuses profiling")
    COMPLAINT = "complaint", pgettext_lazy("exclusion", "Open complaint")
    DO_NOT_CONTACT = "do_not_contact", pgettext_lazy("exclusion", "Do not contact")
    REFUSED = "refused", _("Refused marketing")
    MINOR = "minor", _("Minor without a guardian's consent")
    NO_CONSENT = "no_consent", _("No consent to marketing")
    CLOSED = "closed", _("Closed account relationship")
    YIELDED = "yielded", _("Yielded to another campaign")


class Arm(models.TextChoices):
    TREAT = "treat", _("Campaign group")
    CONTROL = "control", _("Control group")


class MemberStatus(models.TextChoices):
    """How far the conversation is: the outcome of the newest contact of the campaign."""

    WAITING = "waiting", _("To be contacted")
    NOT_REACHED = "not_reached", pgettext_lazy("member", "Not reached")
    INTERESTED = "interested", pgettext_lazy("member", "Interested")
    NOT_INTERESTED = "not_interested", pgettext_lazy("member", "Not interested")
    BOOKED = "booked", pgettext_lazy("member", "Appointment made")
    SOLD = "sold", pgettext_lazy("member", "Done")
    REFUSED = "refused", pgettext_lazy("member", "Refuses contact")
