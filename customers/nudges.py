"""催办: a branch manager asks the owner of a customer to answer an alert, once a day."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization.models import User
from customers.alert_answers import locked
from customers.choices import AlertState, OwnershipRole
from customers.models import Alert, Nudge, Ownership


class NudgeRefused(Exception):
    """Nobody owns the customer, or the alert has been nudged today; the message says which."""


# A nudge is shown until somebody does something about the alert, at most so long: the board goes on telling of it.
DAYS_SHOWN = 7


def nudge(alert: Alert, actor: User, day: date) -> Nudge:
    """Ask the main owner to answer this alert.

    Raises NudgeRefused, and AnsweredAlready when the alert is closed.
    """
    with transaction.atomic():
        current = locked(alert)
        owner = Ownership.objects.filter(
            customer=current.customer_id, role=OwnershipRole.MAIN, until__isnull=True
        ).first()
        if owner is None:
            raise NudgeRefused(_("Nobody answers for this customer; assign a manager first."))
        if Nudge.objects.filter(alert=current, nudged_on=day).exists():
            raise NudgeRefused(_("This alert has been nudged today."))
        made = Nudge.objects.create(
            branch_id=current.branch_id,
            customer_id=current.customer_id,
            alert=current,
            owner_id=owner.owner_id,
            nudged_by=actor,
            nudged_on=day,
        )
        trail.record(actor, "alert.nudge", customer=current.customer, target=current, detail={"owner": owner.owner_id})
        return made


def open_nudges(user: User, day: date) -> QuerySet[Nudge]:
    """The latest nudges of this user's untouched alerts, newest first, one of an alert."""
    untouched = [AlertState.NEW, AlertState.READ]
    latest = (
        Nudge.objects.visible_to(user)
        .filter(owner=user, nudged_on__gt=day - timedelta(days=DAYS_SHOWN), alert__state__in=untouched)
        .order_by("alert_id", "-nudged_on")
        .distinct("alert_id")
    )
    return Nudge.objects.filter(pk__in=latest.values("pk")).order_by("-nudged_at")
