"""Fixtures on the real services of tests/services.py. Test data are committed, since each database role has a
connection of its own and must see them; after each test every table is emptied and the seeded rows come back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from crm.organization.models import User
from tests import world

KEPT = {"django_migrations", "django_content_type"}


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is made by tests/services.py, with the roles of production."""


@pytest.fixture(scope="session")
def seeded_tables(django_db_blocker: Any) -> dict[str, list[str]]:
    """All tables in an order in which foreign keys allow inserts, and those that migrations filled, copied aside."""
    with django_db_blocker.unblock(), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        tables = [name for (name,) in cursor.fetchall() if name not in KEPT]
        cursor.execute("CREATE SCHEMA IF NOT EXISTS seed")
        filled = []
        for table in tables:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            row = cursor.fetchone()
            if row and row[0]:
                cursor.execute(f"DROP TABLE IF EXISTS seed.{table}")
                cursor.execute(f"CREATE TABLE seed.{table} AS TABLE {table}")
                filled.append(table)
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        )
        needs: dict[str, set[str]] = {table: set() for table in filled}
        for table, target in cursor.fetchall():
            if table in needs and target in needs and table != target:
                needs[table].add(target)
    ordered: list[str] = []
    while needs:
        free = sorted(table for table, targets in needs.items() if targets <= set(ordered))
        ordered += free
        for table in free:
            del needs[table]
    return {"tables": tables, "seeded": ordered}


def empty_database(layout: dict[str, list[str]]) -> None:
    """Back to what the migrations left."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND (tgtype & 32) > 0"
        )
        guarded = [name for (name,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(layout['tables'])} RESTART IDENTITY")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in layout["seeded"]:
            cursor.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM seed.{table}")
            cursor.execute(
                "SELECT pg_get_serial_sequence(%s, 'id') IS NOT NULL FROM information_schema.columns "
                "WHERE table_schema = 'public' AND table_name = %s AND column_name = 'id'",
                [table, table],
            )
            row = cursor.fetchone()
            if row and row[0]:
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any, seeded_tables: dict[str, list[str]]) -> Iterator[None]:
    """Leave to use every database alias; committed rows are removed after the test."""
    with django_db_blocker.unblock():
        yield
        for alias in ("default", "audit", "batch"):
            connections[alias].close()
        empty_database(seeded_tables)


@pytest.fixture
def bank(database: None) -> world.Bank:
    """Three branches and their people (tests/world.py)."""
    return world.build()


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A test client signed in as this user."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="crm.organization.backends.RoleBackend")
        return client

    return signed_in
