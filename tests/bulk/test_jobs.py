"""Actions over many customers: whom they reach, what becomes of each, and how they are taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from archives.models import MaintenancePlan
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.models import User
from crm.workbench.bulk import actions, jobs
from customers.choices import BulkProblem, BulkState, ItemOutcome
from customers.models import BulkItem, BulkJob, Customer, Ownership
from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
OWNED = 5_000
MANY = """
WITH made AS (
    INSERT INTO customers_customer (
        customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams,
        sex, id_type, id_no_mask, mobile_mask, address_mask, occupation, employer, status, has_payroll, has_pension,
        is_merchant, do_not_contact)
    SELECT 'K' || lpad(n::text, 8, '0'), 'person', '', %(branch)s, '客' || n, '客*', '', '', '{}', '', '', '', '', '',
           '', '', 'active', false, false, false, false
    FROM generate_series(1, %(number)s) n RETURNING id, branch_id
), owned AS (
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT branch_id, id, %(owner)s, 'main', '2020-01-01', '' FROM made
)
INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                               quarter_days, last_month_days, tier)
SELECT id, branch_id, 1000, 1000, 0, 1, '2026-01-01', 0, 0, 0, 1 FROM made
"""


@pytest.fixture
def day(bank: Bank) -> Morning:
    return morning.build(bank)


@pytest.fixture
def many(bank: Bank) -> Bank:
    """OWNED customers of 王, as a bank has them."""
    db.execute(MANY, {"branch": bank.south.pk, "owner": bank.wang.pk, "number": OWNED})
    return bank


def prepared(client: Client, action: str = "assign", **fields: Any) -> BulkJob:
    answer = client.post("/bulk/new/", {"action": action, **fields})
    assert answer.status_code == 302
    return BulkJob.objects.using("batch").latest("pk")


def start(client: Client, job: BulkJob, **fields: Any) -> None:
    assert client.post(f"/bulk/{job.pk}/start/", fields).status_code == 302


def assigned(client: Client, owner: User, **fields: Any) -> BulkJob:
    """A change of manager, carried out."""
    job = prepared(client, **fields)
    start(client, job, owner=owner.pk, reason="调岗")
    assert jobs.run(job.pk) == BulkState.DONE
    job.refresh_from_db()
    return job


def taken_back(client: Client, job: BulkJob) -> BulkJob:
    client.post(f"/bulk/{job.pk}/undo/")
    assert jobs.run(job.pk) == BulkState.UNDONE
    job.refresh_from_db()
    return job


def outcomes(job: BulkJob) -> dict[str, int]:
    rows = BulkItem.objects.using("batch").filter(job=job).values_list("outcome", flat=True)
    found: dict[str, int] = {}
    for outcome in rows:
        found[outcome] = found.get(outcome, 0) + 1
    return found


def owner_of(customer: Customer) -> int | None:
    open_main = Ownership.objects.using("batch").filter(customer=customer, role="main", until__isnull=True)
    return open_main.values_list("owner_id", flat=True).first()


def open_owners() -> dict[int, int]:
    rows = Ownership.objects.using("batch").filter(role="main", until__isnull=True)
    return dict(rows.values_list("customer_id", "owner_id"))


def test_thousands_change_hands_and_come_back_but_for_those_changed_since(many: Bank, client_of: ClientOf) -> None:
    client, before = client_of(many.he), open_owners()
    job = assigned(client, many.li, all="1", query="")
    assert set(open_owners().values()) == {many.li.pk}
    assert (job.total, job.handled, outcomes(job)) == (OWNED, OWNED, {"changed": OWNED})
    edited = list(Customer.objects.using("batch").order_by("pk")[:10])
    for customer in edited:
        client.post(f"/customers/{customer.pk}/owner/", {"owner": many.wang.pk, "reason": "单独"})
    job = taken_back(client, job)
    assert open_owners() == before  # the ten were given to 王 by hand, and stay so
    assert outcomes(job) == {"restored": OWNED - 10, "edited": 10}
    kept = BulkItem.objects.using("batch").filter(job=job, outcome=ItemOutcome.EDITED)
    assert {item.customer_id for item in kept} == {customer.pk for customer in edited}
    page = client.get(f"/bulk/{job.pk}/").content.decode()
    assert all(customer.customer_no in page for customer in edited)
    history = Ownership.objects.using("batch").filter(customer=edited[-1].pk + 1).order_by("pk")
    assert [one.owner_id for one in history] == [many.wang.pk, many.li.pk, many.wang.pk]


def test_only_the_author_s_scope_is_touched(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    ids = [day.zhou.pk, day.foreign.pk]
    job = assigned(client_of(bank.he), bank.li, ids=ids)
    assert outcomes(job) == {"changed": 1}
    assert (owner_of(day.zhou), owner_of(day.foreign)) == (bank.li.pk, bank.qian.pk)
    assert "1 " in client_of(bank.he).get(f"/bulk/{job.pk}/").content.decode()
    elsewhere = f"branch={bank.north.pk}"
    everywhere = assigned(client_of(bank.he), bank.li, all="1", query=elsewhere)
    assert (everywhere.total, owner_of(day.foreign)) == (0, bank.qian.pk)
    waits = prepared(client_of(bank.he), all="1", query=elsewhere)
    for address in (f"/bulk/{waits.pk}/", f"/customers/?{elsewhere}"):  # nor are managers named who are out of scope
        assert bank.qian.name not in client_of(bank.he).get(address).content.decode()


def test_the_scope_is_that_of_the_moment_it_runs(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = prepared(client, all="1", query="")
    start(client, job, owner=bank.li.pk, reason="调岗")
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(branch=bank.north)
    assert jobs.run(job.pk) == BulkState.DONE
    assert owner_of(day.zhou) == bank.wang.pk
    assert owner_of(day.lin) == bank.li.pk


def test_a_customer_who_leaves_between_two_chunks_is_named(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = prepared(client, all="1", query="")
    start(client, job, owner=bank.li.pk, reason="调岗")
    BulkJob.objects.using("batch").filter(pk=job.pk).update(state=BulkState.RUNNING)
    assert jobs.step(job) == BulkState.RUNNING  # collected
    db.execute("UPDATE customers_customer SET branch_id = %s WHERE id = %s", [bank.north.pk, day.lin.pk])
    assert jobs.run(job.pk) == BulkState.DONE
    assert outcomes(job) == {"changed": 1, "same": 1, "out_of_scope": 1}


def test_the_filters_of_the_list_choose(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    job = assigned(client_of(bank.he), bank.li, all="1", query="tier=3&kind=maturity")
    assert outcomes(job) == {"changed": 1}
    assert (owner_of(day.zhou), owner_of(day.lin)) == (bank.li.pk, bank.wang.pk)


def test_each_row_that_could_not_be_changed_says_why(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    orphan = bank.customer("6100000009")
    bank.metrics(orphan, 5)
    client = client_of(bank.sun)
    ids = [orphan.pk, day.zhou.pk, day.lin.pk, day.chen.pk, day.foreign.pk]
    job = assigned(client, bank.li, ids=ids, query=f"branch={bank.south.pk}")
    assert outcomes(job) == {"changed": 3, "same": 1, "other_branch": 1}
    assert owner_of(orphan) == bank.li.pk
    page = client.get(f"/bulk/{job.pk}/?outcome=other_branch").content.decode()
    assert day.foreign.customer_no in page
    taken_back(client, job)
    assert (owner_of(orphan), owner_of(day.zhou), owner_of(day.chen)) == (None, bank.wang.pk, bank.li.pk)


def test_a_former_manager_who_left_does_not_get_them_back(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = assigned(client, bank.li, ids=[day.zhou.pk])
    User.objects.using("batch").filter(pk=bank.wang.pk).update(is_active=False)
    assert outcomes(taken_back(client, job)) == {"former_left": 1}
    assert owner_of(day.zhou) == bank.li.pk


def test_it_stops_when_its_author_or_the_new_manager_may_not_any_more(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    for person, problem in ((bank.li, BulkProblem.NO_OWNER), (bank.he, BulkProblem.NO_RIGHT)):
        client = client_of(bank.he)
        job = prepared(client, all="1", query="")
        start(client, job, owner=bank.li.pk, reason="调岗")
        User.objects.using("batch").filter(pk=person.pk).update(is_active=False)
        assert jobs.run(job.pk) == BulkState.FAILED
        job.refresh_from_db(using="batch")
        assert job.problem == problem
        User.objects.using("batch").filter(pk=person.pk).update(is_active=True)
    assert owner_of(day.zhou) == bank.wang.pk


def test_undo_is_for_seven_days_and_once(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = assigned(client, bank.li, ids=[day.zhou.pk])
    long_ago = timezone.now() - timedelta(days=7, minutes=1)
    BulkJob.objects.using("batch").filter(pk=job.pk).update(finished_at=long_ago)
    client.post(f"/bulk/{job.pk}/undo/")
    assert (jobs.run(job.pk), owner_of(day.zhou)) == ("over", bank.li.pk)
    BulkJob.objects.using("batch").filter(pk=job.pk).update(finished_at=long_ago + timedelta(minutes=2))
    taken_back(client, job)
    client.post(f"/bulk/{job.pk}/undo/")
    assert jobs.run(job.pk) == "over"


def test_a_worker_that_dies_between_chunks_loses_and_doubles_nothing(many: Bank, client_of: ClientOf) -> None:
    client = client_of(many.he)
    died: list[int] = []
    job = prepared(client, all="1", query="")
    start(client, job, owner=many.li.pk, reason="调岗")
    once = actions.Assign.do

    def dies(action: Any, job: BulkJob, actor: User, ids: Any) -> None:
        once(action, job, actor, ids)
        if not died:
            died.append(len(ids))
            raise OperationalError("the connection is gone")

    with patch.object(actions.Assign, "do", dies):
        with pytest.raises(OperationalError):
            jobs.run(job.pk)
        assert set(open_owners().values()) == {many.wang.pk}  # the chunk went with its transaction
        assert jobs.sweep() == [job.pk]
        assert jobs.run(job.pk) == BulkState.DONE
    assert outcomes(job) == {"changed": OWNED}
    assert Ownership.objects.using("batch").count() == 2 * OWNED


def test_somebody_else_s_job_is_not_there(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    job = prepared(client_of(bank.he), ids=[day.zhou.pk])
    for user in (bank.wang, bank.sun, bank.zhou):
        for path in ("", "progress/"):
            assert client_of(user).get(f"/bulk/{job.pk}/{path}").status_code == 404
        for path in ("start/", "undo/"):
            assert client_of(user).post(f"/bulk/{job.pk}/{path}").status_code == 404
        assert client_of(user).get("/bulk/").context["jobs"] == []


def test_a_manager_of_customers_may_plan_for_them_but_not_give_them_away(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    client = client_of(bank.wang)
    assert client.post("/bulk/new/", {"action": "assign", "all": "1"}).status_code == 302
    assert client.post("/bulk/new/", {"action": "nonsense", "all": "1"}).status_code == 302
    assert client.post("/bulk/new/", {"action": "plan"}).status_code == 302  # nothing ticked
    assert not BulkJob.objects.using("batch").exists()


def test_plans_are_made_for_all_that_match_and_called_off_where_still_open(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    Customer.objects.using("batch").filter(pk=day.chen.pk).update(do_not_contact=True)
    client = client_of(bank.he)
    job = prepared(client, action="plan", all="1", query="")
    due = (timezone.localdate() + timedelta(days=3)).isoformat()
    start(client, job, due_date=due, purpose="care", channel="phone", note="季度回访")
    assert jobs.run(job.pk) == BulkState.DONE
    assert outcomes(job) == {"changed": 2, "barred": 1}
    made = MaintenancePlan.objects.using("batch").order_by("customer_id")
    assert [(one.customer_id, one.owner_id) for one in made] == [
        (day.zhou.pk, bank.wang.pk),
        (day.lin.pk, bank.wang.pk),
    ]
    MaintenancePlan.objects.using("batch").filter(customer=day.lin).update(state="done")
    job.refresh_from_db()
    assert outcomes(taken_back(client, job)) == {"restored": 1, "edited": 1, "barred": 1}
    assert {one.state for one in made.all()} == {"cancelled", "done"}


def test_a_plan_for_a_day_gone_by_is_asked_again(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    job = prepared(client, action="plan", all="1")
    answer = client.post(f"/bulk/{job.pk}/start/", {"due_date": "2020-01-01", "purpose": "care", "channel": "phone"})
    assert (answer.status_code, BulkJob.objects.using("batch").get().state) == (422, BulkState.PREVIEW)


def test_the_preview_tells_how_many_and_whose(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = prepared(client, all="1", query="")
    preview = client.get(f"/bulk/{job.pk}/").context["preview"]
    assert (preview.count, preview.owners) == (3, [(bank.wang.name, 2), (bank.li.name, 1)])


def test_what_was_asked_for_is_recorded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    taken_back(client, assigned(client, bank.li, all="1", query="tier=3"))
    entries = {entry.action: entry.detail for entry in AuditEntry.objects.using("batch").filter(actor_id=bank.he.pk)}
    assert entries["bulk.start"]["query"] == "tier=3"
    assert entries["ownership.assign_many"]["ids"] == entries["ownership.assign_back"]["ids"]
    assert set(entries["ownership.assign_many"]["ids"]) == {day.zhou.pk, day.lin.pk}
    assert entries["bulk.undo"]["changed"] == 2


def test_more_than_a_job_may_take_changes_nothing(
    bank: Bank, day: Morning, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_CUSTOMERS", 2)
    client = client_of(bank.he)
    job = prepared(client, all="1", query="")
    assert client.get(f"/bulk/{job.pk}/").context["preview"].is_too_many
    start(client, job, owner=bank.li.pk, reason="调岗")
    assert jobs.run(job.pk) == BulkState.FAILED
    job.refresh_from_db(using="batch")
    assert (job.problem, BulkItem.objects.using("batch").count()) == (BulkProblem.TOO_MANY, 0)


def test_a_preview_that_nobody_confirms_is_forgotten(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    job = prepared(client_of(bank.he), all="1")
    BulkJob.objects.using("batch").filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert jobs.sweep() == []
    assert not BulkJob.objects.using("batch").exists()
