"""投诉: a complaint until its cause is dealt with, what was done to it, and how long that may take."""

from datetime import date
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import (
    UNANSWERED,
    ComplaintAct,
    ComplaintCategory,
    ComplaintChannel,
    ComplaintKind,
    ComplaintSeverity,
    ComplaintState,
    ComplaintTermKind,
)
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import OwnershipRole
from customers.models import Customer, Ownership


class ComplaintTerm(models.Model):
    """Days that a kind of complaint may take, or that a special extension adds (DOMAIN §4). A change is for complaints
    to come: the day by which one is to be answered is kept with it."""

    kind = models.CharField(_("kind"), max_length=10, choices=ComplaintTermKind.choices, unique=True)
    days = models.PositiveSmallIntegerField(_("days"), validators=[MinValueValidator(1), MaxValueValidator(366)])
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("term for complaints")
        verbose_name_plural = _("terms for complaints")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.days}"


def concerns(user_id: int, complaint: str = "") -> Q:
    """Complaints of own customers; besides, those that one handles or has taken in, whoever complains.

    `complaint` leads from a row to its complaint, with `__` behind it.
    """
    owned = Ownership.objects.filter(
        customer=OuterRef(f"{complaint}customer"), owner_id=user_id, role=OwnershipRole.MAIN, until__isnull=True
    )
    own = {f"{complaint}handler_id": user_id}, {f"{complaint}registered_by_id": user_id}
    return Q(Exists(owned)) | Q(**own[0]) | Q(**own[1])


class ComplaintQuerySet(ScopedQuerySet["Complaint"]):
    def owned_by(self, user_id: int) -> Q:
        return concerns(user_id)

    def open(self) -> "ComplaintQuerySet":
        return self.exclude(state=ComplaintState.CLOSED)

    def unanswered(self) -> "ComplaintQuerySet":
        return self.filter(state__in=UNANSWERED)


class Complaint(models.Model):
    """What somebody complains of. `complainant` is what somebody who is no customer is called; numbers to reach them
    stay in the bank's own complaint system, whose number is `reference`.

    `due_date` is the last day for the answer, `informed_on` the day of it. A special extension needs a second person,
    and nobody who is complained of handles, extends, answers or closes: the database keeps these rules too.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="complaints", null=True, blank=True, db_index=False
    )
    complainant = models.CharField(_("who complains"), max_length=40, blank=True, default="")
    channel = models.CharField(_("how it came"), max_length=10, choices=ComplaintChannel.choices)
    received_on = models.DateField(_("received on"))
    category = models.CharField(_("about what"), max_length=10, choices=ComplaintCategory.choices)
    severity = models.SmallIntegerField(
        _("severity"), choices=ComplaintSeverity.choices, default=ComplaintSeverity.ORDINARY
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ComplaintKind.choices, default=ComplaintKind.ORDINARY)
    text = models.TextField(_("what happened"), max_length=2000)
    reference = models.CharField(_("number in the complaint system"), max_length=40, blank=True, default="")
    complained_of = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("about whom"), db_index=False
    )
    handler = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("handler"), db_index=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ComplaintState.choices, default=ComplaintState.REGISTERED
    )
    due_date = models.DateField(_("to be answered by"))
    special_reason = models.CharField(_("why it takes longer"), max_length=500, blank=True, default="")
    special_asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True, db_index=False)
    special_decided_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    is_extended = models.BooleanField(_("specially extended"), default=False)
    decision = models.CharField(_("decision"), max_length=1000, blank=True, default="")
    informed_on = models.DateField(_("customer informed on"), null=True, blank=True)
    root_cause = models.CharField(_("root cause"), max_length=1000, blank=True, default="")
    rectification = models.CharField(_("rectification"), max_length=1000, blank=True, default="")
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    registered_at = models.DateTimeField(auto_now_add=True)
    submission = models.UUIDField(editable=False)

    objects: ClassVar[ComplaintQuerySet] = ComplaintQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Of whoever sent it: a number that somebody else used at a branch out of sight says nothing here.
            models.UniqueConstraint(fields=["registered_by", "submission"], name="one_complaint_of_a_submission"),
            models.CheckConstraint(
                condition=Q(complained_of__isnull=True) | ~Q(handler=F("complained_of")),
                name="nobody_handles_a_complaint_about_themselves",
            ),
            models.CheckConstraint(
                condition=Q(special_decided_by__isnull=True) | ~Q(special_decided_by=F("special_asked_by")),
                name="another_decides_on_a_special_extension",
            ),
            models.CheckConstraint(
                condition=Q(special_decided_by__isnull=True)
                | Q(complained_of__isnull=True)
                | ~Q(special_decided_by=F("complained_of")),
                name="nobody_extends_a_complaint_about_themselves",
            ),
            models.CheckConstraint(
                condition=Q(is_extended=False) | Q(special_decided_by__isnull=False),
                name="a_special_extension_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNANSWERED, informed_on__isnull=True, decision="")
                | (~Q(state__in=UNANSWERED) & Q(informed_on__gte=F("received_on")) & ~Q(decision="")),
                name="an_answer_has_a_decision_and_a_day",
            ),
            models.CheckConstraint(
                condition=(~Q(state=ComplaintState.CLOSED) & Q(closed_on__isnull=True))
                | (Q(state=ComplaintState.CLOSED, closed_on__gte=F("informed_on")) & ~Q(root_cause="")),
                name="a_closed_complaint_has_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(due_date__gte=F("received_on")), name="a_complaint_is_due_after_it_came"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-received_on"], name="complaint_of_customer"),
            models.Index(fields=["branch", "due_date", "id"], name="complaint_of_branch"),
            # The rule that pauses marketing, the board and 今日 ask for these alone.
            models.Index(
                fields=["customer"], condition=~Q(state=ComplaintState.CLOSED), name="complaint_open_of_customer"
            ),
            models.Index(
                fields=["handler", "due_date"],
                condition=Q(state__in=UNANSWERED),
                name="complaint_due_of_handler",
            ),
            models.Index(
                fields=["branch", "closed_on"],
                include=["due_date", "informed_on"],
                condition=Q(state=ComplaintState.CLOSED),
                name="complaint_closed_of_branch",
            ),
            models.Index(
                fields=["closed_on"],
                include=["customer"],
                condition=Q(state=ComplaintState.CLOSED),
                name="complaint_closed_on",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state != ComplaintState.CLOSED

    @property
    def is_unanswered(self) -> bool:
        return self.state in UNANSWERED

    @property
    def is_asked_special(self) -> bool:
        """Does a special extension wait for its approval?"""
        return self.special_asked_by_id is not None and self.special_decided_by_id is None

    @property
    def is_on_time(self) -> bool | None:
        """Was the customer informed by the day? None before."""
        return None if self.informed_on is None else self.informed_on <= self.due_date

    def days_left(self, day: date) -> int | None:
        """Days until the answer is owed, below 0 where they have passed; None once it is given."""
        return (self.due_date - day).days if self.is_unanswered else None


class ComplaintStepQuerySet(ScopedQuerySet["ComplaintStep"]):
    def owned_by(self, user_id: int) -> Q:
        return concerns(user_id, "complaint__")


class ComplaintStep(models.Model):
    """One thing that was done to a complaint; written, and never changed. `due_date` is the day as it was then.

    The customer stands here too, so that the row goes along when the customer changes the branch.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", null=True, db_index=False)
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="steps", db_index=False)
    act = models.CharField(_("what was done"), max_length=10, choices=ComplaintAct.choices)
    note = models.CharField(pgettext_lazy("complaint", "note"), max_length=1000, blank=True, default="")
    due_date = models.DateField(_("to be answered by"))
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ComplaintStepQuerySet] = ComplaintStepQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("step of a complaint")
        verbose_name_plural = _("steps of complaints")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["complaint", "id"], name="step_of_complaint")]
