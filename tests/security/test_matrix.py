"""Every URL × method × role (and nobody) × own, colleague's, other branch's, other region's row, against the policy.

The same again with the application's scoping switched off, when only row-level security stands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import Client
from django.urls import reverse

from crm.organization import access
from crm.organization.models import User
from tests.conftest import Layout, empty_database
from tests.security import town as places
from tests.security.addresses import names
from tests.security.figures import FIGURES
from tests.security.policy import Page, policy
from tests.security.town import ACTORS, FLOOR, RELATIONS, Subject, Town

pytestmark = [pytest.mark.security, pytest.mark.filterwarnings("ignore:No directory at")]
POLICY = policy()
METHODS = ("GET", "HX-GET", "POST", "DELETE")
# Written although a request is refused: who came, who failed to sign in, who asked.
LEFT_OUT = ("django_session", "axes_", "audit_", "django_migrations")
PLEASANT = frozenset({200, 201, 204, 301, 302, 303, 400, 409, 422})


@dataclass(frozen=True)
class Call:
    """One cell: who calls what how, about whose row."""

    page: Page
    actor: str
    relation: str
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.page.name} by {self.actor or 'nobody'} about {self.relation or 'no one'}"


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, layout: Layout) -> Iterator[Town]:
    with django_db_blocker.unblock():
        yield places.build()
        for alias in ("default", "audit", "batch"):
            connections[alias].close()
        empty_database(layout)


@contextmanager
def scoping_off() -> Iterator[None]:
    """The application's own layer gone: every queryset returns all that the database lets it see."""
    with patch.object(access.ScopedQuerySet, "visible_to", lambda rows, user: rows.all()):
        yield


def calls(page: Page, town: Town) -> list[Call]:
    """Whose row it is makes a difference only where a page gets as far as reading it: elsewhere one stands for all."""
    firsts = [Call(page, actor, RELATIONS[0] if page.of else "", method) for method in METHODS for actor in ACTORS]
    more = RELATIONS[1:] if page.of else ()
    return firsts + [replace(call, relation=whose) for call in firsts if reads_rows(call, town) for whose in more]


def method_of(call: Call) -> str:
    return call.method.removeprefix("HX-")


def role_of(call: Call, town: Town) -> str:
    actor: User = getattr(town.bank, call.actor)
    return str(actor.role)


def is_denied(call: Call, town: Town) -> bool:
    """Whether the policy refuses this caller, whatever the method."""
    if call.page.open_to_all:
        return False
    if not call.actor or role_of(call, town) not in call.page.roles:
        return True
    return bool(call.page.of) and call.relation not in ACTORS[call.actor]


def expected(call: Call, town: Town) -> frozenset[int]:
    """The status codes that the policy allows for this cell."""
    known = method_of(call) in call.page.methods
    wrong_method = frozenset() if known else frozenset({405})
    if not call.page.open_to_all:
        if not call.actor:
            return frozenset({302})
        if role_of(call, town) not in call.page.roles:
            return wrong_method | call.page.refusal
        if call.page.of and call.relation not in ACTORS[call.actor]:
            return wrong_method | {404}
    if not known:
        return wrong_method
    return call.page.answers.get(method_of(call), PLEASANT)


def reads_rows(call: Call, town: Town) -> bool:
    """Whether the page gets as far as reading rows; nobody, a wrong role and a wrong method are turned away before."""
    if method_of(call) not in call.page.methods:
        return False
    return call.page.open_to_all or bool(call.actor and role_of(call, town) in call.page.roles)


def send(call: Call, town: Town) -> Any:
    """The answer to one cell; every cell signs in anew, since some pages end the session."""
    client = Client(raise_request_exception=False)
    if call.actor:
        sign_in(client, getattr(town.bank, call.actor))
    subject: Subject = town.subjects[call.relation or "own"]
    address = address_of(call.page, town, subject)
    headers = {"HX-Request": "true"} if call.method == "HX-GET" else {}
    FIGURES["requests"] += 1
    return client.generic(
        method_of(call),
        address,
        data=urlencode(call.page.form) if call.method == "POST" else "",
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


def sign_in(client: Client, user: User) -> None:
    """A session as signing in makes it; Client.force_login would write the time of sign-in to the user's row too."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "crm.organization.backends.RoleBackend"
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)


def address_of(page: Page, town: Town, subject: Subject) -> str:
    arguments = page.arguments(town, subject)
    if page.name == "admin:?":
        return reverse("admin:index") + str(arguments["url"])
    return reverse(page.name, kwargs=dict(arguments))


def business_hash() -> str:
    """One hash of every row of every table that a refused request must leave alone."""
    with connections["batch"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall() if not name.startswith(LEFT_OUT)]
        rows = " UNION ALL ".join(
            f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t" for name in tables
        )
        cursor.execute(f"SELECT md5(string_agg(h::text, '' ORDER BY h::text)) FROM ({rows}) h")
        return str(cursor.fetchone()[0])


def leaks(response: Any, town: Town, visible: frozenset[str]) -> list[str]:
    """Customers whose marker stands in the answer although the caller may not see them, and plain C2 values."""
    body = response.content.decode(errors="replace") if not response.streaming else ""
    body += response.headers.get("Location", "")
    foreign = [subject.marker for subject in town.subjects.values() if subject.relation not in visible]
    return [marker for marker in foreign if marker in body]


def plain_values(response: Any, town: Town) -> list[str]:
    body = response.content.decode(errors="replace") if not response.streaming else ""
    return [name for subject in town.subjects.values() for name, value in subject.plain.items() if value in body]


def is_reveal(call: Call, response: Any) -> bool:
    return call.page.name.startswith("customers:reveal") and call.method == "POST" and response.status_code == 200


def test_every_address_has_a_policy() -> None:
    unlisted = sorted(set(names()) - set(POLICY))
    FIGURES["urls"], FIGURES["urls_unlisted"] = len(names()), len(unlisted)
    assert not unlisted, (
        "These URL names have no policy. Add each to PAGES in tests/security/policy.py (a table of the admin site to "
        f"ADMIN_TABLES): who may call it, with which methods, and whose row it names: {', '.join(unlisted)}"
    )


def test_no_policy_is_left_without_an_address() -> None:
    assert sorted(set(POLICY) - set(names())) == []


@pytest.mark.parametrize("name", [name for name in names() if name in POLICY])
def test_the_policy_holds(town: Town, name: str) -> None:
    page = POLICY[name]
    wrong: list[str] = []
    cells = calls(page, town)
    for whose in {call.relation or "own" for call in cells}:
        address_of(page, town, town.subjects[whose])  # makes the row that it names, where an earlier page used it up
    before = business_hash()
    # What may write comes last, so that one comparison covers all that must not.
    quiet = [call for call in cells if is_denied(call, town) or method_of(call) not in ("POST", "DELETE")]
    for call in [*quiet, *(call for call in cells if call not in quiet)]:
        if call not in quiet and before:
            assert business_hash() == before, f"a refused or reading request of {name} changed the database"
            before = ""
        response = send(call, town)
        FIGURES["cells"] += 1
        FIGURES["denied"] += is_denied(call, town)
        if response.status_code not in expected(call, town):
            wrong.append(f"{call}: {response.status_code} instead of {sorted(expected(call, town))}")
        if call.actor == "" and response.status_code == 302 and not page.open_to_all:
            assert "/login/?next=" in response.headers["Location"]
        if found := leaks(response, town, ACTORS[call.actor]):
            FIGURES["leaks"] += len(found)
            wrong.append(f"{call}: shows {found}")
        if not is_reveal(call, response) and (plain := plain_values(response, town)):
            FIGURES["plain_values"] += len(plain)
            wrong.append(f"{call}: plain {plain}")
        if not page.is_probe and not {"Content-Security-Policy", "Cache-Control"} <= response.headers.keys():
            wrong.append(f"{call}: no security headers")
    if before:
        assert business_hash() == before, f"a refused or reading request of {name} changed the database"
    FIGURES["wrong"] += len(wrong)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [name for name in names() if name in POLICY])
def test_without_the_application_s_scoping_no_foreign_row_is_seen(town: Town, name: str) -> None:
    wrong: list[str] = []
    for call in [call for call in calls(POLICY[name], town) if reads_rows(call, town)]:
        with scoping_off():
            response = send(call, town)
        FIGURES["floor_requests"] += 1
        if found := leaks(response, town, FLOOR[call.actor]):
            FIGURES["floor_leaks"] += len(found)
            wrong.append(f"{call}: shows {found}")
        out_of_branch = call.page.of and call.actor and call.relation not in FLOOR[call.actor]
        if out_of_branch and response.status_code not in (403, 404, 405):
            wrong.append(f"{call}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_form_without_its_token_is_refused(town: Town) -> None:
    posted = [name for name in names() if name in POLICY and "POST" in POLICY[name].methods]
    addresses = {name: address_of(POLICY[name], town, town.subjects["own"]) for name in posted}  # which makes rows
    before = business_hash()
    wrong: list[str] = []
    for name, address in addresses.items():
        client = Client(enforce_csrf_checks=True)
        actor = next((who for who in ACTORS if who and getattr(town.bank, who).role in POLICY[name].roles), "wang")
        sign_in(client, getattr(town.bank, actor))
        FIGURES["csrf"] += 1
        status = client.post(address).status_code
        if status != 403:
            wrong.append(f"{name}: {status}")
    assert not wrong, "\n".join(wrong)
    assert business_hash() == before


def test_the_matrix_would_notice(town: Town) -> None:
    """The marker of a customer is in the page of whoever may see it, and with scoping off in a colleague's too."""
    page = POLICY["workbench:customer"]
    own = send(Call(page, "wang", "own", "GET"), town)
    assert leaks(own, town, frozenset()) == [town.subjects["own"].marker]
    colleague = Call(page, "wang", "colleague", "GET")
    assert send(colleague, town).status_code == 404
    with scoping_off():
        assert leaks(send(colleague, town), town, ACTORS["wang"]) == [town.subjects["colleague"].marker]
