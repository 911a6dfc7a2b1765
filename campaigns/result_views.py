"""The result of a campaign: on screen, and its table as a file, which names no customer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from campaigns.choices import Arm, Stratifier
from campaigns.measurement.result import BRANCH, Result, result
from campaigns.views import LEADERS, shown
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from customers.choices import ExportFormat
from customers.exports import files
from customers.exports.files import Cell, Column

FORMATS = (ExportFormat.XLSX, ExportFormat.CSV)
COLUMNS = (
    Column("part", gettext_lazy("Part of the campaign"), width=20),
    Column("treated", gettext_lazy("Campaign group"), "count"),
    Column("treated_reached", gettext_lazy("Reached, campaign group"), "count"),
    Column("control", gettext_lazy("Control group"), "count"),
    Column("control_reached", gettext_lazy("Reached, control group"), "count"),
    Column("points", gettext_lazy("Net uplift, points"), "money"),
    Column("low", gettext_lazy("95% from"), "money"),
    Column("high", gettext_lazy("95% to"), "money"),
    Column("net_aum", gettext_lazy("Net AUM"), "money", 18),
    Column("net_low", gettext_lazy("Net AUM, 95% from"), "money", 18),
    Column("net_high", gettext_lazy("Net AUM, 95% to"), "money", 18),
    Column("verdict", gettext_lazy("Judgement"), width=20),
)


@require_safe
@for_roles(BALANCE_ROLES)
def campaign_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What the campaign brought in, as of the newest look."""
    one, user = shown(request, pk)
    as_of = ledger.published_date()
    found = result(user, one, as_of, request.GET.get("by", "")) if as_of and one.launched_at else None
    context = {"one": one, "result": found, "treat": Arm.TREAT, "control": Arm.CONTROL, "by_branch": BRANCH}
    return render(request, "campaigns/result.html", {**context, "stratifier": Stratifier, "as_of": as_of})


@require_POST
@for_roles(LEADERS)
def result_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The table of the newest look as a workbook or CSV; a page that has none comes back."""
    one, user = shown(request, pk)
    as_of, file_format = ledger.published_date(), request.POST.get("file_format", "")
    found = result(user, one, as_of, request.POST.get("by", "")) if as_of and one.launched_at else None
    if file_format not in FORMATS or found is None or found.now is None:
        return HttpResponseBadRequest(_("There is no result to export yet."), content_type="text/plain")
    local = timezone.localtime()
    text = _("%(name)s, look of %(day)s, staff number %(staff)s, %(time)s. For use inside the bank only.") % {
        "name": one.name, "day": found.now.day.isoformat(), "staff": user.staff_no, "time": f"{local:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    mark = files.Mark(text, user.staff_no, local, _("Result"))
    content = files.written(file_format, COLUMNS, file_rows(found), mark)
    trail.record(user, "campaign.result_export", target=one, detail={"look": found.now.day.isoformat(), "by": found.by})
    response = HttpResponse(content, content_type=files.CONTENT_TYPES[ExportFormat(file_format)])
    name = f"campaign-{one.pk}-{found.now.day:%Y%m%d}.{files.suffix(file_format)}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_rows(found: Result) -> Iterator[list[Cell]]:
    """A row for each line of the page's table; the last one is the whole campaign."""
    for number, line in enumerate(found.lines, 1):
        both, share, money = line.found.all, line.found.share, line.found.net_aum
        name = _("All") if number == len(found.lines) else label_text(line.label)
        yield [
            name, both.treated.members, both.treated_qualified, both.control.members,
            both.control_qualified, *(points(one) for one in ((share.value, share.low, share.high) if share else ())),
            *([None] * (0 if share else 3)), *((money.value, money.low, money.high) if money else (None, None, None)),
            str(line.verdict.label),
        ]  # fmt: skip


def points(share: Decimal) -> Decimal:
    """Points of a hundred."""
    return share * 100


def label_text(label: Any) -> str:
    match label:
        case None:
            return _("No manager")
        case (low, high):
            return f"{low or 0} – {'' if high is None else high}"
    return str(getattr(label, "name", label))
