"""What customers hold: products, accounts, holdings, and every change of a balance."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch
from customers.choices import FundingSource, HolderRole, HoldingStatus, ProductClass, ProductRisk
from customers.models.customer import Customer

# Written by the night in bulk from rows that it has just joined: a check of each foreign key would cost more than
# the write, and the indexes that pages need are declared on the model.
NO_INDEX: dict[str, Any] = {"db_index": False, "db_constraint": False}


class Product(models.Model):
    """What the bank sells. A changed class or counting takes effect with the next night: the published numbers follow
    `counted_class` and `counted_in_aum` until it has moved every holding of the product over.

    Whether a product is still sold is no field: it is held as long as the core bank says so, and a holding left out
    for it would make AUM differ from the bank's own.
    """

    code = models.CharField(_("product code"), max_length=40, unique=True)
    name = models.CharField(_("product name"), max_length=120)
    product_class = models.CharField(_("class"), max_length=12, choices=ProductClass.choices)
    risk = models.SmallIntegerField(_("risk level"), choices=ProductRisk.choices, default=ProductRisk.R1)
    term_days = models.IntegerField(_("term in days"), null=True, blank=True)
    min_amount = models.DecimalField(_("minimum amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    counts_in_aum = models.BooleanField(_("counts in AUM"), default=True)
    counted_class = models.CharField(max_length=12, choices=ProductClass.choices, editable=False)
    counted_in_aum = models.BooleanField(editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        """A new product has no published holding: it counts as it says from the start."""
        if self._state.adding:
            self.counted_class, self.counted_in_aum = self.product_class, self.counts_in_aum
        super().save(**options)


class ProductClassRule(models.Model):
    """What goes for the products of a class: the risk that one counts with whose file names none, and whether a sale is
    recorded (双录) in the bank's own system, so that its number is asked for. `words`: what else than the name or code
    of a product tells in a contact that one was sold.
    """

    product_class = models.CharField(_("class"), max_length=12, choices=ProductClass.choices, unique=True)
    risk = models.SmallIntegerField(_("risk level where the file names none"), choices=ProductRisk.choices)
    needs_recording = models.BooleanField(_("sales are recorded"), default=False)
    words = models.CharField(_("words for it, with commas between"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of a product class")
        verbose_name_plural = _("rules of the product classes")

    def __str__(self) -> str:
        return self.get_product_class_display()


class Account(models.Model):
    """A contract with the bank; its holdings carry the balances. The number is C2: encrypted, indexed, masked."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="accounts")
    account_no_cipher = models.BinaryField(null=True)
    account_no_index = models.BinaryField(unique=True)
    account_no_mask = models.CharField(max_length=40, default="", blank=True)
    account_type = models.CharField(_("account type"), max_length=30, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    open_date = models.DateField(_("open date"), null=True, blank=True)
    close_date = models.DateField(_("close date"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=HoldingStatus.choices, default=HoldingStatus.OPEN)

    objects: ClassVar[ScopedQuerySet["Account"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")


class AccountHolder(models.Model):
    """Everybody named on an account, the owner included (co-holders may see and move the money)."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="holders", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="held_accounts")
    role = models.CharField(_("role"), max_length=10, choices=HolderRole.choices)

    objects: ClassVar[ScopedQuerySet["AccountHolder"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("account holder")
        verbose_name_plural = _("account holders")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "customer"], name="one_role_of_a_holder"),
        ]


class Holding(models.Model):
    """One product in one account. `sub_no` tells the deposits of one passbook apart; `product_count` is 1 unless a
    feed delivers several products as one sum. `first_on` and `closed_on` are the business days whose nights published
    it first (None: before this was kept) and as closed (None while it is open): what was held on a past day."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="holdings")
    account = models.ForeignKey(Account, models.CASCADE, related_name="holdings", db_index=False)
    sub_no = models.CharField(_("sub-account"), max_length=20, default="", blank=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="holdings", db_index=False)
    balance = models.DecimalField(_("balance"), max_digits=18, decimal_places=2)
    product_count = models.IntegerField(default=1)
    start_date = models.DateField(_("start date"), null=True, blank=True)
    maturity_date = models.DateField(_("maturity date"), null=True, blank=True)
    auto_rollover = models.BooleanField(_("auto-rollover"), null=True, blank=True)
    rate = models.DecimalField(_("rate, percent a year"), max_digits=8, decimal_places=4, null=True, blank=True)
    funding_source = models.CharField(max_length=6, choices=FundingSource.choices, default=FundingSource.OWN)
    status = models.CharField(_("status"), max_length=10, choices=HoldingStatus.choices, default=HoldingStatus.OPEN)
    first_on = models.DateField(null=True, editable=False)
    closed_on = models.DateField(null=True, editable=False)

    objects: ClassVar[ScopedQuerySet["Holding"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("holding")
        verbose_name_plural = _("holdings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "sub_no"], name="one_holding_of_a_sub_account"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["maturity_date"],
                condition=models.Q(maturity_date__isnull=False, status=HoldingStatus.OPEN),
                name="holding_open_maturity",
            ),
        ]


class BalanceChange(models.Model):
    """Every change of a holding's balance, by business date: the history from which curves and past days are read.

    Balances are not copied daily; the balance of a day is the current one less the changes after it. `counted`
    tells whether the holding counted in AUM on that day, `reclassified` how much of its change moved no money: the
    product came to count, or ceased to.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="balance_changes", **NO_INDEX)
    holding = models.ForeignKey(Holding, models.CASCADE, related_name="changes", **NO_INDEX)
    as_of = models.DateField()
    old_balance = models.DecimalField(max_digits=18, decimal_places=2)
    new_balance = models.DecimalField(max_digits=18, decimal_places=2)
    old_counted = models.DecimalField(max_digits=18, decimal_places=2)
    new_counted = models.DecimalField(max_digits=18, decimal_places=2)
    reclassified = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    recorded_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["BalanceChange"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("balance change")
        verbose_name_plural = _("balance changes")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "holding", "as_of"], name="one_change_of_a_holding_a_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["as_of"], name="balance_change_as_of")]
