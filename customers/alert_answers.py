"""What people do with an alert: answer it by a contact, put it off, or say why it does not apply (I-4).

Each takes the alert's row lock first and looks at its state again: of two people who answer at the same time the
second is told so, and nothing is overwritten.
"""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization.models import User
from customers.choices import LIVE_ALERT_STATES, AlertState, CloseReason
from customers.models import Alert, Customer


class AnsweredAlready(Exception):
    """Somebody else, or the night, has closed the alert in the meantime."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        super().__init__(_("This alert has been closed in the meantime."))


class NothingToUndo(Exception):
    """The alert is no longer as the user's answer left it."""


class BadSnooze(Exception):
    """The day is not after today, or so far off that the alert would be forgotten."""


LONGEST_SNOOZE_DAYS = 30


def answer_by_contact(
    customer: Customer, alert_ids: Sequence[int], user: User, on: date, *, reached: bool, settled: bool = False
) -> tuple[list[Alert], list[Alert]]:
    """Close these alerts of the customer; a contact that did not reach anybody leaves them open, as being followed.

    Only a contact that `settled` the matter silences the later stages of a maturity: DOMAIN §4, "T-1 if unconfirmed".
    Returns (answered now, closed before by somebody else).
    """
    answered, before = [], []
    with transaction.atomic():
        rows = Alert.objects.visible_to(user).filter(customer=customer, pk__in=alert_ids).order_by("pk")
        for alert in rows.select_for_update(of=("self",)):
            if alert.state not in LIVE_ALERT_STATES:
                before.append(alert)
                continue
            if reached:
                why = CloseReason.SETTLED if settled else CloseReason.CONTACTED
                close(alert, AlertState.CLOSED, why, user, on)
            else:
                alert.state = AlertState.FOLLOWING
                alert.snoozed_until = None
                alert.save(update_fields=["state", "snoozed_until"])
            answered.append(alert)
    return answered, before


def not_applicable(alert: Alert, user: User, on: date, note: str) -> None:
    """Close the alert because it is wrong for this customer; the reason tunes the rule."""
    with transaction.atomic():
        current = locked(alert)
        close(current, AlertState.NOT_APPLICABLE, CloseReason.NOT_APPLICABLE, user, on, note)
        trail.record(user, "alert.not_applicable", customer=current.customer, target=current, detail={"note": note})


def snooze(alert: Alert, user: User, on: date, until: date) -> None:
    """Take the alert off the list until a day; it comes back then, unless the night closes it before."""
    if not 0 < (until - on).days <= LONGEST_SNOOZE_DAYS:
        raise BadSnooze(
            _("Choose a day from tomorrow on, at most %(days)s days ahead.") % {"days": LONGEST_SNOOZE_DAYS}
        )
    with transaction.atomic():
        current = locked(alert)
        current.state = AlertState.SNOOZED
        current.snoozed_until = until
        current.save(update_fields=["state", "snoozed_until"])
        trail.record(
            user, "alert.snooze", customer=current.customer, target=current, detail={"until": until.isoformat()}
        )


UNDO_STATES = frozenset({AlertState.NEW, AlertState.READ, AlertState.FOLLOWING})


def reopen(alert: Alert, user: User, on: date, state: str) -> None:
    """Take back an answer of the same user and day: put off, or not applicable. `state` is what it was before.

    Raises NothingToUndo for any other state of things: the night, a contact or somebody else came in between.
    """
    with transaction.atomic():
        current = Alert.objects.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
        closed_now = current.state == AlertState.NOT_APPLICABLE and (current.closed_by, current.closed_on) == (user, on)
        if not closed_now and current.state != AlertState.SNOOZED:
            raise NothingToUndo(_("This answer cannot be taken back any more."))
        current.state = AlertState(state) if state in UNDO_STATES else AlertState.READ
        current.snoozed_until = current.closed_by = current.closed_on = None
        current.close_reason = current.close_note = ""
        current.save(update_fields=["state", "snoozed_until", "closed_by", "closed_on", "close_reason", "close_note"])
        trail.record(user, "alert.reopen", customer=current.customer, target=current)


def locked(alert: Alert) -> Alert:
    """The alert as it is now, held until the transaction ends; raises AnsweredAlready when it is closed."""
    current = Alert.objects.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
    if current.state not in LIVE_ALERT_STATES:
        raise AnsweredAlready(current)
    return current


def close(alert: Alert, state: AlertState, why: CloseReason, user: User, on: date, note: str = "") -> None:
    alert.state = state
    alert.close_reason = why
    alert.closed_by = user
    alert.closed_on = on
    alert.close_note = note
    alert.save(update_fields=["state", "close_reason", "closed_by", "closed_on", "close_note"])
