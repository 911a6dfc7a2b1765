"""Gradings of one customer: what the rules suggest now, what people have decided, and deciding."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Q, Value, When
from django.utils.translation import gettext as _

from archives.models import PlanType
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import CustomerStatus
from customers.models import Customer
from segments.choices import DecisionState
from segments.models import Grade, GradeDecision, Grading
from segments.rules import words
from segments.rules.compile import compiled
from segments.rules.parse import BadRule, parse

MOST_GRADES = 100


class GradeRefused(ValueError):
    """The decision cannot be taken; the message says why in the user's words."""


@dataclass(frozen=True)
class Graded:
    """One grading of a customer. `suggested` is the grade by rule now, `why` its rule in words; `decision` the newest
    one of people, `decided` the grade that it left."""

    grading: Grading
    grades: list[Grade]
    suggested: Grade | None
    why: str
    decision: GradeDecision | None
    decided: Grade | None

    @property
    def grade(self) -> Grade | None:
        """What holds: what people decided, and the suggestion where nobody is asked."""
        return self.decided if self.grading.needs_people else self.suggested

    @property
    def is_open(self) -> bool:
        """Whether somebody should look: nobody has decided, or the rules suggest something else since."""
        code = self.suggested.code if self.suggested else ""
        return bool(self.grading.needs_people and code and (self.decision is None or self.decision.suggested != code))


def of_customer(user: User, customer: Customer, day: date) -> list[Graded]:
    """Every grading in force that concerns the customer; one statement where none is, else three.

    None for who refuses profiling.
    """
    if customer.profiling_opt_out or customer.status != CustomerStatus.ACTIVE:
        return []
    rows = Grade.objects.filter(grading__is_active=True, grading__applies_to__in=("", customer.customer_type))
    by_grading: dict[Grading, list[Grade]] = {}
    # A type of maintenance that is out of use is nobody's to choose any more.
    retired = Q(grading__needs_people=True, code__in=PlanType.objects.filter(is_active=False).values("code"))
    rows = rows.exclude(retired).select_related("grading").order_by("grading_id", "number")
    for grade in rows[:MOST_GRADES]:
        by_grading.setdefault(grade.grading, []).append(grade)
    if not by_grading:
        return []
    suggested = suggestions(user, customer, by_grading, day)
    newest = GradeDecision.objects.visible_to(user).filter(customer=customer, grading__in=list(by_grading))
    decisions = {
        one.grading_id: one for one in newest.select_related("staff").order_by("grading", "-pk").distinct("grading")
    }
    return [graded(grading, grades, suggested, decisions.get(grading.pk)) for grading, grades in by_grading.items()]


def graded(grading: Grading, grades: list[Grade], suggested: dict[int, str], decision: GradeDecision | None) -> Graded:
    by_code = {grade.code: grade for grade in grades}
    found = by_code.get(suggested.get(grading.pk, ""))
    why = words.told(parse(found.rule)) if found and found.rule else ""
    return Graded(grading, grades, found, why, decision, by_code.get(decision.grade) if decision else None)


def suggestions(user: User, customer: Customer, by_grading: dict[Grading, list[Grade]], day: date) -> dict[int, str]:
    """The first grade of each grading whose rule holds for the customer; one statement for all."""
    columns = {f"grade_{grading.pk}": first_match(grades, day) for grading, grades in by_grading.items()}
    row = Customer.objects.visible_to(user).filter(pk=customer.pk).annotate(**columns).values(*columns).first() or {}
    return {grading.pk: row.get(f"grade_{grading.pk}", "") for grading in by_grading}


def first_match(grades: list[Grade], day: date) -> Case:
    """The code of the first grade whose rule holds; a rule that cannot be read holds for nobody."""
    whens = []
    for grade in grades:
        try:
            if grade.rule:
                whens.append(When(compiled(parse(grade.rule), day), then=Value(grade.code)))
        except BadRule:
            continue
    return Case(*whens, default=Value(""), output_field=CharField())


def decide(user: User, customer: Customer, code: str, chosen: str, day: date) -> GradeDecision:
    """Note what somebody makes of a suggestion: `chosen` is the code of a grade, or empty to reject what is suggested.

    Raises GradeRefused for a grading that is not in force or needs nobody, for a grade that it does not have, and for
    one that is its manager's to choose.
    """
    found = next((one for one in of_customer(user, customer, day) if one.grading.code == code), None)
    if found is None or not found.grading.needs_people:
        raise GradeRefused(_("This grading is not in force, or needs nobody to decide."))
    grade = next((one for one in found.grades if one.code == chosen), None)
    if chosen and grade is None:
        raise GradeRefused(_("There is no such grade."))
    if grade is not None and grade.needs_manager and user.role != Role.BRANCH_MANAGER:
        raise GradeRefused(_("Whoever leads the branch decides upon this grade."))
    if not chosen and found.suggested is None:
        raise GradeRefused(_("Nothing is suggested that could be rejected."))
    suggested = found.suggested.code if found.suggested else ""
    state = DecisionState.CONFIRMED if chosen == suggested else DecisionState.CHOSEN
    return GradeDecision.objects.create(
        branch_id=customer.branch_id,
        customer=customer,
        grading=found.grading,
        suggested=suggested,
        grade=chosen,
        state=state if chosen else DecisionState.REJECTED,
        staff=user,
    )
