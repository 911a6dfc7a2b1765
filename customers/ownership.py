"""管户: who answers for a customer. One open main owner; every change leaves the history behind."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.audit import trail
from crm.organization import effective
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import CustomerStatus, OwnershipRole
from customers.models import Customer, Ownership, OwnershipRule


class OwnerRefused(Exception):
    """This person cannot answer for this customer; the message says why."""


def candidates(branch_id: int) -> QuerySet[User]:
    """The relationship managers of a branch who may own its customers."""
    return User.objects.filter(branch_id=branch_id, role=Role.RELATIONSHIP_MANAGER, is_active=True).order_by("staff_no")


def assign(actor: User, customer: Customer, owner: User | None, day: date, reason: str) -> Ownership | None:
    """Make `owner` the main owner from `day` on, or nobody; returns the open ownership.

    The one before ends that day. Assigning who owns already changes nothing. Raises OwnerRefused for somebody who is no
    active relationship manager of the customer's branch. A later ownership file of the core bank has the last word.
    """
    if owner is not None and not candidates(customer.branch_id).filter(pk=owner.pk).exists():
        raise OwnerRefused(_("Choose a relationship manager of the customer's branch."))
    with transaction.atomic():
        # The customer's row is the lock: two managers who move the same customer come one after the other.
        Customer.objects.select_for_update(of=("self",)).only("pk").get(pk=customer.pk)
        before = Ownership.objects.filter(customer=customer, role=OwnershipRole.MAIN, until__isnull=True).first()
        if before is not None and owner is not None and before.owner_id == owner.pk:
            return before
        if before is not None:
            before.until = day
            before.save(update_fields=["until"])
        after = None
        if owner is not None:
            after = Ownership.objects.create(
                branch_id=customer.branch_id, customer=customer, owner=owner, since=day, reason=reason
            )
        detail = {"from": before.owner_id if before else None, "to": owner.pk if owner else None, "reason": reason}
        trail.record(actor, "ownership.assign", customer=customer, target=after, detail=detail)
        return after


def rule_on(day: date) -> OwnershipRule:
    """The parameters of claiming and handing over that hold on a day."""
    return effective.rule_on(OwnershipRule, day)


def claim(actor: User, customer: Customer, day: date, reason: str) -> Ownership:
    """认领: a relationship manager takes a customer of the own branch out of the pool.

    Of two at once one gets the customer; raises OwnerRefused for the other, for a customer of another branch, and for
    who owns as many as a manager may (customers.models.OwnershipRule).
    """
    if not candidates(customer.branch_id).filter(pk=actor.pk).exists():
        raise OwnerRefused(_("Only a relationship manager of the customer's branch can claim."))
    with transaction.atomic():
        # The manager's row makes two claims of one person count each other, the customer's those of two people.
        User.objects.select_for_update(of=("self",)).only("pk").get(pk=actor.pk)
        held = Customer.objects.select_for_update(of=("self",)).only("pk", "status").get(pk=customer.pk)
        open_main = Ownership.objects.filter(role=OwnershipRole.MAIN, until__isnull=True)
        if held.status != CustomerStatus.ACTIVE:
            raise OwnerRefused(_("This customer is closed."))
        if open_main.filter(customer=customer).exists():
            raise OwnerRefused(_("Somebody was faster: this customer has a manager now."))
        if open_main.filter(owner=actor).count() >= (cap := rule_on(day).claim_cap):
            raise OwnerRefused(_("You answer for %(cap)s customers already, as many as may be claimed.") % {"cap": cap})
        # An assistant or foster owner who becomes the main one is no second one beside.
        beside = Ownership.objects.filter(customer=customer, owner=actor, until__isnull=True)
        beside.exclude(role=OwnershipRole.MAIN).update(until=day)
        after = Ownership.objects.create(
            branch_id=customer.branch_id, customer=customer, owner=actor, since=day, reason=reason
        )
        trail.record(actor, "ownership.claim", customer=customer, target=after)
        return after
