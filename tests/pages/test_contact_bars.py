"""可否联系 on lists: every bar of the rule, for the plan or the call that a row is about, in the one statement."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from archives.consent_choices import Bar
from archives.contactable import Verdict
from archives.models import ContactLog
from crm.organization.access import scoped
from crm.organization.models import User
from crm.workbench.day_so_far import day_so_far
from customers.models import Customer
from tests.archives.test_can_contact import complaint, touch
from tests.bulk.test_rows import plan
from tests.pages.morning import raise_alert
from tests.pages.test_plans import ClientOf
from tests.world import Bank

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)  # by the bank's clock
NIGHT = datetime(2026, 3, 10, 13, tzinfo=UTC)
FREE = datetime(2026, 3, 15, 1, tzinfo=UTC)  # seven days after the earlier of two touches, from nine on


@pytest.fixture
def people(bank: Bank) -> dict[str, Customer]:
    """One customer for each reason why not, and one who may be called."""
    found = {name: bank.customer(name, owner=bank.wang) for name in ("free", "barred", "often", "complains")}
    found["child"] = bank.customer("child", owner=bank.wang, birth_date=date(2015, 1, 1))
    for customer in found.values():
        bank.metrics(customer, 1000)
    Customer.objects.using("batch").filter(pk=found["barred"].pk).update(do_not_contact=True)
    for days in (1, 2):
        touch(found["often"], bank.wang, DAY - timedelta(days=days))
    complaint(bank, found["complains"])
    return found


def on_today(user: User, at: datetime) -> tuple[dict[str, Verdict | None], int]:
    with scoped(user), CaptureQueriesContext(connection) as asked:
        found = day_so_far(user, DAY, at).plans
    names = dict(Customer.objects.using("batch").values_list("pk", "customer_no"))
    return {f"{names[one.customer_id]} {one.note}": one.barred for one in found}, len(asked)


def test_a_plan_of_today_says_why_it_may_not_be_done_and_from_when_on(bank: Bank, people: dict[str, Customer]) -> None:
    for customer in people.values():
        plan(customer, bank.wang, DAY, note="call")
    plan(people["barred"], bank.wang, DAY, note="meet", channel="face")
    found, statements = on_today(bank.wang, NOON)
    assert found == {
        "free call": None,
        "barred call": Verdict(Bar.DO_NOT_CONTACT),
        "barred meet": None,
        "often call": Verdict(Bar.CAP, FREE),
        "complains call": Verdict(Bar.COMPLAINT),
        "child call": Verdict(Bar.MINOR),
    }
    assert statements == 1
    late, _statements = on_today(bank.wang, NIGHT)
    assert late["free call"] == Verdict(Bar.HOURS, datetime(2026, 3, 11, 1, tzinfo=UTC))
    assert late["barred call"] == Verdict(Bar.DO_NOT_CONTACT)  # the reason that does not pass comes first


def bars_in(client: Client, query: str) -> tuple[dict[str, Any], int]:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"/customers/?{query}")
    return {row.customer.customer_no: row.customer for row in answer.context["page"].rows}, len(asked)


def test_the_list_of_customers_says_the_same_in_its_one_statement(
    bank: Bank, people: dict[str, Customer], client_of: ClientOf
) -> None:
    client = client_of(bank.wang)
    bars_in(client, "cols=number")
    with time_machine.travel(NIGHT, tick=False):  # too late to call anybody: that is the same for all, and not said
        _plain, without = bars_in(client, "cols=number")
        rows, statements = bars_in(client, "cols=number&cols=flags")
        page = client.get("/customers/?cols=flags").content.decode()
    assert statements == without
    assert {name: row.call["bar"] for name, row in rows.items()} == {
        "free": None, "barred": "do_not_contact", "often": "cap", "complains": "complaint", "child": "minor",
    }  # fmt: skip
    assert [bar for bar in Bar.values if f'data-bar="{bar}"' in page] == ["do_not_contact", "minor", "complaint", "cap"]
    assert "03-15" in page and all(str(Verdict(bar).short) in page for bar in ("minor", "cap"))


def test_the_list_of_alerts_says_the_same_of_what_each_alert_is_about(
    bank: Bank, people: dict[str, Customer], client_of: ClientOf
) -> None:
    for customer in people.values():
        for kind in ("maturity", "large_out"):  # a service, and marketing
            evidence = {
                "product": "定期", "balance": "1000.00", "maturity_date": DAY.isoformat(), "net": "-1000.00",
                "moved_on": DAY.isoformat(), "before": "3000.00", "after": "2000.00", "threshold": "500.00",
            }  # fmt: skip
            raise_alert(customer, kind, 2, "1000.00", DAY, evidence=evidence)
    client = client_of(bank.wang)
    client.get("/alerts/?cols=kind")
    with time_machine.travel(NIGHT, tick=False):
        with CaptureQueriesContext(connection) as without:
            client.get("/alerts/?cols=kind")
        with CaptureQueriesContext(connection) as asked:
            answer = client.get("/alerts/?cols=kind&cols=flags")
    assert len(asked) == len(without)
    found = {(row.customer.customer_no, row.kind): row.call["bar"] for row in answer.context["page"].rows}
    assert found == {
        ("free", "maturity"): None, ("free", "large_out"): None,
        ("barred", "maturity"): "do_not_contact", ("barred", "large_out"): "do_not_contact",
        ("often", "maturity"): None, ("often", "large_out"): "cap",
        ("complains", "maturity"): "complaint", ("complains", "large_out"): "complaint",
        ("child", "maturity"): None, ("child", "large_out"): "minor",
    }  # fmt: skip
    assert answer.content.decode().count('data-bar="do_not_contact"') == 2


def test_a_corrected_contact_is_not_the_last_one(bank: Bank, people: dict[str, Customer], client_of: ClientOf) -> None:
    log = touch(people["free"], bank.wang, DAY)
    ContactLog.objects.using("batch").filter(pk=log.pk).update(replaced_at=NOON)
    with time_machine.travel(NOON, tick=False):
        rows = client_of(bank.wang).get("/customers/?cols=contacted").context["page"].rows
    assert {row.customer.customer_no: row.contacted_days for row in rows}["free"] is None
