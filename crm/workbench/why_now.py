"""Why an alert calls for a contact now, in words with the number, from the evidence that the night stored (I-4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from crm.workbench.templatetags.screen import money_text, short_day
from customers.choices import AlertKind
from customers.models import Alert
from segments.gap import Gap, gap_to
from segments.models import Tier


@dataclass(frozen=True)
class Today:
    """What the words depend on besides the alert: the day, the data date and the tiers of the primary scheme."""

    day: date
    as_of: date
    tiers: dict[int, Tier]


@dataclass(frozen=True)
class Reason:
    """`why` is the fact with its number, `more` the second reading; lists are for the opened row."""

    why: SafeString
    more: str
    evidence: tuple[str, ...]
    rule: tuple[str, ...]
    clears: str


def reason(alert: Alert, today: Today) -> Reason:
    """The words for one alert; its customer's metrics must be loaded."""
    why, more, evidence = LINES[AlertKind(alert.kind)](alert, today)
    return Reason(
        why=why,
        more=more,
        evidence=tuple(evidence),
        rule=tuple(rule_lines(alert)),
        clears=clears(alert, today),
    )


def bold(text: str) -> SafeString:
    return format_html("<b>{}</b>", text)


def parsed(value: Any) -> date:
    return date.fromisoformat(str(value))


def days_ahead(day: date, today: date) -> str:
    days = (day - today).days
    if days < 0:
        return ngettext("%(days)s day ago", "%(days)s days ago", -days) % {"days": -days}
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


Line = tuple[SafeString, str, list[str]]


def maturity(alert: Alert, today: Today) -> Line:
    seen = alert.evidence
    due = parsed(seen["maturity_date"])
    rollover = seen.get("auto_rollover")
    plan = (
        _("rolls over by itself")
        if rollover
        else _("no rollover agreed")
        if rollover is False
        else _("rollover not known")
    )
    why = format_html(
        _("{product} {amount} matures {date}, {plan}"),
        product=seen["product"],
        amount=bold(money_text(seen["balance"])),
        date=short_day(due, today.day),
        plan=bold(str(plan)),
    )
    rate = seen.get("rate")
    more = _("%(rate)s%% a year") % {"rate": f"{Decimal(rate):.2f}"} if rate else ""
    evidence = [
        _("%(product)s, %(amount)s") % {"product": seen["product"], "amount": money_text(seen["balance"])},
        _("Matures %(date)s, %(distance)s") % {"date": due.isoformat(), "distance": days_ahead(due, today.day)},
        _("At maturity: %(plan)s") % {"plan": plan},
    ]
    return why, more, evidence


def gap_of(alert: Alert, today: Today, rank: int) -> Gap | None:
    """The gap as of the data that pages show, which may be newer than the evidence."""
    tier = today.tiers.get(rank)
    return gap_to(tier, alert.customer.metrics, today.as_of) if tier else None


def upgrade(alert: Alert, today: Today) -> Line:
    seen = alert.evidence
    gap = gap_of(alert, today, int(seen["next_rank"]))
    name = gap.tier.name if gap else ""
    deposit = gap.deposit_today if gap else None
    if deposit:
        why = format_html(
            _("Deposit {amount} today and {tier} is reached in {month}"),
            amount=bold(money_text(deposit)),
            tier=name,
            month=month_name(today.as_of),
        )
    else:
        why = format_html(_("{amount} short of {tier}"), amount=bold(money_text(alert.amount)), tier=name)
    more = _("forecast monthly average %(value)s") % {"value": money_text(seen["value"])}
    evidence = [
        _("Forecast monthly average %(value)s, %(share)s of the threshold %(threshold)s")
        % {
            "value": money_text(seen["value"]),
            "share": percent(seen["share"]),
            "threshold": money_text(seen["threshold"]),
        },
        _("Assets today %(aum)s") % {"aum": money_text(seen["aum"])},
    ]
    return why, more, evidence


def downgrade(alert: Alert, today: Today) -> Line:
    seen = alert.evidence
    gap = gap_of(alert, today, int(seen["rank"]))
    deposit = gap.deposit_today if gap and not gap.is_reached else None
    months = int(seen["months_below"])
    value, threshold = Decimal(seen["value"]), Decimal(seen["threshold"])
    if value < threshold and deposit:
        why = format_html(
            _("Below {threshold} for month {number}: deposit {amount} today to keep the tier"),
            threshold=money_text(threshold),
            number=months + 1,
            amount=bold(money_text(deposit)),
        )
    elif value < threshold:
        why = format_html(
            _("Below {threshold} for month {number}, {missing} short"),
            threshold=money_text(threshold),
            number=months + 1,
            missing=bold(money_text(threshold - value)),
        )
    else:
        why = format_html(_("Only {amount} above the edge of the tier"), amount=bold(money_text(value - threshold)))
    below = ngettext("Below for %(months)s whole month", "Below for %(months)s whole months", months)
    more = _("forecast monthly average %(value)s") % {"value": money_text(value)}
    evidence = [
        _("Forecast monthly average %(value)s, threshold %(threshold)s")
        % {"value": money_text(value), "threshold": money_text(threshold)},
        *([below % {"months": months}] if months else []),
        _("The tier is lost after %(months)s months below") % {"months": seen.get("patience")},
    ]
    return why, more, evidence


def movement(alert: Alert, today: Today) -> Line:
    seen = alert.evidence
    net = abs(Decimal(seen["net"]))
    moved_on = parsed(seen["moved_on"])
    share = percent(seen["share"]) if seen.get("share") else ""
    if alert.kind == AlertKind.LARGE_OUT:
        text = _("{date} net outflow {amount}, {share} of assets")
    elif share:
        text = _("{date} net inflow {amount}, {share} of assets")
    else:
        text = _("{date} net inflow {amount} into an empty book")
    why = format_html(text, date=short_day(moved_on, today.day), amount=bold(money_text(net)), share=bold(share))
    flow = {"before": money_text(seen["before"]), "after": money_text(seen["after"])}
    more = _("assets %(before)s → %(after)s") % flow
    evidence = [
        _("Assets %(before)s → %(after)s") % flow,
        _("Net movement of the day %(net)s") % {"net": money_text(net)},
        _("Counts as large from %(threshold)s in this tier") % {"threshold": money_text(seen["threshold"])},
    ]
    return why, more, evidence


LINES: dict[AlertKind, Callable[[Alert, Today], Line]] = {
    AlertKind.MATURITY: maturity,
    AlertKind.UPGRADE_CRITICAL: upgrade,
    AlertKind.DOWNGRADE_CRITICAL: downgrade,
    AlertKind.LARGE_IN: movement,
    AlertKind.LARGE_OUT: movement,
}


def percent(share: Any) -> str:
    return f"{abs(Decimal(str(share))) * 100:.1f}%"


def month_name(day: date) -> str:
    """11 月 in a row of figures, where Django's own 十一月 reads badly; November for English readers."""
    return f"{day.month} 月" if (get_language() or "").startswith("zh") else str(MONTHS[day.month])


def rule_lines(alert: Alert) -> list[str]:
    lines = [
        _("%(kind)s, rule version %(version)s") % {"kind": alert.get_kind_display(), "version": alert.rule_version}
    ]
    lines.append(
        _("Raised %(raised)s, last confirmed %(updated)s") % {"raised": alert.raised_on, "updated": alert.updated_on}
    )
    return lines


def clears(alert: Alert, today: Today) -> str:
    """What makes the night close the alert by itself."""
    when = alert.clears_when
    match when.get("code"):
        case "matured_or_changed":
            return _("When the money has been renewed, moved or has matured (%(date)s)") % {"date": when["after"]}
        case "outside_band":
            return _("When the average reaches %(to)s or falls below %(from)s") % {
                "to": money_text(when["to"]),
                "from": money_text(when["from"]),
            }
        case "at_least":
            return _("When the average is %(value)s or more") % {"value": money_text(when["value"])}
        case "flows_back":
            return _("When assets are back at %(aum)s, or after %(until)s") % {
                "aum": money_text(when["aum"]),
                "until": when["until"],
            }
        case "flows_out":
            return _("When assets fall to %(aum)s, or after %(until)s") % {
                "aum": money_text(when["aum"]),
                "until": when["until"],
            }
    return ""


@dataclass(frozen=True)
class Deadline:
    """By when the alert wants an answer."""

    text: str
    at: datetime | None
    is_late: bool


def deadline(alert: Alert, now: datetime) -> Deadline:
    if alert.answer_by is None:
        return Deadline("–", None, False)
    left = alert.answer_by - now
    if left < timedelta(0):
        days = -left.days
        return Deadline(
            ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}, alert.answer_by, True
        )
    hours = int(left.total_seconds() // 3600)
    if hours < 48:
        return Deadline(
            ngettext("%(hours)s hour left", "%(hours)s hours left", hours) % {"hours": hours}, alert.answer_by, False
        )
    return Deadline(
        ngettext("%(days)s day left", "%(days)s days left", left.days) % {"days": left.days}, alert.answer_by, False
    )


def days_since(moment: datetime, today: date) -> str:
    days = (today - timezone.localtime(moment).date()).days
    if days <= 0:
        return _("today")
    return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}
