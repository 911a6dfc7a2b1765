from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Need(models.TextChoices):
    """What somebody in the lobby asks about."""

    DEPOSIT = "deposit", pgettext_lazy("need", "Deposit")
    WEALTH = "wealth", pgettext_lazy("need", "Wealth product")
    INSURANCE = "insurance", pgettext_lazy("need", "Insurance")
    LOAN = "loan", pgettext_lazy("need", "Loan")
    CARD = "card", pgettext_lazy("need", "Credit card")
    ACCOUNT = "account", pgettext_lazy("need", "New account")
    PAYROLL = "payroll", pgettext_lazy("need", "Payroll")
    SETTLEMENT = "settlement", pgettext_lazy("need", "Settlement")
    OTHER = "other", pgettext_lazy("need", "Something else")


class SourceLayer(models.IntegerChoices):
    """The six layers of contacts (DOMAIN 0.7), the warmest first."""

    SATISFIED = 1, _("Satisfied customer")
    INTRODUCED = 2, _("Introduced by somebody trusted")
    CONTACTED = 3, _("Contacted before, bought nothing")
    EXPERT = 4, _("Came for our good name")
    ADVERTISED = 5, _("Walked in or saw an advertisement")
    COLD = 6, _("Called upon by us")


class Stage(models.TextChoices):
    NEW = "new", pgettext_lazy("prospect", "New")
    CONTACTED = "contacted", pgettext_lazy("prospect", "Contacted")
    INTERESTED = "interested", pgettext_lazy("prospect", "Interested")
    OPENED = "opened", pgettext_lazy("prospect", "Account opened")
    DROPPED = "dropped", pgettext_lazy("prospect", "Given up")


# What people may say; that an account is there is said by the night alone.
SAID_STAGES = (Stage.CONTACTED, Stage.INTERESTED, Stage.DROPPED)


class ReferralKind(models.TextChoices):
    LOBBY = "lobby", _("Lobby referral")
    # 公私联动: a company's people to personal business, or a person's company to company business.
    TO_PERSONAL = "personal", _("Company to personal")
    TO_COMPANY = "company", _("Personal to company")


class Result(models.TextChoices):
    DONE = "done", pgettext_lazy("referral", "Business done")
    FOLLOW = "follow", pgettext_lazy("referral", "To be followed up")
    DECLINED = "declined", pgettext_lazy("referral", "Not interested")
