"""What a customer's page says of entitlements and points: how much is left, and what ends when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db.models import DateField, F, Func, JSONField, Value
from django.utils import timezone

from segments.names import localized

SOON_DAYS = 30


@dataclass(frozen=True)
class Left:
    """What is left of an entitlement, of points where `entitlement_id` is empty; `expiring` of it ends on `expires_on`.
    `submission` marks the form beside it, so that what is sent twice is used once."""

    entitlement_id: int | None
    name: str
    left: int
    expiring: int
    expires_on: date
    submission: UUID = field(default_factory=uuid4)

    @property
    def is_soon(self) -> bool:
        return (self.expires_on - timezone.localdate()).days <= SOON_DAYS


def left_on(day: date) -> Func:
    """Annotation of customers: what is left to each on a day, for `standings`."""
    return Func(F("pk"), Value(day, DateField()), function="campaigns_ledger_left", output_field=JSONField())


def standings(found: Iterable[dict[str, Any]] | None) -> list[Left]:
    """What `left_on` has brought: entitlements, the one that ends first in front, and points."""
    return [
        Left(
            entitlement_id=one["entitlement_id"],
            name=localized(one) if one["entitlement_id"] else "",
            left=one["left"],
            expiring=one["expiring"],
            expires_on=date.fromisoformat(one["expires_on"]),
        )
        for one in found or ()
    ]
