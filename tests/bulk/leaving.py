"""A leaver with many customers, their families, plans and deposits, and colleagues who could take over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from crm import db
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.handover import planning, requests
from crm.workbench.handover.planning import Wish
from customers.choices import BulkState
from customers.models import OwnershipMove, OwnershipRequest
from tests import world
from tests.world import Bank

HIGHEST = 5
DAY = timezone.localdate
# Sizes, tiers, families, plans and maturities come from the seed and the number alone, so that a run can be repeated.
MANY = """
WITH chance AS (
    SELECT n, ('x' || substr(md5(%(seed)s || ':' || n), 1, 7))::bit(28)::int AS die
    FROM generate_series(1, %(number)s) n
), families AS (
    INSERT INTO customers_household (branch_id, created_at)
    SELECT %(branch)s, now() FROM generate_series(1, greatest(1, %(number)s / 8)) RETURNING id
), home AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM families
), made AS (
    INSERT INTO customers_customer (
        customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams,
        sex, id_type, id_no_mask, mobile_mask, address_mask, occupation, employer, status, has_payroll, has_pension,
        is_merchant, do_not_contact, household_id)
    SELECT %(prefix)s || lpad(n::text, 7, '0'), 'person', '', %(branch)s, '客' || n, '客*', '', '', '{}', '', '', '',
           '', '', '', '', 'active', false, false, false, false,
           CASE WHEN die %% 3 = 0
                THEN (SELECT id FROM home WHERE place = (die / 3) %% (SELECT count(*) FROM home)) END
    FROM chance ORDER BY n RETURNING id, branch_id, customer_no
), drawn AS (
    SELECT m.*, c.die, 1 + (CASE WHEN c.die %% 100 < 60 THEN 0 WHEN c.die %% 100 < 85 THEN 1
                                 WHEN c.die %% 100 < 95 THEN 2 WHEN c.die %% 100 < 99 THEN 3 ELSE 4 END) AS tier
    FROM made m JOIN chance c ON c.n = substr(m.customer_no, length(%(prefix)s) + 1)::int
), owned AS (
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT branch_id, id, %(owner)s, 'main', '2020-01-01', '' FROM drawn
), planned AS (
    INSERT INTO archives_maintenanceplan (
        branch_id, customer_id, owner_id, due_date, purpose, channel, note, state, created_at, submission, episode)
    SELECT branch_id, id, %(owner)s, %(day)s + (die %% 40), 'care', 'phone', '', 'planned', now(), gen_random_uuid(), ''
    FROM drawn WHERE tier > 1 OR die %% 4 = 0
)
INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                               quarter_days, last_month_days, tier)
SELECT id, branch_id, (1 + die %% 9) * 1000 * power(8, tier - 1)::int, 0, 0, 1, '2026-01-01', 0, 0, 0, tier FROM drawn
"""


def fill(bank: Bank, owner: User, number: int, *, seed: int = 1, prefix: str = "K") -> None:
    """So many customers of a manager: a third in families, five tiers, plans for most of the upper ones."""
    db.execute(
        MANY,
        {"branch": owner.branch_id, "owner": owner.pk, "number": number, "seed": seed, "prefix": prefix, "day": DAY()},
    )


def colleague(bank: Bank, staff_no: str, name: str) -> User:
    return world.make_user(staff_no, name, Role.RELATIONSHIP_MANAGER, bank.south, Reach.OWN)


@contextmanager
def fresh(user: User) -> Iterator[User]:
    """The user's scope as a request or a worker would read it."""
    again = User.objects.select_related("branch").get(pk=user.pk)
    with scoped(again):
        yield again


def drafted(bank: Bank, candidates: Sequence[User], **fields: Any) -> OwnershipRequest:
    """A draft of 何 for the leaver 王."""
    wish = Wish([one.pk for one in candidates], reason="离职", note="请多关照", **fields)
    with fresh(bank.he) as manager:
        return planning.draft(manager, bank.wang, bank.south.pk, wish, HIGHEST, DAY())


def approved(bank: Bank, request: OwnershipRequest) -> OwnershipRequest:
    """Asked for by 何, approved by 孙 of the region."""
    with fresh(bank.he) as manager:
        requests.ask(manager, request)
    request.refresh_from_db(using="batch")
    with fresh(bank.sun) as leader:
        requests.approve(leader, request, request.fingerprint, DAY())
    request.refresh_from_db(using="batch")
    return request


def carried_out(bank: Bank, request: OwnershipRequest) -> OwnershipRequest:
    approved(bank, request)
    assert request.job_id is not None
    assert jobs.run(request.job_id) == BulkState.DONE
    request.refresh_from_db(using="batch")
    return request


def taken_back(user: User, request: OwnershipRequest) -> None:
    assert request.job_id is not None
    with fresh(user) as manager:
        assert requests.undo(manager, request_in_scope(request), timezone.now())
    assert jobs.run(request.job_id) == BulkState.UNDONE


def request_in_scope(request: OwnershipRequest) -> OwnershipRequest:
    found: OwnershipRequest = OwnershipRequest.objects.select_related("job").get(pk=request.pk)
    return found


def moves(request: OwnershipRequest) -> list[OwnershipMove]:
    return list(OwnershipMove.objects.using("batch").filter(request=request).order_by("customer_id"))


def days_ago(number: int) -> date:
    return DAY() - timedelta(days=number)
