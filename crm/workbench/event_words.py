"""The icon and the words of each event of the timeline, from the facts that its statement returns."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from archives.choices import Channel, ComplaintCategory, ComplaintState, Outcome, PlanState, Purpose
from customers.choices import AlertKind, CloseReason, OwnershipRole
from segments.choices import MoveCause
from segments.names import localized

Words = Callable[[Mapping[str, Any]], str]


def label(choices: type[TextChoices], value: str) -> str:
    """The word for a stored value; the value itself where it is one that the product no longer knows."""
    return str(choices(value).label) if value in choices.values else value


CHANNEL_ICONS = {
    Channel.PHONE: "phone",
    Channel.FACE: "user-check",
    Channel.WECOM: "message-circle",
    Channel.SMS: "mail",
    Channel.LOBBY: "building-bank",
    Channel.HOME_VISIT: "home",
    Channel.EVENT: "calendar-event",
}
ICONS: dict[str, Words] = {
    "contact": lambda detail: CHANNEL_ICONS.get(detail["channel"], "message"),
    "plan": lambda detail: "calendar-plus",
    "alert": lambda detail: "bell",
    "alert_closed": lambda detail: "circle-check",
    "tier": lambda detail: "trending-down" if (detail["new"] or 0) < (detail["old"] or 0) else "trending-up",
    "money": lambda detail: "arrow-up-right" if detail["amount"].startswith("-") else "arrow-down-left",
    "owner": lambda detail: "user-share",
    "complaint": lambda detail: "message-report",
    "survey": lambda detail: "star",
    "use": lambda detail: "wallet",
}
TITLES: dict[str, Words] = {
    "contact": lambda detail: label(Channel, detail["channel"]),
    "plan": lambda detail: _("Plan made"),
    "alert": lambda detail: label(AlertKind, detail["kind"]),
    "alert_closed": lambda detail: label(AlertKind, detail["kind"]),
    "tier": lambda detail: _("Tier"),
    "money": lambda detail: _("Money out") if detail["amount"].startswith("-") else _("Money in"),
    "owner": lambda detail: label(OwnershipRole, detail["role"]),
    "complaint": lambda detail: _("Complaint"),
    "survey": lambda detail: _("Satisfaction"),
    "use": lambda detail: localized(detail) if detail["name_zh_hans"] else _("Points of the ledger"),
}


def closing(detail: Mapping[str, Any]) -> str:
    """Why an alert was closed, with what its closer wrote."""
    reason = label(CloseReason, detail["reason"]) if detail["reason"] else ""
    return _("closed: %(reason)s") % {"reason": f"{reason} {detail['note']}".strip()}


def planned(detail: Mapping[str, Any]) -> str:
    """Purpose, channel and note, and whether it came to pass."""
    words = [label(Purpose, detail["purpose"]), label(Channel, detail["channel"]), detail["note"]]
    if detail["state"] != PlanState.PLANNED:
        words.append(label(PlanState, detail["state"]))
    return " ".join(word for word in words if word)


def complained(detail: Mapping[str, Any]) -> str:
    """About what, and how far it has come."""
    return f"{label(ComplaintCategory, detail['category'])} {label(ComplaintState, detail['state'])}"


def surveyed(detail: Mapping[str, Any]) -> str:
    """The two scores, and the customer's words."""
    scores = [f"{detail['score']}/5", "" if detail["nps"] is None else f"NPS {detail['nps']}", detail["comment"]]
    return " ".join(word for word in scores if word)


def used(detail: Mapping[str, Any]) -> str:
    """How many, what for, and whether it was taken back."""
    words = [_("used %(number)s") % {"number": f"{detail['units']:,}"}, detail["reason"]]
    if detail["reversed"]:
        words.append(_("Reversed"))
    return " ".join(word for word in words if word)


TEXTS: dict[str, Words] = {
    "contact": lambda detail: label(Outcome, detail["outcome"]),
    "plan": planned,
    "alert": lambda detail: _("raised"),
    "alert_closed": closing,
    "tier": lambda detail: label(MoveCause, detail["cause"]),
    "owner": lambda detail: str(detail["reason"]),
    "complaint": complained,
    "survey": surveyed,
    "use": used,
}
