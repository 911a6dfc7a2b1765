"""客户营销档案: what we know of a customer. Fields are rows; every value that was ever noted is kept."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from archives.choices import FILTERABLE, FROM_SYSTEM, ROWED, AppliesTo, FieldKind, Section, Sensitivity, Source
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer

MOST_OPTIONS = 40
OPTION_KEYS = {"key", "zh_hans"}
LONGEST_KEY, LONGEST_NAME = 40, 60
# Of a value: all options of a list chosen at once fit.
LONGEST_TEXT = 1000


def in_language(zh_hans: str, zh_hant: str, en: str) -> str:
    """The text in the reader's language, else in Simplified Chinese, which is always there."""
    language = get_language() or ""
    if language.startswith("en"):
        return en or zh_hans
    return (zh_hant or zh_hans) if "hant" in language else zh_hans


class ArchiveField(models.Model):
    """A field of the archive. The shipped ones come with the migrations; an administrator adds more.

    `weight` is its part of completeness, 0 for none; `question` is what a manager asks to fill it. `options` of a list
    or a band are `{"key", "zh_hans", "zh_hant", "en"}` in their order. A field is retired, never deleted: its values
    stay in the histories.
    """

    key = models.SlugField(_("code"), max_length=40, unique=True)
    section = models.CharField(_("section"), max_length=12, choices=Section.choices)
    place = models.PositiveSmallIntegerField(_("place in the section"), default=100)
    kind = models.CharField(_("kind"), max_length=8, choices=FieldKind.choices, default=FieldKind.TEXT)
    label_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    label_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    label_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    question_zh_hans = models.CharField(_("question, Simplified Chinese"), max_length=120, blank=True, default="")
    question_zh_hant = models.CharField(_("question, Traditional Chinese"), max_length=120, blank=True, default="")
    question_en = models.CharField(_("question, English"), max_length=120, blank=True, default="")
    options = models.JSONField(_("options"), default=list, blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), default=0, validators=[MaxValueValidator(100)])
    sensitivity = models.CharField(_("sensitivity"), max_length=2, choices=Sensitivity.choices, default=Sensitivity.C1)
    applies_to = models.CharField(_("belongs to"), max_length=10, choices=AppliesTo.choices, default=AppliesTo.ALL)
    is_filterable = models.BooleanField(_("lists and segments can ask for it"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("archive field")
        verbose_name_plural = _("archive fields")
        ordering: ClassVar[list[str]] = ["section", "place", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # An encrypted value can be compared with nothing.
            models.CheckConstraint(
                condition=~models.Q(sensitivity=Sensitivity.C2, is_filterable=True), name="no_filter_by_c2"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return in_language(self.label_zh_hans, self.label_zh_hant, self.label_en)

    @property
    def question(self) -> str:
        return in_language(self.question_zh_hans, self.question_zh_hant, self.question_en)

    @property
    def is_secret(self) -> bool:
        return self.sensitivity == Sensitivity.C2

    @property
    def is_rowed(self) -> bool:
        return self.section in ROWED

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The options of a list or a band with their names in the reader's language."""
        return [
            (one["key"], in_language(one["zh_hans"], one.get("zh_hant", ""), one.get("en", ""))) for one in self.options
        ]

    def clean(self) -> None:
        """What the parts of a definition ask of each other."""
        faults: dict[str, Any] = {}
        has_options = self.kind in (FieldKind.CHOICE, FieldKind.MULTI, FieldKind.BAND)
        if has_options != bool(self.options):
            faults["options"] = _("A list or a band has options, no other kind has.")
        elif not options_are_well_formed(self.options):
            faults["options"] = _(
                "Options are a list of {“key”, “zh_hans”, “zh_hant”, “en”}; keys are small letters, each once."
            )
        if self.kind == FieldKind.SYSTEM and self.pk is None:
            faults["kind"] = _(
                "What the core bank knows comes with its files; choose another kind for a field of your own."
            )
        if self.section in FROM_SYSTEM and self.pk is None:
            faults["section"] = _("The system fills this section; choose another one.")
        if self.is_filterable and self.is_secret:
            faults["is_filterable"] = _("A C2 field is encrypted, so nothing can be filtered by it.")
        elif self.is_filterable and self.kind not in FILTERABLE:
            faults["is_filterable"] = _("Nothing can be filtered by this kind of field.")
        if faults:
            raise ValidationError(faults)


def options_are_well_formed(options: Any) -> bool:
    if not isinstance(options, list) or len(options) > MOST_OPTIONS:
        return False
    if not all(isinstance(one, dict) and one.keys() >= OPTION_KEYS for one in options):
        return False
    if not all(isinstance(text, str) and 0 < len(text) <= LONGEST_NAME for one in options for text in one.values()):
        return False
    keys = [one["key"] for one in options]
    if len(set(keys)) != len(keys) or len(",".join(keys)) > LONGEST_TEXT:
        return False
    return all(len(key) <= LONGEST_KEY and key.isascii() and key.replace("_", "").isalnum() for key in keys)


class StaleAfter(models.Model):
    """After how many days what we know of a customer of a tier is to be asked again (DOMAIN §4); no row, never."""

    tier = models.PositiveSmallIntegerField(_("tier"), unique=True, validators=[MinValueValidator(1)])
    days = models.PositiveSmallIntegerField(
        _("days until it is stale"), validators=[MinValueValidator(1), MaxValueValidator(3660)]
    )

    class Meta:
        verbose_name = _("staleness of archives")
        verbose_name_plural = _("staleness of archives")

    def __str__(self) -> str:
        return f"{self.tier}: {self.days}"


class Archive(models.Model):
    """One per customer, made by the first value that is noted. Its row is the lock under which values are written.

    `version` counts the saves. `completeness` (percent of the weights; what has gone stale counts half) and `stale_in`,
    the sections in which something is stale (`stale_sections`: how many), stand as of `measured_on`, and change by
    themselves on `changes_on`, when the next goes stale.
    """

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="archive", primary_key=True)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField(default=0)
    completeness = models.PositiveSmallIntegerField(_("completeness"), default=0)
    stale_sections = models.PositiveSmallIntegerField(_("stale sections"), default=0)
    stale_in = ArrayField(models.CharField(max_length=12), default=list, db_default=[])
    updated_at = models.DateTimeField(null=True)
    measured_on = models.DateField(null=True)
    changes_on = models.DateField(null=True)

    objects: ClassVar[ScopedQuerySet["Archive"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "completeness"], include=["customer"], name="archive_of_branch"),
            models.Index(
                fields=["branch"],
                include=["customer", "stale_in"],
                condition=models.Q(stale_sections__gt=0),
                name="archive_stale_of_branch",
            ),
            models.Index(
                fields=["changes_on"], condition=models.Q(changes_on__isnull=False), name="archive_changes_on"
            ),
        ]


class ArchiveMeasure(models.Model):
    """How complete an archive was, kept whenever that changed: what `Archive` says now, it said here on a past day.

    Of several rows of one day the last one stands. Written by `archives_remeasure` alone.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="archive_measures", db_index=False)
    measured_on = models.DateField()
    completeness = models.PositiveSmallIntegerField()
    stale_in = ArrayField(models.CharField(max_length=12), db_default=[])

    objects: ClassVar[ScopedQuerySet["ArchiveMeasure"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("measure of an archive")
        verbose_name_plural = _("measures of archives")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-measured_on", "-id"], name="archive_measure_of_customer"),
        ]


class ArchiveValue(models.Model):
    """A version of one value: written once, then only marked as replaced. The one that is not replaced is current.

    Its id is the version that a form was read at. `row` tells the rows of a section of rows apart, 0 elsewhere. `text`
    is the value in the writing of `archives.record_kinds`, empty where the value was taken out; of a C2 field it is
    empty always, `cipher` holds the value and `digest` tells whether two are the same. `number`, `day` and `keys` are
    what filters compare.
    `known_on` is the day on which the value was learned or confirmed.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="archive_values", db_index=False)
    field = models.ForeignKey(ArchiveField, models.PROTECT, related_name="values", db_index=False)
    row = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=LONGEST_TEXT, blank=True, default="")
    number = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    day = models.DateField(null=True)
    keys = ArrayField(models.CharField(max_length=LONGEST_KEY), null=True)
    cipher = models.BinaryField(null=True)
    digest = models.BinaryField(null=True)
    is_filled = models.BooleanField()
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    recorder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    known_on = models.DateField()
    recorded_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["ArchiveValue"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("archive value")
        verbose_name_plural = _("archive values")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer", "field", "row"],
                condition=models.Q(replaced_at__isnull=True),
                name="one_current_value_of_a_field",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-id"], name="archive_value_history"),
            # What segments and lists ask for: one field over many customers.
            models.Index(
                fields=["field", "customer"],
                condition=models.Q(replaced_at__isnull=True, is_filled=True),
                name="archive_value_of_field",
            ),
        ]
