"""What the night measured of a campaign, by branch and group; no customer is told of."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.campaign_models import Campaign
from campaigns.choices import Arm
from crm.organization.access import scope_of
from crm.organization.models import Branch, User
from customers.models.holding import NO_INDEX

CHANGE: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}
SQUARES: dict[str, Any] = {"max_digits": 44, "decimal_places": 4}


class FigureQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "FigureQuerySet":
        """Figures of the branches whose customers the user may see; they name nobody."""
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        return self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)


class CampaignCell(models.Model):
    """One stratum of one group in a branch at the end of a business date: all who were assigned, contacted or not.

    `change` is Σ(AUM − base) over them in yuan, `squares` Σ(AUM − base)², with the base that the campaign goes by.
    There are those of the newest day, which the next night carries on, and of the days of looks. `kept` counts, on the
    last of these alone, who of the qualified still meets the rule months after; None until that is known.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="cells", **NO_INDEX)
    as_of = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    stratum = models.IntegerField()
    arm = models.CharField(max_length=8, choices=Arm.choices)
    members = models.IntegerField()
    qualified = models.IntegerField()
    kept = models.IntegerField(null=True)
    change = models.DecimalField(**CHANGE)
    squares = models.DecimalField(**SQUARES)

    objects: ClassVar[FigureQuerySet] = FigureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("cell of a campaign")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["campaign", "as_of", "branch", "stratum", "arm"], name="one_cell_of_a_campaign_a_day"
            ),
        ]


class CampaignDay(models.Model):
    """A group in a branch at the end of a day, for the curves: from the base period to the last day of the campaign."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="days", **NO_INDEX)
    as_of = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    arm = models.CharField(max_length=8, choices=Arm.choices)
    members = models.IntegerField()
    qualified = models.IntegerField()
    change = models.DecimalField(**CHANGE)

    objects: ClassVar[FigureQuerySet] = FigureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("day of a campaign")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign", "as_of", "branch", "arm"], name="one_day_of_a_campaign_group"),
        ]
