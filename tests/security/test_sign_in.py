"""Sign-in, lockout, sessions, and their entries in the audit trail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.audit.models import AuditEntry
from crm.organization.choices import Role
from crm.organization.models import User
from tests.world import PASSWORD, Bank

pytestmark = pytest.mark.security
LOGIN = "/login/"


def attempt(client: Client, staff_no: str, password: str, **extra: Any) -> Any:
    return client.post(LOGIN, {"username": staff_no, "password": password}, **extra)


def trail() -> list[tuple[str, str]]:
    """(action, staff number) of every entry, in order; of a refusal the staff number that was typed."""
    rows = AuditEntry.objects.using("batch").order_by("at")
    return [(row.action, row.actor_no or row.detail.get("staff_no", "")) for row in rows]


def test_sign_in_and_out_are_recorded_and_rotate_the_session(bank: Bank) -> None:
    client = Client()
    client.get(LOGIN)
    client.session["before"] = 1
    response = attempt(client, "1001", PASSWORD)
    assert (response.status_code, response.headers["Location"]) == (302, reverse("workbench:today"))
    key = client.session.session_key
    assert client.post("/logout/").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
    assert trail() == [("sign_in.success", "1001"), ("sign_out.success", "1001")]


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("http://testserver/alerts/?kind=maturity", "/alerts/?kind=maturity"),
        ("https://elsewhere.example/alerts/", "/bulk/new/"),
        ("http://testserver.elsewhere.example/alerts/", "/bulk/new/"),
        ("javascript:alert(1)", "/bulk/new/"),
        ("", "/bulk/new/"),
    ],
)
def test_a_button_without_a_session_leads_to_its_page_of_this_host_alone(bank: Bank, page: str, target: str) -> None:
    answer = Client().post("/bulk/new/", headers={"Referer": page})
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?{urlencode({'next': target}, safe='/')}")


def test_a_page_without_a_session_leads_to_itself(bank: Bank) -> None:
    answer = Client().get("/customers/", headers={"Referer": "http://testserver/alerts/"})
    assert answer["Location"] == f"{LOGIN}?next=/customers/"


def test_signing_in_gives_a_new_session_key(bank: Bank) -> None:
    client = Client()
    fixed = client.session
    fixed["planted"] = 1
    fixed.save()
    client.cookies["sessionid"] = str(fixed.session_key)
    attempt(client, "1001", PASSWORD)
    assert client.session.session_key != fixed.session_key


@pytest.mark.parametrize("staff_no", ["1001", "no such person", "'--", "9" * 100_000, "a\0b", "<b>\r\nx"])
def test_a_wrong_password_is_one_entry_and_says_nothing(bank: Bank, staff_no: str) -> None:
    response = attempt(Client(), staff_no, "wrong password")
    assert response.status_code == 200
    assert "_auth_user_id" not in response.wsgi_request.session
    assert trail() == [("sign_in.failure", staff_no[:20].replace("\0", ""))]


def test_the_fifth_wrong_password_locks_and_the_right_one_no_longer_opens(bank: Bank) -> None:
    client = Client()
    answers = [attempt(client, "1001", "wrong password").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    refused = attempt(client, "1001", PASSWORD)
    assert refused.status_code == 429
    assert "_auth_user_id" not in refused.wsgi_request.session
    assert trail() == [("sign_in.failure", "1001")] * 4 + [("sign_in.locked", "1001")] * 2
    assert attempt(Client(), "1002", PASSWORD).status_code == 302
    assert attempt(Client(), "1001", PASSWORD, REMOTE_ADDR="10.9.9.9").status_code == 302


def test_the_lock_opens_after_half_an_hour(bank: Bank) -> None:
    start = timezone.now()
    with time_machine.travel(start):
        for _ in range(5):
            attempt(Client(), "1001", "wrong password")
    with time_machine.travel(start + timedelta(minutes=29)):
        assert attempt(Client(), "1002", "wrong password").status_code == 200
    with time_machine.travel(start + timedelta(minutes=31)):
        assert attempt(Client(), "1001", PASSWORD).status_code == 302


def test_an_address_that_the_caller_claims_does_not_reset_the_count(bank: Bank) -> None:
    answers = [
        attempt(Client(), "1001", "wrong password", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(5)
    ]
    assert answers[-1] == 429


def test_a_person_who_left_signs_in_no_more_and_loses_the_open_session(
    bank: Bank, client_of: Callable[[User], Client]
) -> None:
    client = client_of(bank.wang)
    page = reverse("workbench:today")
    assert client.get(page).status_code == 200
    User.objects.using("batch").filter(pk=bank.wang.pk).update(is_active=False)
    assert client.get(page).status_code == 302
    assert attempt(Client(), "1001", PASSWORD).status_code == 200


def test_a_changed_role_acts_at_the_next_request(bank: Bank, client_of: Callable[[User], Client]) -> None:
    client = client_of(bank.wang)
    assert client.get("/admin/").status_code != 200
    User.objects.using("batch").filter(pk=bank.wang.pk).update(role=Role.ADMIN)
    assert client.get("/admin/").status_code == 200


def test_a_session_ends_after_half_an_hour_without_use_and_after_eight_hours_in_any_case(
    bank: Bank, client_of: Callable[[User], Client]
) -> None:
    page = reverse("workbench:today")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = client_of(bank.wang)
        for _ in range(19):
            assert client.get(page).status_code == 200
            clock.shift(timedelta(minutes=25))
        assert clock is not None and client.get(page).status_code == 200
        clock.shift(timedelta(minutes=10))
        assert client.get(page).status_code == 302
        idle = client_of(bank.wang)
        assert idle.get(page).status_code == 200
        clock.shift(timedelta(minutes=31))
        assert idle.get(page).status_code == 302


def test_a_page_that_polls_does_not_keep_the_session(bank: Bank, client_of: Callable[[User], Client]) -> None:
    page = reverse("workbench:today")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = client_of(bank.wang)
        client.get(page)
        for _ in range(3):
            clock.shift(timedelta(minutes=9))
            assert client.get(page, headers={"X-Poll": "1"}).status_code == 200
        clock.shift(timedelta(minutes=9))
        assert client.get(page).status_code == 302


def test_a_changed_password_ends_other_sessions(bank: Bank, client_of: Callable[[User], Client]) -> None:
    here, elsewhere = client_of(bank.wang), client_of(bank.wang)
    new = "another-long-password-9"
    answer = here.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert answer.status_code == 302
    page = reverse("workbench:today")
    assert (here.get(page).status_code, elsewhere.get(page).status_code) == (200, 302)
    assert trail() == [("password.change", "1001"), ("customer.list", "1001")]


@pytest.mark.parametrize("weak", ["short-1", "password1234", "123456789012"])
def test_a_weak_password_is_refused(bank: Bank, client_of: Callable[[User], Client], weak: str) -> None:
    client = client_of(bank.wang)
    answer = client.post("/password/", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak})
    assert answer.status_code == 200 and trail() == []


def test_sign_in_leads_to_no_foreign_site(bank: Bank) -> None:
    answer = Client().post(LOGIN, {"username": "1001", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == reverse("workbench:today")


def test_forms_need_a_token(bank: Bank) -> None:
    client = Client(enforce_csrf_checks=True)
    assert attempt(client, "1001", PASSWORD).status_code == 403
