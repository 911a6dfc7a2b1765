"""The night's delta tables: changes accepted from feeds and computed from them, applied at once when published.

The web role cannot read them (migration `guard_from_web`). Ids of new rows are drawn from the target tables'
sequences when the file is accepted, so that chunks can compute before anything is published. Logged tables, not
unlogged: a chunk marked done must still be there after a crash.
"""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
BALANCE_DAYS: dict[str, Any] = {"max_digits": 22, "decimal_places": 2}


class NightCustomer(models.Model):
    """New or changed customers; columns as on customers.Customer, old_branch_id when the home branch moved."""

    customer_id = models.BigIntegerField(primary_key=True)
    load_id = models.BigIntegerField()
    is_new = models.BooleanField()
    old_branch_id = models.BigIntegerField(null=True)
    customer_no = models.CharField(max_length=40)
    customer_type = models.CharField(max_length=10)
    company_size = models.CharField(max_length=10, default="")
    branch_id = models.BigIntegerField()
    name = models.CharField(max_length=120)
    name_mask = models.CharField(max_length=120, default="")
    name_pinyin = models.CharField(max_length=200, default="")
    name_initials = models.CharField(max_length=40, default="")
    name_bigrams = ArrayField(models.CharField(max_length=2), default=list)
    sex = models.CharField(max_length=1, default="")
    birth_date = models.DateField(null=True)
    id_type = models.CharField(max_length=12, default="")
    id_no_cipher = models.BinaryField(null=True)
    id_no_index = models.BinaryField(null=True)
    id_no_tail_index = models.BinaryField(null=True)
    id_no_mask = models.CharField(max_length=24, default="")
    id_expiry_date = models.DateField(null=True)
    mobile_cipher = models.BinaryField(null=True)
    mobile_index = models.BinaryField(null=True)
    mobile_mask = models.CharField(max_length=24, default="")
    address_cipher = models.BinaryField(null=True)
    address_index = models.BinaryField(null=True)
    address_mask = models.CharField(max_length=60, default="")
    occupation = models.CharField(max_length=60, default="")
    employer = models.CharField(max_length=120, default="")
    open_date = models.DateField(null=True)
    close_date = models.DateField(null=True)
    status = models.CharField(max_length=10)
    has_payroll = models.BooleanField(default=False)
    has_pension = models.BooleanField(default=False)
    is_merchant = models.BooleanField(default=False)

    class Meta:
        db_table = "night_customer"


class NightAccount(models.Model):
    account_id = models.BigIntegerField(primary_key=True)
    load_id = models.BigIntegerField()
    is_new = models.BooleanField()
    branch_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    account_no_cipher = models.BinaryField(null=True)
    account_no_index = models.BinaryField(unique=True)
    account_no_mask = models.CharField(max_length=40, default="")
    account_type = models.CharField(max_length=30, default="")
    currency = models.CharField(max_length=3, default="CNY")
    open_date = models.DateField(null=True)
    close_date = models.DateField(null=True)
    status = models.CharField(max_length=10)

    class Meta:
        db_table = "night_account"


class NightHolder(models.Model):
    load_id = models.BigIntegerField()
    branch_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    role = models.CharField(max_length=10)
    is_gone = models.BooleanField(default=False)

    class Meta:
        db_table = "night_holder"


class NightHolding(models.Model):
    """New or changed holdings; `old_*` as published (zero for a new one), `*_counted` the part that counts in AUM,
    `*_deposit` and `*_loan` the parts that are deposits and loans. `reclassified` is the part of the counted change
    that comes from the product; rows that are here for nothing else are marked `is_reclassified`."""

    holding_id = models.BigIntegerField(primary_key=True)
    load_id = models.BigIntegerField()
    is_new = models.BooleanField()
    branch_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    sub_no = models.CharField(max_length=20, default="")
    product_id = models.BigIntegerField()
    balance = models.DecimalField(**MONEY)
    product_count = models.IntegerField(default=1)
    start_date = models.DateField(null=True)
    maturity_date = models.DateField(null=True)
    auto_rollover = models.BooleanField(null=True)
    rate = models.DecimalField(max_digits=8, decimal_places=4, null=True)
    funding_source = models.CharField(max_length=6, default="own")
    status = models.CharField(max_length=10)
    old_balance = models.DecimalField(**MONEY, default=0)
    old_counted = models.DecimalField(**MONEY, default=0)
    new_counted = models.DecimalField(**MONEY, default=0)
    old_deposit = models.DecimalField(**MONEY, default=0)
    new_deposit = models.DecimalField(**MONEY, default=0)
    old_loan = models.DecimalField(**MONEY, default=0)
    new_loan = models.DecimalField(**MONEY, default=0)
    old_count = models.IntegerField(default=0)
    new_count = models.IntegerField(default=0)
    reclassified = models.DecimalField(**MONEY, db_default=0)
    is_reclassified = models.BooleanField(db_default=False)

    class Meta:
        db_table = "night_holding"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["customer_id"], name="night_holding_customer")]


class NightProduct(models.Model):
    """Products whose class or counting differs from the published one, as tonight counts them."""

    product_id = models.BigIntegerField(primary_key=True)
    product_class = models.CharField(max_length=12)
    counts_in_aum = models.BooleanField()

    class Meta:
        db_table = "night_product"


class NightOwnership(models.Model):
    """Main owners as the core bank delivers them; null = the customer has none any more."""

    customer_id = models.BigIntegerField(primary_key=True)
    load_id = models.BigIntegerField()
    branch_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    since = models.DateField()

    class Meta:
        db_table = "night_ownership"


class NightMetrics(models.Model):
    """The nightly numbers to come of every customer in the changed set; columns as on customers.Metrics. `moved` is
    the money that came in tonight, less what went out: AUM changes by it, and by what products came to count."""

    customer_id = models.BigIntegerField(primary_key=True)
    chunk_no = models.IntegerField()
    branch_id = models.BigIntegerField()
    is_new = models.BooleanField()
    is_closed = models.BooleanField(default=False)
    old_aum = models.DecimalField(**MONEY, default=0)
    moved = models.DecimalField(**MONEY, default=0)
    aum = models.DecimalField(**MONEY)
    deposit = models.DecimalField(**MONEY)
    loan = models.DecimalField(**MONEY)
    product_count = models.IntegerField()
    since_date = models.DateField()
    month_days = models.DecimalField(**BALANCE_DAYS)
    quarter_days = models.DecimalField(**BALANCE_DAYS)
    last_month_days = models.DecimalField(**BALANCE_DAYS)

    class Meta:
        db_table = "night_metrics"


class NightAlert(models.Model):
    """Every alert that should be live for the customers looked at tonight; publishing compares it with what is."""

    customer_id = models.BigIntegerField()
    branch_id = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    episode = models.CharField(max_length=80)
    severity = models.SmallIntegerField()
    amount = models.DecimalField(**MONEY, null=True)
    due_date = models.DateField(null=True)
    evidence = models.JSONField()
    rule_version = models.IntegerField()
    clears_when = models.JSONField()
    answer_hours = models.IntegerField()

    class Meta:
        db_table = "night_alert"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "kind", "episode"], name="one_night_alert_of_an_episode"),
        ]
