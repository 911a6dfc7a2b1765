import json
from pathlib import Path

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, web_writes

WRITTEN = {
    "campaigns_seasontheme": "INSERT, UPDATE",
    "campaigns_seasonstep": "INSERT, UPDATE, DELETE",
    "campaigns_seasonlevel": "",
    "campaigns_seasontarget": "INSERT",
}
# What becomes of a target; whose it is and what it asks for stays.
CHANGED = """
GRANT UPDATE (amount, set_by_id, set_from_id, set_at, withdrawn_by_id, withdrawn_at) ON campaigns_seasontarget
    TO crm_app, crm_hq;
"""
UNCHANGED = """
REVOKE UPDATE (amount, set_by_id, set_from_id, set_at, withdrawn_by_id, withdrawn_at) ON campaigns_seasontarget
    FROM crm_app, crm_hq;
"""
NAMES = ("name_zh_hans", "name_zh_hant", "name_en")
FOCUS = ("focus_zh_hans", "focus_zh_hant", "focus_en")
HOW = ("how_zh_hans", "how_zh_hant", "how_en")
SEASONS = json.loads(Path(__file__).with_name("0007_seasons.json").read_text(encoding="utf-8"))


def add_seasons(apps, schema_editor):
    """四季法则 (DOMAIN S1 1.1) with the playbook of each quarter; the steps are our default."""
    alias = schema_editor.connection.alias
    ready = {one.code: one for one in apps.get_model("campaigns", "CampaignTemplate").objects.using(alias).all()}
    for season in SEASONS:
        theme = apps.get_model("campaigns", "SeasonTheme").objects.using(alias).create(
            quarter=season["quarter"], effective_from="2026-01-01", theme=season["theme"], source="四季法则；步骤为本行默认",
            **dict(zip(NAMES, season["name"], strict=True)), **dict(zip(FOCUS, season["focus"], strict=True)),
        )  # fmt: skip
        for number, step in enumerate(season["steps"], 1):
            apps.get_model("campaigns", "SeasonStep").objects.using(alias).create(
                theme=theme, number=number, first_week=step["weeks"][0], last_week=step["weeks"][1], who=step["who"],
                kind=step.get("kind", ""), template=ready.get(step.get("template")), segment=step.get("segment", ""),
                **dict(zip(NAMES, step["name"], strict=True)), **dict(zip(HOW, step["how"], strict=True)),
            )  # fmt: skip


class Migration(migrations.Migration):
    """The quarters with their playbooks, the targets of a season, and the levels that each night leaves for them."""

    dependencies = [
        ("campaigns", "0006_end_early_call_in_turn"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SeasonTheme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "quarter",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(4),
                        ],
                        verbose_name="quarter",
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("volume", "Q1 volume"),
                            ("acquire", "Q2 new customers"),
                            ("experience", "Q3 experience"),
                            ("perform", "Q4 performance"),
                        ],
                        max_length=10,
                        verbose_name="quarter theme",
                    ),
                ),
                ("name_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("focus_zh_hans", models.CharField(max_length=300, verbose_name="what matters, Simplified Chinese")),
                (
                    "focus_zh_hant",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="what matters, Traditional Chinese"
                    ),
                ),
                (
                    "focus_en",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="what matters, English"),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "theme of a quarter",
                "verbose_name_plural": "themes of quarters",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("quarter", "effective_from"), name="one_theme_of_a_quarter_from_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SeasonLevel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("aum", models.DecimalField(decimal_places=2, max_digits=20)),
                ("deposit", models.DecimalField(decimal_places=2, max_digits=20)),
                ("scheme", models.CharField(max_length=40)),
                ("customers", models.JSONField(default=dict)),
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
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "level of a day",
                "indexes": [models.Index(fields=["branch", "as_of"], name="season_level_of_branch")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("as_of", "branch", "owner"), name="one_level_of_an_owner_a_day", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SeasonTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("deposit_average", "Growth of the daily average of deposits"),
                            ("aum_average", "Growth of the daily average of AUM"),
                            ("aum_point", "Growth of AUM on the last day"),
                            ("customers", "Net new customers from a tier on"),
                            ("campaign", "Customers who reach the goal of a campaign"),
                        ],
                        max_length=16,
                        verbose_name="measure",
                    ),
                ),
                ("scheme", models.CharField(blank=True, default="", max_length=40)),
                ("rank", models.PositiveSmallIntegerField(null=True, verbose_name="from which tier on")),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=20,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="target",
                    ),
                ),
                ("set_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="branch",
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
                        verbose_name="campaign",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_from",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "withdrawn_by",
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
                "verbose_name": "target of a season",
                "verbose_name_plural": "targets of seasons",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("branch", "owner", "measure", "scheme", "rank", "campaign", "first_day", "last_day"),
                        name="one_target_of_a_place_and_season",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day")), ("amount__gt", 0)),
                        name="a_target_can_be_reached",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("measure", "customers"), ("rank__isnull", False)),
                            models.Q(models.Q(("measure", "customers"), _negated=True), ("rank", None)),
                            _connector="OR",
                        ),
                        name="a_target_of_customers_names_a_tier",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("campaign__isnull", False), ("measure", "campaign")),
                            models.Q(models.Q(("measure", "campaign"), _negated=True), ("campaign", None)),
                            _connector="OR",
                        ),
                        name="a_target_of_a_campaign_names_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeasonStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "first_week",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(-13),
                            django.core.validators.MaxValueValidator(14),
                        ],
                        verbose_name="first week",
                    ),
                ),
                (
                    "last_week",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(-13),
                            django.core.validators.MaxValueValidator(14),
                        ],
                        verbose_name="last week",
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("relationship_manager", "Relationship manager"),
                            ("lobby_manager", "Lobby manager"),
                            ("branch_manager", "Branch manager"),
                        ],
                        max_length=30,
                        verbose_name="who",
                    ),
                ),
                ("name_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("how_zh_hans", models.CharField(max_length=300, verbose_name="how, Simplified Chinese")),
                (
                    "how_zh_hant",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="how, Traditional Chinese"),
                ),
                ("how_en", models.CharField(blank=True, default="", max_length=300, verbose_name="how, English")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("qualify", "Reaching an asset level"),
                            ("retention", "Keeping maturing money"),
                            ("critical", "Lifting over a threshold"),
                            ("first_buy", "First purchase"),
                            ("mgm", "Customers bring customers"),
                            ("group", "Customer group event"),
                            ("salon", "Salon"),
                            ("reactivate", "Waking up quiet customers"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="type of campaign",
                    ),
                ),
                (
                    "segment",
                    models.SlugField(blank=True, default="", max_length=40, verbose_name="code of the segment"),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaigntemplate",
                        verbose_name="ready type of campaign",
                    ),
                ),
                (
                    "theme",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="campaigns.seasontheme",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a playbook of a quarter",
                "verbose_name_plural": "steps of playbooks of quarters",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("theme", "number"), name="one_number_of_a_season_step"),
                    models.CheckConstraint(
                        condition=models.Q(("last_week__gte", models.F("first_week"))),
                        name="a_season_step_ends_after_it_begins",
                        violation_error_message="The last week lies before the first.",
                    ),
                ],
            },
        ),
        guard_by_branch("campaigns_seasonlevel"),
        guard_by_branch("campaigns_seasontarget"),
        web_writes(WRITTEN),
        migrations.RunSQL(CHANGED, UNCHANGED),
        migrations.RunPython(add_seasons, migrations.RunPython.noop),
    ]
