"""How customers are looked after: types, templates by version, and the steps from which the night makes plans."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from archives.choices import (
    CYCLES,
    DATE_EVENTS,
    Channel,
    Content,
    Method,
    Purpose,
    StepEvent,
    TemplateKind,
    TypeDimension,
)
from crm.organization.models import MOST_MINUTES, User
from customers.choices import AlertKind
from customers.models import Customer

LEAST_OFFSET, MOST_OFFSET = -60, 120
YEAR_DAYS = 366
MOST_OF_A_GRADE = 30  # characters of a grade's code (segments)
TOP_TIER = 9


LANGUAGES = ("zh_hans", "zh_hant", "en")


def localized(names: Mapping[str, str | None]) -> str:
    """The name in the language of the page, Simplified Chinese where a translation is missing; "" without any."""
    language = (get_language() or "zh-hans").replace("-", "_")
    return names.get(language) or names.get("zh_hans") or ""


class Named(models.Model):
    """A row that an administrator names in three languages; Simplified Chinese stands in for a missing one."""

    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=40)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=40, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """In the language of the page."""
        return localized({language: getattr(self, f"name_{language}") for language in LANGUAGES})


class PlanType(Named):
    """A type of customer by which maintenance differs (DOMAIN 3.8): a value of preference, habit or grade.

    A new one is at once a grade of the grading of its dimension, which people choose on a customer's page (a trigger,
    segments 0018): adding it takes no more than this row, and templates for what differs. Which type a customer is of,
    the planner asks of what people have decided in a grading whose grade has this code (the view
    `archives_decided_type`), else of balances (`archives_type_by_balances`).
    """

    code = models.SlugField(_("code"), max_length=40, unique=True, validators=[MaxLengthValidator(MOST_OF_A_GRADE)])
    dimension = models.CharField(
        _("dimension"),
        max_length=12,
        choices=TypeDimension.choices,
        help_text=_("People choose the type on a customer's page, in the grading of this name, once it is in force."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("type of maintenance")
        verbose_name_plural = _("types of maintenance")


class MaintenanceTemplate(models.Model):
    """维护模板: one version of how a type of customer is looked after. A change is a new row; plans keep theirs.

    `frequency_days` is the cycle of routine contacts where it differs from that of the customer's tier. `minutes` is
    what one such contact takes, `gift_limit` the most that a gift may cost, in yuan.
    """

    plan_type = models.ForeignKey(PlanType, models.PROTECT, related_name="templates", verbose_name=_("type"))
    kind = models.CharField(_("kind"), max_length=8, choices=TemplateKind.choices)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    contents = ArrayField(
        models.CharField(max_length=12, choices=Content.choices), default=list, verbose_name=_("contents")
    )
    methods = ArrayField(
        models.CharField(max_length=12, choices=Method.choices), default=list, verbose_name=_("methods")
    )
    frequency_days = models.PositiveSmallIntegerField(
        _("every so many days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(YEAR_DAYS)],
        help_text=_("Empty: by the contact cadence of the tier."),
    )
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=20, validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
    )
    gift_limit = models.DecimalField(
        _("gift limit, yuan"), max_digits=8, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    script = models.TextField(_("script"), max_length=2000)
    is_active = models.BooleanField(_("active"), default=True)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("maintenance template")
        verbose_name_plural = _("maintenance templates")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["plan_type", "kind", "version"], name="one_version_of_a_template"),
            models.UniqueConstraint(
                fields=["plan_type", "kind"], condition=models.Q(is_active=True), name="one_template_in_use"
            ),
        ]

    def __str__(self) -> str:
        of = f"{self.plan_type} · " if self.plan_type_id else ""
        return f"{of}{self.get_kind_display()} v{self.version}"

    @property
    def content_words(self) -> list[str]:
        return [str(Content(value).label) for value in self.contents]

    @property
    def method_words(self) -> list[str]:
        return [str(Method(value).label) for value in self.methods]


class PlanStep(Named):
    """A step of the planner: so many days before or after an event, a plan of this kind for customers of these tiers.

    A day counted back from the event, or the event's own, moves to the working day before it; one counted forward to
    the next. An opening or an alert is known the morning after, which counts as its own day. The template follows
    from the customer's type and `kind`.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    event = models.CharField(_("event"), max_length=12, choices=StepEvent.choices)
    alert_kind = models.CharField(_("alert"), max_length=30, choices=AlertKind.choices, blank=True, default="")
    offset_days = models.SmallIntegerField(
        _("days after the event"),
        default=0,
        validators=[MinValueValidator(LEAST_OFFSET), MaxValueValidator(MOST_OFFSET)],
        help_text=_("Negative: days before it."),
    )
    kind = models.CharField(_("kind of template"), max_length=8, choices=TemplateKind.choices)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices, default=Purpose.CARE)
    from_tier = models.PositiveSmallIntegerField(_("from tier"), default=1, validators=[MaxValueValidator(TOP_TIER)])
    to_tier = models.PositiveSmallIntegerField(_("to tier"), default=TOP_TIER, validators=[MaxValueValidator(TOP_TIER)])
    is_active = models.BooleanField(_("active"), default=True)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("step of the planner")
        verbose_name_plural = _("steps of the planner")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(event__in=CYCLES, offset_days=0)
                | models.Q(event__in=(StepEvent.OPENED, StepEvent.ALERT), offset_days__gte=0)
                | models.Q(event__in=(*DATE_EVENTS, StepEvent.MATURITY, StepEvent.OTHER_BANK)),
                name="offset_fits_its_event",
                violation_error_message=_(
                    "The cadence has no offset, and nobody can be there before an alert or an opening."
                ),
            ),
            models.CheckConstraint(
                condition=(models.Q(event=StepEvent.ALERT) & ~models.Q(alert_kind=""))
                | (~models.Q(event=StepEvent.ALERT) & models.Q(alert_kind="")),
                name="an_alert_step_names_its_alert",
                violation_error_message=_("A step after an alert names the alert; another names none."),
            ),
        ]


class CalendarFeed(models.Model):
    """A person's subscription to the own plans in another calendar. Deleting the row revokes every address given out.

    `secret` goes into the address, which is signed: the row alone opens nothing.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    secret = models.UUIDField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("calendar subscription")


class CappedPlan(models.Model):
    """What the night wanted for `due_date` and the cap of touches left out: from `ask_on` on there is room for it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    episode = models.CharField(max_length=140)
    step = models.ForeignKey(PlanStep, models.CASCADE, related_name="+", db_index=False)
    due_date = models.DateField()
    ask_on = models.DateField(null=True)

    class Meta:
        verbose_name = _("plan left out by the cap of touches")
        verbose_name_plural = _("plans left out by the cap of touches")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "episode"], name="one_capped_plan"),
        ]


class NightPlanSeen(models.Model):
    """Whom the night looks at, before anything is asked about them."""

    customer_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "night_plan_seen"


class NightPlanCustomer(models.Model):
    """For whom the night plans anew; `is_planned` is false where it may only call off."""

    customer_id = models.BigIntegerField(primary_key=True)
    branch_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    tier = models.SmallIntegerField()
    plan_type_id = models.BigIntegerField(null=True)
    begun_on = models.DateField(null=True)
    is_planned = models.BooleanField()

    class Meta:
        db_table = "night_plan_customer"


class NightPlan(models.Model):
    """What steps ask for tonight, then what of it is to be written. `due_date` is empty until a free day is found:
    from `free_from` on where the manager is away before, else from the morning on."""

    customer_id = models.BigIntegerField()
    episode = models.CharField(max_length=140)
    step_id = models.BigIntegerField()
    template_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=10)
    wanted_date = models.DateField()
    due_date = models.DateField(null=True)
    free_from = models.DateField(null=True)

    class Meta:
        db_table = "night_plan"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "episode"], name="one_night_plan"),
        ]
