"""Searching is counted: who tries out tails and numbers is stopped, whatever was found, and it is on record."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from crm.audit.models import AuditEntry
from crm.organization.models import User
from tests.campaigns.test_lobby_pages import visit
from tests.world import Bank

pytestmark = pytest.mark.security
Signed = Callable[[User], Client]
REFUSED = "customer.search_refused"


def look(client: Client, typed: str, **headers: str) -> Any:
    return client.post("/customers/search/", {"q": typed}, headers=headers)


def refusals() -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").filter(action=REFUSED).order_by("at"))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_trying_out_tails_is_stopped_found_or_not(
    headers: dict[str, str], bank: Bank, client_of: Signed, settings: Settings
) -> None:
    settings.SEARCHES_A_MINUTE = 3
    bank.customer("6100000001", owner=bank.wang, mobile_mask="139****0001")
    lobby = client_of(bank.zhao)
    answers = [look(lobby, f"{tail:04}", **headers) for tail in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [len(answer.context["found"].customers) for answer in answers[:3]] == [0, 1, 0]
    assert 'role="alert"' in answers[3].content.decode()
    assert "6100000001" not in look(lobby, "0001").content.decode()
    assert {(one.actor_id, one.chain, one.detail["within"]) for one in refusals()} == {
        (bank.zhao.pk, bank.south.pk, "minute")
    }
    # Others are not held up.
    assert look(client_of(bank.wang), "0001").status_code == 200
    searches = AuditEntry.objects.using("batch").filter(action="customer.list", actor_id=bank.zhao.pk)
    assert [one.detail["count"] for one in searches.order_by("at")] == [0, 1, 0]


def test_what_is_too_short_to_look_for_is_no_search(bank: Bank, client_of: Signed, settings: Settings) -> None:
    settings.SEARCHES_A_MINUTE = 1
    lobby = client_of(bank.zhao)
    assert [look(lobby, typed).status_code for typed in ("1", "12", "", "周", "1234", "5678")] == [200] * 5 + [429]


def test_the_day_is_counted_too(bank: Bank, client_of: Signed, settings: Settings) -> None:
    settings.SEARCHES_A_DAY = 2
    lobby = client_of(bank.zhao)
    assert [look(lobby, "1234").status_code for _ in range(3)] == [200, 200, 429]
    assert [one.detail["within"] for one in refusals()] == ["day"]


def test_who_introduced_a_visitor_is_looked_for_within_the_same_bounds(
    bank: Bank, client_of: Signed, settings: Settings
) -> None:
    settings.SEARCHES_A_MINUTE = 2
    lobby = client_of(bank.zhao)
    # Without consent nothing is kept, so that one could go on trying.
    answers = [visit(lobby, introducer=f"1391234{tail:04}", consent=None) for tail in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "introducer" in answers[2].context["form"].errors
    assert (len(refusals()), look(lobby, "1234").status_code) == (1, 429)
