"""The system checks find a web role that row-level security does not bind, and tables that it does not cover."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.checks import run_checks
from django.db import connections
from pytest_django import Settings

from crm import checks
from tests.security.test_audit import superuser_url

ALL = {f"crm.E{number:03}" for number in range(100)}
pytestmark = [pytest.mark.security, pytest.mark.usefixtures("database")]


def found() -> set[str]:
    return {str(message.id) for message in run_checks(databases=["default", "audit"])} & ALL


@contextmanager
def as_superuser(statement: str, back: str) -> Iterator[None]:
    """A change of the server by its superuser, undone afterwards."""
    with psycopg.connect(superuser_url(), autocommit=True) as link:
        link.execute(statement)
        try:
            yield
        finally:
            link.execute(back)


def test_the_installation_of_the_tests_is_safe() -> None:
    assert found() == set()
    checks.refuse_to_serve_unsafely()


@pytest.mark.parametrize(
    ("rights", "grant", "check"),
    [
        ("SUPERUSER", "", "crm.E001"),
        ("BYPASSRLS", "", "crm.E002"),
        ("", "CREATE TABLE owned_by_web (); ALTER TABLE owned_by_web OWNER TO {role}", "crm.E003"),
        ("", "GRANT crm_owner TO {role}", "crm.E004"),
        ("", "GRANT crm_batch TO {role}", "crm.E004"),
        ("CREATEROLE", "", "crm.E005"),
        ("REPLICATION", "", "crm.E005"),
        ("", "GRANT crm_hq TO {role} WITH INHERIT TRUE", "crm.E006"),
    ],
)
def test_a_role_that_the_floor_does_not_bind_is_found(
    rights: str, grant: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = f"web_{secrets.token_hex(4)}"
    make = f"CREATE ROLE {role} LOGIN PASSWORD '{role}' {rights}; {grant.format(role=role)}"
    with as_superuser(make, f"DROP OWNED BY {role}; DROP ROLE {role}"):
        for alias in ("default", "audit"):
            connections[alias].close()
            monkeypatch.setitem(connections[alias].settings_dict, "USER", role)
            monkeypatch.setitem(connections[alias].settings_dict, "PASSWORD", role)
        assert check in found()
        with pytest.raises(checks.UnsafeInstallation, match=role):
            checks.refuse_to_serve_unsafely()
        for alias in ("default", "audit"):
            connections[alias].close()


@pytest.mark.parametrize(
    ("statement", "back", "check"),
    [
        ("CREATE TABLE loose (branch_id bigint)", "DROP TABLE loose", "crm.E010"),
        (
            "CREATE TABLE loose (customer_id bigint); ALTER TABLE loose ENABLE ROW LEVEL SECURITY",
            "DROP TABLE loose",
            "crm.E010",
        ),
        ("CREATE VIEW loose AS SELECT * FROM customers_customer", "DROP VIEW loose", "crm.E011"),
    ],
)
def test_a_table_that_the_floor_does_not_cover_is_found(statement: str, back: str, check: str) -> None:
    with as_superuser(statement, back):
        assert found() == {check}
        with pytest.raises(checks.UnsafeInstallation, match="loose"):
            checks.refuse_to_serve_unsafely()
    assert found() == set()


def test_a_missing_key_file_and_an_open_debug_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.CRM_KEY_FILE = str(tmp_path / "none.json")
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["crm.bank.example"]
    assert found() == {"crm.E020", "crm.E021"}


def test_a_server_that_is_away_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    for alias in ("default", "audit"):
        connections[alias].close()
        monkeypatch.setitem(connections[alias].settings_dict, "PORT", "1")
        monkeypatch.setitem(connections[alias].settings_dict, "HOST", "127.0.0.1")
    checks.refuse_to_serve_unsafely()
