"""What every page draws the same way: icons, money, tier badges, masked names."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from customers.choices import AlertKind, Severity
from customers.models import Alert

register = template.Library()

# The same steps in each script: 46.76万, 1.2亿; English readers of a bank count in thousands and millions.
STEPS = {
    "zh-hans": ((Decimal(100_000_000), "亿"), (Decimal(10_000), "万")),
    "zh-hant": ((Decimal(100_000_000), "億"), (Decimal(10_000), "萬")),
    "en": ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "m"), (Decimal(1_000), "k")),
}
LANGUAGE_MARKS = {"zh-hans": "简", "zh-hant": "繁", "en": "EN"}


def shortened(amount: Decimal) -> tuple[str, str]:
    """(figure, unit) for reading at a glance: two decimals, 万 or 亿 from 10,000 up."""
    for step, unit in STEPS.get(get_language() or "zh-hans", STEPS["en"]):
        if abs(amount) >= step:
            return grouped(amount / step), unit
    return grouped(amount), ""


def grouped(amount: Decimal) -> str:
    """Two decimals and thousands separators, the same in all three languages."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,.2f}"


@register.filter
def money_text(amount: Any) -> str:
    """`38.00万`: plain text, for sentences and titles."""
    if amount is None or amount == "":
        return "–"
    return "".join(shortened(Decimal(str(amount))))


@register.filter
def money(amount: Any) -> SafeString | str:
    """A figure with a small unit; the exact amount to the fen is in the title."""
    if amount is None or amount == "":
        return "–"
    exact = Decimal(str(amount))
    figure, unit = shortened(exact)
    title = "¥" + grouped(exact)
    return format_html('<span class="money" title="{}">{}<i>{}</i></span>', title, figure, unit)


@register.filter
def money_short(amount: Any) -> str:
    """`50万` for edges of tiers: no decimals where there are none."""
    figure, unit = shortened(Decimal(str(amount)))
    return figure.removesuffix(".00") + unit


@register.filter
def exact_money(amount: Any) -> str:
    """To the fen, with thousands separators."""
    if amount is None or amount == "":
        return "–"
    return grouped(Decimal(str(amount)))


@register.filter
def count(number: Any) -> str:
    """Thousands separators, the same in all three languages."""
    return "–" if number is None else f"{int(number):,}"


@register.filter
def short_day(day: date | None, today: date | None = None) -> str:
    """11/27, with the year only where it is another one than today's."""
    if day is None:
        return "–"
    text = f"{day.month}/{day.day:02d}"
    return text if day.year == (today or timezone.localdate()).year else f"{day.year}/{text}"


@register.filter
def short_moment(moment: datetime) -> str:
    """11/27 16:19 by the bank's clock, with the year where it is another one."""
    local = timezone.localtime(moment)
    return f"{short_day(local.date())} {local:%H:%M}"


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite; always beside a word, so it is hidden from screen readers."""
    return format_html(
        '<svg class="ico {}" aria-hidden="true"><use href="{}#{}"></use></svg>', extra, static("vendor/icons.svg"), name
    )


@register.simple_tag(takes_context=True)
def tier(context: template.Context, rank: int | None) -> SafeString | str:
    """The badge of a tier of the primary scheme."""
    known = context["tiers"].get(rank)
    if known is None:
        return ""
    return format_html('<span class="tier tier-{}">{}</span>', min(known.rank, 5), known.name)


@register.filter
def language_mark(code: str) -> str:
    return LANGUAGE_MARKS.get(code, code)


@register.filter
def salutation(customer: Any) -> str:
    """`梁*峰 先生`: the masked name with the form of address, where the sex is known."""
    name = str(customer.name_mask)
    if customer.sex == "M":
        return pgettext("form of address", "Mr %(name)s") % {"name": name}
    if customer.sex == "F":
        return pgettext("form of address", "Ms %(name)s") % {"name": name}
    return name


ALERT_ICONS = {
    AlertKind.MATURITY: "clock-exclamation",
    AlertKind.UPGRADE_CRITICAL: "trending-up",
    AlertKind.DOWNGRADE_CRITICAL: "trending-down",
    AlertKind.LARGE_IN: "arrow-down-left",
    AlertKind.LARGE_OUT: "alert-octagon",
}
ALERT_LEVELS = {Severity.RED: "crit", Severity.AMBER: "warn", Severity.INFORMATION: "info"}


@register.filter
def alert_icon(alert: Alert) -> str:
    return ALERT_ICONS[AlertKind(alert.kind)]


@register.filter
def alert_level(alert: Alert) -> str:
    """The class of a status: crit, warn or info."""
    return ALERT_LEVELS[Severity(alert.severity)]


@register.simple_tag
def gap_bar(value: Decimal, threshold: Decimal) -> SafeString:
    """What is there of a threshold; an SVG, since the content policy forbids style attributes."""
    share = max(Decimal(0), min(Decimal(100), value / threshold * 100)) if threshold else Decimal(100)
    return format_html(
        '<svg class="bar" role="img" aria-label="{}%"><rect class="track" width="100%" height="100%"></rect>'
        '<rect class="have" width="{}%" height="100%"></rect></svg>',
        f"{share:.0f}",
        f"{share:.1f}",
    )


@register.simple_tag
def share_bar(done: int, target: int) -> SafeString:
    """How much of a target is done; full when it is passed."""
    share = min(100.0, 100 * done / target) if target else 100.0
    return format_html(
        '<svg class="bar slim" aria-hidden="true"><rect class="track" width="100%" height="100%"></rect>'
        '<rect class="have" width="{}%" height="100%"></rect></svg>',
        f"{share:.1f}",
    )
