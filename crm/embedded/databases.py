"""Roles and databases inside the embedded server: the SQL of roles.sql and database.sql, and the URLs they give."""

from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from crm.embedded.home import Home
from crm.embedded.postgres import Postgres
from crm.embedded.secret import LOGIN_ROLES, load_secrets

MAIN_DATABASE = "crm"
URL_NAMES = {
    "DATABASE_URL": "crm_app",
    "DATABASE_BATCH_URL": "crm_batch",
    "DATABASE_OWNER_URL": "crm_owner",
    "DATABASE_BACKUP_URL": "crm_backup",
}

Connection = psycopg.Connection[Any]


def _statements(name: str) -> bytes:
    return files("crm.embedded").joinpath(name).read_bytes()


def database_urls(home: Home, database: str = MAIN_DATABASE) -> dict[str, str]:
    """The environment of one database: a URL for each login role."""
    passwords = load_secrets(home)
    return {
        name: f"postgres://{role}:{passwords[role]}@/{database}?host={home.sockets}" for name, role in URL_NAMES.items()
    }


def prepare_roles(superuser: Connection, passwords: dict[str, str]) -> None:
    """Make the roles and set their passwords, which are hashed here and never reach the server's log."""
    superuser.execute(_statements("roles.sql"))
    for role in LOGIN_ROLES:
        known = superuser.execute("SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = %s", [role])
        if known.fetchone() == (True,):
            continue
        hashed = superuser.pgconn.encrypt_password(passwords[role].encode(), role.encode(), b"scram-sha-256").decode()
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        superuser.execute(statement.format(sql.Identifier(role), sql.Literal(hashed)))


def prepare_database(superuser: str | Connection, dbname: str) -> None:
    """Run database.sql in `dbname`. `superuser` is a DSN, or a connection to that very database."""
    if isinstance(superuser, str):
        with psycopg.connect(superuser, dbname=dbname, autocommit=True) as connection:
            connection.execute(_statements("database.sql"))
    else:
        superuser.execute(_statements("database.sql"))


def ensure_main_database(postgres: Postgres, home: Home) -> None:
    """Roles, template1 and the database `crm`, brought up to what the SQL files say; safe to repeat."""
    with postgres.connect() as superuser:
        prepare_roles(superuser, load_secrets(home))
        exists = superuser.execute("SELECT FROM pg_database WHERE datname = %s", [MAIN_DATABASE]).fetchone()
    if exists is None:
        with postgres.connect("template1") as superuser:
            prepare_database(superuser, "template1")
        add_database(postgres, MAIN_DATABASE)
    else:
        for name in ("template1", MAIN_DATABASE):
            with postgres.connect(name) as superuser:
                prepare_database(superuser, name)


def add_database(postgres: Postgres, name: str) -> None:
    """Create a database of crm_owner, prepared like the main one."""
    with postgres.connect() as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER crm_owner").format(sql.Identifier(name)))
    with postgres.connect(name) as superuser:
        prepare_database(superuser, name)
