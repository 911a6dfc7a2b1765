"""Related parties 关系人 and households 家庭: linked from both ends, so that each page shows the other (DOMAIN §3)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import db
from crm.audit import trail
from crm.organization.models import User
from customers import archive_asks
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


# Relations and households change one after the other: row locks of two ends, taken in two orders, would wait for each
# other, and two members who leave at once would each count the other.
LOCK = "relations"


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
    noted = {"recorded_by_id": actor.pk, "recorded_at": timezone.now()}
    with transaction.atomic():
        db.hold_lock(LOCK, using="default")
        relation, is_new = Relation.objects.get_or_create(
            customer=customer,
            relation_type=relation_type,
            related_customer=related,
            **({} if related else {"name": name}),
            defaults={"branch_id": customer.branch_id, "birth_year": birth_year, "note": note, **noted},
        )
        if related is not None:
            Relation.objects.get_or_create(
                customer=related,
                relation_type=INVERSE[RelationType(relation_type)],
                related_customer=customer,
                defaults={"branch_id": related.branch_id, "note": note, **noted},
            )
        if is_new:
            archive_asks.changed([end.pk for end in ends])
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
    """Remove a relation, and its inverse at the other end, also where that lies in another branch."""
    with transaction.atomic():
        db.hold_lock(LOCK, using="default")
        detail = {"relation": relation.relation_type, "related": relation.related_customer_id}
        trail.record(actor, "relation.unlink", customer=relation.customer, target=relation, detail=detail)
        relation.delete()
        if relation.related_customer_id is not None:
            ends = [relation.customer_id, relation.related_customer_id]
            db.fetch_value("SELECT customers_relation_settle(%s, %s)", ends, using="default")
        archive_asks.changed([pk for pk in (relation.customer_id, relation.related_customer_id) if pk])


def join_household(actor: User, customer: Customer, other: Customer) -> int:
    """Both in one household: the one that either has, else a new one; returns its id.

    Raises RelationRefused when they have two.
    """
    if {customer.customer_type, other.customer_type} != {CustomerType.PERSON}:
        raise RelationRefused(_("A company has no family."))
    with transaction.atomic():
        db.hold_lock(LOCK, using="default")
        pair = Customer.objects.filter(pk__in=[customer.pk, other.pk])
        known = set(pair.exclude(household=None).values_list("household_id", flat=True))
        if len(known) > 1:
            raise RelationRefused(_("They belong to two households; take one of them out of theirs first."))
        # A household may be of another branch, where it is not seen: only its id is needed.
        household = Household(pk=known.pop()) if known else Household.objects.create(branch_id=customer.branch_id)
        pair.update(household_id=household.pk)
        customer.household_id = other.household_id = household.pk
        archive_asks.changed([customer.pk, other.pk])
        trail.record(actor, "household.join", customer=customer, target=household, detail={"with": other.pk})
    return int(household.pk)


def leave_household(actor: User, customer: Customer) -> None:
    """Take a customer out of the household; the last one left in it, in whatever branch, is in none either."""
    with transaction.atomic():
        db.hold_lock(LOCK, using="default")
        own = Customer.objects.filter(pk=customer.pk, household__isnull=False)
        household_id = own.values_list("household_id", flat=True).first()
        if household_id is None:
            return
        members = list(Customer.objects.filter(household=household_id).values_list("pk", flat=True))
        own.update(household=None)
        customer.household_id = None
        db.fetch_value("SELECT customers_household_settle(%s)", [household_id], using="default")
        archive_asks.changed(members)
        trail.record(actor, "household.leave", customer=customer, detail={"household": household_id})
