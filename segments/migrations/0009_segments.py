import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, guard_from_web, sql_text, web_writes

WRITTEN = {
    "segments_segment": "INSERT, UPDATE",
    "segments_segmentversion": "INSERT, UPDATE",
    "segments_playbook": "INSERT, UPDATE",
    "segments_segmentmember": "INSERT, DELETE",
    "segments_segmentchange": "INSERT",
    "segments_segmentday": "",
}
DROP = """
DROP TRIGGER segments_opted_out ON customers_customer;
DROP FUNCTION segments_opted_out();
DROP FUNCTION segments_open_day();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0015_profiling_opt_out"),
        ("organization", "0003_work_standards"),
        ("segments", "0008_web_writes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NightSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("segment_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("is_in", models.BooleanField()),
                ("branch_id", models.BigIntegerField(null=True)),
                ("cause", models.CharField(default="", max_length=12)),
                ("conditions", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "night_segment",
                "constraints": [
                    models.UniqueConstraint(fields=("segment_id", "customer_id"), name="one_night_segment")
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("rule", "By rule"), ("static", "Chosen customers")],
                        default="rule",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("name_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                (
                    "preset",
                    models.CharField(blank=True, default="", editable=False, max_length=40, verbose_name="preset"),
                ),
                ("rule", models.JSONField(blank=True, editable=False, null=True, verbose_name="rule")),
                ("version", models.IntegerField(default=0, editable=False, verbose_name="version")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "products",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("demand", "Demand deposit"),
                                ("time", "Time deposit"),
                                ("large_cd", "Large certificate of deposit"),
                                ("notice", "Notice deposit"),
                                ("wealth", "Wealth product"),
                                ("fund", "Fund"),
                                ("insurance", "Insurance"),
                                ("treasury", "Treasury bond"),
                                ("metal", "Precious metal"),
                                ("trust", "Trust"),
                                ("loan", "Loan"),
                                ("card", "Card"),
                                ("e_banking", "E-banking"),
                            ],
                            max_length=12,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="products to suggest",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("judged_version", models.IntegerField(editable=False, null=True)),
                ("judged_on", models.DateField(editable=False, null=True)),
                ("frozen_at", models.DateTimeField(editable=False, null=True, verbose_name="frozen")),
                ("audience_hash", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("audience_count", models.BigIntegerField(editable=False, null=True)),
                (
                    "created_by",
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
                    "frozen_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="owner branch",
                    ),
                ),
            ],
            options={
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
            },
        ),
        migrations.CreateModel(
            name="Playbook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("needs", models.TextField(blank=True, default="", verbose_name="needs")),
                ("operation", models.TextField(blank=True, default="", verbose_name="how we operate")),
                ("acquisition", models.TextField(blank=True, default="", verbose_name="where we win them")),
                ("script", models.TextField(blank=True, default="", verbose_name="what to say")),
                (
                    "segment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="playbooks",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "playbook",
                "verbose_name_plural": "playbooks",
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "language"), name="one_playbook_of_a_language")
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("is_in", models.BooleanField()),
                ("since", models.DateField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("conditions", "Conditions of the rule"),
                            ("opened", "New customer"),
                            ("rule", "Rule changed"),
                            ("chosen", "Chosen by staff"),
                            ("closed", "Customer closed"),
                            ("opted_out", "Refuses profiling"),
                            ("withdrawn", "Segment withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("conditions", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=0)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                        related_name="segment_changes",
                        to="customers.customer",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="segments.segment",
                    ),
                ),
                (
                    "staff",
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
                "verbose_name": "change of a segment",
                "indexes": [
                    models.Index(fields=["segment", "as_of"], name="segment_change_as_of"),
                    models.Index(fields=["customer", "as_of"], name="segment_change_of_customer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("members", models.BigIntegerField()),
                ("joined", models.BigIntegerField()),
                ("left", models.BigIntegerField()),
                ("moved", models.BigIntegerField()),
                ("aum", models.DecimalField(decimal_places=2, max_digits=20)),
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
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "figure of a segment",
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "as_of", "branch"), name="one_figure_of_a_segment_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateField(verbose_name="since")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("conditions", "Conditions of the rule"),
                            ("opened", "New customer"),
                            ("rule", "Rule changed"),
                            ("chosen", "Chosen by staff"),
                            ("closed", "Customer closed"),
                            ("opted_out", "Refuses profiling"),
                            ("withdrawn", "Segment withdrawn"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("conditions", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=0)),
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
                        related_name="segment_members",
                        to="customers.customer",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of a segment",
                "indexes": [models.Index(fields=["segment", "branch", "customer"], name="segment_member_of_branch")],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "segment"), name="one_membership_of_a_customer")
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("rule", models.JSONField()),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="why")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Waits for approval"),
                            ("in_force", "In force"),
                            ("replaced", "Replaced"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("dry_run", models.JSONField(default=dict)),
                ("proposed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("decided_at", models.DateTimeField(null=True)),
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
                (
                    "proposed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a segment",
                "constraints": [
                    models.UniqueConstraint(fields=("segment", "number"), name="one_number_of_a_segment_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")), fields=("segment",), name="one_draft_of_a_segment"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")), fields=("segment",), name="one_rule_in_force"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            models.Q(("state__in", ["in_force", "replaced"]), _negated=True),
                            _connector="OR",
                        ),
                        name="a_rule_needs_a_second_person",
                    ),
                ],
            },
        ),
        guard_by_branch("segments_segmentmember"),
        guard_by_branch("segments_segmentchange"),
        guard_by_branch("segments_segmentday"),
        guard_from_web("night_segment"),
        web_writes(WRITTEN),
        migrations.RunSQL(sql_text(__package__, "0009_segments"), DROP),
    ]
