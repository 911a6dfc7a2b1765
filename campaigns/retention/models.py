"""Followed maturities, and the counters that the page of 到期承接 reads. The night alone writes both."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet, scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.choices import ProductClass
from customers.models import Customer, Holding, Product

# Written in bulk from rows that the night has just joined.
NO_INDEX: dict[str, Any] = {"db_index": False, "db_constraint": False}
MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2, "default": 0, "db_default": 0}
SUMS: dict[str, Any] = {"max_digits": 20, "decimal_places": 2}


class Part(models.TextChoices):
    """Where a matured principal is: the four parts add up to it, to the fen."""

    RENEWED = "renewed", _("Renewed")
    INVESTED = "invested", _("Wealth, funds, insurance")
    IDLE = "idle", _("Left in demand")
    GONE = "gone", _("Left the bank")


def adds_up(name: str, *prefixes: str) -> list[models.BaseConstraint]:
    """The parts are no debts, and together the principal."""
    return [
        models.CheckConstraint(
            condition=Q(**{f"{prefix}{part}__gte": 0 for part in Part.values})
            & Q(principal=sum((F(f"{prefix}{part}") for part in Part.values[1:]), F(f"{prefix}{Part.values[0]}"))),
            name=f"{prefix}{name}",
        )
        for prefix in prefixes
    ]


class Maturity(models.Model):
    """A holding that reached its maturity date, and where its principal went since the eve of that day.

    `principal` is the balance of the eve, `maturity_date` the day that the contract names. Days are counted from the
    first working day on or after it: the parts are provisional from `provisional_on` (T+3), stay as they are after
    `final_on` (T+7), and are followed as `late_*` until `ends_on` (T+15). `held_branch` and `held_owner` had the
    customer on the eve, whoever has it today; `branch` follows the customer, since scope goes by it.

    `base_*` are the customer's money of the eve that earlier maturities had not claimed: term deposits, other assets
    and all AUM; `late_base_*` the same for the longer window (campaigns/retention/follow.sql).
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="maturities", db_index=False)
    holding = models.ForeignKey(Holding, models.CASCADE, related_name="maturities", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", **NO_INDEX)
    product_class = models.CharField(_("class"), max_length=12, choices=ProductClass.choices)
    principal = models.DecimalField(_("matured"), max_digits=18, decimal_places=2)
    maturity_date = models.DateField(_("maturity date"))
    auto_rollover = models.BooleanField(_("auto-rollover"))
    provisional_on = models.DateField()
    final_on = models.DateField()
    ends_on = models.DateField()
    held_branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    held_owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    is_contacted = models.BooleanField(default=False, db_default=False)
    renewed = models.DecimalField(Part.RENEWED.label, **MONEY)
    invested = models.DecimalField(Part.INVESTED.label, **MONEY)
    idle = models.DecimalField(Part.IDLE.label, **MONEY)
    gone = models.DecimalField(Part.GONE.label, **MONEY)
    late_renewed = models.DecimalField(**MONEY)
    late_invested = models.DecimalField(**MONEY)
    late_idle = models.DecimalField(**MONEY)
    late_gone = models.DecimalField(**MONEY)
    base_term = models.DecimalField(**MONEY)
    base_other = models.DecimalField(**MONEY)
    base_total = models.DecimalField(**MONEY)
    late_base_term = models.DecimalField(**MONEY)
    late_base_other = models.DecimalField(**MONEY)
    late_base_total = models.DecimalField(**MONEY)

    objects: ClassVar[ScopedQuerySet["Maturity"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("maturity")
        verbose_name_plural = _("maturities")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["holding", "maturity_date"], name="one_maturity_of_a_holding_a_day"),
            models.CheckConstraint(condition=Q(principal__gt=0), name="maturity_of_something"),
            *adds_up("maturity_adds_up", "", "late_"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "maturity_date"], name="maturity_of_customer"),
            models.Index(fields=["held_branch", "maturity_date"], name="maturity_of_branch"),
            models.Index(fields=["maturity_date"], name="maturity_by_day"),
            models.Index(fields=["ends_on"], name="maturity_window"),
        ]


class FigureQuerySet(models.QuerySet["RetentionFigure"]):
    def visible_to(self, user: User) -> "FigureQuerySet":
        """The figures of the branches that this user sees, or of what the user held."""
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        rows = self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)
        return rows.filter(owner_id=scope.user_id) if scope.reach == Reach.OWN else rows


class RetentionFigure(models.Model):
    """Counters of the last published night: a manager's maturities of a month, contacted beforehand or not.

    The sums are of maturities from T+3 on; `young_*` are those that have not come so far. `open_rows` of the counted
    ones are not final, the first of which matured on `open_since`. `branch` and `owner` held the customers then.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    month = models.DateField()
    is_contacted = models.BooleanField()
    rows = models.IntegerField()
    principal = models.DecimalField(**SUMS)
    renewed = models.DecimalField(**SUMS)
    invested = models.DecimalField(**SUMS)
    idle = models.DecimalField(**SUMS)
    gone = models.DecimalField(**SUMS)
    renewed_rows = models.IntegerField()
    invested_rows = models.IntegerField()
    idle_rows = models.IntegerField()
    gone_rows = models.IntegerField()
    open_rows = models.IntegerField()
    open_since = models.DateField(null=True)
    young_rows = models.IntegerField()
    young_principal = models.DecimalField(**SUMS)

    objects: ClassVar[FigureQuerySet] = FigureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("retention of a manager")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["branch", "month", "owner", "is_contacted"],
                nulls_distinct=False,
                name="one_retention_of_an_owner_a_month",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["month"], name="retention_of_month")]
