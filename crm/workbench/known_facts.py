"""The archive at a glance: how complete it is, what has gone stale, what to ask next, and some of what is known."""

from dataclasses import dataclass
from datetime import date

from archives import records
from archives.choices import Section
from archives.record_models import ArchiveField
from crm.organization.models import User
from customers.models import Customer

MOST_FACTS = 4


@dataclass(frozen=True)
class Glance:
    """`sections` are (name, "full" | "half" stale | "part" | "none") in the archive's order; `facts` (name, text)."""

    completeness: int
    sections: list[tuple[str, str]]
    question: tuple[ArchiveField, int] | None
    facts: list[tuple[str, str]]

    def named(self, state: str) -> list[str]:
        return [name for name, one in self.sections if one == state]

    @property
    def stale(self) -> list[str]:
        return self.named("half")

    @property
    def missing(self) -> list[str]:
        return self.named("none")


def glance(user: User, customer: Customer, day: date) -> Glance:
    """Three statements. Of what is known the newest of what weighs is shown, never a C2 value."""
    states, fields = records.states_of(customer, day), records.active_fields()
    known = [one for one in records.values_of(user, customer) if one.is_filled and one.field.weight]
    shown = [one for one in known if not one.field.is_secret]
    shown.sort(key=lambda one: (one.known_on, one.field.weight), reverse=True)
    by_section = records.section_states(states)
    return Glance(
        completeness=records.completeness_of(states),
        sections=[(str(one.label), by_section[one.value]) for one in Section if one.value in by_section],
        question=next(iter(records.questions_for(fields, states)), None),
        facts=[(one.field.label, records.text_of(one)) for one in shown[:MOST_FACTS]],
    )
