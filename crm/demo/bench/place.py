"""A database of its own for a measurement, next to the one that the settings name."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.core.management import call_command
from django.db import OperationalError, connections

from crm import db
from crm.demo import build

ALIASES = ("default", "audit", "batch", "owner")
# Mid-month, so that no measured night opens a month; three months of history are what averages can see.
AS_OF = date(2026, 11, 10)
DAYS = 75
SEED = 11
PATIENCE_SECONDS = 60


def use_database(name: str) -> str:
    """Point every alias at another database of the same server; returns the name of the one before."""
    before = ""
    for alias in ALIASES:
        connection = connections[alias]
        connection.close()
        before = str(connection.settings_dict["NAME"])
        connection.settings_dict["NAME"] = name
    return before


@contextmanager
def bench_database(customers: int, *, keep: bool, with_secrets: bool = False) -> Iterator[dict[str, float]]:
    """Inside, every alias uses a database with this many made-up customers; yields the seconds that building took.

    A kept database of the same size is used again; else it is dropped at the end.
    """
    name = f"bench_{customers}{'_c2' if with_secrets else ''}"
    is_new = not db.fetch_value("SELECT count(*) FROM pg_database WHERE datname = %s", [name], "owner")
    if is_new:
        db.execute(f'CREATE DATABASE "{name}"', using="owner")
    before = use_database(name)
    try:
        call_command("migrate", database="owner", verbosity=0)
        seconds: dict[str, float] = {}
        if build.is_empty():
            plan = build.Plan(customers, SEED, AS_OF, with_secrets=with_secrets, days=DAYS)
            seconds = build.build(plan).seconds
        yield seconds
    finally:
        use_database(before)
        if not keep:
            drop(name)


def drop(name: str) -> None:
    """Drop a database when the last session has left it; the server's own vacuum may be at work there, which the owner
    has no right to end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            db.execute(f'DROP DATABASE IF EXISTS "{name}"', using="owner")
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
