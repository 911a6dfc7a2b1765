"""Facts that the archive shows and nobody types there: their text, and the source, recorder and day of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from archives.choices import Source
from archives.models import RiskAssessment
from crm.organization.models import User
from customers.models import Customer, Relation

MASKS = {"document": "id_no_mask", "mobile": "mobile_mask", "address": "address_mask"}
RELATIONS, RISK = "relations", "risk"


@dataclass(frozen=True)
class Origin:
    """Where a fact comes from. `recorder` is None where the bank's system delivered it; "" and None: nobody kept it."""

    source: str
    recorder: str | None
    day: date | None


NOBODY_KEPT = Origin("", "", None)


@dataclass(frozen=True)
class SystemLine:
    """One such fact as the page shows it."""

    label: str
    text: str
    origin: Origin


def origins_of(user: User, customer: Customer) -> Mapping[str, Origin]:
    """The origin of what people record elsewhere in the product, by key of the field; two statements."""
    found = {RELATIONS: NOBODY_KEPT, RISK: NOBODY_KEPT}
    noted = Relation.objects.visible_to(user).filter(customer=customer).select_related("recorded_by")
    relation = noted.order_by("-pk").first()
    if relation is not None:
        recorder = relation.recorded_by.name if relation.recorded_by else ""
        day = timezone.localtime(relation.recorded_at).date() if relation.recorded_at else None
        found[RELATIONS] = Origin(_("noted by staff"), recorder, day)
    assessed = RiskAssessment.objects.visible_to(user).filter(customer=customer).select_related("recorded_by")
    newest = assessed.order_by("-assessed_on", "-pk").first()
    if newest is not None:
        through, by = str(newest.get_through_display()), newest.recorded_by
        found[RISK] = Origin(through, by.name if by else None, newest.assessed_on)
    return found


def delivered(customer: Customer) -> Origin:
    """The origin of everything that the core bank's files say of a customer."""
    return Origin(str(Source.SYSTEM.label), None, customer.delivered_on)


def system_line(
    customer: Customer, key: str, label: str, state: str, origins: Mapping[str, Origin]
) -> SystemLine:  # fmt: skip
    """`state` is what completeness makes of it: "full", "half" or "none"."""
    return SystemLine(label, system_text(customer, key, state), origins.get(key) or delivered(customer))


def system_text(customer: Customer, key: str, state: str) -> str:
    """What the page shows of it: masks, or whether it is there at all."""
    if key in MASKS:
        return str(getattr(customer, MASKS[key]))
    if key in ("occupation", "employer"):
        return str(getattr(customer, key))
    return {"full": _("on record"), "half": _("expired"), "none": ""}[state]
