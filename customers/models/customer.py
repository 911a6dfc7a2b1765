"""Who the customer is: identity, household, relations, ownership (管户) and the narrow row of nightly numbers."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import CompanySize, CustomerStatus, CustomerType, IdType, OwnershipRole, RelationType, Sex

# What no page reads: the encrypted columns, and the long one that only the search's index needs.
HIDDEN = ("id_no_cipher", "mobile_cipher", "address_cipher", "name_bigrams")


def hidden(path: str = "") -> tuple[str, ...]:
    """The columns to defer of a customer at the end of this relation's path; "" on customers themselves."""
    return tuple(f"{path}__{name}" if path else name for name in HIDDEN)


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    customer_path = ""


class Household(models.Model):
    """家庭: customers whose assets are looked at together."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")


class Customer(models.Model):
    """A person or a company. Encrypted fields end `_cipher`, their keyed look-up hashes `_index` (crm.audit.pii).

    `*_mask` is what pages show. `mobile_mask` keeps first 3 + last 4, `id_no_mask` first 1 + last 1: the usual
    6 + 4 is undone by a birth date on the same page. `delivered_on`: the business day whose files brought the row
    as it stands; one that later files only repeat keeps it. `profiling_opt_out` (PIPL 24): in no segment, no
    suggestion; beside it when that was last said either way, and by whom. `caller` calls them since `calling_since`
    (customers.turns), so that nobody else does at the same time.
    """

    customer_no = models.CharField(_("customer number"), max_length=40, unique=True)
    customer_type = models.CharField(
        _("type"), max_length=10, choices=CustomerType.choices, default=CustomerType.PERSON
    )
    company_size = models.CharField(
        _("company size"), max_length=10, choices=CompanySize.choices, blank=True, default=""
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    name = models.CharField(_("name"), max_length=120)
    name_mask = models.CharField(max_length=120, default="")
    name_pinyin = models.CharField(max_length=200, default="", blank=True)
    name_initials = models.CharField(max_length=40, default="", blank=True)
    name_bigrams = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    id_type = models.CharField(_("document type"), max_length=12, choices=IdType.choices, blank=True, default="")
    id_no_cipher = models.BinaryField(null=True)
    id_no_index = models.BinaryField(null=True)
    id_no_tail_index = models.BinaryField(null=True)
    id_no_mask = models.CharField(max_length=24, default="", blank=True)
    id_expiry_date = models.DateField(_("document valid to"), null=True, blank=True)
    mobile_cipher = models.BinaryField(null=True)
    mobile_index = models.BinaryField(null=True)
    mobile_mask = models.CharField(max_length=24, default="", blank=True)
    address_cipher = models.BinaryField(null=True)
    address_index = models.BinaryField(null=True)
    address_mask = models.CharField(max_length=60, default="", blank=True)
    occupation = models.CharField(_("occupation"), max_length=60, blank=True, default="")
    employer = models.CharField(_("employer"), max_length=120, blank=True, default="")
    open_date = models.DateField(_("open date"), null=True, blank=True)
    close_date = models.DateField(_("close date"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=CustomerStatus.choices, default=CustomerStatus.ACTIVE)
    delivered_on = models.DateField(null=True, blank=True, editable=False)
    has_payroll = models.BooleanField(_("payroll"), default=False)
    has_pension = models.BooleanField(_("pension"), default=False)
    is_merchant = models.BooleanField(_("merchant"), default=False)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    profiling_opt_out = models.BooleanField(_("refuses profiling"), default=False, db_default=False)
    profiling_opt_out_at = models.DateTimeField(null=True, blank=True, editable=False)
    profiling_opt_out_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    household = models.ForeignKey(Household, models.SET_NULL, null=True, blank=True, related_name="members")
    caller = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False, editable=False
    )
    calling_since = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[CustomerQuerySet] = CustomerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["name_bigrams"], name="customer_name_bigrams"),
            models.Index(fields=["branch", "name_initials"], name="customer_branch_initials"),
            models.Index(fields=["branch", "name_pinyin"], name="customer_branch_pinyin"),
            # 新开户登记簿: a branch's customers of a month.
            models.Index(fields=["branch", "open_date", "id"], name="customer_branch_opened"),
            models.Index(fields=["mobile_index"], name="customer_mobile_index"),
            models.Index(fields=["id_no_index"], name="customer_id_no_index"),
            models.Index(fields=["branch", "id_no_tail_index"], name="customer_branch_id_tail"),
            models.Index("branch", models.functions.Right("mobile_mask", 4), name="customer_branch_mobile_tail"),
            models.Index(
                fields=["profiling_opt_out_at"],
                condition=models.Q(profiling_opt_out_at__isnull=False),
                name="customer_opt_out_said",
            ),
        ]

    def __str__(self) -> str:
        return self.name_mask


class Metrics(models.Model):
    """What the night knows of a customer in one narrow row (PERFORMANCE: never on the wide customer row).

    `aum` is the balance at the end of `since_date`, the last day on which it changed. `month_days`,
    `quarter_days` and `last_month_days` are balance-days 积数 of the periods of `since_date` (its month, its
    quarter, the month before), over the days strictly before `since_date`: Σ aum(day). All averages of any later
    day follow from these five numbers exactly (customers.averages).
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="metrics")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    aum = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    deposit = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    loan = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    product_count = models.IntegerField(default=0)
    since_date = models.DateField()
    month_days = models.DecimalField(max_digits=22, decimal_places=2, default=0)
    quarter_days = models.DecimalField(max_digits=22, decimal_places=2, default=0)
    last_month_days = models.DecimalField(max_digits=22, decimal_places=2, default=0)
    tier = models.SmallIntegerField(_("tier"), default=0)

    objects: ClassVar[ScopedQuerySet["Metrics"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("nightly numbers")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                models.F("branch"),
                models.F("tier"),
                models.F("aum").desc(),
                models.F("customer").desc(),
                name="metrics_branch_tier_aum",
            ),
            # A large branch, or the whole bank, richest first.
            models.Index(models.F("aum").desc(), models.F("customer").desc(), name="metrics_aum"),
        ]


class Relation(models.Model):
    """A related party 关系人, stored from both ends when both are customers (customers.relations.link), with who noted
    it and when (empty for those of before this was kept)."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="relations")
    relation_type = models.CharField(_("relation"), max_length=20, choices=RelationType.choices)
    related_customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    birth_year = models.SmallIntegerField(_("birth year"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    recorded_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[ScopedQuerySet["Relation"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer", "relation_type", "related_customer"],
                condition=models.Q(related_customer__isnull=False),
                name="one_relation_of_a_type_between_two",
            ),
            models.UniqueConstraint(
                fields=["customer", "relation_type", "name"],
                condition=models.Q(related_customer__isnull=True),
                name="one_relation_of_a_type_to_a_name",
            ),
        ]


class Ownership(models.Model):
    """管户: who answers for a customer, since when and until when. One open main owner."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(User, models.PROTECT, related_name="ownerships")
    role = models.CharField(_("role"), max_length=10, choices=OwnershipRole.choices, default=OwnershipRole.MAIN)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")

    objects: ClassVar[ScopedQuerySet["Ownership"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("ownership")
        verbose_name_plural = _("ownerships")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(until__isnull=True, role=OwnershipRole.MAIN),
                name="one_open_main_owner",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["owner", "customer"],
                condition=models.Q(until__isnull=True, role=OwnershipRole.MAIN),
                name="ownership_open_main_of_owner",
            ),
            models.Index(
                fields=["branch", "since"],
                include=["customer"],
                condition=models.Q(role=OwnershipRole.MAIN),
                name="ownership_main_begun",
            ),
            models.Index(
                fields=["branch", "until"],
                include=["customer"],
                condition=models.Q(role=OwnershipRole.MAIN, until__isnull=False),
                name="ownership_main_ended",
            ),
        ]
