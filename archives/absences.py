"""不在岗: who is away and when. Plans, proposals and hours go around it; the night moves what was planned before."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from archives.models import MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization.models import Absence, User

MOST_SHOWN = 200


class AbsenceRefused(Exception):
    """It cannot be noted so; the message says why in plain words."""


def of(staff: QuerySet[User], day: date) -> list[Absence]:
    """The absences of these people that are not over, nearest first."""
    rows = Absence.objects.filter(staff__in=staff, last_day__gte=day).select_related("staff", "noted_by")
    return list(rows.order_by("first_day", "staff__staff_no", "pk")[:MOST_SHOWN])


@transaction.atomic
def note(actor: User, staff: User, first: date, last: date, kind: str) -> Absence:
    """Note that somebody is away. Raises AbsenceRefused where a part of it is noted already."""
    db.hold_lock(f"absences of {staff.pk}", using="default")
    if Absence.objects.filter(staff=staff, first_day__lte=last, last_day__gte=first).exists():
        raise AbsenceRefused(_("%(name)s is noted as away on some of these days already.") % {"name": staff.name})
    absence = Absence.objects.create(staff=staff, first_day=first, last_day=last, kind=kind, noted_by=actor)
    record(actor, "note", absence)
    return absence


@transaction.atomic
def remove(actor: User, absence: Absence) -> None:
    """Forget an absence; plans that were moved on its account stay where they are."""
    removed, _rows = Absence.objects.filter(pk=absence.pk).delete()
    if removed:  # of two at once the second has removed nothing
        record(actor, "remove", absence)


def plans_on(actor: User, absence: Absence, day: date) -> int:
    """How many open plans stand on its days to come."""
    plans = MaintenancePlan.objects.open().visible_to(actor).filter(owner=absence.staff_id)
    return plans.filter(due_date__range=(max(absence.first_day, day), absence.last_day)).count()


def record(actor: User, what: str, absence: Absence) -> None:
    detail = {"staff": absence.staff_id, "first": absence.first_day, "last": absence.last_day, "kind": absence.kind}
    trail.record(actor, f"absence.{what}", target=absence, detail=detail)
