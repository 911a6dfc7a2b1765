"""The form of one section of the archive: what stands in each box, and the version that it was read at."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from archives import care_rows, lunar
from archives.choices import ROWED, FieldKind, Section, Source
from archives.record_kinds import MOST_TEXT, TAKE_OUT, BadValue, Typed, read
from archives.record_models import ArchiveField, ArchiveValue
from archives.records import (
    MOST_QUESTIONS,
    Edit,
    active_fields,
    belongs,
    is_typed,
    questions_for,
    states_of,
    values_of,
)
from crm.organization.models import User
from customers.models import Customer

MOST_ROW_ID = 2**31 - 1
MOST_PARTS = 60
ASKED = re.compile(r"(\d{1,18})-(\d{1,10})-(\d{1,18})", re.ASCII)
SAID_BY = (Source.SAID, Source.OBSERVED)


@dataclass
class Box:
    """One value in a form. `parts` is what stands in it; `base_id` the version it was read at; `kept` the options that
    are chosen now, and that the field does not offer any more: who does not change them does not lose them."""

    field: ArchiveField
    row: int
    base_id: int | None
    parts: list[str]
    is_known: bool = False
    kept: tuple[str, ...] = ()
    fault: str = ""
    value: Typed | None = None

    @property
    def name(self) -> str:
        return f"v-{self.field.pk}-{self.row}"

    @property
    def base_name(self) -> str:
        return f"b-{self.field.pk}-{self.row}"

    @property
    def text(self) -> str:
        return self.parts[0] if self.parts else ""

    @property
    def input_type(self) -> str:
        return {FieldKind.DATE: "date", FieldKind.NUMBER: "number"}.get(FieldKind(self.field.kind), "text")

    @property
    def widget(self) -> str:
        """Which input it is: "select", "ticks", "lunar" or "input"."""
        if self.field.kind == FieldKind.LUNAR:
            return "lunar"
        if self.field.kind in (FieldKind.CHOICE, FieldKind.BAND):
            return "select"
        return "ticks" if self.field.kind == FieldKind.MULTI else "input"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The options; of a value that is masked also the one that takes it out."""
        taken_out = [(TAKE_OUT, _("not known any more"))] if self.field.is_secret and self.is_known else []
        return [*self.field.choices, *((key, key) for key in self.kept), *taken_out]

    @property
    def lunar_parts(self) -> tuple[str, str]:
        """The month ("L6" is the leap sixth) and the day that stand in a box of the lunar calendar."""
        parts = self.text.split("-") if len(self.parts) == 1 else self.parts
        return (parts[0], parts[1]) if len(parts) == 2 else ("", "")

    @property
    def lunar_months(self) -> list[tuple[str, str]]:
        """The months to choose from, each leap month behind its own."""
        found = []
        for month in range(1, lunar.MONTHS + 1):
            found.append((str(month), lunar.month_words(month, is_leap=False)))
            if month in lunar.LEAP_MONTHS:
                found.append((f"L{month}", lunar.month_words(month, is_leap=True)))
        return found

    @property
    def lunar_days(self) -> list[tuple[str, str]]:
        return [(str(day), lunar.day_words(day)) for day in range(1, lunar.DAYS + 1)]

    def read(self) -> None:
        """Sets `value` from what stands in the box; an empty box of a C2 value leaves it as it was."""
        words = [part for part in self.parts if part.strip()]
        if self.field.is_secret and not words:
            self.value = None
        elif words == [TAKE_OUT]:
            self.value = Typed()
        else:
            try:
                self.value = read(self.field, words, self.kept)
            except BadValue as fault:
                self.fault = str(fault)


class SectionForm:
    """The boxes of a section; in a section of rows the last row is an empty one, under a number of its own.

    The number is drawn when the form is made: two people who each add a row add two, one who sends twice adds one.
    """

    def __init__(
        self,
        section: str,
        fields: Sequence[ArchiveField],
        values: Iterable[ArchiveValue],
        data: QueryDict | None = None,
    ) -> None:
        self.section, self.data = section, data
        self.is_rowed = section in ROWED
        self.fields = [one for one in fields if one.section == section and is_typed(one)]
        self.current = {(one.field_id, one.row): one for one in values if one.field.section == section}
        self.source = data.get("source", "") if data is not None else Source.SAID
        self.confirms = data is not None and data.get("confirm") == "1"
        self.fault = ""
        self.rows = self.sent_rows(data) if data is not None else self.known_rows()

    def known_rows(self) -> list[list[Box]]:
        if not self.is_rowed:
            return [[self.known(one, 0) for one in self.fields]]
        rows = sorted({row for (_pk, row), value in self.current.items() if value.is_filled})
        return [[self.known(one, row) for one in self.fields] for row in [*rows, 1 + secrets.randbelow(MOST_ROW_ID)]]

    def known(self, of: ArchiveField, row: int) -> Box:
        value = self.current.get((of.pk, row))
        if value is None:
            return Box(of, row, None, [])
        text = "" if of.is_secret else value.text
        parts = text.split(",") if of.kind == FieldKind.MULTI else [text]
        return Box(of, row, value.pk, [part for part in parts if part], value.is_filled, kept_of(value))

    def sent_rows(self, data: QueryDict) -> list[list[Box]]:
        """The boxes that were sent, whatever is current now."""
        rows = sorted({row for row in map(row_in, data) if row is not None}) if self.is_rowed else [0]
        return [
            [self.sent(data, one, row) for one in self.fields if is_sent(data, one, row)] for row in rows[:MOST_PARTS]
        ]

    def sent(self, data: QueryDict, of: ArchiveField, row: int) -> Box:
        base = data.get(f"b-{of.pk}-{row}", "")
        base_id = int(base) if base.isascii() and base.isdecimal() and len(base) < 19 else None
        taken_out = data.get(f"x-{row}") == "1"
        parts = [TAKE_OUT] if taken_out else data.getlist(f"v-{of.pk}-{row}")[:MOST_PARTS]
        return Box(of, row, base_id, parts, base_id is not None, kept_of(self.current.get((of.pk, row))))

    @property
    def boxes(self) -> list[Box]:
        return [box for row in self.rows for box in row]

    def is_valid(self) -> bool:
        """Reads every box; what does not suit its field is marked there."""
        for box in self.boxes:
            box.read()
        if self.section == Section.DATES:
            for row in self.rows:
                self.check_dates(row)
        if self.source not in SAID_BY:
            self.fault = _("Say how you know it.")
        return not self.fault and not any(box.fault for box in self.boxes)

    def check_dates(self, row: list[Box]) -> None:
        """Marks what a row of important dates lacks; one that was left as it stood is not asked again."""
        texts = {box.field.key: box.value.text if box.value else "" for box in row}
        known = [self.current.get((box.field.pk, box.row)) for box in row]
        is_same = list(texts.values()) == [one.text if one else "" for one in known]
        fault = None if is_same or any(box.fault for box in row) else care_rows.fault_of(texts)
        for box in row if fault else ():
            if fault and box.field.key == fault[0]:
                box.fault = fault[1]

    def edits(self) -> list[Edit]:
        return [Edit(one.field, one.row, one.base_id, one.value, self.source, self.confirms) for one in self.boxes]


def is_sent(data: QueryDict, of: ArchiveField, row: int) -> bool:
    """Was this box in the form? Ticks that are all empty send nothing, but the version they were read at."""
    return f"b-{of.pk}-{row}" in data


def kept_of(value: ArchiveValue | None) -> tuple[str, ...]:
    """The options of a value that its field does not offer any more."""
    offered = {key for key, _name in value.field.choices} if value and value.keys else set()
    return tuple(key for key in value.keys or () if key not in offered) if value else ()


def row_in(name: str) -> int | None:
    """The row in the name of a box."""
    parts = name.split("-")
    if len(parts) != 3 or parts[0] != "b" or not (parts[2].isascii() and parts[2].isdecimal() and len(parts[2]) < 11):
        return None
    row = int(parts[2])
    return row if 0 < row <= MOST_ROW_ID else None


@dataclass
class Question:
    """A field of the archive that is asked in a contact, the row that the answer goes to, and what it follows."""

    field: ArchiveField
    row: int
    base_id: int | None
    answer: Typed | None = None

    @property
    def name(self) -> str:
        return f"ask-{self.field.pk}-{self.row}"

    @property
    def key(self) -> str:
        """What the form sends of it beside the answer."""
        return f"{self.field.pk}-{self.row}-{self.base_id or 0}"


def asked_now(user: User, customer: Customer, day: date) -> list[Question]:
    """At most two questions for the next contact with this customer; three statements."""
    known = {one.field_id: one for one in values_of(user, customer) if one.is_filled}
    states = states_of(customer, day)
    questions = []
    for of, _gain in questions_for([one for one in active_fields() if belongs(one, customer)], states):
        last = known.get(of.pk)
        new_row = 1 + secrets.randbelow(MOST_ROW_ID) if of.is_rowed else 0
        questions.append(Question(of, last.row if last else new_row, last.pk if last else None))
    return questions


def asked_in(data: QueryDict, customer: Customer) -> list[Question]:
    """The questions that a form was sent with; what names no field of this customer is none."""
    keys = [key for key in map(ASKED.fullmatch, data.getlist("asked")[:MOST_QUESTIONS]) if key]
    fields = {one.pk: one for one in active_fields() if is_typed(one) and belongs(one, customer)} if keys else {}
    questions = []
    for pk, row, base in (map(int, key.groups()) for key in keys):
        if pk in fields and row <= MOST_ROW_ID and bool(row) == fields[pk].is_rowed:
            questions.append(Question(fields[pk], row, base or None))
    return questions


def question_field(of: ArchiveField) -> forms.Field:
    """A question of the archive as a field of another form; empty means that it was not asked."""
    label: Any = of.question
    if of.kind == FieldKind.MULTI:
        return forms.MultipleChoiceField(
            label=label, choices=of.choices, required=False, widget=forms.CheckboxSelectMultiple
        )
    if of.choices:
        choices = [("", _("Ask next time")), *of.choices]
        return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.RadioSelect)
    if of.kind == FieldKind.DATE:
        return forms.CharField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))
    return forms.CharField(label=label, required=False, max_length=MOST_TEXT)
