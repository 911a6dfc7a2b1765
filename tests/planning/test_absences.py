"""The page of absences, and the calendar and the proposals that go around them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from archives import absences
from archives.choices import PlanOrigin
from archives.models import MaintenancePlan
from archives.next_contact import proposal
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.choices import Reach
from crm.organization.models import Absence, User
from tests.world import Bank

ClientOf = Callable[[User], Client]
TODAY = date(2026, 3, 11)  # a Wednesday
CALENDAR, PAGE = "/plans/calendar/", "/plans/absences/"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 11, 9, tzinfo=timezone.get_fixed_timezone(480)), tick=False):
        yield


def sent(staff: User, first: str, last: str, kind: str = "leave") -> dict[str, object]:
    return {"staff": staff.pk, "first_day": first, "last_day": last, "kind": kind}


def noted() -> list[tuple[int, date, date]]:
    return list(Absence.objects.using("batch").order_by("pk").values_list("staff_id", "first_day", "last_day"))


def plan(bank: Bank, number: str, due: date, origin: str = PlanOrigin.TIER) -> MaintenancePlan:
    customer = bank.customer(number, owner=bank.wang)
    bank.metrics(customer, 600_000, tier=4)
    return MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, owner_id=bank.wang.pk, due_date=due,
        submission=uuid4(), origin=origin,
    )  # fmt: skip


def test_one_notes_the_own_absence_and_who_leads_that_of_the_branch(bank: Bank, client_of: ClientOf) -> None:
    wang, he = client_of(bank.wang), client_of(bank.he)
    assert wang.post(PAGE, sent(bank.wang, "2026-03-16", "2026-03-20")).status_code == 302
    assert he.post(PAGE, sent(bank.li, "2026-03-10", "2026-03-12", "training")).status_code == 302
    assert noted() == [
        (bank.wang.pk, date(2026, 3, 16), date(2026, 3, 20)), (bank.li.pk, date(2026, 3, 10), date(2026, 3, 12)),
    ]  # fmt: skip
    assert [one.staff_id for one in he.get(PAGE).context["rows"]] == [bank.li.pk, bank.wang.pk]
    assert [one.staff_id for one in wang.get(PAGE).context["rows"]] == [bank.wang.pk]
    assert client_of(bank.qian).get(PAGE).context["rows"] == []
    of_wang, of_li = Absence.objects.using("batch").order_by("pk").values_list("pk", flat=True)
    seen_before = Absence.objects.using("batch").get(pk=of_wang)
    for client, pk in ((wang, of_li), (client_of(bank.qian), of_wang)):
        assert client.post(f"{PAGE}{pk}/remove/").status_code == 404
    assert he.post(f"{PAGE}{of_wang}/remove/").status_code == 302
    with scoped(bank.wang):
        absences.remove(bank.wang, seen_before)  # at the same moment: there is nothing left to remove, nor to record
    assert [staff for staff, _first, _last in noted()] == [bank.li.pk]
    actions = AuditEntry.objects.using("batch").filter(action__startswith="absence.").order_by("pk")
    assert list(actions.values_list("action", "actor_id")) == [
        ("absence.note", bank.wang.pk), ("absence.note", bank.he.pk), ("absence.remove", bank.he.pk),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-03-20", "2026-03-19", "last_day"),
        ("2026-03-01", "2026-03-10", "last_day"),
        ("2026-03-20", "2028-03-20", "last_day"),
        ("2026-03-2x", "2026-03-20", "first_day"),
        ("2026-03-13", "2026-03-16", "first_day"),  # the last day is noted already
    ],
)
def test_what_cannot_be_noted_is_refused(bank: Bank, client_of: ClientOf, first: str, last: str, field: str) -> None:
    client = client_of(bank.wang)
    client.post(PAGE, sent(bank.wang, "2026-03-16", "2026-03-20"))
    answer = client.post(PAGE, sent(bank.wang, first, last))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert client.post(PAGE, sent(bank.li, "2026-04-13", "2026-04-16")).status_code == 422
    assert len(noted()) == 1


def test_no_other_branch_reads_or_notes_it_even_without_a_filter(bank: Bank, client_of: ClientOf) -> None:
    client_of(bank.wang).post(PAGE, sent(bank.wang, "2026-03-16", "2026-03-20"))
    seen = {}
    for name in ("li", "qian", "sun", "zhou"):
        with scoped(getattr(bank, name)):
            seen[name] = Absence.objects.count()
    assert seen == {"li": 1, "qian": 0, "sun": 1, "zhou": 1}
    insert = (
        "INSERT INTO organization_absence (staff_id, first_day, last_day, kind, noted_by_id, noted_at) "
        "VALUES (%s, '2026-05-01', '2026-05-02', 'leave', %s, now())"
    )
    with scoped(bank.qian), pytest.raises(Exception, match="row-level security"):
        db.execute(insert, [bank.wang.pk, bank.qian.pk], using="default")


def test_the_hours_the_room_and_the_proposals_leave_the_days_out(bank: Bank, client_of: ClientOf) -> None:
    """One week of an absence: 10 working days left of March instead of 15, no room in it, the rest handed over."""
    User.objects.using("batch").filter(pk=bank.li.pk).update(reach=Reach.BRANCH)
    client = client_of(bank.wang)
    client.post(PAGE, sent(bank.wang, "2026-03-16", "2026-03-20"))
    regular, dated = plan(bank, "C1", date(2026, 3, 17)), plan(bank, "C2", date(2026, 3, 18), PlanOrigin.DATE)
    stays = plan(bank, "C3", TODAY, PlanOrigin.DATE)
    shown = client.get(CALENDAR).context["shown"]
    assert (shown.line.available, shown.working_days, shown.days_away, shown.over) == (40.0, 15, 5, 2)
    cells = {cell.day: cell for week in shown.weeks for cell in week}
    assert [(cells[date(2026, 3, day)].room, cells[date(2026, 3, day)].is_away) for day in (13, 16, 20, 23)] == [
        (12, False), (0, True), (0, True), (12, False),
    ]  # fmt: skip
    lines = {one.owner_id: one.available for one in shown.helpers}
    assert lines[bank.li.pk] == 60.0
    with scoped(bank.wang):
        assert proposal(None, None, date(2026, 3, 10), bank.wang.pk) == date(2026, 3, 23)  # else the 17th
    with scoped(bank.li):
        assert proposal(None, None, date(2026, 3, 10), bank.li.pk) == date(2026, 3, 17)
    about = {"owner": bank.wang.pk, "month": "2026-03"}
    client.post(f"{CALENDAR}spread/", about)
    regular.refresh_from_db(using="batch")
    assert regular.due_date == date(2026, 3, 23)
    client_of(bank.he).post(f"{CALENDAR}hand/", {**about, "colleague": bank.li.pk})
    owners = MaintenancePlan.objects.using("batch").order_by("pk").values_list("pk", "owner_id")
    assert dict(owners) == {regular.pk: bank.wang.pk, dated.pk: bank.li.pk, stays.pk: bank.wang.pk}
