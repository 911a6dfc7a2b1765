"""A person's plans as an iCalendar feed (RFC 5545): one all-day entry a day that says how many, never who or how much.

The address is signed and holds the secret of the person's row in CalendarFeed; deleting the row revokes it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.core import signing
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archives.choices import Channel
from archives.models import CalendarFeed, MaintenancePlan
from crm.audit import trail
from crm.organization.models import User

SALT = "archives.ical"
LINE_BYTES = 75
BACK_DAYS, AHEAD_DAYS = 31, 184


@dataclass(frozen=True)
class Day:
    """A day with open plans, and how many of them by channel."""

    day: date
    channels: dict[str, int]

    @property
    def plans(self) -> int:
        return sum(self.channels.values())


def token(feed: CalendarFeed) -> str:
    return signing.Signer(salt=SALT).sign(f"{feed.pk}.{feed.secret.hex}")


def reader(text: str) -> User | None:
    """Whose calendar an address opens; None when it is forged or revoked, or the person has left."""
    try:
        number, _dot, secret = signing.Signer(salt=SALT).unsign(text).partition(".")
        asked = CalendarFeed.objects.select_related("user__branch").filter(pk=int(number), secret=UUID(secret))
    except (signing.BadSignature, ValueError):
        return None
    feed = asked.filter(user__is_active=True).first()
    return feed.user if feed else None


def subscribe(user: User) -> CalendarFeed:
    """Give the person a new address; the one before stops working."""
    feed, _is_new = CalendarFeed.objects.update_or_create(user=user, defaults={"secret": uuid4()})
    trail.record(user, "calendar.subscribe", target=feed)
    return feed


def revoke(user: User) -> None:
    CalendarFeed.objects.filter(user=user).delete()
    trail.record(user, "calendar.revoke")


def days_of(user: User, today: date) -> list[Day]:
    """The days on which the person has open plans, from a month ago to half a year ahead; one statement."""
    span = (today - timedelta(days=BACK_DAYS), today + timedelta(days=AHEAD_DAYS))
    plans = MaintenancePlan.objects.open().visible_to(user).filter(owner=user, due_date__range=span)
    found: dict[date, dict[str, int]] = {}
    for day, channel, number in (
        plans.values_list("due_date", "channel").annotate(number=Count("pk")).order_by("due_date")
    ):
        found.setdefault(day, {})[channel] = number
    return [Day(day, channels) for day, channels in found.items()]


def written(days: Iterable[Day], user: User, host: str, now: datetime) -> str:
    """The file, with lines folded at 75 octets and ended by CRLF."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dangan//Plans//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(_('Maintenance plans'))}", "X-WR-TIMEZONE:Asia/Shanghai",
    ]  # fmt: skip
    for day in days:
        lines += entry(day, user, host, now)
    lines.append("END:VCALENDAR")
    return "".join(part + "\r\n" for line in lines for part in folded(line))


def entry(day: Day, user: User, host: str, now: datetime) -> list[str]:
    title = ngettext("%(number)s customer to contact", "%(number)s customers to contact", day.plans)
    by_channel = [f"{Channel(channel).label} {number}" for channel, number in sorted(day.channels.items())]
    return [
        "BEGIN:VEVENT",
        f"UID:plans-{user.pk}-{day.day:%Y%m%d}@{host}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escaped(title % {'number': day.plans})}",
        f"DESCRIPTION:{escaped(_(', ').join(by_channel))}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    for plain, coded in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, coded)
    return text


def folded(line: str) -> Iterator[str]:
    """The line in parts of at most 75 octets, none of which cuts a character; all but the first begin with a space."""
    part = ""
    for character in line:
        if len((part + character).encode()) > LINE_BYTES:
            yield part
            part = " "
        part += character
    yield part
