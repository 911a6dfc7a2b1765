"""`/_components/`: every component once, in every state, for whoever writes a page or approves its look."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.workbench.customer_page import AlertCard
from crm.workbench.why_now import Today, deadline, reason
from customers.choices import AlertKind, Severity
from customers.models import Alert
from segments.tiers import primary_tiers

AMOUNTS = (Decimal("464218.33"), Decimal(1_128_000_000), Decimal("8123.50"), Decimal(-32_000), None)
COLOURS = (
    "canvas",
    "surface",
    "surface-2",
    "surface-3",
    "line",
    "line-2",
    "text",
    "text-3",
    "accent-fill",
    "accent-soft",
)


@dataclass(frozen=True)
class Row:
    """An example row of a table; it belongs to nobody."""

    name: str
    rank: int
    aum: Decimal
    due: date


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The page. Its names and figures are examples; nothing on it is read from a customer."""
    now = timezone.now()
    today = Today(timezone.localdate(now), timezone.localdate(now), primary_tiers())
    alert = example_alert(today.day)
    context = {
        "amounts": AMOUNTS,
        "colours": COLOURS,
        "rows": example_rows(today.day),
        "card": AlertCard(alert, reason(alert, today), deadline(alert, now)),
        "customer": {"pk": 0},
        "chosen": request.GET.get("tier", ""),
        "now": now,
    }
    return render(request, "workbench/components.html", context)


def example_alert(day: date) -> Alert:
    """An outflow as the night would have found it; never saved."""
    return Alert(
        pk=0,
        kind=AlertKind.LARGE_OUT,
        severity=Severity.RED,
        amount=Decimal(380_000),
        rule_version=3,
        raised_on=day,
        updated_on=day,
        answer_by=timezone.now() + timedelta(hours=20),
        evidence={
            "net": "-380000",
            "moved_on": (day - timedelta(days=1)).isoformat(),
            "share": "0.269",
            "before": "1412000",
            "after": "1032000",
            "threshold": "200000",
        },
        clears_when={"code": "flows_back", "aum": "1350000", "until": (day + timedelta(days=3)).isoformat()},
    )


def example_rows(day: date) -> list[Row]:
    """Enough rows for the head of the table to stay while they pass."""
    names = ("韦*莲", "林*秀", "郭*强", "沈*明", "黄*琴")
    return [
        Row(name, 5 - number, Decimal(9_200_000) / 4**number, day + timedelta(days=30 * number))
        for number, name in enumerate(names)
    ]
