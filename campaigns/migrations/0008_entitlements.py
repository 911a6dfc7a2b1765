from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

WRITTEN = {
    "campaigns_entitlement": "INSERT, UPDATE",
    "campaigns_entitlementterm": "INSERT, UPDATE",
    "campaigns_pointsrule": "INSERT, UPDATE",
    "campaigns_pointsrequest": "INSERT, UPDATE (decided_by_id, decided_at, is_granted)",
    "campaigns_ledgerentry": "INSERT",
    "campaigns_ledgerbalance": "",
}
UNDO = """
DROP POLICY ledger ON campaigns_pointsrequest;
DROP POLICY ledger ON campaigns_ledgerbalance;
DROP POLICY ledger ON campaigns_ledgerentry;
DROP TRIGGER ledger_count ON campaigns_ledgerentry;
DROP TRIGGER ledger_stays_as_written ON campaigns_ledgerentry;
DROP TRIGGER ledger_stays ON campaigns_ledgerentry;
DROP TRIGGER ledger_by_people ON campaigns_ledgerentry;
DROP TRIGGER ledger_guard ON campaigns_ledgerentry;
DROP FUNCTION campaigns_ledger_count();
DROP FUNCTION campaigns_ledger_refuse();
DROP FUNCTION campaigns_ledger_guard();
DROP FUNCTION campaigns_ledger_by_hand(bigint, date);
DROP FUNCTION campaigns_ledger_left(bigint, date);
DROP FUNCTION campaigns_ledger_hold(bigint);
DROP FUNCTION campaigns_ledger_expire(bigint[], date);
DROP FUNCTION campaigns_ledger_lots(bigint[]);
"""


def add_rule(apps, schema_editor):
    """DOMAIN §4 for what the monthly average earns, switched off; the rest is the product's default."""
    rules = apps.get_model("campaigns", "PointsRule").objects.using(schema_editor.connection.alias)
    rules.create(effective_from="2026-01-01", source="本行默认；月日均积分取自公开案例，默认关闭")


class Migration(migrations.Migration):
    """权益 by tier, 积分, and one ledger of both that only grows, with balances that the database keeps."""

    dependencies = [
        ("campaigns", "0007_seasons"),
        ("customers", "0024_retention_list"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Entitlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "entitlement",
                "verbose_name_plural": "entitlements",
            },
        ),
        migrations.CreateModel(
            name="PointsRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "valid_months",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(120),
                        ],
                        verbose_name="months that points are valid",
                    ),
                ),
                (
                    "manual_limit",
                    models.PositiveIntegerField(
                        default=1000,
                        validators=[django.core.validators.MaxValueValidator(1000000)],
                        verbose_name="points by hand without a second person, per customer and month",
                    ),
                ),
                (
                    "point_value",
                    models.DecimalField(
                        decimal_places=4,
                        default=Decimal("0.01"),
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="value of a point, yuan",
                    ),
                ),
                (
                    "referral_points",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(1000000)],
                        verbose_name="points for a customer who was introduced",
                    ),
                ),
                ("average_is_on", models.BooleanField(default=False, verbose_name="points for the monthly average")),
                (
                    "average_above",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("200000"),
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="monthly average above, yuan",
                    ),
                ),
                (
                    "average_permille",
                    models.DecimalField(
                        decimal_places=4,
                        default=Decimal("0.8"),
                        max_digits=8,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="points per thousand yuan above it",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of points",
                "verbose_name_plural": "rules of points",
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="reward_points",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                validators=[django.core.validators.MaxValueValidator(1000000)],
                verbose_name="points for each who reaches it",
            ),
        ),
        migrations.CreateModel(
            name="PointsRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "points",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="points of the ledger"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("is_granted", models.BooleanField(null=True)),
                ("submission", models.UUIDField(editable=False)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points_requests",
                        to="customers.customer",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "request for points",
                "verbose_name_plural": "requests for points",
                "indexes": [
                    models.Index(
                        condition=models.Q(("decided_at__isnull", True)),
                        fields=["branch"],
                        name="points_request_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "submission"), name="one_points_request_of_a_submission"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True), ("decided_by__isnull", True), ("is_granted__isnull", True)
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("is_granted__isnull", False),
                                models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="points_need_a_second_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("earn", "Issued"), ("spend", "Used"), ("expire", "Expired"), ("reverse", "Reversed")],
                        max_length=8,
                        verbose_name="what was done",
                    ),
                ),
                ("quantity", models.IntegerField(verbose_name="units")),
                ("day", models.DateField(verbose_name="day")),
                ("expires_on", models.DateField(null=True, verbose_name="last day")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("tier", "Tier"),
                            ("campaign", "Campaign"),
                            ("referral", "Introduction of a customer"),
                            ("average", "Monthly average"),
                            ("opening", "Opening balance"),
                            ("manual", "By hand"),
                        ],
                        max_length=10,
                        verbose_name="where it comes from",
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=200, verbose_name="reason")),
                ("reference", models.CharField(max_length=120, unique=True)),
                ("unit_value", models.DecimalField(decimal_places=4, max_digits=12)),
                ("at", models.DateTimeField()),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ledger",
                        to="customers.customer",
                    ),
                ),
                (
                    "entitlement",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.entitlement",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.ledgerentry",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="campaigns.ledgerentry",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entry",
                        to="campaigns.pointsrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of the ledger",
                "verbose_name_plural": "entries of the ledger",
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="ledger_of_customer"),
                    models.Index(fields=["branch", "day"], name="ledger_of_branch"),
                    models.Index(condition=models.Q(("kind", "earn")), fields=["expires_on"], name="ledger_expiring"),
                    models.Index(condition=models.Q(("kind", "reverse")), fields=["day"], name="ledger_reversed"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("expires_on__isnull", False),
                                ("kind", "earn"),
                                ("lot__isnull", True),
                                ("quantity__gt", 0),
                            ),
                            models.Q(
                                ("expires_on__isnull", True),
                                ("lot__isnull", False),
                                models.Q(
                                    models.Q(("kind__in", ["spend", "expire"]), ("quantity__lt", 0)),
                                    ("kind", "reverse"),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="what_is_not_issued_names_its_lot",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reverse"), ("reverses__isnull", False)),
                            models.Q(models.Q(("kind", "reverse"), _negated=True), ("reverses__isnull", True)),
                            _connector="OR",
                        ),
                        name="only_a_reversal_takes_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("staff__isnull", True),
                            ("kind", "spend"),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="an_entry_by_hand_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntitlementTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                        verbose_name="tier",
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[("month", "each month"), ("quarter", "each quarter"), ("year", "each year")],
                        default="year",
                        max_length=8,
                        verbose_name="given",
                    ),
                ),
                (
                    "quantity",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(1000)], verbose_name="units in a period"
                    ),
                ),
                (
                    "unit_value",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="value of a unit, yuan",
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "entitlement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms",
                        to="campaigns.entitlement",
                        verbose_name="entitlement",
                    ),
                ),
            ],
            options={
                "verbose_name": "entitlement of a tier",
                "verbose_name_plural": "entitlements of tiers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entitlement", "tier", "effective_from"), name="one_entitlement_of_a_tier_from_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("effective_from")), _connector="OR"
                        ),
                        name="an_entitlement_ends_after_it_begins",
                        violation_error_message="It would end before it begins.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("balance", models.BigIntegerField()),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ledger_balances",
                        to="customers.customer",
                    ),
                ),
                (
                    "entitlement",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.entitlement",
                    ),
                ),
            ],
            options={
                "verbose_name": "balance of the ledger",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "entitlement"), name="one_balance_of_an_entitlement", nulls_distinct=False
                    ),
                    models.CheckConstraint(condition=models.Q(("balance__gte", 0)), name="no_balance_below_nil"),
                ],
            },
        ),
        migrations.RunPython(add_rule, migrations.RunPython.noop),
        guard_by_branch("campaigns_ledgerentry"),
        guard_by_branch("campaigns_ledgerbalance"),
        guard_by_branch("campaigns_pointsrequest"),
        web_writes(WRITTEN),
        migrations.RunSQL(sql_text(__package__, "0008_entitlements"), UNDO),
    ]
