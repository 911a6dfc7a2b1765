"""The drawings of 到期承接 in numbers: the columns of six months, and a customer's assets around a maturity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from archives.models import ContactLog
from campaigns.retention.figures import Split
from campaigns.retention.models import Maturity, Part
from crm.organization.models import User
from customers.models import BalanceChange

COLUMN_HEIGHT, COLUMN_WIDTH, COLUMN_STEP = 64, 26, 50
LEFT, RIGHT, TOP, BOTTOM = 46, 150, 5, 36
DAYS = 16  # from the eve to T+15
CONTACT_DAYS = 7
MOST_CONTACTS = 2
# Of all rows of a page together; who talks to a customer more often than this is found on the customer page.
MOST_LOADED = 200


@dataclass(frozen=True)
class Column:
    """A month: the rectangles of its parts (part, y, height) over the ground line, its rate and where that stands."""

    month: date
    x: int
    parts: Sequence[tuple[Part, float, float]]
    rate: Decimal | None
    rate_y: float

    @property
    def middle(self) -> int:
        return self.x + COLUMN_WIDTH // 2


def columns(months: Mapping[date, Split], basis: str) -> list[Column]:
    """A column for each month, as high as its matured principal."""
    most = max((split.principal for split in months.values()), default=Decimal(0)) or Decimal(1)
    found = []
    for number, (month, split) in enumerate(months.items()):
        y, parts = float(COLUMN_HEIGHT + 28), []
        for part in Part:
            height = round(COLUMN_HEIGHT * float(split.of(part) / most), 1)
            y = round(y - height, 1)
            parts.append((part, y, height))
        found.append(Column(month, 12 + number * COLUMN_STEP, parts, split.rate(basis), round(y - 5, 1)))
    return found


@dataclass(frozen=True)
class Steps:
    """A step line of assets from the eve of a maturity; `mark_x` are T, T+7 and T+15."""

    path: str
    first: Decimal
    last: Decimal
    last_x: float
    last_y: float
    first_y: float
    mark_x: tuple[float, float, float]


@dataclass(frozen=True)
class Row:
    """A maturity as the page shows it, with the contacts around it, newest first."""

    maturity: Maturity
    steps: Steps
    contacts: Sequence[ContactLog]
    state: str

    @property
    def customer(self) -> object:
        return self.maturity.customer


def rows(user: User, found: Sequence[Maturity], as_of: date) -> list[Row]:
    """With what the balances and the contact logs say; two statements for all of them."""
    if not found:
        return []
    changes = changes_of(user, found)
    contacts = contacts_of(user, found)
    return [
        Row(one, steps_of(one, changes.get(one.customer_id, []), as_of), around(one, contacts), state_of(one, as_of))
        for one in found
    ]


def state_of(one: Maturity, as_of: date) -> str:
    """young before T+3, provisional before T+7, final until the window ends, then closed."""
    edges = (("young", one.provisional_on), ("provisional", one.final_on), ("final", one.ends_on))
    return next((name for name, edge in edges if as_of < edge), "closed")


def changes_of(user: User, found: Sequence[Maturity]) -> dict[int, list[tuple[date, Decimal]]]:
    """What counts in AUM changed by, day by day since the first of these maturities, newest first, by customer."""
    first = min(one.maturity_date for one in found)
    days = (
        BalanceChange.objects.visible_to(user)
        .filter(customer_id__in={one.customer_id for one in found}, as_of__gte=first)
        .values("customer_id", "as_of")
        .annotate(net=Sum(F("new_counted") - F("old_counted") - F("reclassified")))
        .order_by("customer_id", "-as_of")
    )
    by_customer: dict[int, list[tuple[date, Decimal]]] = {}
    for row in days:
        by_customer.setdefault(row["customer_id"], []).append((row["as_of"], row["net"]))
    return by_customer


def steps_of(one: Maturity, changes: Sequence[tuple[date, Decimal]], as_of: date) -> Steps:
    """The balance of a past day is today's less the later changes."""
    end = min(as_of, one.ends_on)
    eve = one.maturity_date - timedelta(days=1)
    span = max(DAYS, (one.ends_on - eve).days)
    level, levels = one.customer.metrics.aum, []
    for day, net in changes:
        if day < one.maturity_date:
            break
        if day <= end:
            levels.append((day, level))
        level -= net
    levels.append((eve, level))
    levels.reverse()
    most = max(amount for _day, amount in levels) or Decimal(1)

    def x(day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - eve).days / span, 1)

    def y(amount: Decimal) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * float(max(amount, Decimal(0)) / most), 1)

    path = f"M{x(eve)} {y(levels[0][1])}" + "".join(f"H{x(day)}V{y(amount)}" for day, amount in levels[1:])
    last = levels[-1][1]
    marks = (x(one.maturity_date), x(one.final_on), x(one.ends_on))
    return Steps(f"{path}H{x(end)}", levels[0][1], last, x(end), y(last), y(levels[0][1]), marks)


def contacts_of(user: User, found: Sequence[Maturity]) -> list[ContactLog]:
    """Contacts that count with these customers, newest first."""
    first = min(one.maturity_date for one in found) - timedelta(days=CONTACT_DAYS)
    last = max(one.ends_on for one in found) + timedelta(days=1)
    logs = ContactLog.objects.visible_to(user).filter(
        customer_id__in={one.customer_id for one in found},
        replaced_at__isnull=True,
        contacted_at__date__range=(first, last),
    )
    return list(logs.order_by("-contacted_at", "-pk")[:MOST_LOADED])


def around(one: Maturity, contacts: Sequence[ContactLog]) -> list[ContactLog]:
    """Those from seven days before the maturity to the end of its window, the newest."""
    first = one.maturity_date - timedelta(days=CONTACT_DAYS)
    own = (log for log in contacts if log.customer_id == one.customer_id)
    return [log for log in own if first <= local_day(log) <= one.ends_on][:MOST_CONTACTS]


def local_day(log: ContactLog) -> date:
    return timezone.localtime(log.contacted_at).date()
