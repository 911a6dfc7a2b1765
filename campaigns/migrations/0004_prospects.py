import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

WRITTEN = {
    "campaigns_lobbyrule": "INSERT, UPDATE",
    "campaigns_presence": "INSERT, UPDATE",
    "campaigns_prospect": "INSERT",
    "campaigns_prospectstep": "INSERT",
    "campaigns_referral": "INSERT",
    "campaigns_lobbyshift": "INSERT",
}
# What is done about them; who they are, and that an account is there, is not for the web to change.
DONE = {
    "campaigns_prospect": "mobile_cipher, owner_id, stage, stage_at",
    "campaigns_referral": "queue, turns, asked_until, accepted_by_id, accepted_at, withdrawn_at, result, result_note, result_at",
    "campaigns_lobbyshift": "taken_by_id, taken_at",
}
CHANGED = "".join(f"GRANT UPDATE ({columns}) ON {table} TO crm_app, crm_hq;\n" for table, columns in DONE.items())
UNCHANGED = "".join(f"REVOKE UPDATE ({columns}) ON {table} FROM crm_app, crm_hq;\n" for table, columns in DONE.items())
DROP = """
ALTER TABLE campaigns_referral DROP CONSTRAINT a_turn_for_each;
DROP FUNCTION campaigns_number_known(bytea, bytea);
DROP POLICY number_known ON campaigns_prospect;
"""


def add_rule(apps, schema_editor):
    """DOMAIN §4 for the five minutes, the five referrals and the thirty days; the rest is the product's default."""
    rules = apps.get_model("campaigns", "LobbyRule").objects.using(schema_editor.connection.alias)
    rules.create(effective_from="2026-01-01", source="本行默认")


class Migration(migrations.Migration):
    """潜客 with their history, referrals from the lobby, who is on duty, the shift's handover."""

    dependencies = [
        ("campaigns", "0003_measurement"),
        ("customers", "0023_export_word"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LobbyRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "answer_minutes",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="minutes to answer a referral",
                    ),
                ),
                (
                    "most_asked",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="managers asked in turn",
                    ),
                ),
                (
                    "success_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days in which a referral succeeds",
                    ),
                ),
                (
                    "across_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days to answer a referral between company and personal",
                    ),
                ),
                (
                    "keep_days",
                    models.PositiveSmallIntegerField(
                        default=180,
                        validators=[
                            django.core.validators.MinValueValidator(30),
                            django.core.validators.MaxValueValidator(1096),
                        ],
                        verbose_name="days a prospect without an account is kept",
                    ),
                ),
                (
                    "referrals_a_day",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="referrals a day of a lobby manager",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of the lobby",
                "verbose_name_plural": "rules of the lobby",
            },
        ),
        migrations.CreateModel(
            name="Prospect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20, verbose_name="name")),
                ("name_mask", models.CharField(max_length=20)),
                (
                    "sex",
                    models.CharField(
                        blank=True,
                        choices=[("F", "Female"), ("M", "Male")],
                        default="",
                        max_length=1,
                        verbose_name="sex",
                    ),
                ),
                ("mobile_cipher", models.BinaryField(null=True)),
                ("mobile_index", models.BinaryField(null=True)),
                ("mobile_mask", models.CharField(max_length=24)),
                ("id_no_index", models.BinaryField(null=True)),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("deposit", "Deposit"),
                                ("wealth", "Wealth product"),
                                ("insurance", "Insurance"),
                                ("loan", "Loan"),
                                ("card", "Credit card"),
                                ("account", "New account"),
                                ("payroll", "Payroll"),
                                ("settlement", "Settlement"),
                                ("other", "Something else"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                        verbose_name="needs",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                (
                    "source_layer",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Satisfied customer"),
                            (2, "Introduced by somebody trusted"),
                            (3, "Contacted before, bought nothing"),
                            (4, "Came for our good name"),
                            (5, "Walked in or saw an advertisement"),
                            (6, "Called upon by us"),
                        ],
                        verbose_name="where they come from",
                    ),
                ),
                ("consent_at", models.DateTimeField(verbose_name="agreed at")),
                ("registered_at", models.DateTimeField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("contacted", "Contacted"),
                            ("interested", "Interested"),
                            ("opened", "Account opened"),
                            ("dropped", "Given up"),
                        ],
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                ("stage_at", models.DateTimeField()),
                ("converted_on", models.DateField(null=True, verbose_name="account opened on")),
                ("forgotten_on", models.DateField(null=True)),
                ("submission", models.UUIDField(editable=False, unique=True)),
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
                    "introduced_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "opened_as",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="manager",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "prospect",
                "verbose_name_plural": "prospects",
                "indexes": [
                    models.Index(fields=["branch", "-stage_at", "-id"], name="prospect_of_branch"),
                    models.Index(fields=["owner", "-stage_at", "-id"], name="prospect_of_owner"),
                    models.Index(
                        condition=models.Q(("id_no_index__isnull", False)),
                        fields=["id_no_index"],
                        name="prospect_id_no_index",
                    ),
                    models.Index(
                        condition=models.Q(("converted_on", None), ("forgotten_on", None)),
                        fields=["stage_at"],
                        name="prospect_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("mobile_index__isnull", False)),
                        fields=("mobile_index",),
                        name="one_prospect_of_a_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("converted_on__isnull", False), ("stage", "opened")),
                            models.Q(models.Q(("stage", "opened"), _negated=True), ("converted_on__isnull", True)),
                            _connector="OR",
                        ),
                        name="an_opened_prospect_has_its_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProspectStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("contacted", "Contacted"),
                            ("interested", "Interested"),
                            ("opened", "Account opened"),
                            ("dropped", "Given up"),
                        ],
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
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
                    "prospect",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="campaigns.prospect"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a prospect",
                "verbose_name_plural": "steps of prospects",
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lobby", "Lobby referral"),
                            ("personal", "Company to personal"),
                            ("company", "Personal to company"),
                        ],
                        default="lobby",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "need",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("wealth", "Wealth product"),
                            ("insurance", "Insurance"),
                            ("loan", "Loan"),
                            ("card", "Credit card"),
                            ("account", "New account"),
                            ("payroll", "Payroll"),
                            ("settlement", "Settlement"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                        verbose_name="need",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                ("made_at", models.DateTimeField()),
                (
                    "queue",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "turns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), default=list, size=None
                    ),
                ),
                ("asked_until", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "Business done"),
                            ("follow", "To be followed up"),
                            ("declined", "Not interested"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="result",
                    ),
                ),
                ("result_note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                ("result_at", models.DateTimeField(null=True)),
                ("submission", models.UUIDField(editable=False, unique=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
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
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="referrals",
                        to="customers.customer",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "prospect",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="referrals",
                        to="campaigns.prospect",
                    ),
                ),
            ],
            options={
                "verbose_name": "referral",
                "verbose_name_plural": "referrals",
                "indexes": [
                    models.Index(fields=["branch", "-made_at", "-id"], name="referral_of_branch"),
                    models.Index(
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=["branch"],
                        name="referral_waiting_of_branch",
                    ),
                    models.Index(fields=["accepted_by", "-made_at"], name="referral_of_who_accepted"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("customer__isnull", False), ("prospect__isnull", True)),
                            models.Q(("customer__isnull", True), ("prospect__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_referral_is_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("accepted_by__isnull", True)),
                            models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="who_accepts_does_so_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_by__isnull", True),
                            models.Q(("accepted_by", models.F("made_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_refers_to_themselves",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("result", ""), ("result_at__isnull", True)),
                            models.Q(
                                models.Q(("result", ""), _negated=True),
                                ("accepted_at__isnull", False),
                                ("result_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_result_comes_after_it_was_accepted",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=("customer", "kind"),
                        name="one_waiting_referral_of_a_customer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=("prospect",),
                        name="one_waiting_referral_of_a_prospect",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LobbyShift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handed_at", models.DateTimeField()),
                ("sentence", models.CharField(max_length=200, verbose_name="in one sentence")),
                ("tally", models.JSONField(default=dict)),
                ("taken_at", models.DateTimeField(null=True)),
                ("submission", models.UUIDField(editable=False, unique=True)),
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
                    "handed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_by",
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
                "verbose_name": "handover of the lobby",
                "verbose_name_plural": "handovers of the lobby",
                "indexes": [models.Index(fields=["branch", "-handed_at"], name="lobby_shift_of_branch")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_by__isnull", True),
                            models.Q(("taken_by", models.F("handed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="another_takes_the_lobby_over",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                ("is_present", models.BooleanField(verbose_name="present")),
                ("said_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "presence",
                "verbose_name_plural": "presences",
                "constraints": [models.UniqueConstraint(fields=("user", "day"), name="one_presence_of_a_day")],
            },
        ),
        migrations.RunPython(add_rule, migrations.RunPython.noop),
        guard_by_branch("campaigns_prospect"),
        guard_by_branch("campaigns_prospectstep"),
        guard_by_branch("campaigns_referral"),
        guard_by_branch("campaigns_lobbyshift"),
        web_writes(WRITTEN),
        migrations.RunSQL(CHANGED, UNCHANGED),
        migrations.RunSQL(sql_text(__package__, "0004_prospects"), DROP),
    ]
