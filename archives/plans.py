"""Maintenance plans 维护计划: make one, move it, call it off; a contact does what was due and plans what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from archives import contactable
from archives.choices import (
    LIVE_PLAN_STATES,
    MET,
    OWED,
    REGULAR,
    Channel,
    PlanCause,
    PlanOrigin,
    PlanState,
    Purpose,
    is_effective,
)
from archives.consent_choices import Bar
from archives.models import ContactLog, MaintenancePlan
from archives.template_models import LANGUAGES, localized
from crm import db
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES
from crm.organization.choices import Reach
from crm.organization.models import User
from customers.choices import OwnershipRole
from customers.models import Customer, Ownership


@dataclass(frozen=True)
class Intent:
    """What is meant to be done, by when and how."""

    due_date: date
    purpose: str = Purpose.CARE
    channel: str = Channel.PHONE
    note: str = ""


class PlanRefused(Exception):
    """It cannot be planned so, or not any more; the message says why in plain words."""


def create(
    customer: Customer,
    actor: User,
    intent: Intent,
    submission: UUID,
    source: ContactLog | None = None,
    stand_in: User | None = None,
) -> MaintenancePlan:
    """Plan it once per submission, for the customer's main owner, or for `stand_in` where nobody answers for them: the
    actor unless told.

    `source` is the contact that asked for it. It is paused from the start while the customer's complaint is open and it
    would sell something. Raises PlanRefused where the customer may not be reached so on that day (contactable.py).
    """
    try:
        with transaction.atomic():
            contactable.hold([customer.pk])
            verdict = contactable.verdict_on_plan(customer.pk, intent.purpose, intent.channel, intent.due_date)
            waits = verdict is not None and verdict.bar == Bar.COMPLAINT
            known = MaintenancePlan.objects.visible_to(actor).filter(customer=customer, submission=submission)
            if verdict is not None and not waits and not known.exists():
                raise PlanRefused(verdict.text)
            plan, is_new = MaintenancePlan.objects.get_or_create(
                customer=customer,
                submission=submission,
                defaults={
                    "branch_id": customer.branch_id,
                    "owner_id": main_owners(actor, [customer.pk]).get(customer.pk, (stand_in or actor).pk),
                    "created_by": actor,
                    "source": source,
                    **begun(waits),
                    **asdict(intent),
                },
            )
            if is_new:
                record(actor, "plan.create", plan, due=intent.due_date)
    except IntegrityError as error:
        # Between the question and the row the customer refused: the database has asked again.
        refusal = contactable.refusal_of(error)
        if refusal is None:
            raise
        raise PlanRefused(refusal) from error
    return plan


def create_many(customers: Sequence[Customer], actor: User, intent: Intent, submission: UUID) -> int:
    """The same for a chunk of a bulk action, in a fixed number of statements; returns how many it planned just now.

    Customers who may not be reached so on that day are left out, and those whom this submission planned for before;
    those whose complaint is open get a plan that is paused. What one submission made is found, and called
    off again, by `cancel_many`.
    """
    with transaction.atomic():
        before = MaintenancePlan.objects.visible_to(actor).filter(submission=submission)
        known = set(before.values_list("customer_id", flat=True))
        asked = [one for one in customers if one.pk not in known]
        ids = [one.pk for one in asked]
        contactable.hold(ids)
        bars = contactable.bars_of_plans(ids, intent.purpose, intent.channel, intent.due_date)
        asked = [one for one in asked if bars.get(one.pk, Bar.COMPLAINT) == Bar.COMPLAINT]
        owners = main_owners(actor, ids)
        MaintenancePlan.objects.bulk_create(
            MaintenancePlan(
                branch_id=one.branch_id,
                customer=one,
                owner_id=owners.get(one.pk, actor.pk),
                created_by=actor,
                submission=submission,
                **begun(one.pk in bars),
                **asdict(intent),
            )
            for one in asked
        )
        detail = {"submission": submission, "due": intent.due_date, "ids": [one.pk for one in asked]}
        trail.append(chain=actor.branch_id, actor=actor, action="plan.create_many", detail=detail)
    return len(asked)


def cancel_many(actor: User, submission: UUID, on: date, customer_ids: Sequence[int] | None = None) -> int:
    """Call off what a bulk action planned, as far as it is still open; returns how many that were.

    With `customer_ids` only what it planned for these.
    """
    with transaction.atomic():
        plans = MaintenancePlan.objects.live().visible_to(actor).filter(submission=submission)
        if customer_ids is not None:
            plans = plans.filter(customer_id__in=customer_ids)
        ids = list(plans.select_for_update(of=("self",)).values_list("customer_id", flat=True))
        MaintenancePlan.objects.filter(submission=submission, customer_id__in=ids).update(
            state=PlanState.CANCELLED, closed_on=on, closed_by=actor, cause=PlanCause.PERSON
        )
        detail = {"submission": submission, "ids": ids}
        trail.append(chain=actor.branch_id, actor=actor, action="plan.cancel_many", detail=detail)
    return len(ids)


def cancel_of_closed(as_of: date) -> int:
    """The night's part: call off the open plans of customers whom its files have closed; returns how many."""
    return db.run_sql(__package__, "cancel_of_closed", as_of=as_of)


def pause(customer_id: int | None = None, using: str = "default") -> int:
    """Pause what would sell something to a customer with an open complaint, or to all such; returns how many plans."""
    return db.run_sql(__package__, "pause", using, customer=customer_id, owed=list(OWED))


def resume(day: date, customer_id: int | None = None, using: str = "default") -> int:
    """Let paused plans go on where no complaint is open any more; what is past moves to the next working day."""
    return db.run_sql(__package__, "resume", using, customer=customer_id, day=day)


def begun(is_paused: bool) -> dict[str, str]:
    """The state in which a plan begins."""
    return {"state": PlanState.PAUSED, "cause": PlanCause.COMPLAINT} if is_paused else {"state": PlanState.PLANNED}


def cancel(plan: MaintenancePlan, actor: User, on: date) -> None:
    """Call a plan off. Raises PlanRefused when it has been closed in the meantime."""
    with transaction.atomic():
        current = locked(plan)
        current.state, current.closed_on, current.closed_by = PlanState.CANCELLED, on, actor
        current.cause = PlanCause.PERSON
        current.save(update_fields=["state", "closed_on", "closed_by", "cause"])
        record(actor, "plan.cancel", current, due=current.due_date)


def move(plan: MaintenancePlan, actor: User, due_date: date) -> None:
    """Put a plan off to another day 改期. Raises PlanRefused when it has been closed in the meantime, and where the
    customer has contacts enough around that day."""
    with transaction.atomic():
        current = locked(plan)
        contactable.hold([current.customer_id])
        verdict = contactable.verdict_on_plan(
            current.customer_id, current.purpose, current.channel, due_date, current.pk
        )
        if verdict is not None and verdict.bar == Bar.CAP and current.origin != PlanOrigin.INSPECTION:
            raise PlanRefused(verdict.text)
        before, current.due_date = current.due_date, due_date
        current.save(update_fields=["due_date"])
        record(actor, "plan.move", current, due=due_date, before=before)


def follow_contact(log: ContactLog, customer: Customer, actor: User, chosen: int | None = None) -> list[int]:
    """What a contact does to the customer's plans; returns the ids of those that it did.

    It answers the one that was `chosen`, whenever that was meant and also while it is paused. Besides, it answers what
    was due by its day, and whenever that was meant to be the "next contact" of an earlier one, the regular contact of
    the tier, and what an alert or a low answer in a survey asked for; a visit only where they met. Where it reached
    the customer these are done, and its own next date becomes a plan; where it did not, they move to the next date
    instead, so that no second plan stands beside them. What an inspection asks for, handing the archive in again does,
    and nothing else.
    """
    day = timezone.localtime(log.contacted_at).date()
    answered = list(
        MaintenancePlan.objects.live()
        .visible_to(actor)
        .filter(
            Q(pk=chosen)
            | Q(state=PlanState.PLANNED)
            & (
                Q(due_date__lte=day)
                | Q(source__isnull=False)
                | Q(origin__in=(*REGULAR, PlanOrigin.ALERT))
                | Q(purpose=Purpose.SURVEY)
            ),
            customer=customer,
        )
        .exclude(origin=PlanOrigin.INSPECTION)
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    if log.channel not in MET:
        answered = [plan for plan in answered if plan.origin != PlanOrigin.VISIT or plan.pk == chosen]
    is_reached = is_effective(log.channel, log.outcome)
    for plan in answered:
        if is_reached:
            plan.state, plan.done_by, plan.closed_on, plan.closed_by = PlanState.DONE, log, day, actor
        elif log.next_date is not None:
            plan.due_date = free_day(plan, log.next_date)
    MaintenancePlan.objects.bulk_update(answered, ["state", "done_by", "closed_on", "closed_by", "due_date"])
    if log.next_date is not None and (is_reached or not answered):
        create(customer, actor, next_of(log), log.submission or uuid4(), source=log)
    return [plan.pk for plan in answered] if is_reached else []


def free_day(plan: MaintenancePlan, day: date) -> date:
    """The day, or the first one after it on which the customer has not been contacted often enough."""
    contactable.hold([plan.customer_id])
    verdict = contactable.verdict_on_plan(plan.customer_id, plan.purpose, plan.channel, day, plan.pk)
    return timezone.localtime(verdict.free_at).date() if verdict is not None and verdict.free_at else day


def next_of(log: ContactLog) -> Intent:
    """The next contact as it may be: in person where this way is closed, on the first free day; as care where a running
    campaign leaves the customer alone."""
    assert log.next_date is not None
    contactable.hold([log.customer_id])
    intent = Intent(log.next_date, log.purpose, log.channel, log.next_action)
    verdict = contactable.verdict_on_plan(log.customer_id, log.purpose, log.channel, log.next_date)
    if verdict is not None and verdict.bar == Bar.LEFT_ALONE:
        intent = replace(intent, purpose=Purpose.CARE)
        verdict = contactable.verdict_on_plan(log.customer_id, intent.purpose, log.channel, log.next_date)
    if verdict is None or verdict.bar == Bar.COMPLAINT:
        return intent
    if verdict.free_at is not None:
        return replace(intent, due_date=timezone.localtime(verdict.free_at).date())
    return replace(intent, channel=Channel.FACE)


def choosable(actor: User, customer: Customer, chosen: int | None, number: int) -> list[MaintenancePlan]:
    """What a contact with the customer may have been about: the plan that was `chosen`, then the next ones."""
    first = Case(When(pk=chosen, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = MaintenancePlan.objects.live().visible_to(actor).filter(customer=customer)
    rows = rows.exclude(origin=PlanOrigin.INSPECTION).select_related("step")
    return list(rows.order_by(first, "due_date", "pk")[:number])


def of_customer(actor: User, customer: Customer, number: int) -> list[MaintenancePlan]:
    """The open and paused plans of a customer, next one first, each with its owner."""
    plans = MaintenancePlan.objects.live().visible_to(actor).filter(customer=customer)
    return list(plans.select_related("owner", "step").order_by("due_date", "pk")[:number])


# What a plan is for, as values of a JSON row that `said_of` puts into words.
SAID = {"note": F("note")} | {language: F(f"step__name_{language}") for language in LANGUAGES}


def said_of(found: Mapping[str, Any]) -> str:
    """What a person wrote, or the name of the planner's step in the language of the page."""
    return found["note"] or localized(found)


def main_owners(actor: User, customer_ids: Sequence[int]) -> dict[int, int]:
    """customer id → id of the main owner, of those customers in the actor's scope who have one."""
    owned = Ownership.objects.visible_to(actor).filter(
        customer_id__in=customer_ids, role=OwnershipRole.MAIN, until__isnull=True
    )
    return dict(owned.values_list("customer_id", "owner_id"))


def stand_ins(branch_id: int) -> QuerySet[User]:
    """Who can do the plans of a branch for colleagues: its staff who see more than customers of their own."""
    staff = User.objects.filter(branch_id=branch_id, is_active=True, role__in=BALANCE_ROLES)
    return staff.exclude(reach=Reach.OWN)


def locked(plan: MaintenancePlan) -> MaintenancePlan:
    """The plan as it is now, held until the transaction ends."""
    current = MaintenancePlan.objects.select_for_update(of=("self",)).select_related("customer").get(pk=plan.pk)
    if current.state not in LIVE_PLAN_STATES:
        raise PlanRefused(_("This plan has been closed in the meantime."))
    if current.origin == PlanOrigin.INSPECTION:
        raise PlanRefused(_("An inspection asks for this: hand the archive in again, then the plan is done."))
    return current


def record(actor: User, action: str, plan: MaintenancePlan, **days: date) -> None:
    trail.record(actor, action, customer=plan.customer, target=plan, detail=days)
