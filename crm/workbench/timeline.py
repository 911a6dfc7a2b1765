"""Everything that happened with a customer, newest first, in one statement; a page at a time by keyset.

Contacts and plans have a moment. What the night found has a business date: it stands at the end of that day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import CharField, DateField, DateTimeField, F, Func, Max, Q, QuerySet, Sum, TextChoices, Value
from django.db.models.functions import Abs, Cast, Coalesce, JSONObject, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from archives.models import Complaint, ContactLog, MaintenancePlan, Survey
from campaigns.entitlements.choices import EntryKind
from campaigns.entitlements.models import LedgerEntry
from crm.organization.access import BALANCE_ROLES
from crm.organization.models import User
from crm.workbench import event_words
from customers.models import Alert, BalanceChange, Customer, Ownership
from segments.models import TierChange, TierScheme

PAGE_EVENTS = 20
# A movement is large for this customer from a twentieth of the assets on, and never below this (ours).
LARGE_SHARE = Decimal("0.05")
LARGE_FROM = Decimal(10_000)
COLUMNS = ("event", "at", "number", "who", "detail")


class Kind(TextChoices):
    """What the timeline can be narrowed to."""

    CONTACT = "contact", gettext_lazy("Contacts")
    PLAN = "plan", gettext_lazy("Plans")
    MONEY = "money", pgettext_lazy("timeline", "Money")
    ALERT = "alert", gettext_lazy("Alerts")
    TIER = "tier", gettext_lazy("Tier")
    OWNER = "owner", gettext_lazy("Manager")
    SERVICE = "service", pgettext_lazy("timeline", "Service")


@dataclass(frozen=True)
class Event:
    """`name` is the sort of event, `detail` its facts; `day` is the bank's day, `has_time` false for business dates."""

    name: str
    at: datetime
    number: int
    who: str
    detail: dict[str, Any]

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date()

    @property
    def has_time(self) -> bool:
        return self.name in ("contact", "plan", "complaint", "survey", "use")

    @property
    def place(self) -> str:
        """Where the next older page goes on."""
        return f"{self.at.isoformat()}~{self.name}~{self.number}"

    @property
    def icon(self) -> str:
        return event_words.ICONS[self.name](self.detail)

    @property
    def title(self) -> str:
        """The event in two or three words."""
        return event_words.TITLES[self.name](self.detail)

    @property
    def text(self) -> str:
        """What a reader learns beside the title, without amounts and tiers, which the page draws."""
        words = event_words.TEXTS.get(self.name)
        return words(self.detail) if words else ""

    @property
    def amount(self) -> Decimal | None:
        """Money of the event, always positive."""
        found = self.detail.get("amount")
        return abs(Decimal(found)) if found else None

    @property
    def due(self) -> date | None:
        found = self.detail.get("due")
        return date.fromisoformat(found) if found else None


@dataclass(frozen=True)
class Timeline:
    """A page of events; `next_place` leads to older ones, empty at the end."""

    events: list[Event]
    next_place: str
    kind: str


class EndOfDay(Func):
    """The last moment of a business date by the bank's clock."""

    template = "timezone(%(zone)s, (%(expressions)s + 1)::timestamp) - interval '1 second'"
    output_field = DateTimeField()

    def __init__(self, day: str) -> None:
        super().__init__(Cast(F(day), DateField()), zone=f"'{settings.TIME_ZONE}'")


def text(name: str) -> Cast:
    """A number or a date as text, so that JSON keeps it exact."""
    return Cast(name, CharField())


def contacts(user: User, customer: Customer) -> QuerySet[Any]:
    return (
        ContactLog.objects.visible_to(user)
        .filter(customer=customer)
        .values(
            event=Value("contact"),
            at=F("contacted_at"),
            number=F("pk"),
            who=F("staff__name"),
            detail=JSONObject(
                channel="channel",
                outcome="outcome",
                summary="summary",
                due=text("next_date"),
                amount=text("amount"),
                products="products",
                recording="recording_no",
                action="next_action",
                staff="staff_id",
                replaced=text("replaced_at"),
                corrects="corrects_id",
                by="recorded_by__name",
                on=Cast(TruncDate("recorded_at"), CharField()),
                source="imported_from",
            ),
        )
    )


def plans(user: User, customer: Customer) -> QuerySet[Any]:
    """Plans that somebody wrote; those that a contact made are told with it, those of the night once done."""
    return (
        MaintenancePlan.objects.visible_to(user)
        .filter(customer=customer, source__isnull=True, created_by__isnull=False)
        .values(
            event=Value("plan"),
            at=F("created_at"),
            number=F("pk"),
            who=F("created_by__name"),
            detail=JSONObject(purpose="purpose", channel="channel", note="note", state="state", due=text("due_date")),
        )
    )


def raised(user: User, customer: Customer) -> QuerySet[Any]:
    return (
        Alert.objects.visible_to(user)
        .filter(customer=customer)
        .values(
            event=Value("alert"),
            at=EndOfDay("raised_on"),
            number=F("pk"),
            who=Value(""),
            detail=JSONObject(kind="kind", amount=text("amount"), due=text("due_date"), severity="severity"),
        )
    )


def closed(user: User, customer: Customer) -> QuerySet[Any]:
    return (
        Alert.objects.visible_to(user)
        .filter(customer=customer, closed_on__isnull=False)
        .values(
            event=Value("alert_closed"),
            at=EndOfDay("closed_on"),
            number=F("pk"),
            who=Coalesce(F("closed_by__name"), Value("")),
            detail=JSONObject(kind="kind", amount=text("amount"), reason="close_reason", note="close_note"),
        )
    )


def moves(user: User, customer: Customer) -> QuerySet[Any]:
    """Tier changes in the scheme of which pages speak, whatever version judged."""
    shown = TierScheme.objects.filter(is_primary=True).values("code")
    return (
        TierChange.objects.visible_to(user)
        .filter(customer=customer, scheme__code__in=shown)
        .values(
            event=Value("tier"),
            at=EndOfDay("as_of"),
            number=F("pk"),
            who=Value(""),
            detail=JSONObject(old="old_rank", new="new_rank", amount=text("metric_value"), cause="cause"),
        )
    )


def money(user: User, customer: Customer, large: Decimal) -> QuerySet[Any]:
    """What came in or went out in a day, from `large` on; a product that came to count moved no money."""
    net = Sum(F("new_counted") - F("old_counted") - F("reclassified"))
    return (
        BalanceChange.objects.visible_to(user)
        .filter(customer=customer)
        .values(event=Value("money"), at=EndOfDay("as_of"))
        .annotate(number=Max("pk"), who=Value(""), size=Abs(net), detail=JSONObject(amount=Cast(net, CharField())))
        .filter(size__gte=large)
    )


def owners(user: User, customer: Customer) -> QuerySet[Any]:
    return (
        Ownership.objects.visible_to(user)
        .filter(customer=customer)
        .values(
            event=Value("owner"),
            at=EndOfDay("since"),
            number=F("pk"),
            who=F("owner__name"),
            detail=JSONObject(role="role", reason="reason"),
        )
    )


def complained(user: User, customer: Customer) -> QuerySet[Any]:
    """Complaints, without what was said: that is for their own page."""
    return (
        Complaint.objects.visible_to(user)
        .filter(customer=customer)
        .values(
            event=Value("complaint"),
            at=F("registered_at"),
            number=F("pk"),
            who=F("registered_by__name"),
            detail=JSONObject(category="category", state="state"),
        )
    )


def surveyed(user: User, customer: Customer) -> QuerySet[Any]:
    return (
        Survey.objects.visible_to(user)
        .filter(customer=customer)
        .values(
            event=Value("survey"),
            at=F("recorded_at"),
            number=F("pk"),
            who=F("recorded_by__name"),
            detail=JSONObject(score="score", nps="nps", comment="comment"),
        )
    )


def used(user: User, customer: Customer) -> QuerySet[Any]:
    """Uses of entitlements and points, what several lots gave as one; to the lobby nothing of points
    (campaigns.entitlements)."""
    entries = LedgerEntry.objects.visible_to(user).filter(customer=customer, kind=EntryKind.SPEND)
    if user.role not in BALANCE_ROLES:
        entries = entries.exclude(entitlement=None)
    names = {name: Max(f"entitlement__{name}") for name in ("name_zh_hans", "name_zh_hant", "name_en")}
    return entries.values("at", "entitlement_id", event=Value("use"), who=F("staff__name")).annotate(
        number=Max("pk"),
        detail=JSONObject(
            units=Sum(F("quantity") * -1), reason=Max("reason"), reversed=Max("reversed_by__pk"), **names
        ),
    )


Part = Callable[[User, Customer], QuerySet[Any]]
PARTS: dict[Kind, dict[str, Part]] = {
    Kind.CONTACT: {"contact": contacts},
    Kind.PLAN: {"plan": plans},
    Kind.ALERT: {"alert": raised, "alert_closed": closed},
    Kind.TIER: {"tier": moves},
    Kind.OWNER: {"owner": owners},
    Kind.SERVICE: {"complaint": complained, "survey": surveyed, "use": used},
}


def timeline(user: User, customer: Customer, kind: str = "", place: str = "", number: int = PAGE_EVENTS) -> Timeline:
    """The newest events of a customer, or those older than `place`, of one kind or of all; one statement."""
    wanted = [Kind(kind)] if kind in Kind.values else list(Kind)
    parts = {name: part(user, customer) for one in wanted for name, part in PARTS.get(one, {}).items()}
    if Kind.MONEY in wanted:
        parts["money"] = money(user, customer, large_from(customer))
    older = parsed(place)
    pages = [
        (rows.filter(behind(name, *older)) if older else rows).values_list(*COLUMNS).order_by("-at", "-number")
        for name, rows in parts.items()
    ]
    # Each part brings no more than the page needs, so that a long history costs no more than a short one.
    found = pages[0] if len(pages) == 1 else union([page[: number + 1] for page in pages])
    events = [Event(*row) for row in found[: number + 1]]
    shown = events[:number]
    return Timeline(shown, shown[-1].place if len(events) > number else "", kind if kind in Kind.values else "")


def union(pages: list[QuerySet[Any]]) -> QuerySet[Any]:
    return pages[0].union(*pages[1:], all=True).order_by("-at", "event", "-number")


def first_page(whole: Timeline, number: int) -> Timeline:
    """The newest of the events that were read; the rest of them is read again by who asks for older ones."""
    shown = whole.events[:number]
    return Timeline(shown, shown[-1].place if len(whole.events) > number else whole.next_place, whole.kind)


def large_from(customer: Customer) -> Decimal:
    metrics = getattr(customer, "metrics", None)
    return max(LARGE_FROM, metrics.aum * LARGE_SHARE) if metrics else LARGE_FROM


def parsed(place: str) -> tuple[datetime, str, int] | None:
    """The end of the page before; None for the first page, and for what no page of ours wrote."""
    moment, _tilde, rest = place.partition("~")
    name, _tilde, number = rest.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        return (at, name, int(number)) if timezone.is_aware(at) and len(number) < 19 else None
    except ValueError:
        return None


def behind(part: str, at: datetime, name: str, number: int) -> Q:
    """The rows of a part that come after an event in the order of the page: newest, then by name, then by number."""
    if part > name:
        return Q(at__lte=at)
    return Q(at__lt=at) | Q(at=at, number__lt=number) if part == name else Q(at__lt=at)
