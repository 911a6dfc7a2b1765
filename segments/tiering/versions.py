"""Which version of each scheme judges a night, and how one takes over from another (docs/tiering.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q
from django.utils.translation import gettext as _

from crm import db
from crm.jobs import ledger
from segments.choices import Promotion, TierMetric
from segments.models import TierScheme
from segments.tiering import calendar


class NothingShown(LookupError):
    """The scheme that pages show does not judge tonight: there is nothing to publish as tiers."""


@dataclass(frozen=True)
class Running:
    """A version that judges a night. `states_of` is the version whose published tiers it goes on from: its own, or
    that of the version it replaces; None where the scheme is new. It `starts` when it has judged no night before.
    `is_due` says that tonight may move whom it judges by its rhythm: a period opens, or a day is corrected. Tonight it
    `turns` when it begins or ends in some branch."""

    scheme: TierScheme
    states_of: int | None
    starts: bool
    period_start: date
    is_due: bool
    turns: bool


def in_force(as_of: date, using: str = DEFAULT_DB_ALIAS) -> list[TierScheme]:
    """The version of each code that judges this day: the newest one released for it, unless that one has ended.

    The answer for a day that a night works on, or has published, does not change: a version is released for days
    after it (schemes.activate).
    """
    released = TierScheme.objects.using(using).filter(is_released=True).prefetch_related("branches")
    newest: dict[str, TierScheme] = {}
    for one in released.order_by("code", "version"):
        if calendar.first_day(one, one.branches.all()) <= as_of:
            newest[one.code] = one
    ends = {one.code: calendar.last_day(one, one.branches.all()) for one in newest.values()}
    return [one for one in newest.values() if (end := ends[one.code]) is None or end >= as_of]


def tonight(as_of: date) -> list[Running]:
    """The versions that judge this night."""
    active = dict(TierScheme.objects.using("batch").filter(is_active=True).values_list("code", "pk"))
    before = ledger.published_before(as_of)
    return [
        Running(
            one,
            states_of=one.pk if one.is_active else active.get(one.code),
            starts=not one.is_active,
            period_start=calendar.period_start(one, as_of),
            is_due=not one.is_active or one.promotion == Promotion.IMMEDIATE or calendar.opens(one, as_of, before),
            turns=calendar.turns(one, one.branches.all(), as_of, before),
        )
        for one in in_force(as_of, using="batch")
    ]


def any_starts(running: Iterable[Running]) -> bool:
    """Whether everybody is judged tonight because a version takes over or a scheme begins."""
    return any(one.starts for one in running)


def primary(running: Iterable[Running]) -> Running:
    """Tonight's version of the scheme that pages and alerts speak of when this night is published.

    Raises NothingShown where it does not run. Who is to be shown does not change while a night is at work.
    """
    marked = TierScheme.objects.using("batch").filter(Q(becomes_primary=True) | Q(is_primary=True))
    codes = list(marked.order_by("-becomes_primary").values_list("code", flat=True))
    by_code = {one.scheme.code: one for one in running}
    for code in codes:
        if code in by_code:
            return by_code[code]
    raise NothingShown(_("The scheme that pages show, %(code)s, is not in force tonight.") % {"code": codes[-1]})


def switches(running: Iterable[Running]) -> bool:
    """Whether pages show another scheme when this night is published: every customer's tier is another one then."""
    shown = TierScheme.objects.using("batch").get(is_primary=True).code
    return primary(running).scheme.code != shown


def drifts(running: Iterable[Running]) -> set[str]:
    """The metrics of tonight that move by themselves, without a change of balance."""
    return {one.scheme.metric for one in running} & {TierMetric.MONTH_AVERAGE, TierMetric.QUARTER_AVERAGE}


def take_over(running: Iterable[Running]) -> None:
    """Let tonight's versions run: their predecessors' tiers become theirs, and the marks move. Part of publishing,
    after the history of the day and before the tiers of the day."""
    running = list(running)
    schemes = TierScheme.objects.using("batch")
    shown = primary(running).scheme
    schemes.filter(is_active=True).exclude(pk__in=[one.scheme.pk for one in running]).update(is_active=False)
    for one in running:
        if not one.starts:
            continue
        if one.states_of is not None:
            db.execute(
                "UPDATE segments_tierstate SET scheme_id = %s WHERE scheme_id = %s", [one.scheme.pk, one.states_of]
            )
        schemes.filter(pk=one.scheme.pk).update(is_active=True)
    schemes.filter(is_primary=True).exclude(pk=shown.pk).update(is_primary=False)
    schemes.filter(pk=shown.pk, is_primary=False).update(is_primary=True)
    schemes.filter(becomes_primary=True).update(becomes_primary=False)
