"""The page of a customer's archive: its sections, their forms, its past, and a look at a masked value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import care, records
from archives.choices import ROWED, Section
from archives.record_forms import Box, SectionForm
from archives.record_kinds import shown
from archives.record_models import ArchiveField, ArchiveValue
from archives.record_sources import Origin, SystemLine, origins_of, system_line
from archives.record_then import then_of
from archives.records import State
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from customers import reveal
from customers.choices import HoldingStatus
from customers.filters import FIRST_DAY, LAST_DAY
from customers.models import Customer, Holding

MOST_VERSIONS = 50
MOST_HOLDINGS = 20
WHO_ELSE = re.compile(r"[-\w]{1,40}:[^,:]{1,40}")


@dataclass(frozen=True)
class Line:
    """One value as the page shows it; `before` is what stood there on the day that is compared."""

    field: ArchiveField
    value: ArchiveValue | None
    text: str
    state: str = ""
    is_changed: bool = False
    today: str = ""

    @property
    def asked_for(self) -> str:
        """What the list of customers is asked for to show who else has this value; "" where it cannot be asked."""
        if self.value is None or not self.field.is_filterable:
            return ""
        asked = f"{self.field.key}:{self.value.keys[0] if self.value.keys else self.value.text}"
        return asked if WHO_ELSE.fullmatch(asked) else ""


@dataclass(frozen=True)
class Moment:
    """A point in the past of an archive: what was recorded before `at`. `chosen` is how the address names it."""

    at: datetime
    label: str
    chosen: str


@dataclass
class SectionCard:
    """One section: its lines (in rows where it has rows), its state, and its form."""

    key: str
    label: str
    rows: list[list[Line]]
    system: list[SystemLine]
    state: str
    form: SectionForm | None
    is_open: bool = False

    @property
    def is_rowed(self) -> bool:
        return self.key in ROWED

    @property
    def unknown(self) -> list[str]:
        """The fields of which nothing is known; of a section of rows that is said by there being no row."""
        return [] if self.is_rowed else [line.field.label for row in self.rows for line in row if not line.text]

    @property
    def is_changed(self) -> bool:
        return any(line.is_changed for row in self.rows for line in row)


def customer_of(request: HttpRequest, pk: int) -> tuple[User, Customer]:
    """Who asks, and the customer, where they may see it; 404 else."""
    assert isinstance(request.user, User)
    return request.user, get_object_or_404(Customer.objects.visible_to(request.user).select_related("metrics"), pk=pk)


@require_safe
@for_roles(BALANCE_ROLES)
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """The archive as it is, or with `as_of` as it stood at the end of a day."""
    user, customer = customer_of(request, pk)
    trail.looked_at(request, customer)
    as_of = day_of(request.GET.get("as_of", ""))
    if as_of is not None and as_of < timezone.localdate():
        return render(request, "archives/record_past.html", past_page(user, customer, as_of, "today" in request.GET))
    return render(request, "archives/record.html", page(user, customer) | care.page_of(customer, timezone.localdate()))


@require_POST
@for_roles(BALANCE_ROLES)
def record_save(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Save one section; what two people changed at once comes back with both values to choose from."""
    user, customer = customer_of(request, pk)
    fields = [one for one in records.active_fields() if one.section == section]
    form = SectionForm(section, fields, records.values_of(user, customer), request.POST)
    if not form.fields:
        raise Http404
    clashes: list[records.Clash] = []
    if form.is_valid():
        try:
            saved = records.save(customer, user, timezone.now(), form.edits())
            clashes = saved.clashes
            tell(request, saved)
            if not clashes:
                return redirect("archives:record", pk)
        except records.TooManyRows as refusal:
            form.fault = str(refusal)
    context = page(user, customer, form, clashes) | care.page_of(customer, timezone.localdate())
    return render(request, "archives/record.html", context, status=422)


def tell(request: HttpRequest, saved: records.Saved) -> None:
    if saved.written:
        messages.success(request, _("Saved in the archive."))
    elif not saved.clashes:
        messages.info(request, _("Nothing was different, so nothing was written."))


def page(
    user: User, customer: Customer, form: SectionForm | None = None, clashes: list[records.Clash] | None = None
) -> dict[str, Any]:
    """The archive as it is now; `form` is one that came back, open with all that was typed."""
    day = timezone.localdate()
    values, states = records.values_of(user, customer), records.states_of(customer, day)
    fields = [one for one in records.active_fields() if records.belongs(one, customer)]
    came_back = None if clashes else form
    origins = origins_of(user, customer)
    cards = [card(one, fields, values, states, came_back, customer, origins) for one in sections_of(fields)]
    return {
        "customer": customer,
        "cards": cards,
        "clashes": [(clash, records.text_of(clash.current), typed_text(clash)) for clash in clashes or ()],
        "clash_form": form if clashes else None,
        "carried": carried(form, clashes) if form and clashes else [],
        "completeness": records.completeness_of(states),
        "stale": [one.label for one in cards if one.state == "half"],
        "missing": [one.label for one in cards if one.state == "none"],
        "questions": records.questions_for(fields, states),
        "holdings": holdings_of(user, customer),
        "held_on": ledger.published_date(),
        "day": day,
        "yesterday": day - timedelta(days=1),
    }


def carried(form: SectionForm, clashes: list[records.Clash]) -> list[Box]:
    """The boxes that came with those that clash, and are sent again with the decision."""
    decided = {(clash.edit.field.pk, clash.edit.row) for clash in clashes}
    return [box for box in form.boxes if (box.field.pk, box.row) not in decided]


def typed_text(clash: records.Clash) -> str:
    """What the second of two wrote, in words; it is theirs, so it is not masked."""
    value = clash.edit.value
    return shown(clash.edit.field, value.text) if value else ""


def sections_of(fields: list[ArchiveField]) -> list[str]:
    """The sections in which there is a field, in the order of the page."""
    present = {one.section for one in fields}
    return [one for one in Section.values if one in present]


def card(
    section: str, fields: list[ArchiveField], values: list[ArchiveValue], states: list[State],
    form: SectionForm | None, customer: Customer, origins: Mapping[str, Origin],
) -> SectionCard:  # fmt: skip
    """One section with the form that changes it: the one that came back, or a fresh one."""
    of_field = {one.field_id: one for one in states if one.section == section and one.counts}
    mine = [one for one in fields if one.section == section]
    typed = [one for one in mine if records.is_typed(one)]
    of_system = of_field.keys() - {one.pk for one in typed}
    came_back = form is not None and form.section == section
    return SectionCard(
        key=section,
        label=str(Section(section).label),
        rows=lines_of(typed, values, of_field, section),
        system=[
            system_line(customer, one.key, one.label, of_field[one.pk].state, origins)
            for one in mine
            if one.pk in of_system
        ],
        state=records.section_states(of_field.values()).get(section, ""),
        form=form if came_back else SectionForm(section, typed, values) if typed else None,
        is_open=came_back,
    )


def lines_of(
    fields: list[ArchiveField], values: list[ArchiveValue], states: dict[int, State], section: str
) -> list[list[Line]]:
    """The values of a section, row by row; of a section without rows every field, filled or not."""
    known = {(one.field_id, one.row): one for one in values}
    ids = {one.pk for one in fields}
    rows = sorted({row for (pk, row), one in known.items() if pk in ids and one.is_filled}) if section in ROWED else [0]
    found = []
    for row in rows:
        lines = []
        for one in fields:
            value = known.get((one.pk, row))
            text = records.text_of(value) if value else ""
            lines.append(Line(one, value if text else None, text, states[one.pk].state if one.pk in states else ""))
        found.append(lines)
    return found


def holdings_of(user: User, customer: Customer) -> list[Holding]:
    """What the customer holds with us, largest first: filled by the system, never typed."""
    held = Holding.objects.visible_to(user).filter(customer=customer, status=HoldingStatus.OPEN)
    return list(held.select_related("product").order_by("-balance", "pk")[:MOST_HOLDINGS])


def past_page(user: User, customer: Customer, as_of: date, compares: bool) -> dict[str, Any]:
    """The page as it stood at the end of a day; compared, what is otherwise now is marked."""
    fields = [one for one in records.every_field() if records.is_typed(one)]
    then = records.values_of(user, customer, records.end_of(as_of))
    now = {(one.field_id, one.row): one for one in records.values_of(user, customer)} if compares else {}
    cards = []
    for section in Section.values:
        mine = [one for one in fields if one.section == section]
        rows = lines_of(mine, then, {}, section)
        if compares:
            rows = compared(mine, rows, then, now, section)
        if any(line.text or line.is_changed for row in rows for line in row):
            cards.append(SectionCard(section, str(Section(section).label), rows, [], "", None))
    return {
        "customer": customer, "cards": cards, "as_of": as_of, "compares": compares,
        "then": then_of(user, customer, as_of),
        "now": then_of(user, customer, timezone.localdate()) if compares else None,
        "earlier": as_of - timedelta(days=1), "later": as_of + timedelta(days=1), "day": timezone.localdate(),
    }  # fmt: skip


def compared(
    fields: list[ArchiveField], rows: list[list[Line]], then: list[ArchiveValue],
    now: dict[tuple[int, int], ArchiveValue], section: str,
) -> list[list[Line]]:  # fmt: skip
    """The lines of then, each with what stands there today where that is another version with other words."""
    before = {(one.field_id, one.row): one for one in then}
    ids = {one.pk for one in fields}
    keys = {row for (pk, row), one in (before | now).items() if pk in ids} if section in ROWED else {0}
    found = []
    for row in sorted(keys):
        lines = []
        for one in fields:
            old, new = before.get((one.pk, row)), now.get((one.pk, row))
            text, today = (records.text_of(old) if old else ""), (records.text_of(new) if new else "")
            lines.append(Line(one, old if text else None, text, "", differs(old, new), today))
        if any(line.text or line.today for line in lines):
            found.append(lines)
    return found


def differs(old: ArchiveValue | None, new: ArchiveValue | None) -> bool:
    """Do two versions say different things? A masked value shows the same, so its digest is what is compared."""
    if old is None or new is None:
        return bool((old and old.is_filled) or (new and new.is_filled))
    return (old.text, bytes(old.digest or b"")) != (new.text, bytes(new.digest or b""))


@require_safe
@for_roles(BALANCE_ROLES)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every version that was ever noted, newest first, and the differences between any two, or between two days."""
    user, customer = customer_of(request, pk)
    trail.looked_at(request, customer)
    versions = ArchiveValue.objects.visible_to(user).filter(customer=customer).defer("cipher")
    first, last = (moment_of(request.GET.get(name, ""), versions) for name in ("from", "to"))
    before = request.GET.get("before", "")
    listed = versions.filter(pk__lt=int(before)) if is_number(before) else versions
    page = list(listed.select_related("field", "recorder").order_by("-pk")[: MOST_VERSIONS + 1])
    context = {
        "customer": customer,
        "versions": [(one, records.text_of(one), Section(one.field.section).label) for one in page[:MOST_VERSIONS]],
        "before": before if is_number(before) else "",
        "next": page[MOST_VERSIONS - 1].pk if len(page) > MOST_VERSIONS else None,
        "differences": differences(user, customer, first, last) if first and last else None,
        "first": first,
        "last": last,
        "day_text": timezone.localdate().isoformat(),
    }
    return render(request, "archives/record_history.html", context)


def differences(user: User, customer: Customer, first: Moment, last: Moment) -> list[Line]:
    """What stood otherwise at two moments: of each value the text of the first, then that of the last."""
    old, new = (
        {(one.field_id, one.row): one for one in records.values_of(user, customer, moment.at)}
        for moment in (first, last)
    )
    lines = []
    for key in sorted(old.keys() | new.keys()):
        was, is_now = old.get(key), new.get(key)
        of = (was or is_now or ArchiveValue()).field
        if differs(was, is_now):
            texts = [records.text_of(one) if one else "" for one in (was, is_now)]
            lines.append(Line(of, is_now, texts[0], "", True, texts[1]))
    return lines


def moment_of(text: str, versions: QuerySet[ArchiveValue]) -> Moment | None:
    """What an address names: the end of a day, or the save that made a version; None for anything else."""
    if is_number(text):
        version = versions.filter(pk=int(text)).first()
        if version is None:
            return None
        label = date_format(timezone.localtime(version.recorded_at), "Y-m-d H:i:s")
        return Moment(version.recorded_at + timedelta(microseconds=1), label, text)
    day = day_of(text)
    return Moment(records.end_of(day), day.isoformat(), text) if day else None


def is_number(text: str) -> bool:
    """Whether it can be a row's number."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def day_of(text: str) -> date | None:
    """The day that an address names; None for anything else, and for one beyond all records."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


@require_http_methods(["GET", "POST"])
@for_roles(reveal.REVEAL_ROLES)
def record_reveal(request: HttpRequest, pk: int, value_pk: int) -> HttpResponse:
    """One masked value in plain text: with a reason, recorded, counted and masked again like a phone number."""
    user, customer = customer_of(request, pk)
    values = ArchiveValue.objects.visible_to(user).filter(customer=customer, cipher__isnull=False)
    value = get_object_or_404(values.select_related("field"), pk=value_pk)
    sight = reveal.Sight(
        field=records.secret(customer.pk, value.field, value.row),
        label=value.field.label or gettext_lazy("Value"),
        row_id=customer.pk,
        mask=records.MASK,
        cipher=value.cipher,
        name=f"archive {value.field.key}",
        words=lambda plain: shown(value.field, plain),
    )
    return reveal.answer(request, user, customer, sight)
