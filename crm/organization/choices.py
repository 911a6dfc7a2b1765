from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BranchLevel(models.TextChoices):
    HEAD_OFFICE = "head_office", _("Head office")
    REGIONAL = "regional", _("Regional branch")
    SUB_BRANCH = "sub_branch", _("Sub-branch")
    OUTLET = "outlet", _("Outlet")


class Role(models.TextChoices):
    RELATIONSHIP_MANAGER = "relationship_manager", _("Relationship manager")
    LOBBY_MANAGER = "lobby_manager", _("Lobby manager")
    BRANCH_MANAGER = "branch_manager", _("Branch manager")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")


class AbsenceKind(models.TextChoices):
    """Why somebody is away, as far as planning needs it; that somebody is ill is nobody's business here."""

    LEAVE = "leave", _("On leave")
    TRAINING = "training", _("At a training")
    TRIP = "trip", _("On business elsewhere")
    OTHER = "other", pgettext_lazy("absence", "Other")


class Reach(models.TextChoices):
    OWN = "own", _("Own customers")
    BRANCH = "branch", _("Own branch")
    SUBTREE = "subtree", _("Own branch and below")
