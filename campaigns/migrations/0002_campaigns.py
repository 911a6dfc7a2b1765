import json
from pathlib import Path

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, web_writes

WRITTEN = {
    "campaigns_campaigntemplate": "",
    "campaigns_campaign": "INSERT, UPDATE",
    "campaigns_campaignscript": "INSERT, UPDATE",
    "campaigns_campaignstratum": "",
    "campaigns_campaignexclusion": "",
    "campaigns_campaignmember": "",
}
# Who is in a campaign, and in which group, the launch writes; what came of a contact is all that a page adds.
RESULTS = "GRANT UPDATE (status, contact_id, invited_at, attended_on) ON campaigns_campaignmember TO crm_app, crm_hq;"
NO_RESULTS = (
    "REVOKE UPDATE (status, contact_id, invited_at, attended_on) ON campaigns_campaignmember FROM crm_app, crm_hq;"
)
# Pages draft, ask and decide; the launch is the worker's alone. What is launched, and what was approved, stays.
STAYS = """
CREATE FUNCTION campaigns_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a launched campaign and an approved script are not changed' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER campaign_stays BEFORE UPDATE ON campaigns_campaign FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq')
          AND (OLD.launched_at IS NOT NULL OR NEW.launched_at IS NOT NULL OR NEW.state = 'running' OR NEW.state = 'ended')
          AND to_jsonb(NEW) - 'cost' IS DISTINCT FROM to_jsonb(OLD) - 'cost')
    EXECUTE FUNCTION campaigns_stays();
CREATE TRIGGER campaign_begins BEFORE INSERT ON campaigns_campaign FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq') AND NEW.state <> 'draft')
    EXECUTE FUNCTION campaigns_stays();
CREATE TRIGGER campaign_script_stays BEFORE UPDATE ON campaigns_campaignscript FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq') AND OLD.approved_at IS NOT NULL)
    EXECUTE FUNCTION campaigns_stays();
"""
NO_STAYS = """
DROP TRIGGER campaign_script_stays ON campaigns_campaignscript;
DROP TRIGGER campaign_begins ON campaigns_campaign;
DROP TRIGGER campaign_stays ON campaigns_campaign;
DROP FUNCTION campaigns_stays();
"""
TEMPLATES = json.loads(Path(__file__).with_name("0002_templates.json").read_text(encoding="utf-8"))


def add_templates(apps, schema_editor):
    """The ready types of campaign, 5万达标 first."""
    templates = apps.get_model("campaigns", "CampaignTemplate").objects.using(schema_editor.connection.alias)
    for fields in TEMPLATES:
        templates.create(**fields)


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0019_inspections_move"),
        ("campaigns", "0001_retention"),
        ("customers", "0023_export_word"),
        ("organization", "0004_work_calendar"),
        ("segments", "0016_archive_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CampaignTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "basis",
                    models.CharField(
                        choices=[("average", "Monthly average of AUM"), ("point", "AUM at month end")],
                        default="average",
                        max_length=8,
                        verbose_name="what counts",
                    ),
                ),
                (
                    "base_from",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="base from"
                    ),
                ),
                (
                    "base_below",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="base below"
                    ),
                ),
                (
                    "success",
                    models.CharField(
                        choices=[("reaches", "reaches an amount"), ("gains", "gains an amount over the base")],
                        default="reaches",
                        max_length=8,
                        verbose_name="success",
                    ),
                ),
                (
                    "success_amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="amount of success",
                    ),
                ),
                (
                    "kept_months",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(12)],
                        verbose_name="months until kept",
                    ),
                ),
                (
                    "kept_amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="amount that is kept",
                    ),
                ),
                (
                    "bands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=2, max_digits=18),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="bounds between bands of the base",
                    ),
                ),
                (
                    "control_pct",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(50)],
                        verbose_name="control group, percent",
                    ),
                ),
                (
                    "stratify_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("tier", "Tier"), ("band", "Band of the base"), ("owner", "Relationship manager")],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="control group alike in",
                    ),
                ),
                (
                    "leaves_out_loans",
                    models.BooleanField(default=True, verbose_name="leave out who holds loan-funded money"),
                ),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
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
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                ("name_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("reward", models.CharField(blank=True, default="", max_length=200, verbose_name="reward")),
                ("script", models.TextField(blank=True, default="", verbose_name="what to say")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "ready type of campaign",
                "verbose_name_plural": "ready types of campaign",
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "basis",
                    models.CharField(
                        choices=[("average", "Monthly average of AUM"), ("point", "AUM at month end")],
                        default="average",
                        max_length=8,
                        verbose_name="what counts",
                    ),
                ),
                (
                    "base_from",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="base from"
                    ),
                ),
                (
                    "base_below",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="base below"
                    ),
                ),
                (
                    "success",
                    models.CharField(
                        choices=[("reaches", "reaches an amount"), ("gains", "gains an amount over the base")],
                        default="reaches",
                        max_length=8,
                        verbose_name="success",
                    ),
                ),
                (
                    "success_amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="amount of success",
                    ),
                ),
                (
                    "kept_months",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(12)],
                        verbose_name="months until kept",
                    ),
                ),
                (
                    "kept_amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="amount that is kept",
                    ),
                ),
                (
                    "bands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=2, max_digits=18),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="bounds between bands of the base",
                    ),
                ),
                (
                    "control_pct",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(50)],
                        verbose_name="control group, percent",
                    ),
                ),
                (
                    "stratify_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("tier", "Tier"), ("band", "Band of the base"), ("owner", "Relationship manager")],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="control group alike in",
                    ),
                ),
                (
                    "leaves_out_loans",
                    models.BooleanField(default=True, verbose_name="leave out who holds loan-funded money"),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
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
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("volume", "Q1 volume"),
                            ("acquire", "Q2 new customers"),
                            ("experience", "Q3 experience"),
                            ("perform", "Q4 performance"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="quarter theme",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                ("baseline_from", models.DateField(verbose_name="base period from")),
                ("baseline_to", models.DateField(verbose_name="base period until")),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                        verbose_name="priority",
                    ),
                ),
                ("reward", models.CharField(blank=True, default="", max_length=200, verbose_name="reward")),
                (
                    "budget",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=18,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="budget",
                    ),
                ),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost so far",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("asked", "Waiting for approval"),
                            ("approved", "Being launched"),
                            ("running", "Running"),
                            ("ended", "Ended"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("asked_at", models.DateTimeField(editable=False, null=True)),
                ("figures", models.JSONField(default=dict, editable=False)),
                ("figures_hash", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("decided_at", models.DateTimeField(editable=False, null=True)),
                (
                    "refusal",
                    models.CharField(blank=True, default="", editable=False, max_length=200, verbose_name="reason"),
                ),
                ("launched_at", models.DateTimeField(editable=False, null=True)),
                ("as_of", models.DateField(editable=False, null=True)),
                ("audience_hash", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("members_count", models.IntegerField(default=0, editable=False)),
                ("controls", models.IntegerField(default=0, editable=False)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner_branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="owner branch",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.segment",
                        verbose_name="segment",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaigntemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
                "indexes": [
                    models.Index(fields=["owner_branch", "-id"], name="campaign_of_branch"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_campaign_needs_a_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"),
                            ("state", "withdrawn"),
                            models.Q(("figures_hash", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="no_campaign_is_asked_for_unseen",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("launched_at__isnull", True),
                            models.Q(
                                ("as_of__isnull", False),
                                ("decided_by__isnull", False),
                                ("members_count__gt", 0),
                                models.Q(("audience_hash", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="no_campaign_runs_unapproved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__gte", models.F("starts_on")),
                            ("baseline_to__gte", models.F("baseline_from")),
                            ("baseline_to__lt", models.F("starts_on")),
                        ),
                        name="the_base_lies_before_the_campaign",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignExclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("out_of_base", "Outside the base"),
                            ("loan_funded", "Holds loan-funded money"),
                            ("opt_out", "Refuses profiling"),
                            ("complaint", "Open complaint"),
                            ("do_not_contact", "Do not contact"),
                            ("refused", "Refused marketing"),
                            ("minor", "Minor without a guardian's consent"),
                            ("no_consent", "No consent to marketing"),
                            ("closed", "Closed account relationship"),
                            ("yielded", "Yielded to another campaign"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("customers", models.IntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="left_out",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "exclusion of a campaign",
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "reason"), name="one_count_of_an_exclusion")
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "arm",
                    models.CharField(
                        choices=[("treat", "Campaign group"), ("control", "Control group")],
                        max_length=8,
                        verbose_name="group in the campaign",
                    ),
                ),
                ("stratum", models.IntegerField()),
                ("draw", models.BigIntegerField()),
                ("tier", models.SmallIntegerField(default=0)),
                ("band", models.SmallIntegerField(default=0)),
                ("base_average", models.DecimalField(decimal_places=2, max_digits=18)),
                ("base_aum", models.DecimalField(decimal_places=2, max_digits=18)),
                ("launch_aum", models.DecimalField(decimal_places=2, max_digits=18)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "To be contacted"),
                            ("not_reached", "Not reached"),
                            ("interested", "Interested"),
                            ("not_interested", "Not interested"),
                            ("booked", "Appointment made"),
                            ("sold", "Done"),
                            ("refused", "Refuses contact"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("invited_at", models.DateTimeField(null=True, verbose_name="invited")),
                ("attended_on", models.DateField(null=True, verbose_name="came on")),
                ("qualified_on", models.DateField(null=True, verbose_name="reached on")),
                ("kept", models.BooleanField(null=True, verbose_name="kept")),
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
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="campaign_members",
                        to="customers.customer",
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
                (
                    "yielded_to",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of a campaign",
                "verbose_name_plural": "members of campaigns",
                "indexes": [
                    models.Index(fields=["campaign", "branch", "status", "customer"], name="campaign_member_of_branch")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "campaign"), name="one_membership_of_a_campaign"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("arm", "treat"),
                            models.Q(("attended_on__isnull", True), ("invited_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="nobody_invites_the_control_group",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignScript",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("text", models.TextField(verbose_name="what to say")),
                ("written_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scripts",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "script of a campaign",
                "verbose_name_plural": "scripts of campaigns",
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "number"), name="one_number_of_a_campaign_script"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("written_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_approves_their_own_script",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignStratum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("tier", models.SmallIntegerField(null=True)),
                ("band", models.SmallIntegerField(null=True)),
                ("members", models.IntegerField()),
                ("controls", models.IntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="strata",
                        to="campaigns.campaign",
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
                "verbose_name": "stratum of a campaign",
                "constraints": [models.UniqueConstraint(fields=("campaign", "number"), name="one_number_of_a_stratum")],
            },
        ),
        guard_by_branch("campaigns_campaignmember"),
        web_writes(WRITTEN),
        migrations.RunSQL(RESULTS, NO_RESULTS),
        migrations.RunSQL(STAYS, NO_STAYS),
        migrations.RunPython(add_templates, migrations.RunPython.noop),
    ]
