"""Customers at hand: those somebody starred, and those they looked at last. Nobody else sees either."""

from django.db.models import QuerySet

from crm.audit import trail
from crm.audit.models import AuditEntry
from crm.organization.models import User
from customers.customer_list import slim
from customers.models import Customer, Star

MOST_RECENT = 10
MOST_STARRED = 20
LOOKS_READ = 100  # of the reader's latest looks: the same customers come again and again


def star(user: User, customer: Customer) -> None:
    """Keep a customer at hand; once is enough."""
    Star.objects.get_or_create(user=user, customer=customer, defaults={"branch_id": customer.branch_id})


def unstar(user: User, customer: Customer) -> None:
    """Let a customer go again."""
    Star.objects.visible_to(user).filter(user=user, customer=customer).delete()


def is_starred(user: User, customer: Customer) -> bool:
    return Star.objects.filter(user=user, customer=customer).exists()


def starred(user: User) -> list[Customer]:
    """The starred customers that are still in scope, the newest star first."""
    rows: QuerySet[Customer] = Customer.objects.visible_to(user).filter(stars__user_id=user.pk)
    return list(slim(rows).order_by("-stars__starred_at", "-pk")[:MOST_STARRED])


def recent(user: User) -> list[Customer]:
    """The customers whose pages this user opened last and who are still in scope, from the audit trail of looks."""
    looks = AuditEntry.objects.filter(actor_id=user.pk, action=trail.VIEW, customer_id__isnull=False)
    seen = looks.order_by("-at").values_list("customer_id", flat=True)[:LOOKS_READ]
    ids = list(dict.fromkeys(pk for pk in seen if pk is not None))
    rows: QuerySet[Customer] = Customer.objects.visible_to(user).filter(pk__in=ids)
    known = {customer.pk: customer for customer in slim(rows)}
    return [known[pk] for pk in ids if pk in known][:MOST_RECENT]
