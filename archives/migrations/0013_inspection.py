import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

CRITERIA = (
    ("complete", 20, "完整：应填栏目都填了", "完整：應填欄目都填了", "Complete: what belongs there is there"),
    ("true", 25, "真实：与往来和系统相符", "真實：與往來和系統相符", "True: agrees with contacts and systems"),
    ("current", 20, "及时：变化当月补记", "及時：變化當月補記", "Current: changes noted within the month"),
    ("next-step", 20, "有下一步：做什么、哪一天", "有下一步：做什麼、哪一天", "Next step: what, and on which day"),
    (
        "useful",
        15,
        "有用：需求具体，同事接手能办",
        "有用：需求具體，同事接手能辦",
        "Useful: a colleague could act on it",
    ),
)
# Appended for good; what the rules and criteria are, an administrator decides.
WRITTEN = {
    "archives_inspectiondraw": "INSERT",
    "archives_inspection": "INSERT",
    "archives_inspectionstep": "INSERT",
    "archives_inspectionrule": "INSERT, UPDATE",
    "archives_inspectioncriterion": "INSERT, UPDATE",
}
UNGUARD = """
DROP TRIGGER inspection_stays ON archives_inspectiondraw;
DROP TRIGGER inspection_stays ON archives_inspection;
DROP TRIGGER inspection_stays ON archives_inspectionstep;
DROP FUNCTION archives_inspection_stays();
DROP TRIGGER inspection_guard ON archives_inspectionstep;
DROP FUNCTION archives_inspection_guard();
"""


def add_rules(apps, schema_editor):
    """DOMAIN §5, branch manager 6: five archives a week; the criteria are ours."""
    alias = schema_editor.connection.alias
    rules, criteria = (
        apps.get_model("archives", name).objects.using(alias) for name in ("InspectionRule", "InspectionCriterion")
    )
    rules.create(effective_from="2026-01-01", archives_a_week=5, days_to_mend=7, source="DOMAIN §5；整改天数为本行默认")
    for place, (code, weight, zh_hans, zh_hant, en) in enumerate(CRITERIA, 1):
        names = {"name_zh_hans": zh_hans, "name_zh_hant": zh_hant, "name_en": en}
        criteria.create(code=code, place=place * 10, weight=weight, **names)


class Migration(migrations.Migration):
    """档案检查: rules, criteria, draws, the archives drawn, and what was said of them, guarded by branch."""

    dependencies = [
        ("archives", "0012_complaints"),
        ("customers", "0019_exports_of_every_list"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InspectionCriterion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh_hans", models.CharField(max_length=40, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=40, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("place", models.PositiveSmallIntegerField(default=100, verbose_name="place")),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="weight",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "criterion of inspection",
                "verbose_name_plural": "criteria of inspection",
                "ordering": ["place", "pk"],
            },
        ),
        migrations.CreateModel(
            name="InspectionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "archives_a_week",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="archives of a manager a week",
                    ),
                ),
                (
                    "days_to_mend",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days to mend a returned archive",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of inspection",
                "verbose_name_plural": "rules of inspection",
            },
        ),
        migrations.AlterField(
            model_name="maintenanceplan",
            name="origin",
            field=models.CharField(
                choices=[
                    ("tier", "Contact cadence of the tier"),
                    ("alert", "Alert"),
                    ("date", "Important date"),
                    ("campaign", "Campaign"),
                    ("inspection", "Archive returned by an inspection"),
                    ("manual", "Planned by a person"),
                ],
                db_default="manual",
                default="manual",
                max_length=10,
                verbose_name="origin",
            ),
        ),
        migrations.CreateModel(
            name="InspectionDraw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField(verbose_name="week")),
                ("seed", models.CharField(max_length=32)),
                ("per_manager", models.PositiveSmallIntegerField(verbose_name="archives of a manager a week")),
                ("drawn_at", models.DateTimeField()),
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
                    "drawn_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "draw of archives",
                "verbose_name_plural": "draws of archives",
                "constraints": [
                    models.UniqueConstraint(fields=("branch", "week"), name="one_draw_of_a_week"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="inspections", to="customers.customer"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "draw",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspections",
                        to="archives.inspectiondraw",
                    ),
                ),
            ],
            options={
                "verbose_name": "inspection of an archive",
                "verbose_name_plural": "inspections of archives",
                "indexes": [
                    models.Index(fields=["branch", "-id"], name="inspection_of_branch"),
                    models.Index(fields=["owner", "-id"], name="inspection_of_owner"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("draw", "customer"), name="one_inspection_of_a_draw"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InspectionStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("drawn", "To be looked at"),
                            ("passed", "Passed"),
                            ("returned", "Returned"),
                            ("resubmitted", "Handed in again"),
                        ],
                        max_length=12,
                        verbose_name="result",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("marks", models.JSONField(default=dict)),
                ("score", models.PositiveSmallIntegerField(null=True)),
                ("remarks", models.CharField(blank=True, default="", max_length=500, verbose_name="remarks")),
                ("due_date", models.DateField(null=True)),
                (
                    "actor",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "inspection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="said",
                        to="archives.inspection",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="inspection_steps",
                        to="archives.maintenanceplan",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an inspection",
                "verbose_name_plural": "steps of an inspection",
                "constraints": [
                    models.UniqueConstraint(fields=("inspection", "number"), name="one_inspection_step_of_a_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "returned"), _negated=True),
                            models.Q(models.Q(("remarks", ""), _negated=True), ("due_date__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_return_says_why_and_until_when",
                    ),
                ],
            },
        ),
        guard_by_branch("archives_inspectiondraw"),
        guard_by_branch("archives_inspection"),
        guard_by_branch("archives_inspectionstep"),
        web_writes(WRITTEN),
        migrations.RunSQL(sql_text(__package__, "0013_inspection"), UNGUARD),
        migrations.RunPython(add_rules, migrations.RunPython.noop),
    ]
