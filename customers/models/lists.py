"""What people make of lists: saved views, starred customers, and jobs over all rows that match."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet, scope_of
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from customers.choices import Audience, BulkAction, BulkProblem, BulkState, Density, ItemOutcome, ListName
from customers.models.customer import Customer, Ownership


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: Any) -> "SavedViewQuerySet":
        """Own views, and those published to the user's branch, role, or everybody."""
        if scope_of(user) is None:
            return self.none()
        return self.filter(
            Q(audience=Audience.OWN, owner_id=user.pk)
            | Q(audience=Audience.BRANCH, branch_id=user.branch_id)
            | Q(audience=Audience.ROLE, role=user.role)
            | Q(audience=Audience.EVERYBODY)
        )


class SavedView(models.Model):
    """A list as somebody left it: filters, columns, order, density. It holds no rows: each reader sees their own scope.

    `query` keeps the filters as they stand in an address. `owner` made it; `branch` and `role` say for whom it was
    published. Of several defaults the nearest to the reader opens the list (customers.lists.saved).
    """

    list_name = models.CharField(_("list"), max_length=10, choices=ListName.choices)
    name = models.CharField(_("name"), max_length=40)
    audience = models.CharField(_("for"), max_length=10, choices=Audience.choices, default=Audience.OWN)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("owner"))
    branch = models.ForeignKey(Branch, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices, blank=True, default="")
    query = models.CharField(_("filters"), max_length=500, blank=True, default="")
    columns = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    sort = models.CharField(_("order"), max_length=20, blank=True, default="")
    density = models.CharField(_("density"), max_length=10, choices=Density.choices, default=Density.NORMAL)
    is_pinned = models.BooleanField(_("as a tab"), default=True)
    is_default = models.BooleanField(_("opens the list"), default=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(audience=Audience.BRANCH, branch__isnull=False)
                | (~Q(audience=Audience.BRANCH) & Q(branch__isnull=True)),
                name="view_of_a_branch_names_it",
            ),
            models.CheckConstraint(
                condition=Q(audience=Audience.ROLE, role__gt="") | (~Q(audience=Audience.ROLE) & Q(role="")),
                name="view_of_a_role_names_it",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["list_name", "owner"], name="saved_view_of_owner"),
        ]

    def __str__(self) -> str:
        return self.name

    def filters(self) -> QueryDict:
        """The filters as a list page reads them."""
        return QueryDict(self.query)


class Star(models.Model):
    """A customer whom somebody keeps at hand; nobody else knows of it."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stars")
    user = models.ForeignKey(User, models.CASCADE, related_name="stars")
    starred_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["Star"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("starred customer")
        verbose_name_plural = _("starred customers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "customer"], name="one_star_of_a_user_and_customer"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-starred_at"], name="star_of_user"),
        ]


class BulkJob(models.Model):
    """One action over many rows of a list: what was chosen, how far it is, what became of it.

    The choice is a filter of the list (`query`) or a number of `ids` of its rows, never a copy of them: what is meant
    is found out when a worker runs it, in the scope that its author has then. Its rows are BulkItem.
    """

    list_name = models.CharField(_("list"), max_length=10, choices=ListName.choices, default=ListName.CUSTOMERS)
    action = models.CharField(_("action"), max_length=20, choices=BulkAction.choices)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("author"))
    query = models.CharField(_("filters"), max_length=500, blank=True, default="")
    ids = ArrayField(models.BigIntegerField(), null=True)
    parameters = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=BulkState.choices, default=BulkState.PREVIEW)
    problem = models.CharField(_("problem"), max_length=10, choices=BulkProblem.choices, blank=True, default="")
    total = models.IntegerField(_("rows"), default=0)
    handled = models.IntegerField(default=0)
    is_collected = models.BooleanField(default=False)
    is_undo = models.BooleanField(default=False)
    attempts = models.SmallIntegerField(default=0)
    business_date = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["actor", "-created_at"], name="bulk_job_of_actor"),
            models.Index(
                fields=["state"],
                condition=Q(state__in=(BulkState.QUEUED, BulkState.RUNNING)),
                name="bulk_job_under_way",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state in (BulkState.QUEUED, BulkState.RUNNING)

    @property
    def percent(self) -> int:
        return 100 * self.handled // self.total if self.total else 0


class BulkItem(models.Model):
    """What a bulk job acts on: a customer, or an alert or plan of one (`row_id`), and what became of it.

    An undo goes by `closed` and `opened`, the ownerships of a change of manager, or by `before`: what the columns of an
    alert or a plan were.
    """

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="items", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    row_id = models.BigIntegerField()
    outcome = models.CharField(_("result"), max_length=12, choices=ItemOutcome.choices, default=ItemOutcome.WAITING)
    closed = models.ForeignKey(Ownership, models.SET_NULL, null=True, related_name="+", db_index=False)
    opened = models.ForeignKey(Ownership, models.SET_NULL, null=True, related_name="+", db_index=False)

    before = models.JSONField(null=True)

    objects: ClassVar[ScopedQuerySet["BulkItem"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("row of a bulk job")
        verbose_name_plural = _("rows of a bulk job")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "row_id"], name="one_item_of_a_job_and_row"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["job", "outcome", "row_id"], name="bulk_item_of_outcome"),
        ]
