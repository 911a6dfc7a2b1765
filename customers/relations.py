"""Related parties 关系人 and households 家庭: linked from both ends, so that each page shows the other (DOMAIN §3)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.audit import trail
from crm.organization.models import User
from customers.choices import CustomerType, RelationType
from customers.models import Customer, Household, Relation

INVERSE = {
    RelationType.SPOUSE: RelationType.SPOUSE,
    RelationType.SIBLING: RelationType.SIBLING,
    RelationType.CHILD: RelationType.PARENT,
    RelationType.PARENT: RelationType.CHILD,
    RelationType.EMPLOYER: RelationType.EMPLOYEE,
    RelationType.EMPLOYEE: RelationType.EMPLOYER,
    RelationType.SHAREHOLDER: RelationType.SHAREHOLDING,
    RelationType.SHAREHOLDING: RelationType.SHAREHOLDER,
    RelationType.INTRODUCER: RelationType.INTRODUCED,
    RelationType.INTRODUCED: RelationType.INTRODUCER,
    RelationType.GUARANTOR: RelationType.GUARANTEED,
    RelationType.GUARANTEED: RelationType.GUARANTOR,
}
FAMILY = frozenset({RelationType.SPOUSE, RelationType.CHILD, RelationType.PARENT, RelationType.SIBLING})


class RelationRefused(Exception):
    """The relation cannot be; the message says why in plain words."""


def link(
    actor: User,
    customer: Customer,
    relation_type: str,
    *,
    related: Customer | None = None,
    name: str = "",
    birth_year: int | None = None,
    note: str = "",
) -> Relation:
    """`related` (a customer), or a person of this `name` who is none, is the `relation_type` of `customer`.

    With a customer the inverse is written at the other end too. Linking twice changes nothing. Raises
    RelationRefused for oneself, and for a family tie of a company.
    """
    if related is not None and related.pk == customer.pk:
        raise RelationRefused(_("A customer cannot be related to themselves."))
    ends = [customer, related] if related else [customer]
    if relation_type in FAMILY and any(end.customer_type != CustomerType.PERSON for end in ends):
        raise RelationRefused(_("A company has no family."))
    with transaction.atomic():
        relation, is_new = Relation.objects.get_or_create(
            customer=customer,
            relation_type=relation_type,
            related_customer=related,
            **({} if related else {"name": name}),
            defaults={"branch_id": customer.branch_id, "birth_year": birth_year, "note": note},
        )
        if related is not None:
            Relation.objects.get_or_create(
                customer=related,
                relation_type=INVERSE[RelationType(relation_type)],
                related_customer=customer,
                defaults={"branch_id": related.branch_id, "note": note},
            )
        if is_new:
            detail = {"relation": relation_type, "related": related.pk if related else None}
            trail.record(actor, "relation.link", customer=customer, target=relation, detail=detail)
    return relation


def note(actor: User, customer: Customer, data: Mapping[str, Any]) -> Relation:
    """What a form says of a relation: link, and the household where they live together; both or neither."""
    with transaction.atomic():
        related: Customer | None = data["related"]
        relation = link(
            actor, customer, data["relation_type"], related=related, name=data["name"],
            birth_year=data["birth_year"], note=data["note"],
        )  # fmt: skip
        if related is not None and data["is_same_household"]:
            join_household(actor, customer, related)
    return relation


def unlink(actor: User, relation: Relation) -> None:
    """Remove a relation, and its inverse at the other end."""
    with transaction.atomic():
        if relation.related_customer_id is not None:
            Relation.objects.filter(
                customer_id=relation.related_customer_id,
                related_customer_id=relation.customer_id,
                relation_type=INVERSE[RelationType(relation.relation_type)],
            ).delete()
        detail = {"relation": relation.relation_type, "related": relation.related_customer_id}
        trail.record(actor, "relation.unlink", customer=relation.customer, target=relation, detail=detail)
        relation.delete()


def join_household(actor: User, customer: Customer, other: Customer) -> Household:
    """Both in one household: the one that either has, else a new one. Raises RelationRefused when they have two."""
    if {customer.customer_type, other.customer_type} != {CustomerType.PERSON}:
        raise RelationRefused(_("A company has no family."))
    with transaction.atomic():
        ids = sorted([customer.pk, other.pk])
        pair = list(
            Customer.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").only("household_id")
        )
        known = {one.household_id for one in pair if one.household_id is not None}
        if len(known) > 1:
            raise RelationRefused(_("They belong to two households; take one of them out of theirs first."))
        household = (
            Household.objects.get(pk=known.pop()) if known else Household.objects.create(branch_id=customer.branch_id)
        )
        Customer.objects.filter(pk__in=ids).update(household=household)
        customer.household_id = other.household_id = household.pk
        trail.record(actor, "household.join", customer=customer, target=household, detail={"with": other.pk})
    return household


def leave_household(actor: User, customer: Customer) -> None:
    """Take a customer out of the household; the last one left in it is in none either."""
    household_id = customer.household_id
    if household_id is None:
        return
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(household=None)
        customer.household_id = None
        left = Customer.objects.filter(household_id=household_id)
        if left.count() == 1:
            left.update(household=None)
        trail.record(actor, "household.leave", customer=customer, detail={"household": household_id})
