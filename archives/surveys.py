"""满意度与 NPS: record what a customer answers, follow up what is low, and the figures (DOMAIN §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from archives import contactable, plans
from archives.choices import ComplaintState, Outcome, PlanState, Purpose, Touch
from archives.models import Complaint, ContactLog, MaintenancePlan, Survey, SurveyRule
from archives.plans import Intent
from archives.survey_models import LOW_NPS, PROMOTER_NPS
from crm.audit import trail
from crm.organization import effective, workdays
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models import Customer
from customers.models.customer import hidden

MONTHS = 12
MOST_LINES = 30
LAST_TOUCHES = 3


class SurveyRefused(Exception):
    """It cannot be recorded; the message says why in plain words."""


@dataclass(frozen=True)
class Asked:
    """What a customer was asked about; `row` is the contact, plan or complaint."""

    touch: str
    row: ContactLog | MaintenancePlan | Complaint | None = None

    @property
    def key(self) -> str:
        return f"{self.touch}:{self.row.pk}" if self.row else self.touch

    @property
    def label(self) -> str:
        """In a few words, with its day."""
        row = self.row
        if isinstance(row, ContactLog):
            day = timezone.localdate(row.contacted_at)
            return f"{row.get_channel_display()} {day:%m-%d}"
        if isinstance(row, MaintenancePlan):
            return f"{row.what} {row.closed_on:%m-%d}"
        if isinstance(row, Complaint):
            return f"{Touch.COMPLAINT.label} {row.received_on:%m-%d}"
        return pgettext("survey", "Visit today")


@dataclass(frozen=True)
class Answer:
    """What the customer said."""

    asked: Asked
    score: int
    nps: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class Figures:
    """The answers of a month, a branch or a manager; `least` are needed before a figure is told."""

    key: Any
    name: str
    answers: int
    score: float | None
    rated: int
    promoters: int
    detractors: int
    low: int
    least: int

    @property
    def is_enough(self) -> bool:
        return self.answers >= self.least

    @property
    def is_rated_enough(self) -> bool:
        return self.rated >= self.least

    @property
    def nps(self) -> float | None:
        """净推荐值: the share of 9 and 10 less that of 0 to 6, in points; None where nobody was asked."""
        return 100 * (self.promoters - self.detractors) / self.rated if self.rated else None


def rule_on(day: date) -> SurveyRule:
    """The rule in force on a day."""
    return effective.rule_on(SurveyRule, day)


def asked_since(user: User, customer: Customer, day: date) -> tuple[date, date] | None:
    """When the customer was asked, and from when they may be again; None where they may be now."""
    rule = rule_on(day)
    since = day - timedelta(days=rule.days_between)
    last = Survey.objects.visible_to(user).filter(customer=customer, answered_on__gt=since).order_by("-answered_on")
    found = last.values_list("answered_on", flat=True).first()
    return (found, found + timedelta(days=rule.days_between)) if found else None


def touches(user: User, customer: Customer) -> list[Asked]:
    """What the customer may be asked about: the visit of today, the last contacts, the last plan done, a complaint."""
    met = ContactLog.objects.visible_to(user).filter(customer=customer, replaced_at=None)
    logs = met.exclude(outcome=Outcome.NOT_REACHED).order_by("-contacted_at")[:LAST_TOUCHES]
    done = MaintenancePlan.objects.visible_to(user).filter(customer=customer, state=PlanState.DONE)
    plan = done.select_related("step").order_by("-closed_on", "-pk")[:1]
    answered = (ComplaintState.ANSWERED, ComplaintState.CLOSED)
    complaint = Complaint.objects.visible_to(user).filter(customer=customer, state__in=answered)
    return [
        Asked(Touch.VISIT),
        *(Asked(Touch.CONTACT, log) for log in logs),
        *(Asked(Touch.PLAN, one) for one in plan),
        *(Asked(Touch.COMPLAINT, one) for one in complaint.order_by("-received_on", "-pk")[:1]),
    ]


def record(customer: Customer, actor: User, answer: Answer, day: date, submission: UUID) -> Survey:
    """Keep an answer once per submission; a low one becomes a plan for the main owner at once.

    The customer's row is the lock: of two who ask at once the second is told. Raises SurveyRefused within the days that
    have to lie between two surveys.
    """
    with transaction.atomic():
        Customer.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=customer.pk)
        known = Survey.objects.visible_to(actor).filter(customer=customer, submission=submission).first()
        if known is not None:
            return known
        if again := asked_since(actor, customer, day):
            told = {"day": again[0], "next": again[1]}
            raise SurveyRefused(_("The customer was asked on %(day)s, and may be asked again from %(next)s.") % told)
        survey = Survey(
            branch_id=customer.branch_id, customer=customer, touch=answer.asked.touch, score=answer.score,
            nps=answer.nps, comment=answer.comment, answered_on=day, recorded_by=actor, submission=submission,
            manager_id=plans.main_owners(actor, [customer.pk]).get(customer.pk),
        )  # fmt: skip
        if answer.asked.row is not None:
            setattr(survey, answer.asked.touch, answer.asked.row)
        if survey.is_low:
            survey.follow_up = plan_for(survey, customer, actor, day)
        survey.save()
        detail = {"score": answer.score, "nps": answer.nps, "touch": answer.asked.touch, "plan": survey.follow_up_id}
        trail.record(actor, "survey.record", customer=customer, target=survey, detail=detail)
    return survey


def follow_again(survey: Survey, actor: User, day: date) -> MaintenancePlan:
    """Plan the follow-up anew, where the plan for it was called off. Raises SurveyRefused where that is not so."""
    with transaction.atomic():
        rows = Survey.objects.visible_to(actor).select_for_update(of=("self",)).select_related("follow_up", "customer")
        current = rows.get(pk=survey.pk)
        if current.follow_up is None or current.follow_up.state != PlanState.CANCELLED:
            raise SurveyRefused(_("Somebody sees to it already."))
        current.follow_up = plan_for(current, current.customer, actor, day)
        current.save(update_fields=["follow_up"])
    return current.follow_up


def plan_for(survey: Survey, customer: Customer, actor: User, day: date) -> MaintenancePlan:
    """The plan that a low answer asks for: on the next working day, in person where no calls are wanted."""
    said = f"{survey.score}/5" if survey.nps is None else f"{survey.score}/5, NPS {survey.nps}"
    text = _("Low answer in a survey: %(said)s") % {"said": said}
    due = workdays.next_workday(day)
    channel = contactable.way_for(customer.pk, Purpose.SURVEY, due)
    leads = User.objects.filter(branch_id=customer.branch_id, role=Role.BRANCH_MANAGER, is_active=True)
    stand_in = leads.order_by("staff_no").first() or actor
    intent = Intent(due, Purpose.SURVEY, channel, text)
    return plans.create(customer, actor, intent, uuid4(), stand_in=stand_in)


def loaded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Low answers with what the list of them shows."""
    shown = rows.select_related("customer", "branch", "manager", "follow_up__owner")
    return shown.defer(*hidden("customer"))


def figures(rows: QuerySet[Survey], by: str, least: int) -> list[Figures]:
    """The answers by month, branch or manager, one line each; months newest first, the others by their answers."""
    key, name = {
        "month": (TruncMonth("answered_on"), None),
        "branch": (F("branch_id"), "branch__name"),
        "manager": (F("manager_id"), "manager__name"),
    }[by]
    grouped: QuerySet[Any, dict[str, Any]] = (
        rows.order_by().annotate(line=key).values("line", *([name] if name else []))
    )
    counted = grouped.annotate(
        answers=Count("pk"),
        average=Avg("score"),
        rated=Count("nps"),
        promoters=Count("pk", filter=Q(nps__gte=PROMOTER_NPS)),
        detractors=Count("pk", filter=Q(nps__lte=LOW_NPS)),
        low=Count("pk", filter=Q(follow_up__isnull=False)),
    ).order_by("-line" if by == "month" else "-answers")
    return [
        Figures(
            row["line"], (row[name] or "") if name else "", row["answers"], row["average"], row["rated"],
            row["promoters"], row["detractors"], row["low"], least,
        )
        for row in counted[:MOST_LINES]
    ]  # fmt: skip


def whole_of(lines: Sequence[Figures], least: int) -> Figures:
    """All months together."""
    answers = sum(one.answers for one in lines)
    points = sum((one.score or 0) * one.answers for one in lines)
    return Figures(
        None, "", answers, points / answers if answers else None, sum(one.rated for one in lines),
        sum(one.promoters for one in lines), sum(one.detractors for one in lines), sum(one.low for one in lines), least,
    )  # fmt: skip
