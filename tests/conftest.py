"""Fixtures on the real services of tests/services.py. Test data are committed, since each database role has a
connection of its own and must see them; after each test every table is emptied and the seeded rows come back."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, settings

from crm.embedded.home import Home
from crm.embedded.postgres import Postgres
from crm.organization.models import User
from tests import world

# How long a made-up example takes says what else the machine does, not what the product does wrong.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

KEPT = {"django_migrations", "django_content_type"}


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is made by tests/services.py, with the roles of production."""


@dataclass(frozen=True)
class Layout:
    """What the migrations left: all tables, those with rows (copied aside into the schema `seed`), in an order in which
    foreign keys allow inserts, and where each sequence stood."""

    tables: list[str]
    seeded: list[str]
    sequences: dict[str, int | None]
    superuser: psycopg.Connection[Any]

    def many(self, statements: Iterable[str]) -> list[tuple[Any, ...]]:
        """The rows of these statements, asked for at once."""
        return self.superuser.execute("\nUNION ALL ".join(statements)).fetchall()


@pytest.fixture(scope="session")
def layout() -> Iterator[Layout]:
    home, name = Home(Path(os.environ["CRM_HOME"])), str(connections["owner"].settings_dict["NAME"])
    with Postgres(home, durable=False).connect(name) as superuser:
        rows = superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        tables = [table for (table,) in rows if table not in KEPT]
        found = Layout(tables, [], {}, superuser)
        filled = {name for name, number in found.many(count_of(table) for table in tables) if number}
        superuser.execute("CREATE SCHEMA IF NOT EXISTS seed")
        for table in filled:
            superuser.execute(f"DROP TABLE IF EXISTS seed.{table}")
            superuser.execute(f"CREATE TABLE seed.{table} AS TABLE {table}")
        found.seeded.extend(ordered(filled, superuser))
        found.sequences.update(superuser.execute(SEQUENCES).fetchall())
        yield found


SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
# Tables with more rows than this are emptied by TRUNCATE, which leaves nothing to be vacuumed but takes new files.
FEW_ROWS = 2_000


def count_of(table: str) -> str:
    """How many rows, no further than it matters."""
    return f"SELECT '{table}' AS name, count(*) AS number FROM (SELECT FROM {table} LIMIT {FEW_ROWS + 1}) found"


def is_changed(table: str) -> str:
    """The name of a seeded table whose rows are not those of its copy."""
    one, other = f"TABLE {table}", f"TABLE seed.{table}"
    differs = f"EXISTS (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
    return f"SELECT '{table}' AS name, 0 AS number WHERE {differs}"


def ordered(filled: set[str], superuser: psycopg.Connection[Any]) -> Iterator[str]:
    """Tables after those that they refer to."""
    references = "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    needs: dict[str, set[str]] = {table: set() for table in filled}
    for table, target in superuser.execute(references).fetchall():
        if table in needs and target in needs and table != target:
            needs[table].add(target)
    while needs:
        free = sorted(table for table, targets in needs.items() if not targets & needs.keys())
        for table in free:
            del needs[table]
            yield table


def empty_database(layout: Layout) -> None:
    """Back to what the migrations left; the cost follows what a test has written.

    As the superuser and as a replica: no guard, no foreign key and no row-level security stands in the way.
    """
    counts = dict(layout.many(count_of(table) for table in layout.tables))
    changed = {name for name, _number in layout.many(is_changed(table) for table in layout.seeded)}
    dirty = [table for table in layout.tables if (table in changed or (counts[table] and table not in layout.seeded))]
    emptied = f"TRUNCATE {', '.join(layout.tables)}"
    if all(counts[table] <= FEW_ROWS for table in dirty):
        emptied = "; ".join(f"DELETE FROM {table}" for table in dirty) or "SELECT"
    else:
        dirty = layout.tables
    back = [
        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM seed.{table}"
        for table in layout.seeded if table in dirty
    ]  # fmt: skip
    moved = [
        f"SELECT setval('public.{name}', {layout.sequences[name] or 1}, {bool(layout.sequences[name])})"
        for name, value in layout.superuser.execute(SEQUENCES).fetchall() if value != layout.sequences[name]
    ]  # fmt: skip
    steps = ["BEGIN", "SET LOCAL session_replication_role = replica", emptied, *back, *moved, "COMMIT"]
    layout.superuser.execute("; ".join(steps))


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any, layout: Layout) -> Iterator[None]:
    """Leave to use every database alias; committed rows are removed after the test."""
    with django_db_blocker.unblock():
        yield
        for alias in ("default", "audit", "batch", "owner"):
            connections[alias].close()
        empty_database(layout)


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
