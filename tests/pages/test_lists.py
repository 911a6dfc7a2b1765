"""The one shape of the lists: orders, pages both ways, columns, density, saved views and for whom they are."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from archives.models import ContactLog, MaintenancePlan
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import SavedView
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
PAGES = ("/customers/", "/alerts/", "/contacts/", "/plans/")
MOST_STATEMENTS = 10  # eight, and the two that open and end the transaction


def numbers(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [row.customer.customer_no for row in answer.context["page"].rows]


def contact(bank: Bank, customer: Any, staff: User, **fields: Any) -> ContactLog:
    values = {"channel": "phone", "purpose": "care", "outcome": "interested", **fields}
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, **values
    )


def plan(customer: Any, owner: User, due: Any, **fields: Any) -> MaintenancePlan:
    return MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, owner_id=owner.pk, due_date=due, created_by_id=owner.pk,
        submission=uuid4(), **fields,
    )  # fmt: skip


@pytest.fixture
def filled(bank: Bank, day: Morning) -> Morning:
    """The morning, with a contact and a plan of each manager."""
    for customer, staff in ((day.zhou, bank.wang), (day.chen, bank.li), (day.foreign, bank.qian)):
        contact(bank, customer, staff, summary="谈了续存")
        plan(customer, staff, day.day + timedelta(days=2))
    return day


def save(client: Client, name: str, state: str = "", **fields: str) -> Any:
    answer = client.post("/lists/customers/views/", {"name": name, "state": state, "pinned": "on", **fields})
    assert answer.status_code == 302
    return SavedView.objects.using("batch").filter(name=name).first()


@pytest.mark.parametrize("path", PAGES)
def test_every_list_is_the_scope(bank: Bank, filled: Morning, client_of: ClientOf, path: str) -> None:
    of_li, of_branch = {"6100000003"}, {"6100000001", "6100000003"}
    assert of_li == set(numbers(client_of(bank.li), path))
    assert of_branch <= set(numbers(client_of(bank.he), path))
    assert "6200000001" not in numbers(client_of(bank.he), path)
    assert set(numbers(client_of(bank.qian), path)) == {"6200000001"}
    assert "6200000001" in numbers(client_of(bank.sun), path)
    assert {"6100000001", "6200000001"} <= set(numbers(client_of(bank.zhou), path))
    for outsider in (bank.zhao, bank.lu, bank.wu):
        assert client_of(outsider).get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_statements_do_not_grow_with_rows_or_columns(
    bank: Bank, filled: Morning, client_of: ClientOf, path: str
) -> None:
    for number in range(30):
        customer = bank.customer(f"64{number:08d}", owner=bank.wang)
        bank.metrics(customer, Decimal(1000), tier=1)
        contact(bank, customer, bank.wang)
        plan(customer, bank.wang, filled.day)
    client = client_of(bank.he)
    every = "&".join(f"cols={column.key}" for column in client.get(path).context["list"].shape.columns)
    with CaptureQueriesContext(connections["default"]) as captured:
        answer = client.get(f"{path}?{every}")
    assert len(answer.context["page"].rows) > 2
    assert len(captured) <= MOST_STATEMENTS, [query["sql"][:90] for query in captured.captured_queries]


@pytest.mark.parametrize("sort", ["-aum", "aum", "-deposit", "number", "opened"])
def test_pages_lead_there_and_back_in_every_order(bank: Bank, day: Morning, client_of: ClientOf, sort: str) -> None:
    for number in range(108):
        bank.metrics(bank.customer(f"64{number:08d}", owner=bank.wang), Decimal(1000 + number % 3), tier=1)
    client, seen, pages, address = client_of(bank.wang), [], [], f"/customers/?sort={sort}"
    while address:
        answer = client.get(address)
        pages.append([row.customer.pk for row in answer.context["page"].rows])
        seen += pages[-1]
        place = answer.context["page"].next_place
        address = f"/customers/?sort={sort}&after={place}" if place else ""
    assert len(seen) == len(set(seen)) == 110
    assert [len(one) for one in pages] == [50, 50, 10]
    last = answer.context["page"]
    back = client.get(f"/customers/?sort={sort}&before={last.previous_place}").context["page"]
    assert [row.customer.pk for row in back.rows] == pages[1]
    first = client.get(f"/customers/?sort={sort}&before={back.previous_place}").context["page"]
    assert ([row.customer.pk for row in first.rows], first.previous_place) == (pages[0], "")


NONSENSE = (
    "after=~", "after=x~1", "before=9999-99-99~1", "after=2026-01-01T00:00~1", "sort=x", "cols=x&density=x&view=x",
    "branch=1e9", "manager=%00", "due=-1", "kind=%F0%9F%98%80", "view=99999999999999999999999", "after=1~" + "9" * 40,
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_nonsense_in_an_address_is_no_error(bank: Bank, filled: Morning, client_of: ClientOf, path: str) -> None:
    client = client_of(bank.he)
    assert {query: client.get(f"{path}?{query}").status_code for query in NONSENSE} == dict.fromkeys(NONSENSE, 200)


def test_columns_density_and_order_stand_in_the_address(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    text = client_of(bank.he).get("/customers/?cols=number&cols=average&density=compact&sort=aum").content.decode()
    head = text.split("<thead>")[1].split("</thead>")[0]
    assert head.count("<th ") == 4  # the tick, the customer, and the two that were asked for
    assert 'data-density="compact"' in text
    assert "46.76" in text  # the average of a balance that has stood for long is the balance


def test_a_manager_of_own_customers_is_not_shown_what_says_the_same_in_every_row(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    assert {"manager", "branch"} & client_of(bank.wang).get("/customers/").context["list"].shown == set()
    assert {"manager", "branch"} & client_of(bank.he).get("/customers/").context["list"].shown == {"manager"}
    assert {"manager", "branch"} <= client_of(bank.zhou).get("/customers/").context["list"].shown


def test_a_view_keeps_filters_columns_order_and_density(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    state = client.get("/customers/?tier=3&cols=number&cols=aum&density=compact&sort=aum").context["list"].state
    view = save(client, "中端", state)
    assert (view.query, view.columns, view.sort, view.density) == ("tier=3", ["number", "aum"], "aum", "compact")
    page = client.get(f"/customers/?view={view.pk}")
    assert numbers(client, f"/customers/?view={view.pk}") == ["6100000001", "6100000002"]
    assert (page.context["list"].shown, page.context["list"].is_changed) == ({"number", "aum"}, False)
    changed = client.get(f"/customers/?view={view.pk}&tier=4")
    assert changed.context["list"].is_changed
    assert [row.customer.customer_no for row in changed.context["page"].rows] == ["6100000003"]


def test_a_form_that_empties_a_filter_of_a_view_is_obeyed(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    view = save(client, "高端", "tier=4")
    assert numbers(client, f"/customers/?view={view.pk}&tier=&kind=&due=") == ["6100000003", "6100000002", "6100000001"]


def test_a_view_is_saved_over_and_deleted_by_forms_alone(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    view = save(client, "我的", "tier=3")
    save(client, "改名", "tier=4", view=str(view.pk))
    assert SavedView.objects.using("batch").get().query == "tier=4"
    client.post(f"/lists/views/{view.pk}/delete/")
    assert not SavedView.objects.using("batch").exists()


def tabs(client: Client) -> list[str]:
    return [view.name for view in client.get("/customers/?view=0").context["list"].views]


def test_views_reach_those_whom_they_were_published_to(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    he, zhou = client_of(bank.he), client_of(bank.zhou)
    save(he, "何的")
    save(he, "城南", "tier=4", audience="branch")
    save(zhou, "客户经理用", audience="role", role="relationship_manager")
    save(zhou, "全行", audience="everybody")
    assert tabs(he) == ["何的", "城南", "全行"]
    assert tabs(client_of(bank.wang)) == tabs(client_of(bank.li)) == ["城南", "客户经理用", "全行"]
    assert tabs(client_of(bank.qian)) == tabs(client_of(bank.feng)) == ["客户经理用", "全行"]
    assert tabs(client_of(bank.sun)) == ["全行"]


def test_a_published_view_shows_each_reader_their_own_customers(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    view = save(client_of(bank.he), "四级", "tier=4", audience="branch")
    assert numbers(client_of(bank.wang), f"/customers/?view={view.pk}") == []
    assert numbers(client_of(bank.li), f"/customers/?view={view.pk}") == ["6100000003"]
    everybody = save(client_of(bank.zhou), "全行四级", "tier=4", audience="everybody")
    assert numbers(client_of(bank.qian), f"/customers/?view={everybody.pk}") == ["6200000001"]


def test_nobody_publishes_beyond_their_reach(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert save(client_of(bank.wang), "越权", audience="branch") is None
    assert save(client_of(bank.he), "越权", audience="everybody") is None
    assert save(client_of(bank.he), "越权", audience="role", role="relationship_manager") is None
    assert save(client_of(bank.zhou), "越权", audience="role", role="") is None


def test_somebody_else_s_view_is_not_there(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    own = save(client_of(bank.he), "何的")
    of_branch = save(client_of(bank.he), "城南", audience="branch")
    for user in (bank.wang, bank.qian, bank.sun, bank.zhou):
        assert client_of(user).post(f"/lists/views/{own.pk}/delete/").status_code == 404
        answer = client_of(user).post("/lists/customers/views/", {"name": "夺", "view": own.pk})
        assert answer.status_code == 404
    assert client_of(bank.qian).post(f"/lists/views/{of_branch.pk}/delete/").status_code == 404
    client_of(bank.wang).post(f"/lists/views/{of_branch.pk}/delete/")  # a reader of it may not
    assert SavedView.objects.using("batch").count() == 2


def test_the_floor_alone_hides_another_branch_s_views(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    save(client_of(bank.he), "何的")
    save(client_of(bank.he), "城南", audience="branch")
    seen = "SELECT name FROM customers_savedview ORDER BY id"
    for user, expected in ((bank.he, ["何的", "城南"]), (bank.wang, ["城南"]), (bank.qian, []), (bank.feng, [])):
        with scoped(user):
            assert [row["name"] for row in db.fetch_all(seen, using="default")] == expected
    with pytest.raises(DatabaseError, match="row-level security"), scoped(bank.wang):
        db.execute(
            "INSERT INTO customers_savedview (list_name, name, audience, owner_id, role, query, columns, sort, density,"
            " is_pinned, is_default, changed_at) VALUES ('customers', 'x', 'everybody', %s, '', '', '{}', '', 'normal',"
            " true, true, now())", [bank.wang.pk], using="default",
        )  # fmt: skip


def test_the_nearest_default_opens_the_list(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    save(client_of(bank.zhou), "全行默认", "tier=4", audience="everybody", default="on")
    assert numbers(client, "/customers/") == []
    save(client_of(bank.he), "网点默认", "kind=maturity", audience="branch", default="on")
    assert numbers(client, "/customers/") == ["6100000001"]
    save(client, "我的默认", "kind=upgrade_critical", default="on")
    assert numbers(client, "/customers/") == ["6100000002"]
    assert numbers(client, "/customers/?view=0") == ["6100000002", "6100000001"]
    assert numbers(client, "/customers/?tier=3") == ["6100000002", "6100000001"]


def test_of_two_defaults_the_later_holds(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    for name in ("一", "二"):
        save(client, name, default="on")
    save(client_of(bank.li), "李的", default="on")
    held = SavedView.objects.using("batch").filter(is_default=True).order_by("pk")
    assert [view.name for view in held] == ["二", "李的"]


def test_tabs_are_counted_within_the_scope_in_one_statement(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    first = save(client_of(bank.he), "三级", "tier=3", audience="branch")
    second = save(client_of(bank.he), "四级", "tier=4", audience="branch")
    with CaptureQueriesContext(connections["default"]) as captured:
        answer = client_of(bank.li).get("/lists/customers/views/counts/")
    assert answer.context["counts"] == {first.pk: (0, False), second.pk: (1, False)}
    assert sum("counted" in query["sql"] for query in captured.captured_queries) == 1
    assert client_of(bank.he).get("/lists/customers/views/counts/").context["counts"] == {
        first.pk: (2, False),
        second.pk: (1, False),
    }


def test_publishing_is_recorded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    save(client_of(bank.he), "城南", "tier=4", audience="branch")
    entry = AuditEntry.objects.using("batch").get(action="view.publish")
    assert (entry.actor_id, entry.detail["for"], entry.detail["query"]) == (bank.he.pk, "branch", "tier=4")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=large_out", ["6100000003"]),
        ("?severity=2", ["6100000002"]),
        ("?due=7&sort=-amount", ["6100000003", "6100000001", "6100000002"]),
        ("?tier=3", ["6100000001", "6100000002"]),
        ("?state=snoozed", []),
    ],
)
def test_filters_of_alerts(bank: Bank, day: Morning, client_of: ClientOf, query: str, expected: list[str]) -> None:
    assert numbers(client_of(bank.he), f"/alerts/{query}") == expected


def test_an_alert_says_why(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert "8.00" in client_of(bank.wang).get("/alerts/").content.decode()


def test_filters_of_contacts_and_plans(bank: Bank, filled: Morning, client_of: ClientOf) -> None:
    he, today = client_of(bank.he), filled.day.isoformat()
    assert len(numbers(he, f"/contacts/?since={today}&until={today}")) == 2
    assert numbers(he, f"/contacts/?until={filled.day - timedelta(days=1)}") == []
    assert numbers(he, "/contacts/?by=me") == []
    assert numbers(client_of(bank.li), "/contacts/?by=me&outcome=interested") == ["6100000003"]
    late = plan(filled.lin, bank.wang, filled.day - timedelta(days=1))
    assert numbers(he, "/plans/?due=overdue") == ["6100000002"]
    assert numbers(he, "/plans/?due=today") == []
    assert len(numbers(he, "/plans/?due=7")) == 2
    MaintenancePlan.objects.using("batch").filter(pk=late.pk).update(state="done")
    assert "6100000002" not in numbers(he, "/plans/")
    assert numbers(he, "/plans/?state=done") == ["6100000002"]


@pytest.mark.parametrize(
    "path",
    ["/contacts/?until=9999-12-31", "/contacts/?since=0001-01-01", "/board/customers/?figure=up&month=9999-12-01"],
)
def test_a_day_beyond_all_days_is_said_and_breaks_nothing(
    bank: Bank, day: Morning, client_of: ClientOf, path: str
) -> None:
    answer = client_of(bank.he).get(path)
    assert answer.status_code == 200
    assert answer.context["page"].rows == []


def test_a_view_with_a_filter_without_sense_is_not_saved(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    form = {"name": "x", "audience": "branch", "pinned": "on", "default": "on", "state": "until=9999-12-31"}
    client_of(bank.he).post("/lists/contacts/views/", form)
    assert not SavedView.objects.using("batch").filter(name="x").exists()
    assert client_of(bank.wang).get("/contacts/").status_code == 200
