"""Row-level security with nothing above it: plain SQL as the web's role (SECURITY §3.1)."""

import os
import random
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from crm import db
from crm.organization import access
from crm.organization.middleware import ScopeMiddleware
from customers.models import Customer
from tests.conftest import Layout, empty_database
from tests.security import town as places
from tests.security.figures import FIGURES
from tests.security.town import FLOOR, Town

pytestmark = pytest.mark.security
GUARDED = """
SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'branch_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relforcerowsecurity
  AND has_table_privilege('crm_app', c.oid, 'SELECT') ORDER BY 1
"""
NIGHT = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'night\\_%%'"
LEAK_REQUESTS = int(os.environ.get("LEAK_REQUESTS", "2000"))


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, layout: Layout) -> Iterator[Town]:
    with django_db_blocker.unblock():
        yield places.build()
        for alias in ("default", "audit", "batch"):
            connections[alias].close()
        empty_database(layout)


def guarded_tables() -> list[str]:
    return [row["name"] for row in db.fetch_all(GUARDED)]


def test_without_a_scope_nothing_is_seen(town: Town) -> None:
    tables = guarded_tables()
    FIGURES["rls_tables"] = len(tables)
    assert {"customers_customer", "customers_holding", "customers_alert", "archives_contactlog"} <= set(tables)
    assert db.fetch_value("SELECT count(*) FROM customers_customer") == 4
    for table in tables:
        assert db.fetch_value(f"SELECT count(*) FROM {table}", using="default") == 0, table


@pytest.mark.parametrize("actor", ["wang", "zhao", "he", "sun", "zhou", "lu", "wu"])
def test_a_scope_shows_its_branches_and_no_others(town: Town, actor: str) -> None:
    with access.scoped(getattr(town.bank, actor)):
        for table in ("customers_customer", "customers_holding", "customers_account", "customers_alert"):
            column = "name_mask" if table == "customers_customer" else "id::text"
            seen = db.fetch_value(f"SELECT count(DISTINCT {column}) FROM {table}", using="default")
            assert seen == len(FLOOR[actor]), table
        marks = {row["name_mask"] for row in db.fetch_all("SELECT name_mask FROM customers_customer", using="default")}
    assert marks == {town.subjects[relation].marker for relation in FLOOR[actor]}


def test_the_scope_ends_with_its_transaction_and_survives_a_savepoint(town: Town) -> None:
    with access.scoped(town.bank.wang):
        with pytest.raises(DatabaseError), transaction.atomic():
            db.execute("SELECT 1/0", using="default")
        assert Customer.objects.count() == 2
    assert Customer.objects.count() == 0
    assert db.fetch_value("SELECT current_setting('crm.branches', true)", using="default") in (None, "")
    with access.scoped(town.bank.zhou):
        assert Customer.objects.count() == 4
    assert db.fetch_value("SELECT current_user", using="default") == "crm_app"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO customers_household (branch_id, created_at) VALUES ({foreign}, now())",
        "UPDATE customers_customer SET branch_id = {foreign} WHERE id = {own}",
        "INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, "
        "outcome, summary, next_action, recorded_at) VALUES ({foreign}, {own}, {wang}, now(), 'phone', 'out', 'care', "
        "'reached', '', '', now())",
    ],
)
def test_a_row_of_another_branch_cannot_be_written(town: Town, statement: str) -> None:
    values = {"foreign": town.bank.north.pk, "own": town.subjects["own"].customer.pk, "wang": town.bank.wang.pk}
    with pytest.raises(DatabaseError, match="row-level security"), access.scoped(town.bank.wang):
        db.execute(statement.format(**values), using="default")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers_customer SET name = 'x' WHERE id = {0}",
        "DELETE FROM customers_relation WHERE customer_id = {0}",
    ],
)
@pytest.mark.parametrize("relation", ["other", "far"])
def test_a_foreign_row_is_out_of_reach(town: Town, relation: str, statement: str) -> None:
    with access.scoped(town.bank.wang):
        touched = db.execute(statement.format(town.subjects[relation].customer.pk), using="default")
        transaction.set_rollback(True)
    assert touched == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE crm_batch",
        "SET ROLE crm_owner",
        "SET ROLE crm_backup",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION crm_batch",
        "SET row_security = off; SELECT * FROM customers_customer",
        "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_branches ON customers_customer",
        "CREATE POLICY mine ON customers_customer USING (true)",
        "ALTER ROLE crm_app BYPASSRLS",
        "GRANT crm_batch TO crm_app",
        "TRUNCATE customers_customer",
        "COPY customers_household (branch_id, created_at) FROM PROGRAM 'true'",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ],
)
@pytest.mark.parametrize("actor", ["wang", "zhou"])
def test_the_web_cannot_lift_itself_over_the_floor(town: Town, actor: str, statement: str) -> None:
    FIGURES["rls_attempts"] += 1
    with pytest.raises(DatabaseError), access.scoped(getattr(town.bank, actor)):
        db.execute(statement, using="default")


def test_copy_into_a_guarded_table_is_refused(town: Town) -> None:
    with pytest.raises(psycopg.Error, match="row-level security"), access.scoped(town.bank.wang):
        db.copy_rows_in("COPY customers_household (branch_id, created_at) FROM STDIN", [], using="default")


def test_the_night_s_tables_are_closed_to_the_web(town: Town) -> None:
    tables = [row["name"] for row in db.fetch_all(NIGHT)]
    assert {"night_customer", "night_alert", "night_tier"} <= set(tables)
    for table in tables:
        for actor in ("wang", "zhou"):
            with pytest.raises(DatabaseError, match="permission denied"), access.scoped(getattr(town.bank, actor)):
                db.execute(f"SELECT * FROM {table}", using="default")


def test_pooled_connections_carry_no_scope_over(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads share few connections and change places at random; every request sees its own branches only."""
    options = {**connections["default"].settings_dict["OPTIONS"], "pool": {"min_size": 2, "max_size": 3, "timeout": 30}}
    connections["default"].close()
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", options)
    wrong: list[str] = []
    actors = [name for name in FLOOR if name]

    def requests(seed: int) -> None:
        chance = random.Random(seed)
        link = connections["default"]
        link.settings_dict["OPTIONS"] = options
        for _ in range(LEAK_REQUESTS // 4):
            actor = chance.choice(actors)
            with access.scoped(getattr(town.bank, actor)):
                seen = Customer.objects.count()
                if chance.random() < 0.1:
                    transaction.set_rollback(True)
            outside = Customer.objects.count()
            if (seen, outside) != (len(FLOOR[actor]), 0):
                wrong.append(f"{actor}: {seen}, without a scope {outside}")
            link.close()

    threads = [threading.Thread(target=requests, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connections["default"].close_pool()  # type: ignore[attr-defined]
    FIGURES["pooled_requests"], FIGURES["pooled_leaks"] = LEAK_REQUESTS, len(wrong)
    assert not wrong


def counting(town: Town, method: str) -> tuple[int, int]:
    """Customers that one request counts before and after somebody else commits a new one."""
    counts: list[int] = []

    def page(request: HttpRequest) -> HttpResponse:
        counts.append(Customer.objects.count())
        added = town.bank.customer(f"N-{method}", branch=town.bank.south)
        counts.append(Customer.objects.count())
        Customer.objects.using("batch").filter(pk=added.pk).delete()
        return HttpResponse()

    request = RequestFactory().generic(method, "/")
    request.user = town.bank.wang
    ScopeMiddleware(page)(request)
    return counts[0], counts[1]


def test_a_page_is_of_one_moment(town: Town) -> None:
    assert counting(town, "GET") == (2, 2)
    assert counting(town, "POST") == (2, 3)


def test_a_request_that_reads_cannot_write(town: Town) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        Customer.objects.filter(pk=town.subjects["own"].customer.pk).update(name="x")
        return HttpResponse()

    for method in ("GET", "HEAD", "OPTIONS"):
        request = RequestFactory().generic(method, "/")
        request.user = town.bank.wang
        with pytest.raises(DatabaseError, match="read-only"):
            ScopeMiddleware(page)(request)


def test_what_ends_in_an_error_is_not_written(town: Town) -> None:
    own = town.subjects["own"].customer

    def page(request: HttpRequest) -> HttpResponse:
        Customer.objects.filter(pk=own.pk).update(occupation="x")
        return HttpResponse(status=409)

    request = RequestFactory().post("/")
    request.user = town.bank.wang
    ScopeMiddleware(page)(request)
    assert Customer.objects.using("batch").get(pk=own.pk).occupation == ""
