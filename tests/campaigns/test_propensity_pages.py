"""The page of models, and what the customer page and the list of the day say of a score."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import PropensityModel, PropensityScore
from campaigns.propensity import switch, training
from campaigns.propensity.switch import SwitchRefused
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Alert, Customer
from tests.campaigns.propensity_world import DAY, answers, publish, switched_on
from tests.world import Bank

ClientOf = Callable[[User], Client]
MODELS = PropensityModel.objects.using("batch")
PAGE = "/campaigns/propensity/"


@pytest.fixture
def asked(bank: Bank) -> list[Customer]:
    """Their alerts say nothing that a page could show."""
    publish(DAY)
    made = answers(bank)
    Alert.objects.using("batch").all().delete()
    return made


def decide(client: Client, model: PropensityModel, what: str, **more: str) -> None:
    assert client.post(reverse("campaigns:propensity_decide", args=[model.pk]), {"do": what, **more}).status_code == 302


def test_of_two_who_submit_at_once_one_is_told(bank: Bank) -> None:
    """Each the own model; who sends the same one twice has submitted it once."""
    first, second = (MODELS.create(as_of=DAY, state="ready", made_by_id=bank.zhou.pk, fingerprint=n) for n in "ab")

    def sent(asked: tuple[User, PropensityModel]) -> str:
        try:
            with scoped(asked[0]):
                switch.submit(*asked)
                return "submitted"
        except SwitchRefused:
            return "refused"
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(sent, [(bank.zhou, first), (bank.zhou, first), (bank.lu, second), (bank.lu, second)]))
    assert sorted(said) == ["refused", "refused", "submitted", "submitted"] and said[0] == said[1]
    assert AuditEntry.objects.using("batch").filter(action="propensity.submit").count() == 1
    waiting = MODELS.get(state="submitted")
    other = bank.lu if waiting.proposed_by_id == bank.zhou.pk else bank.zhou
    with scoped(other), pytest.raises(SwitchRefused):
        switch.submit(other, waiting)


def test_from_nothing_to_a_model_that_two_people_switched_on(
    bank: Bank, asked: list[Customer], client_of: ClientOf
) -> None:
    head, admin, branch = client_of(bank.zhou), client_of(bank.lu), client_of(bank.he)
    empty = head.get(PAGE).content.decode()
    assert 'class="empty"' in empty and 'data-on=""' in empty
    assert head.post(reverse("campaigns:propensity_learn")).status_code == 302
    one = MODELS.get()
    assert "every 3s" in head.get(PAGE).content.decode()
    assert head.post(reverse("campaigns:propensity_learn"), follow=True).context["one"] == one
    training.run(one.pk)
    page = head.get(PAGE).content.decode()
    one.refresh_from_db()
    assert f"{one.figures['auc']['model']:.3f}" in page
    assert page.count("data-ranking=") == 4
    assert page.count("<circle") == 10
    assert "every 3s" not in page
    # A manager of a branch reads the figures and is offered nothing.
    read = branch.get(PAGE).content.decode()
    assert f"{one.figures['auc']['model']:.3f}" in read and 'name="do"' not in read
    assert branch.post(reverse("campaigns:propensity_learn")).status_code == 403
    assert branch.post(reverse("campaigns:propensity_decide", args=[one.pk]), {"do": "submit"}).status_code == 403
    decide(head, one, "submit")
    assert 'value="approve"' not in head.get(PAGE).content.decode()
    decide(head, one, "approve")
    assert MODELS.get().state == "submitted"
    assert 'value="approve"' in admin.get(PAGE).content.decode()
    decide(admin, one, "approve")
    assert f'data-on="{one.pk}"' in admin.get(PAGE).content.decode()
    decide(head, one, "off")
    assert 'data-on=""' in admin.get(PAGE).content.decode()


def test_it_is_sent_back_with_a_reason_or_taken_back(bank: Bank, asked: list[Customer], client_of: ClientOf) -> None:
    head, admin = client_of(bank.zhou), client_of(bank.lu)
    head.post(reverse("campaigns:propensity_learn"))
    one = MODELS.get()
    training.run(one.pk)
    decide(head, one, "submit")
    decide(head, one, "withdraw")
    decide(head, one, "submit")
    decide(admin, one, "refuse", why="先看三个月")
    one.refresh_from_db()
    assert (one.state, one.decision, one.decided_by_id) == ("refused", "先看三个月", bank.lu.pk)
    assert "先看三个月" in head.get(PAGE).content.decode()
    decide(admin, one, "nothing of these")
    one.refresh_from_db()
    assert one.state == "refused"


def test_too_few_are_told(bank: Bank, client_of: ClientOf) -> None:
    publish(DAY)
    answers(bank, number=30, contacts=1)
    head = client_of(bank.zhou)
    head.post(reverse("campaigns:propensity_learn"))
    training.run(MODELS.get().pk)
    page = head.get(PAGE).content.decode()
    assert 'data-state="too_few"' in page and "data-ranking" not in page


def test_a_manager_sees_a_band_and_three_reasons(bank: Bank, asked: list[Customer], client_of: ClientOf) -> None:
    wang = client_of(bank.wang)
    address = reverse("workbench:customer", args=[asked[0].pk])
    assert 'id="likelihood"' not in wang.get(address).content.decode()
    switched_on(bank)
    score = PropensityScore.objects.using("batch").get(customer_id=asked[0].pk)
    block = wang.get(address).content.decode().split('id="likelihood"')[1].split("</div>")[0]
    assert f'data-band="{score.band}"' in block and block.count("<li>") == 3
    assert str(score.permille) not in block
    # The one who refuses is shown none at once.
    Customer.objects.using("batch").filter(pk=asked[0].pk).update(do_not_contact=True)
    assert 'id="likelihood"' not in wang.get(address).content.decode()


def test_the_list_of_the_day_marks_the_highest_band(bank: Bank, asked: list[Customer], client_of: ClientOf) -> None:
    switched_on(bank)
    scores = PropensityScore.objects.using("batch")
    high, low = scores.filter(band=1).first(), scores.filter(band=3).first()
    assert high is not None and low is not None
    seen = {
        "net": "9000",
        "moved_on": str(DAY),
        "before": "1000",
        "after": "10000",
        "threshold": "5000",
        "share": "0.9",
    }
    for score in (high, low):
        Alert.objects.using("batch").create(
            customer_id=score.customer_id, branch_id=score.branch_id, kind="large_in", episode="x", evidence=seen,
            severity=1, rule_version=1, raised_on=DAY, updated_on=DAY,
        )  # fmt: skip
    page = client_of(bank.wang).get("/").content.decode()
    assert page.count('data-likely="1"') == 1
    row = page.split('data-likely="1"')[0].rsplit("<tr", 1)[1]
    assert reverse("workbench:customer", args=[high.customer_id]) in row


def test_the_page_costs_few_statements(bank: Bank, asked: list[Customer], client_of: ClientOf) -> None:
    switched_on(bank)
    head = client_of(bank.zhou)
    head.get(PAGE)
    with CaptureQueriesContext(connection) as seen:
        head.get(PAGE)
    assert len(seen) <= 8, [one["sql"][:90] for one in seen.captured_queries]
