"""客户营销档案: read what is known of a customer, and write it so that of two people at once none loses a word.

Every form carries, with each value, the id of the version that it was read at. Whoever saves first wins nothing: what
the other one left alone is merged, what both changed is shown to the second side by side (DOMAIN §3, Archive).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.choices import FROM_SYSTEM, ROWED, AppliesTo, FieldKind, Section
from archives.record_kinds import Typed, shown
from archives.record_models import Archive, ArchiveField, ArchiveValue
from crm import db
from crm.audit import pii, trail
from crm.organization.models import User
from customers.choices import CustomerType
from customers.models import Customer

MASK = "****"
MOST_ROWS = 20
MOST_QUESTIONS = 2
MOST_VALUES = 2_000
# Archives that one statement measures: of each it looks at every field.
MOST_MEASURED = 20_000


class TooManyRows(Exception):
    """The section has as many rows as it may have; the message says so."""


@dataclass(frozen=True)
class Edit:
    """What a form says of one value: the version it was read at (None: there was none), and what stands there now.

    `value` is None where the box says "as it was". `confirms`: the value was asked again and is still right.
    """

    field: ArchiveField
    row: int
    base_id: int | None
    value: Typed | None
    source: str
    confirms: bool = False


@dataclass(frozen=True)
class Clash:
    """Two people changed one value: `current` was saved first, `edit` waits for a decision."""

    edit: Edit
    current: ArchiveValue


@dataclass
class Saved:
    written: list[ArchiveValue] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """Of one field of one customer: whether it counts, its weight, and "full", "half" (gone stale) or "none"."""

    field_id: int
    section: str
    weight: int
    counts: bool
    state: str


def secret(customer_id: int, of: ArchiveField, row: int) -> pii.Field:
    """The column that a C2 value is encrypted under: copied to another customer, field or row it does not decrypt."""
    return pii.Field("archives_archivevalue", f"{customer_id}.{of.key}.{row}", str.strip, lambda value: MASK)


def active_fields() -> list[ArchiveField]:
    """The fields in use, section by section as the page has them."""
    return in_order(ArchiveField.objects.filter(is_active=True))


def every_field() -> list[ArchiveField]:
    """With those that have been retired: what was noted under them stays in the past."""
    return in_order(ArchiveField.objects.all())


def in_order(fields: Iterable[ArchiveField]) -> list[ArchiveField]:
    order = {section: number for number, section in enumerate(Section.values)}
    return sorted(fields, key=lambda one: (order[Section(one.section)], one.place, one.pk))


def end_of(day: date) -> datetime:
    """The moment at which a day ends where the bank is."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def values_of(user: User, customer: Customer, seen_at: datetime | None = None) -> list[ArchiveValue]:
    """The values that are (or at a moment were) current, one statement over a partial index when they are."""
    known = ArchiveValue.objects.visible_to(user).filter(customer=customer)
    if seen_at is None:
        known = known.filter(replaced_at__isnull=True)
    else:
        known = known.filter(Q(replaced_at__isnull=True) | Q(replaced_at__gte=seen_at), recorded_at__lt=seen_at)
    rows = known.defer("cipher").select_related("recorder", "field").order_by("field_id", "row", "-pk")[:MOST_VALUES]
    return list({(one.field_id, one.row): one for one in reversed(rows)}.values())


def text_of(value: ArchiveValue) -> str:
    """What a page shows of a value: a C2 value as its mask, "" for none."""
    if value.field.is_secret:
        return MASK if value.is_filled else ""
    return shown(value.field, value.text)


def states_of(customer: Customer, day: date) -> list[State]:
    """What complete and stale mean for each field of this customer on a day (migration 0011)."""
    rows = db.fetch_all(
        "SELECT field_id, section, weight, counts, state FROM archives_state(%s, %s, 'infinity')",
        [[customer.pk], day],
        using="default",
    )
    return [State(**row) for row in rows]


def completeness_of(states: Iterable[State]) -> int:
    """Percent of the weights that count; what has gone stale counts half."""
    counted = [one for one in states if one.counts]
    whole = sum(one.weight for one in counted)
    halves = sum(one.weight * {"full": 2, "half": 1}.get(one.state, 0) for one in counted)
    return halves * 50 // whole if whole else 0


def section_states(states: Iterable[State]) -> dict[str, str]:
    """Of each section that counts: "half" where something is stale, else "full", "part" or "none"."""
    by_section: dict[str, set[str]] = {}
    for one in states:
        if one.counts and one.weight:
            by_section.setdefault(one.section, set()).add(one.state)
    return {section: "half" if "half" in found else found.pop() if len(found) == 1 else "part"
            for section, found in by_section.items()}  # fmt: skip


def questions_for(fields: Sequence[ArchiveField], states: Iterable[State]) -> list[tuple[ArchiveField, int]]:
    """At most two fields worth asking for next, those that add most to completeness first, with the percent added."""
    of_field = {one.field_id: one for one in states if one.counts}
    whole = sum(one.weight for one in of_field.values()) or 1
    gains = []
    for one in fields:
        state = of_field.get(one.pk)
        if state is None or state.state == "full" or not one.question or one.kind == FieldKind.SYSTEM:
            continue
        gain = state.weight * (2 if state.state == "none" else 1)
        if gain:
            gains.append((one, max(1, gain * 50 // whole)))
    return sorted(gains, key=lambda pair: (-pair[1], pair[0].pk))[:MOST_QUESTIONS]


def save(customer: Customer, actor: User, at: datetime, edits: Sequence[Edit]) -> Saved:
    """Write what changed, in one transaction under the lock of the archive. Sent twice it writes once.

    Where something clashes, that is returned and nothing at all is written. Raises TooManyRows.
    """
    with transaction.atomic():
        archive = locked(customer, actor)
        current = {(one.field_id, one.row): one for one in values_of(actor, customer)}
        bases = bases_of(actor, customer, edits, current)
        saved = Saved()
        news: list[tuple[Edit, ArchiveValue | None]] = []
        for edit in edits:
            now, base = current.get((edit.field.pk, edit.row)), bases.get(edit.base_id or 0)
            if edit.value is None or same(customer, edit, base):
                if edit.confirms and now is not None and now.is_filled and now.pk == edit.base_id:
                    news.append((edit, now))
            elif now is not None and now.pk != edit.base_id:
                if not same(customer, edit, now):
                    saved.clashes.append(Clash(edit, now))
            else:
                news.append((edit, now))
        refuse_too_many(current, [edit for edit, _now in news])
        if news and not saved.clashes:
            saved.written = write(archive, customer, actor, at, news)
            detail = {"fields": sorted({edit.field.key for edit, _now in news}), "version": archive.version}
            trail.record(actor, "archive.write", customer=customer, target=archive, detail=detail)
    return saved


def locked(customer: Customer, actor: User) -> Archive:
    """The archive, made where there is none, with its row locked until the transaction ends."""
    Archive.objects.bulk_create([Archive(customer_id=customer.pk, branch_id=customer.branch_id)], ignore_conflicts=True)
    return Archive.objects.visible_to(actor).select_for_update(of=("self",)).get(customer=customer)


def bases_of(
    user: User, customer: Customer, edits: Sequence[Edit], current: dict[tuple[int, int], ArchiveValue]
) -> dict[int, ArchiveValue]:
    """The versions that the form was read at, by id; an id of another customer or field is none of them."""
    bases = {one.pk: one for one in current.values()}
    older = {edit.base_id for edit in edits if edit.base_id is not None} - bases.keys()
    if older:
        known = ArchiveValue.objects.visible_to(user).filter(customer=customer, pk__in=older).defer("cipher")
        bases |= {one.pk: one for one in known.select_related("field")}
    return bases


def same(customer: Customer, edit: Edit, version: ArchiveValue | None) -> bool:
    """Does the form say what this version says? No version says the same as an empty box."""
    if edit.value is None:
        return True
    if version is None or version.field_id != edit.field.pk or version.row != edit.row:
        return not edit.value.text
    if edit.value.keys is not None and version.keys is not None:
        return set(edit.value.keys) == set(version.keys)
    if edit.field.is_secret:
        digest = pii.index(secret(customer.pk, edit.field, edit.row), edit.value.text)
        known = bytes(version.digest) if version.digest is not None else None
        return digest == known
    return version.text == edit.value.text


def refuse_too_many(current: dict[tuple[int, int], ArchiveValue], edits: Sequence[Edit]) -> None:
    for section in ROWED:
        rows = {row for (_pk, row), one in current.items() if one.field.section == section and one.is_filled}
        added = {edit.row for edit in edits if edit.field.section == section and edit.value and edit.value.text}
        if added - rows and len(rows | added) > MOST_ROWS:
            raise TooManyRows(_("There are %(most)s rows already; take one out first.") % {"most": MOST_ROWS})


def write(
    archive: Archive, customer: Customer, actor: User, at: datetime, news: Sequence[tuple[Edit, ArchiveValue | None]]
) -> list[ArchiveValue]:
    """Append the new versions, mark those that they replace, and measure the archive afresh."""
    at = max([at, *(now.recorded_at for _edit, now in news if now is not None)])
    replaced = [now.pk for _edit, now in news if now is not None]
    if replaced:
        ArchiveValue.objects.visible_to(actor).filter(pk__in=replaced).update(replaced_at=at)
    day = timezone.localtime(at).date()
    kept = ciphers(actor, [now.pk for edit, now in news if now is not None and edit.value is None])
    written = [version(customer, actor, at, day, edit, now, kept) for edit, now in news]
    ArchiveValue.objects.bulk_create(written)
    archive.version, archive.updated_at = archive.version + 1, at
    archive.save(update_fields=["version", "updated_at"])
    measure([customer.pk], day)
    return written


def ciphers(user: User, ids: Sequence[int]) -> dict[int, bytes]:
    """The cipher texts of versions that are confirmed without being seen."""
    if not ids:
        return {}
    known = ArchiveValue.objects.visible_to(user).filter(pk__in=ids, cipher__isnull=False)
    return {pk: bytes(cipher or b"") for pk, cipher in known.values_list("pk", "cipher")}


def version(
    customer: Customer,
    actor: User,
    at: datetime,
    day: date,
    edit: Edit,
    now: ArchiveValue | None,
    kept: dict[int, bytes],
) -> ArchiveValue:
    """The row of one edit; `now` is the version that it replaces or, where the edit has no value, confirms."""
    made = ArchiveValue(
        branch_id=customer.branch_id, customer_id=customer.pk, field_id=edit.field.pk, row=edit.row, source=edit.source,
        recorder_id=actor.pk, recorded_at=at, known_on=day,
    )  # fmt: skip
    if edit.value is None and now is not None:
        made.text, made.number, made.day, made.keys = now.text, now.number, now.day, now.keys
        made.cipher, made.digest, made.is_filled = kept.get(now.pk), now.digest, now.is_filled
        return made
    value = edit.value or Typed()
    made.is_filled = bool(value.text)
    if edit.field.is_secret:
        column = secret(customer.pk, edit.field, edit.row)
        made.cipher = pii.encrypt(column, customer.pk, value.text)
        made.digest = pii.index(column, value.text)
        return made
    made.text, made.number, made.day = value.text, value.number, value.day
    made.keys = list(value.keys) if value.keys is not None else None
    return made


def answers(customer: Customer, actor: User, at: datetime, edits: Sequence[Edit]) -> int:
    """What a customer said in a contact follows what somebody noted meanwhile, and both are kept; returns how many."""
    saved = save(customer, actor, at, edits)
    if saved.clashes:
        newest = {clash.edit: clash.current.pk for clash in saved.clashes}
        saved = save(customer, actor, at, [replace(one, base_id=newest.get(one, one.base_id)) for one in edits])
    return len(saved.written)


def measure(customer_ids: Sequence[int], day: date) -> None:
    """Measure archives again, where there are any, after something that counts in them has changed."""
    db.fetch_value("SELECT archives_remeasure(%s, %s)", [list(customer_ids), day], using="default")


def terms() -> str:
    """By what archives are measured now, in short: another text once an administrator changed weights or days."""
    return str(db.fetch_sql("archives", "measure_terms")[0]["terms"])


def remeasure(as_of: date, moved: Sequence[int], *, everybody: bool = False) -> int:
    """The night's part: measure again what days have made stale, whom a new tier is asked more often, and of whom
    tonight's file brought something new; `everybody` once the terms are others. Returns how many."""
    if not everybody:
        rows = db.fetch_sql("archives", "remeasure", as_of=as_of, moved=list(moved))
        return int(rows[0]["archives_remeasure"])
    archives, number, last = Archive.objects.using("batch").order_by("pk").values_list("pk", flat=True), 0, 0
    while ids := list(archives.filter(pk__gt=last)[:MOST_MEASURED]):
        db.fetch_value("SELECT archives_remeasure(%s, %s)", [ids, as_of])
        number, last = number + len(ids), ids[-1]
    return number


def belongs(of: ArchiveField, customer: Customer) -> bool:
    """May this field be filled for this customer? Anybody may turn out to be a farmer or a merchant."""
    if of.applies_to == AppliesTo.FARMER:
        return customer.customer_type == CustomerType.PERSON
    return of.applies_to in (AppliesTo.ALL, AppliesTo.MERCHANT, customer.customer_type)


def is_typed(of: ArchiveField) -> bool:
    """Is this a field that people fill in?"""
    return of.kind != FieldKind.SYSTEM and of.section not in FROM_SYSTEM
