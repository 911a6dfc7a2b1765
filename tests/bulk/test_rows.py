"""Actions over many alerts and plans, and over the customers behind the rows of any list."""

from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

from django.db import connections
from django.utils import timezone

from archives.choices import PlanOrigin
from archives.models import MaintenancePlan
from crm.audit.models import AuditEntry
from crm.organization.models import User
from crm.workbench.bulk import jobs
from customers.choices import BulkState
from customers.models import Alert, BulkJob, Customer
from segments.models import Segment, SegmentMember
from tests.bulk.test_jobs import ClientOf, day, outcomes, owner_of, prepared, start, taken_back
from tests.pages.morning import Morning
from tests.world import Bank

__all__ = ["day"]


def carried_out(client: Any, list_name: str, action: str, what: dict[str, Any], **fields: Any) -> BulkJob:
    job = prepared(client, action, **{"list": list_name, **what})
    assert client.get(f"/bulk/{job.pk}/").status_code == 200
    start(client, job, **fields)
    assert jobs.run(job.pk) == BulkState.DONE
    job.refresh_from_db()
    return job


def plan(customer: Customer, owner: User, due: Any, **fields: Any) -> MaintenancePlan:
    return MaintenancePlan.objects.using("batch").create(
        customer_id=customer.pk, branch_id=customer.branch_id, owner_id=owner.pk, created_by_id=owner.pk,
        due_date=due, submission=uuid4(), **fields,
    )  # fmt: skip


def now(row: Any) -> Any:
    return type(row).objects.using("batch").get(pk=row.pk)


def test_alerts_are_put_off_and_come_back(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client, until = client_of(bank.wang), day.day + timedelta(days=3)
    Alert.objects.using("batch").filter(pk=day.upgrade.pk).update(state="following")
    job = carried_out(client, "alerts", "snooze", {"all": "1"}, until=until.isoformat())
    assert outcomes(job) == {"changed": 2}  # neither 陈's nor the foreign one
    assert {(one.state, one.snoozed_until) for one in map(now, (day.maturity, day.upgrade))} == {("snoozed", until)}
    assert (now(day.outflow).state, now(day.foreign_alert).state) == ("new", "new")
    Alert.objects.using("batch").filter(pk=day.maturity.pk).update(state="following", snoozed_until=None)
    assert outcomes(taken_back(client, job)) == {"restored": 1, "edited": 1}
    assert (now(day.upgrade).state, now(day.upgrade).snoozed_until) == ("following", None)


def test_alerts_are_closed_as_not_applicable_with_the_reason(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    ids = [day.maturity.pk, day.outflow.pk, day.foreign_alert.pk]
    job = carried_out(client, "alerts", "dismiss", {"ids": ids}, reason="误报")
    assert outcomes(job) == {"changed": 2}
    closed = now(day.outflow)
    assert (closed.state, closed.close_note, closed.closed_by_id) == ("not_applicable", "误报", bank.he.pk)
    assert now(day.foreign_alert).state == "new"
    other_day = day.day - timedelta(days=1)
    BulkJob.objects.using("batch").filter(pk=job.pk).update(business_date=other_day)
    client.post(f"/bulk/{job.pk}/undo/")
    assert jobs.run(job.pk) == "over"  # a night has passed
    BulkJob.objects.using("batch").filter(pk=job.pk).update(business_date=day.day)
    taken_back(client, job)
    assert (now(day.outflow).state, now(day.outflow).close_note) == ("new", "")


def test_plans_are_moved_closed_and_handed_over(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    first, second = plan(day.zhou, bank.wang, day.day), plan(day.chen, bank.li, day.day)
    client, later = client_of(bank.he), day.day + timedelta(days=5)
    moved = carried_out(client, "plans", "move", {"all": "1", "query": "due=today"}, due_date=later.isoformat())
    assert (outcomes(moved), now(first).due_date, now(second).due_date) == ({"changed": 2}, later, later)
    taken_back(client, moved)
    assert now(first).due_date == day.day
    closed = carried_out(client, "plans", "close", {"ids": [first.pk]}, state="cancelled", reason="重复")
    assert (now(first).state, now(first).reason, now(first).cause) == ("cancelled", "重复", "person")
    taken_back(client, closed)
    assert (now(first).state, now(first).closed_by_id, now(first).reason) == ("planned", None, "")
    handed = carried_out(client, "plans", "hand", {"all": "1"}, colleague=bank.he.pk)
    assert (outcomes(handed), now(first).owner_id) == ({"changed": 2}, bank.he.pk)
    back = carried_out(client, "plans", "hand", {"all": "1"}, colleague=0)  # to the manager of each customer
    assert (outcomes(back), now(first).owner_id, now(second).owner_id) == ({"changed": 2}, bank.wang.pk, bank.li.pk)
    job = prepared(client, "hand", list="plans", all="1")
    blind = client.post(f"/bulk/{job.pk}/start/", {"colleague": bank.li.pk})  # who does not see 周
    assert blind.status_code == 422


def test_what_was_closed_since_is_not_rewritten_by_undoing(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    first, second = plan(day.zhou, bank.wang, day.day), plan(day.chen, bank.li, day.day)
    client, later = client_of(bank.he), day.day + timedelta(days=5)
    moved = carried_out(client, "plans", "move", {"all": "1"}, due_date=later.isoformat())
    handed = carried_out(client, "plans", "hand", {"ids": [first.pk, second.pk]}, colleague=bank.he.pk)
    client.post(f"/plans/{first.pk}/cancel/")
    assert outcomes(taken_back(client, moved)) == {"restored": 1, "edited": 1}
    assert (now(first).due_date, now(second).due_date) == (later, day.day)
    assert outcomes(taken_back(client, handed)) == {"restored": 1, "edited": 1}
    assert (now(first).owner_id, now(second).owner_id) == (bank.he.pk, bank.li.pk)


def test_a_day_that_nobody_plans_for_is_refused(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    plan(day.zhou, bank.wang, day.day)
    client = client_of(bank.he)
    for action in ("move", "plan"):
        job = prepared(client, action, list="plans", all="1")
        form = {"due_date": "9999-12-31", "purpose": "care", "channel": "face"}
        assert client.post(f"/bulk/{job.pk}/start/", form).status_code == 422


def test_pressed_four_times_it_makes_one_segment(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    job = prepared(client_of(bank.he), "segment", list="alerts", all="1")
    clients = [client_of(bank.he) for _ in range(4)]

    def press(client: Any) -> None:
        client.post(f"/bulk/{job.pk}/start/", {"name": "双击客群"})
        connections.close_all()

    threads = [Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Segment.objects.using("batch").filter(name_zh_hans="双击客群").count() == 1
    assert AuditEntry.objects.using("batch").filter(action="bulk.start", object_id=str(job.pk)).count() == 1


def test_the_board_s_own_link_names_whose_managers_to_choose(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    plan(day.foreign, bank.qian, day.day)
    client = client_of(bank.sun)
    job = prepared(client, "assign", list="plans", all="1", query=f"place={bank.north.pk}")
    form = client.get(f"/bulk/{job.pk}/").context["form"]
    assert [value for value, _label in form.fields["owner"].choices] == ["", bank.qian.pk]


def test_the_customers_behind_the_rows_change_hands_and_their_plans_follow(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    mine = plan(day.zhou, bank.wang, day.day)
    plan(day.zhou, bank.wang, day.day)
    client = client_of(bank.he)
    job = prepared(client, "assign", list="plans", all="1")
    shown = client.get(f"/bulk/{job.pk}/").context["preview"]
    assert (shown.count, shown.customers) == (1, 1)  # two plans, one customer
    start(client, job, owner=bank.li.pk, reason="调岗")
    assert jobs.run(job.pk) == BulkState.DONE
    assert (owner_of(day.zhou), now(mine).owner_id) == (bank.li.pk, bank.li.pk)
    taken_back(client, job)
    assert now(mine).owner_id == bank.wang.pk
    client.post(f"/customers/{day.zhou.pk}/owner/", {"owner": bank.li.pk, "reason": "单独"})
    assert now(mine).owner_id == bank.li.pk


def test_customers_join_a_new_segment_and_leave_it_again(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    job = carried_out(client, "alerts", "segment", {"all": "1"}, name="到期客户")
    made = Segment.objects.using("batch").get(code__startswith="chosen-")
    members = SegmentMember.objects.using("batch").filter(segment=made)
    assert {one.customer_id for one in members} == {day.zhou.pk, day.lin.pk, day.chen.pk}
    again = carried_out(client, "customers", "segment", {"all": "1"}, segment=made.pk)
    assert outcomes(again) == {"same": 3}
    taken_back(client, job)
    assert not members.all().exists()


def test_an_action_of_another_list_is_refused(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    for list_name, action, who in (("customers", "snooze", bank.he), ("plans", "hand", bank.wang)):
        form = {"list": list_name, "action": action, "all": "1"}
        assert client_of(who).post("/bulk/new/", form).status_code == 302
    assert client_of(bank.he).post("/bulk/new/", {"list": "nowhere", "action": "plan", "all": "1"}).status_code == 404
    assert not BulkJob.objects.using("batch").exists()


def test_every_list_has_ticks_and_its_actions(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    row = plan(day.zhou, bank.wang, timezone.localdate())
    client = client_of(bank.he)
    for path, pk, action in (("/plans/", row.pk, "hand"), ("/alerts/", day.maturity.pk, "dismiss")):
        page = client.get(path).content.decode()
        assert f'name="ids" value="{pk}"' in page
        assert f'name="action" value="{action}"' in page


def test_what_an_inspection_asks_for_stays_as_it_is(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    asked = plan(day.zhou, bank.wang, day.day, origin=PlanOrigin.INSPECTION, note="补他行资产")
    other = plan(day.zhou, bank.wang, day.day)
    client, later = client_of(bank.he), day.day + timedelta(days=5)
    columns = ("due_date", "owner_id", "state", "closed_on", "closed_by_id", "reason")
    before = [getattr(now(asked), column) for column in columns]
    for action, fields in (
        ("move", {"due_date": later.isoformat()}),
        ("hand", {"colleague": bank.he.pk}),
        ("close", {"state": "cancelled", "reason": "重复"}),
    ):
        job = carried_out(client, "plans", action, {"ids": [asked.pk, other.pk]}, **fields)
        assert outcomes(job) == {"changed": 1, "held": 1}
        assert [getattr(now(asked), column) for column in columns] == before
    assert (now(other).due_date, now(other).owner_id, now(other).state) == (later, bank.he.pk, "cancelled")


def test_what_a_complaint_pauses_is_not_called_done(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    """It was not done, and goes on when the complaint is closed; the job names it, and undoing leaves it alone."""
    paused = plan(day.zhou, bank.wang, day.day, state="paused", cause="complaint")
    other, gone = (plan(day.zhou, bank.wang, day.day, state=state) for state in ("planned", "cancelled"))
    client = client_of(bank.wang)
    ids = [paused.pk, other.pk, gone.pk]
    job = carried_out(client, "plans", "close", {"ids": ids}, state="done", reason="已当面说明")
    assert outcomes(job) == {"changed": 1, "held": 1, "closed_since": 1}
    assert (now(paused).state, now(paused).cause, now(paused).closed_on) == ("paused", "complaint", None)
    assert now(other).state == "done"
    taken_back(client, job)
    assert (now(paused).state, now(other).state) == ("paused", "planned")


def test_undoing_opens_no_plan_of_who_has_refused_since(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    first, second = plan(day.zhou, bank.wang, day.day), plan(day.lin, bank.wang, day.day)
    client = client_of(bank.wang)
    job = carried_out(client, "plans", "close", {"ids": [first.pk, second.pk]}, state="cancelled", reason="重复")
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(do_not_contact=True)
    assert outcomes(taken_back(client, job)) == {"restored": 1, "barred": 1}
    assert (now(first).state, now(second).state) == ("cancelled", "planned")
