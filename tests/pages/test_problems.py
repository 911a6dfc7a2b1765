"""What users see when something goes wrong: a page with the way out, and inside htmx a line that leaves the form."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm import db
from crm.organization.models import User
from tests.world import Bank

ClientOf = Callable[[User], Client]
NUMBER = re.compile(r"[0-9A-F]{4}-[0-9A-F]{4}")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def wang(bank: Bank, client_of: ClientOf, settings: Any) -> Client:
    """A relationship manager's client that gets answers as a browser does, also from what breaks."""
    settings.ROOT_URLCONF = "tests.pages.broken_urls"
    client = client_of(bank.wang)
    client.raise_request_exception = False
    client.cookies["django_language"] = "en"
    return client


def failures(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "request_failed"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_breaks_shows_the_number_that_the_log_has(
    wang: Client, headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = wang.get("/breaks/", headers=headers)
    shown = NUMBER.findall(answer.content.decode())
    (logged,) = failures(capsys)
    assert answer.status_code == 500
    assert shown == [logged["incident"]]
    assert "on fire" in logged["exception"]
    assert "on fire" not in answer.content.decode()


def test_a_page_that_broke_asks_the_database_for_nothing_more(wang: Client) -> None:
    page = wang.get("/breaks/", headers={"Referer": "http://testserver/customers/"}).content.decode()
    assert "gate-card" in page
    assert 'class="app-nav"' not in page
    assert 'href="/breaks/"' in page  # try again
    assert 'href="http://testserver/customers/"' in page


def test_the_page_before_is_never_another_site(wang: Client) -> None:
    page = wang.get("/breaks/", headers={"Referer": "https://elsewhere.example/"}).content.decode()
    assert "elsewhere.example" not in page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_query_that_takes_too_long_is_stopped_and_said_so(
    wang: Client, headers: dict[str, str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PAGE_STATEMENT_SECONDS = 0.2
    began = time.monotonic()
    answer = wang.get("/is-slow/", headers=headers)
    assert time.monotonic() - began < 10
    assert answer.status_code == 503
    assert "took too long" in answer.content.decode()
    assert NUMBER.findall(answer.content.decode()) == [failures(capsys)[0]["incident"]]
    assert wang.get("/").status_code == 200  # the connection is as good as before


def test_the_time_limit_is_of_the_request_alone(wang: Client) -> None:
    wang.get("/")
    assert db.fetch_value("SHOW statement_timeout", using="default") == "0"


@pytest.fixture(params=[False, True], ids=["connection", "pool"])
def no_database(request: pytest.FixtureRequest, wang: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The web's address of the database leads nowhere; with a pool, as in production, nobody waits long for it."""
    pool = {"min_size": 0, "max_size": 1, "timeout": 0.2} if request.param else None
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {**connection.settings_dict["OPTIONS"], "pool": pool})
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["signed in", "nobody"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_database_that_is_gone_is_a_page_of_its_own(
    wang: Client, no_database: None, who: str, headers: dict[str, str]
) -> None:
    client = wang
    if who == "nobody":
        client = Client(raise_request_exception=False)
        client.cookies["django_language"] = "en"
    for answer in (
        client.get("/", headers=headers),
        client.get("/login/", headers=headers),
        client.post("/login/", {"username": "1001", "password": "x"}, headers=headers),
    ):
        assert answer.status_code == 503
        assert "does not answer" in answer.content.decode()
        assert NUMBER.search(answer.content.decode())


def test_what_is_not_there_keeps_the_frame_and_the_search(wang: Client) -> None:
    page = wang.get("/customers/999999/")
    assert page.status_code == 404
    assert 'role="search"' in page.content.decode()
    assert not NUMBER.search(page.content.decode())


def test_what_the_role_does_not_open_says_whom_to_ask(wang: Client) -> None:
    page = wang.get("/jobs/")
    assert page.status_code == 403
    assert "ask your branch manager" in page.content.decode()


def test_a_wrong_method_is_told_in_words(wang: Client) -> None:
    answer = wang.get("/logout/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")
    assert "belongs to a button" in answer.content.decode()


def test_a_conflict_says_what_the_view_says_or_the_general_sentence(wang: Client) -> None:
    bare = wang.get("/conflicts/").content.decode()
    assert "changed in the meantime" in bare
    exact = wang.get("/conflicts/?said=<b>Lin</b> has it now", headers=HTMX).content.decode()
    assert "toast-line" in exact
    assert "&lt;b&gt;Lin&lt;/b&gt; has it now" in exact


def test_more_than_can_be_read_is_too_large(wang: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = wang.post("/reads-form/", {"text": "x" * 2000})
    assert answer.status_code == 413
    assert "too much" in answer.content.decode()


def test_a_host_that_is_not_ours_gets_a_page_without_a_user(wang: Client) -> None:
    answer = wang.get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "gate-card" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_form_from_before_the_last_sign_in_is_refused_in_words(
    bank: Bank, client_of: ClientOf, headers: dict[str, str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bank.wang, backend="crm.organization.backends.RoleBackend")
    client.cookies["django_language"] = "en"
    answer = client.post("/display/", {"theme": "dark"}, headers=headers)
    assert answer.status_code == 403
    assert "older than your sign-in" in answer.content.decode()
    assert ("toast-line" in answer.content.decode()) == bool(headers)
