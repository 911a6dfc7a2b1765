"""What a version of a tier scheme says beside its bands: weights of products, factors of a score, dates of branches."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.models import Branch
from customers.choices import ProductClass
from customers.models import Product
from segments.choices import Measure


class SchemeWeight(models.Model):
    """What a product, or each product of a class, adds to weighted assets or points; the product's own row wins.

    `per_yuan` times the balance, and `each` for every product held. A class without a row adds nothing.
    """

    scheme = models.ForeignKey("segments.TierScheme", models.CASCADE, related_name="weights")
    product_class = models.CharField(_("class"), max_length=12, choices=ProductClass.choices, blank=True, default="")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("product")
    )
    per_yuan = models.DecimalField(_("for each yuan"), max_digits=9, decimal_places=6, default=0)
    each = models.DecimalField(_("for each product"), max_digits=12, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("weight of a product")
        verbose_name_plural = _("weights of products")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(product__isnull=True) ^ models.Q(product_class=""),
                name="weight_of_a_class_or_a_product",
                violation_error_message=_("A weight is for a class or for a product, one of the two."),
            ),
            models.UniqueConstraint(
                fields=["scheme", "product_class", "product"], nulls_distinct=False, name="one_weight_of_a_product"
            ),
        ]

    def __str__(self) -> str:
        return str(self.product or self.get_product_class_display())


class SchemeFactor(models.Model):
    """One part of a score: nothing at `zero_at`, the whole `weight` from `full_at` on, in a straight line between.

    `full_at` below `zero_at` means that less is better. Where `forbids_from` is reached the whole score is nil.
    """

    scheme = models.ForeignKey("segments.TierScheme", models.CASCADE, related_name="factors")
    measure = models.CharField(_("measure"), max_length=20, choices=Measure.choices)
    weight = models.DecimalField(_("weight"), max_digits=5, decimal_places=2)
    zero_at = models.DecimalField(_("nothing at"), max_digits=18, decimal_places=2, default=0)
    full_at = models.DecimalField(_("all of it at"), max_digits=18, decimal_places=2)
    forbids_from = models.DecimalField(
        _("forbids a score from"), max_digits=18, decimal_places=2, null=True, blank=True
    )

    class Meta:
        verbose_name = _("factor of a score")
        verbose_name_plural = _("factors of a score")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "measure"], name="one_factor_of_a_measure"),
            models.CheckConstraint(
                condition=~models.Q(zero_at=models.F("full_at")) & models.Q(weight__gte=0),
                name="a_factor_has_a_slope",
                violation_error_message=_("A factor needs two different ends and a weight of at least 0."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_measure_display())


class SchemeBranch(models.Model):
    """A branch, with all below it, in which a scheme begins or ends on days of its own; the nearest row counts.

    An empty first or last day is the scheme's.
    """

    scheme = models.ForeignKey("segments.TierScheme", models.CASCADE, related_name="branches")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, verbose_name=_("branch"))
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    effective_to = models.DateField(_("effective to"), null=True, blank=True)

    class Meta:
        verbose_name = _("dates of a branch")
        verbose_name_plural = _("dates of branches")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "branch"], name="one_row_of_dates_of_a_branch"),
        ]

    def __str__(self) -> str:
        return str(self.branch) if self.branch_id else ""


class NightMeasure(models.Model):
    """The value by which tonight judges a customer in a scheme whose metric holdings or a score make."""

    scheme_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    branch_id = models.BigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        db_table = "night_measure"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "scheme_id"], name="one_night_measure"),
        ]
