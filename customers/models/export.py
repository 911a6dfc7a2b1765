"""A file that somebody asked for: what is in it, who let it out, and what became of it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.access import BALANCE_ROLES, scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.choices import ExportFormat, ExportProblem, ExportState, ListName

UNDER_WAY = (ExportState.QUEUED, ExportState.RUNNING)
# What nobody has agreed to: of a request that needs approval, no other state is reached without somebody's decision.
UNDECIDED = (ExportState.WAITING, ExportState.WITHDRAWN, ExportState.EXPIRED, ExportState.FAILED)


class ExportQuerySet(models.QuerySet["ExportRequest"]):
    def visible_to(self, user: User) -> "ExportQuerySet":
        """A user's own requests, and those that the user may decide upon."""
        if user.role not in BALANCE_ROLES:
            return self.none()
        return self.filter(models.Q(requested_by=user) | in_charge(user))

    def of(self, user: User) -> "ExportQuerySet":
        return self.visible_to(user).filter(requested_by=user)

    def to_decide(self, user: User) -> "ExportQuerySet":
        """Requests of others that this user is in charge of, decided or not. Never one's own."""
        return self.visible_to(user).exclude(requested_by=user)


def in_charge(user: User) -> models.Q:
    """Requests whose customers a branch manager sees all of: whoever approves must be able to know what goes out."""
    nothing = models.Q(pk__in=[])
    scope = scope_of(user)
    if scope is None or user.role != Role.BRANCH_MANAGER or scope.reach == Reach.OWN:
        return nothing
    if scope.is_head_office:
        return models.Q(pk__isnull=False)  # everything: an empty Q would vanish beside the user's own
    if scope.reach == Reach.SUBTREE:
        return models.Q(branch_id__in=scope.branch_ids)
    return models.Q(branch_id=user.branch_id) & ~models.Q(reach=Reach.SUBTREE)


class ExportRequest(models.Model):
    """`ids` are the rows that were seen when asking, in the order of the list: the file never holds another one, only
    fewer where some are no longer the requester's to see. `filters` say how they were found, unless they were ticked.
    Branch and reach are the requester's when asking, and decide who may approve. `row_count` is what the file holds.
    `token` names the sealed file (customers.exports.vault), which is gone once it is fetched, given up or too old.

    Row-level security shows a request to whoever asked and to the managers of the branch, and lets the web change
    the decision and the outcome alone, never what was asked for (migration 0011).
    """

    token = models.CharField(max_length=32, unique=True)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("staff"))
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    reach = models.CharField(_("reach"), max_length=10, choices=Reach.choices)
    list_name = models.CharField(_("list"), max_length=10, choices=ListName.choices, default=ListName.CUSTOMERS)
    filters = models.JSONField(_("filters"), default=dict)
    ids = ArrayField(models.BigIntegerField(), default=list)
    is_ticked = models.BooleanField(default=False)
    file_format = models.CharField(_("format"), max_length=12, choices=ExportFormat.choices, default=ExportFormat.XLSX)
    plain_fields = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    reason = models.CharField(_("reason"), max_length=20, blank=True, default="")
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    language = models.CharField(max_length=10)
    needs_approval = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=10, choices=ExportState.choices)
    problem = models.CharField(max_length=16, choices=ExportProblem.choices, blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(_("reason"), max_length=200, blank=True, default="")
    rows_expected = models.IntegerField()
    rows_done = models.IntegerField(default=0)
    row_count = models.IntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    requested_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)

    objects: ClassVar[ExportQuerySet] = ExportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("requested_by")),
                name="nobody_approves_their_own_export",
            ),
            models.CheckConstraint(
                condition=models.Q(needs_approval=False)
                | models.Q(decided_by__isnull=False)
                | models.Q(state__in=UNDECIDED),
                name="no_export_goes_on_undecided",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["requested_by", "-id"], name="export_of_user"),
            models.Index(fields=["branch", "-id"], name="export_of_branch"),
            models.Index(
                fields=["state"], condition=models.Q(state__in=["waiting", "queued", "running", "ready"]),
                name="export_open",
            ),
        ]  # fmt: skip

    @property
    def ticked(self) -> list[int] | None:
        """The rows, where it was ticks that chose them."""
        return self.ids if self.is_ticked else None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY
