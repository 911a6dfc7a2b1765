"""Every list as a file: what the screen shows, under its filters or ticked, and whose copy it is."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone, translation

from archives.models import ContactLog, MaintenancePlan
from crm.audit.models import AuditEntry
from crm.organization.models import User
from crm.workbench.export_tables import TABLES
from crm.workbench.tasks import make_export
from customers.choices import ExportState
from customers.exports import fingerprint
from customers.models import Alert, Customer, ExportRequest
from tests.exports.asking import ClientOf, asked, csv_rows, customers, fetched, made, now
from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank

ADDRESSES = {"customers": "/customers/", "alerts": "/alerts/", "contacts": "/contacts/", "plans": "/plans/"}


def contact(customer: Customer, staff: User, **values: Any) -> ContactLog:
    fields = {"channel": "phone", "purpose": "care", "outcome": "interested", "summary": "想了解定期"}
    return ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=staff.pk, direction="outbound",
        contacted_at=timezone.now(), **(fields | values),
    )  # fmt: skip


def plan(customer: Customer, owner: User, **values: Any) -> MaintenancePlan:
    fields = {"channel": "phone", "purpose": "maturity", "state": "planned", "due_date": timezone.localdate()}
    return MaintenancePlan.objects.using("batch").create(
        customer=customer,
        branch_id=customer.branch_id,
        owner_id=owner.pk,
        created_by_id=owner.pk,
        submission=uuid4(),
        **(fields | values),
    )


@pytest.fixture
def day(bank: Bank) -> Morning:
    """A morning with alerts, contacts and plans, one of each in another branch."""
    found = morning.build(bank)
    for customer, manager in ((found.zhou, bank.wang), (found.chen, bank.li), (found.foreign, bank.qian)):
        contact(customer, manager, next_action="再电话", next_date=found.day + timedelta(days=3), amount=Decimal(50000))
        plan(customer, manager, note="送月历")
    plan(found.lin, bank.wang, due_date=found.day - timedelta(days=2))
    return found


def lines(client: Client, query: str, **values: Any) -> list[dict[str, str]]:
    """The rows of a fetched CSV by column."""
    export = made(client, query, file_format="csv", **values)
    _mark, header, *rows = csv_rows(fetched(client, export))
    columns = TABLES[export.list_name].columns
    with translation.override(export.language):
        assert header == [str(column.title) for column in columns]
    return [dict(zip([column.key for column in columns], row, strict=True)) for row in rows]


@pytest.mark.parametrize("who", ["wang", "he", "sun", "zhou"])
@pytest.mark.parametrize(
    ("name", "query"),
    [("alerts", ""), ("alerts", "&kind=maturity"), ("alerts", "&severity=1"), ("contacts", ""), ("contacts", "&by=me"),
     ("plans", ""), ("plans", "&due=overdue"), ("plans", "&state=done")],
)  # fmt: skip
def test_a_file_has_the_rows_of_its_list(
    bank: Bank, day: Morning, client_of: ClientOf, name: str, query: str, who: str
) -> None:
    client = client_of(getattr(bank, who))
    shown = [row.customer.customer_no for row in client.get(f"{ADDRESSES[name]}?{query}").context["page"].rows]
    if not shown:
        assert client.post(f"/exports/new/?list={name}{query}", {"file_format": "csv"}).status_code == 422
        return
    assert sorted(row["customer_no"] for row in lines(client, f"?list={name}{query}")) == sorted(shown)


def test_what_the_cells_hold(bank: Bank, day: Morning, wang: Client) -> None:
    alert = next(row for row in lines(wang, "?list=alerts&kind=maturity"))
    assert (alert["name"], alert["amount"]) == ("周*兰", "80000.00")
    assert alert["due"] == (day.day + timedelta(days=1)).isoformat()
    assert "<" not in alert["why"]
    assert "8.00" in alert["why"] or "8" in alert["why"]
    assert alert["manager"] == "王静怡 1001"
    [talk] = lines(wang, "?list=contacts")
    assert (talk["summary"], talk["amount"], talk["next"]) == ("想了解定期", "50000.00", "再电话")
    assert talk["when"].startswith(timezone.localdate().isoformat())
    overdue, due = lines(wang, "?list=plans")
    assert {overdue["customer_no"], due["customer_no"]} == {"6100000001", "6100000002"}
    assert "送月历" in {overdue["note"], due["note"]}
    assert all("周秀兰" not in str(row) for row in (alert, talk, overdue, due))


@pytest.mark.parametrize("name", ["customers", "alerts", "contacts", "plans"])
def test_ticked_rows_alone(bank: Bank, day: Morning, client_of: ClientOf, name: str) -> None:
    """As ticked on the screen, and none that somebody else alone may see."""
    he = client_of(bank.he)
    model: Any = TABLES[name].shape.filters.Meta.model
    own = model.objects.using("batch").filter(branch_id=bank.south.pk).order_by("pk")[:2]
    foreign = model.objects.using("batch").filter(branch_id=bank.north.pk).first()
    bar = {"list": name, "query": "", "ids": [*(one.pk for one in own), foreign.pk]}
    page = he.post("/exports/new/", bar)
    assert page.status_code == 200
    assert page.context["outlook"].rows == 2
    text = page.content.decode()
    assert f'name="ids" value="{own[0].pk}"' in text
    assert ('name="plain_fields"' in text) == (name == "customers")
    rows = lines(he, f"?list={name}", ids=bar["ids"])
    expected = [one.customer_no if name == "customers" else one.customer.customer_no for one in own]
    assert sorted(row["customer_no"] for row in rows) == sorted(expected)
    [entry] = AuditEntry.objects.using("batch").filter(action="export.made")
    assert (entry.detail["list"], entry.detail["ticked"]) == (name, True)
    again = he.get(f"/exports/{entry.object_id}/").content.decode()
    assert f'name="ids" value="{own[0].pk}"' in again  # to ask for the same rows once more


def test_nothing_or_too_much_ticked_leads_back(bank: Bank, day: Morning, wang: Client) -> None:
    for ids in ([], ["x"], [str(n) for n in range(501)]):
        answer = wang.post("/exports/new/", {"list": "plans", "query": "due=overdue", "ids": ids})
        assert answer["Location"] == "/plans/?due=overdue"
    assert wang.get("/exports/new/?list=secrets").status_code == 404
    assert wang.get("/exports/new/?list=plans&due=never")["Location"] == "/plans/?list=plans&due=never"


def test_all_that_match_from_the_bar(bank: Bank, day: Morning, wang: Client) -> None:
    bar = {"list": "plans", "query": "due=overdue", "all": "1", "ids": ["9"]}
    page = wang.post("/exports/new/", bar)
    assert page.context["outlook"].rows == 1
    assert 'action="/exports/new/?list=plans&amp;due=overdue"' in page.content.decode()


def test_no_identity_leaves_with_alerts(bank: Bank, day: Morning, wang: Client) -> None:
    """Whoever forges the form gets masked rows all the same, and nobody is asked to approve what is not there."""
    export = asked(wang, "?list=alerts", file_format="csv", plain_fields=["mobile"], reason="contact")
    assert (export.plain_fields, export.needs_approval, export.state) == ([], False, ExportState.QUEUED)
    make_export(export.pk)
    assert morning.PHONE not in fetched(wang, now(export)).decode("utf-8-sig")


def test_numbers_that_somebody_wrote_down_are_veiled(bank: Bank, day: Morning, wang: Client) -> None:
    said = "新手机139 1234-5678，身份证110101199003071234，卡6222021234567890123，存12000000元，3月9日"
    contact(day.lin, bank.wang, summary=said, next_action="拨13912345678")
    row = next(row for row in lines(wang, "?list=contacts") if row["customer_no"] == day.lin.customer_no)
    assert row["summary"] == "新手机****，身份证****，卡****，存12000000元，3月9日"
    assert row["next"] == "拨****"


def test_an_alert_closed_meanwhile_is_left_out(bank: Bank, day: Morning, wang: Client) -> None:
    ids = [day.maturity.pk, day.upgrade.pk]
    export = asked(wang, "?list=alerts", file_format="csv", ids=ids)
    Alert.objects.using("batch").filter(pk=day.upgrade.pk).update(state="closed")
    assert make_export(export.pk) == ExportState.READY
    assert now(export).row_count == 1


def test_the_order_tells_whose_contacts_they_are(bank: Bank, wang: Client) -> None:
    listed = customers(bank, 30)
    for _round in range(2):
        for one in listed:
            contact(one, bank.wang)
    exports = [made(wang, "?list=contacts", file_format="csv") for _ in range(3)]
    number = {one.customer_no: one.pk for one in listed}
    copy = [number[row[0]] for row in csv_rows(fetched(wang, exports[1]))[2:]]
    assert len(copy) == 60
    best, second, _last = fingerprint.matches([(one.pk, one.token) for one in exports], copy)
    assert (best.export_id, best.share) == (exports[1].pk, 1.0)
    assert second.share < 0.95


def test_two_rows_of_one_customer_say_nothing() -> None:
    rows = [(1, 7), (2, 7), (3, 8), (4, 9)]
    assert fingerprint.in_order("a", rows)[:2] == rows[:2]
    [found] = fingerprint.matches([(1, "a")], [7, 7])
    assert (found.pairs, found.share) == (0, 0.0)


def test_an_export_of_another_list_is_decided_like_any(
    bank: Bank, day: Morning, wang: Client, he: Client, settings: Any
) -> None:
    settings.EXPORT_ROWS_UNAPPROVED = 1
    export = asked(wang, "?list=plans", file_format="csv")
    assert export.state == ExportState.WAITING
    page = he.get(f"/exports/{export.pk}/")
    assert page.context["fresh_count"] == 2
    he.post(f"/exports/{export.pk}/approve/")
    assert make_export(export.pk) == ExportState.READY
    assert ExportRequest.objects.using("batch").get().row_count == 2
