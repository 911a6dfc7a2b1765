"""What we did: contact logs 联系记录, where corrections append and never overwrite; and what we mean to do: plans."""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.care_models import ExamDay as ExamDay
from archives.care_models import LunarMonth as LunarMonth
from archives.care_models import RetirementRule as RetirementRule
from archives.choices import (
    LIVE_PLAN_STATES,
    RECORDING_NO,
    Channel,
    Direction,
    Outcome,
    PlanCause,
    PlanOrigin,
    PlanState,
    Purpose,
)
from archives.complaint_models import Complaint as Complaint
from archives.complaint_models import ComplaintStep as ComplaintStep
from archives.complaint_models import ComplaintTerm as ComplaintTerm
from archives.consent_models import Consent as Consent
from archives.consent_models import ContactCap as ContactCap
from archives.consent_models import ContactRule as ContactRule
from archives.gift_models import Gift as Gift
from archives.gift_models import GiftLimit as GiftLimit
from archives.gift_models import GiftStep as GiftStep
from archives.inspection_models import Inspection as Inspection
from archives.inspection_models import InspectionCriterion as InspectionCriterion
from archives.inspection_models import InspectionDraw as InspectionDraw
from archives.inspection_models import InspectionRule as InspectionRule
from archives.inspection_models import InspectionStep as InspectionStep
from archives.quality_models import ContactDay as ContactDay
from archives.quality_models import ContactFinding as ContactFinding
from archives.quality_models import ContactMark as ContactMark
from archives.quality_models import ContactQualityRule as ContactQualityRule
from archives.quality_models import ContactVerdict as ContactVerdict
from archives.record_models import Archive as Archive
from archives.record_models import ArchiveField as ArchiveField
from archives.record_models import ArchiveMeasure as ArchiveMeasure
from archives.record_models import ArchiveValue as ArchiveValue
from archives.record_models import StaleAfter as StaleAfter
from archives.risk_models import AgeRule as AgeRule
from archives.risk_models import RiskAssessment as RiskAssessment
from archives.risk_models import RiskLimit as RiskLimit
from archives.survey_models import Survey as Survey
from archives.survey_models import SurveyRule as SurveyRule
from archives.template_models import CalendarFeed as CalendarFeed
from archives.template_models import CappedPlan as CappedPlan
from archives.template_models import MaintenanceTemplate as MaintenanceTemplate
from archives.template_models import NightPlan as NightPlan
from archives.template_models import NightPlanCustomer as NightPlanCustomer
from archives.template_models import NightPlanSeen as NightPlanSeen
from archives.template_models import PlanStep as PlanStep
from archives.template_models import PlanType as PlanType
from archives.word_models import ArchiveTemplate as ArchiveTemplate
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Alert, Customer
from customers.models.holding import NO_INDEX


class ContactLog(models.Model):
    """One contact: who reached whom, how, what for, and what came of it.

    A correction is a row of its own that points at the first one and keeps its `staff` and moment; a trigger lets
    nobody change what was written.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contact_logs")
    staff = models.ForeignKey(User, models.PROTECT, related_name="contact_logs")
    contacted_at = models.DateTimeField(_("when"), default=timezone.now)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices, default=Direction.OUTBOUND)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    summary = models.CharField(_("summary"), max_length=500, blank=True, default="")
    products = models.CharField(_("products"), max_length=200, blank=True, default="", db_default="")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    # Of a sale: under which number its recording 双录 lies in the bank's own system. It never comes here itself.
    recording_no = models.CharField(
        _("recording number"), max_length=40, blank=True, default="", db_default="", validators=[RECORDING_NO]
    )
    next_action = models.CharField(_("next action"), max_length=200, blank=True, default="")
    next_date = models.DateField(_("next date"), null=True, blank=True)
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, blank=True, related_name="contact_logs")
    campaign = models.ForeignKey(
        "campaigns.Campaign", models.PROTECT, null=True, blank=True, related_name="contact_logs", db_index=False
    )
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Who wrote it down, where that is not `staff`: a correction by the manager, or history that was imported.
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    imported_from = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    # What it is called there; with `imported_from` the same row of the other system, however often it is sent.
    source_no = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    # When a correction took its place: it stays and is shown, and counts no more.
    replaced_at = models.DateTimeField(null=True, editable=False)
    submission = models.UUIDField(null=True, editable=False)
    # This contact, not an earlier one, made the customer one who is not to be called or texted.
    bars = models.BooleanField(default=False, db_default=False, editable=False)

    objects: ClassVar[ScopedQuerySet["ContactLog"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("contact log")
        verbose_name_plural = _("contact logs")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_contact_of_a_submission"),
            models.UniqueConstraint(
                fields=["imported_from", "source_no"],
                condition=models.Q(corrects__isnull=True) & ~models.Q(source_no=""),
                name="one_import_of_a_contact",
            ),
            models.CheckConstraint(
                condition=models.Q(recording_no="") | models.Q(outcome=Outcome.SOLD), name="a_recording_is_of_a_sale"
            ),
            # Two who correct at once: the second is told.
            models.UniqueConstraint(
                fields=["corrects"], condition=models.Q(replaced_at__isnull=True), name="one_correction_counts"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-contacted_at"], name="contact_log_of_customer"),
            models.Index(fields=["staff", "-contacted_at"], name="contact_log_of_staff"),
            # The list of a branch and what its board counts, and the list of the head office.
            models.Index(
                fields=["branch", "-contacted_at", "-id"],
                include=["staff", "channel", "outcome", "replaced_at"],
                name="contact_log_of_branch",
            ),
            models.Index(fields=["-contacted_at", "-id"], name="contact_log_newest"),
            models.Index(
                fields=["branch", "next_date"],
                include=["staff", "customer"],
                condition=models.Q(next_date__isnull=False),
                name="contact_log_next_of_branch",
            ),
            models.Index(
                fields=["campaign", "contacted_at"],
                condition=models.Q(campaign__isnull=False),
                name="contact_log_of_campaign",
            ),
            # What was written down since the last night, imported history included.
            BrinIndex(fields=["recorded_at"], name="contact_log_recorded"),
        ]


class MaintenancePlanQuerySet(ScopedQuerySet["MaintenancePlan"]):
    def open(self) -> "MaintenancePlanQuerySet":
        return self.filter(state=PlanState.PLANNED)

    def live(self) -> "MaintenancePlanQuerySet":
        """Open plans, and those that are paused."""
        return self.filter(state__in=LIVE_PLAN_STATES)

    def overdue(self, day: date) -> "MaintenancePlanQuerySet":
        """Open plans whose day has passed; one for today is not late yet."""
        return self.open().filter(due_date__lt=day)


class MaintenancePlan(models.Model):
    """维护计划: what somebody means to do for a customer by a day, until a contact does it or somebody calls it off.

    `owner` is who is to do it: the customer's main owner, whom open plans follow (a trigger, migration 0007), or the
    colleague it was handed to. Who may see it goes by the customer, as everywhere. `cause` and `reason` say why it was
    closed without a contact, or why it is paused (archives.complaints).
    `source` is the contact whose next date asked for it, empty where a person wrote it. `submission` is the form or
    the bulk action that made it: sent twice it plans once, and what one action made can be found again.

    The night makes plans too (archives.planning), without `created_by`: `step` and `template` (the version it was made
    from) say what for, `episode` which occasion of the customer, so that one is planned once. `wanted_date` is the
    working day that the step asked for; `due_date` differs where it was spread, or moved by a person.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="plans", db_index=False)
    owner = models.ForeignKey(User, models.PROTECT, related_name="plans", db_index=False, verbose_name=_("owner"))
    due_date = models.DateField(_("due date"))
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices, default=Purpose.CARE)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, default=Channel.PHONE)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.PLANNED)
    source = models.ForeignKey(ContactLog, models.SET_NULL, null=True, blank=True, related_name="plans_made")
    done_by = models.ForeignKey(ContactLog, models.SET_NULL, null=True, blank=True, related_name="plans_done")
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    cause = models.CharField(
        _("cause"), max_length=16, choices=PlanCause.choices, blank=True, default="", db_default=""
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    submission = models.UUIDField(editable=False)
    origin = models.CharField(
        _("origin"), max_length=10, choices=PlanOrigin.choices, default=PlanOrigin.MANUAL, db_default=PlanOrigin.MANUAL
    )
    step = models.ForeignKey(PlanStep, models.PROTECT, null=True, blank=True, related_name="+", **NO_INDEX)
    template = models.ForeignKey(
        MaintenanceTemplate, models.PROTECT, null=True, blank=True, related_name="+", **NO_INDEX
    )
    episode = models.CharField(max_length=140, default="", db_default="", editable=False)
    wanted_date = models.DateField(null=True, editable=False)

    objects: ClassVar[MaintenancePlanQuerySet] = MaintenancePlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("maintenance plan")
        verbose_name_plural = _("maintenance plans")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_plan_of_a_submission"),
            models.UniqueConstraint(
                fields=["customer", "episode"], condition=~models.Q(episode=""), name="one_plan_of_an_episode"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "due_date"], name="plan_of_customer"),
            # What the night planned for a day that has become a holiday.
            models.Index(
                fields=["due_date"],
                condition=models.Q(state=PlanState.PLANNED) & ~models.Q(episode=""),
                name="plan_open_of_night",
            ),
            # What people closed since the last night.
            models.Index(fields=["closed_on"], condition=models.Q(closed_on__isnull=False), name="plan_closed"),
            models.Index(fields=["submission"], name="plan_of_submission"),
            models.Index(fields=["customer"], condition=models.Q(state=PlanState.PAUSED), name="plan_paused"),
            models.Index(
                fields=["branch", "due_date", "id"],
                condition=models.Q(state=PlanState.PLANNED),
                name="plan_open_of_branch",
            ),
            models.Index(
                fields=["owner", "due_date", "id"],
                condition=models.Q(state=PlanState.PLANNED),
                name="plan_open_of_owner",
            ),
        ]

    @property
    def what(self) -> str:
        """In a few words: what a person wrote, else the step of the planner, else the purpose."""
        return self.note or (self.step.name if self.step else str(self.get_purpose_display()))

    def is_overdue(self, day: date) -> bool:
        return self.state == PlanState.PLANNED and self.due_date < day
