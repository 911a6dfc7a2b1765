"""The archive at a glance: which facts of a customer are known, and which are still to be asked (DOMAIN §3).

Only what the product keeps today is asked for; a fact that has run out counts half.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.workbench.family import Relative
from customers.choices import CustomerType
from customers.models import Customer


@dataclass(frozen=True)
class Fact:
    """One part of the archive: "full", "half" (it has run out) or "none"."""

    label: str | Promise
    state: str


def known_facts(customer: Customer, relatives: Sequence[Relative], day: date) -> list[Fact]:
    """The parts in the order in which they are asked for; a company has no birth date, occupation or employer."""
    document = "none"
    if customer.id_no_mask:
        document = "half" if customer.id_expiry_date and customer.id_expiry_date < day else "full"
    facts = [
        Fact(_("Document"), document),
        known(_("Phone"), customer.mobile_mask),
        known(_("Address"), customer.address_mask),
    ]
    if customer.customer_type == CustomerType.PERSON:
        facts += [
            known(_("Birth date"), customer.birth_date),
            known(_("Occupation"), customer.occupation),
            known(_("Employer"), customer.employer),
            known(_("Household"), customer.household_id),
        ]
    return [*facts, known(_("Relations"), relatives)]


def known(label: str | Promise, value: object) -> Fact:
    return Fact(label, "full" if value else "none")
