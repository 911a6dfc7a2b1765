"""维护质量: what the night finds in the contacts that people log, and what their managers say of it (docs/quality.md).

All of it belongs to the author and the author's branch, not to a customer: a finding spans many customers, and stays
where it was found when one of them moves.
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.quality_choices import FINDING_KINDS, FindingState, FlawKind
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.models.holding import NO_INDEX

MOST_MINUTES, MOST_CONTACTS, MOST_LETTERS, WHOLE = 240, 500, 200, 100
PERCENT = [MinValueValidator(0), MaxValueValidator(WHOLE)]
MINUTES = [MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
CONTACTS = [MinValueValidator(2), MaxValueValidator(MOST_CONTACTS)]


class ContactQualityRule(models.Model):
    """The thresholds of the night and the weights of the score, from a day on until the next row begins.

    A weight is how much of a contact a flaw takes off, in percent; no contact loses more than all of itself.
    """

    effective_from = models.DateField(_("effective from"), unique=True)
    gap_minutes = models.PositiveSmallIntegerField(
        _("minutes between two entries of one sitting"), default=5, validators=MINUTES
    )
    least_alike = models.PositiveSmallIntegerField(_("texts alike in a sitting"), default=5, validators=CONTACTS)
    percent_alike = models.PositiveSmallIntegerField(
        _("alike from, percent"), default=90, validators=[MinValueValidator(50), MaxValueValidator(WHOLE)]
    )
    least_length = models.PositiveSmallIntegerField(
        _("letters of a text that is compared"), default=8,
        validators=[MinValueValidator(4), MaxValueValidator(MOST_LETTERS)],
    )  # fmt: skip
    least_burst = models.PositiveSmallIntegerField(_("contacts of a burst"), default=8, validators=CONTACTS)
    minutes_a_call = models.PositiveSmallIntegerField(
        _("minutes a conversation takes at least"), default=2, validators=MINUTES
    )
    late_minutes = models.PositiveSmallIntegerField(
        _("minutes after which an entry is late"), default=60, validators=MINUTES
    )
    off_alike = models.PositiveSmallIntegerField(_("off for texts alike, percent"), default=100, validators=PERCENT)
    off_burst = models.PositiveSmallIntegerField(_("off for a burst, percent"), default=50, validators=PERCENT)
    off_no_next = models.PositiveSmallIntegerField(
        _("off for a missing next step, percent"), default=50, validators=PERCENT
    )
    off_no_change = models.PositiveSmallIntegerField(
        _("off where nothing followed, percent"), default=25, validators=PERCENT
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of contact quality")
        verbose_name_plural = _("rules of contact quality")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.least_alike} × {self.percent_alike} %"


class AuthoredQuerySet(models.QuerySet["ContactFinding"]):
    """Rows of an author: one's own where the reach is one's own customers, else those of the branches one sees."""

    def visible_to(self, user: User) -> "AuthoredQuerySet":
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        if scope.reach == Reach.OWN:
            return self.filter(staff_id=scope.user_id)
        return self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)


class FindingQuerySet(AuthoredQuerySet):
    def with_state(self) -> "FindingQuerySet":
        """With what was said last (`state`, open where nothing was), and how often something was (`verdicts_said`)."""
        last = ContactVerdict.objects.filter(finding=models.OuterRef("pk")).order_by("-number")
        found: FindingQuerySet = self.annotate(
            state=Coalesce(models.Subquery(last.values("kind")[:1]), models.Value(FindingState.OPEN)),
            verdicts_said=Coalesce(models.Subquery(last.values("number")[:1]), models.Value(0)),
        )
        return found


class ContactDay(models.Model):
    """How many contacts that count an author entered on a day."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    contacts = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("contacts of a day")
        verbose_name_plural = _("contacts of a day")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["staff", "day"], name="one_contact_day_of_an_author"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["branch", "day"], name="contact_day_of_branch")]


class ContactFinding(models.Model):
    """Contacts of one sitting that look as if nobody had been talked to: texts alike, or entered faster than possible.

    `leader` is the text that the others are alike to, in a burst the first. `percent` is how alike the least alike of
    them is to it. `late` were entered long after the contact; the conversations among them need at least
    `needed_minutes`, and had `had_minutes`.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=[(one.value, one.label) for one in FINDING_KINDS])
    day = models.DateField(_("day"))
    leader = models.ForeignKey("archives.ContactLog", models.CASCADE, related_name="+", **NO_INDEX)
    contacts = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    percent = models.PositiveSmallIntegerField(null=True)
    late = models.PositiveIntegerField()
    needed_minutes = models.PositiveIntegerField()
    had_minutes = models.PositiveIntegerField()
    found_on = models.DateField()

    objects: ClassVar[FindingQuerySet] = FindingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("finding in contacts")
        verbose_name_plural = _("findings in contacts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["leader", "kind"], name="one_finding_of_a_leader"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-id"], name="contact_finding_of_branch"),
            models.Index(fields=["staff", "-id"], name="contact_finding_of_staff"),
        ]


class ContactMark(models.Model):
    """A flaw of one contact, found once; `finding` is the sitting where it was found in one. `day` is that of entry."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    log = models.ForeignKey("archives.ContactLog", models.CASCADE, related_name="marks", db_index=False)
    kind = models.CharField(max_length=10, choices=FlawKind.choices)
    finding = models.ForeignKey(ContactFinding, models.CASCADE, null=True, related_name="marks")

    class Meta:
        verbose_name = _("flaw of a contact")
        verbose_name_plural = _("flaws of contacts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["log", "kind"], name="one_mark_of_a_kind"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "day"], name="contact_mark_of_branch"),
            models.Index(fields=["staff", "day"], name="contact_mark_of_staff"),
        ]


class ContactVerdict(models.Model):
    """What somebody who leads the author said of a finding; appended, never changed (a trigger keeps the order)."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    finding = models.ForeignKey(ContactFinding, models.CASCADE, related_name="verdicts", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("result"), max_length=12, choices=FindingState.choices)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    remark = models.CharField(_("remark"), max_length=500)

    class Meta:
        verbose_name = _("verdict on a finding")
        verbose_name_plural = _("verdicts on findings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["finding", "number"], name="one_verdict_of_a_number"),
            models.CheckConstraint(condition=~models.Q(remark=""), name="a_verdict_says_why"),
        ]
