"""Planning on screen: the form, what it refuses, and moving and calling off from the customer's page."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from django.utils.translation import gettext, override

from archives.models import MaintenancePlan
from customers.models import Customer
from tests.pages.test_customer_page import ClientOf
from tests.world import Bank


@pytest.fixture
def customer(bank: Bank) -> Customer:
    return bank.customer("C1", owner=bank.wang)


def form(days: int = 3, **more: Any) -> dict[str, Any]:
    due = (timezone.localdate() + timedelta(days)).isoformat()
    return {"submission": str(uuid4()), "due_date": due, "purpose": "care", "channel": "phone", "note": ""} | more


def rows() -> list[MaintenancePlan]:
    return list(MaintenancePlan.objects.using("batch").order_by("pk"))


def chinese(text: str) -> str:
    with override("zh-hans"):
        return gettext(text)


def test_a_plan_is_made_once_and_stands_on_the_page(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/plans/new/"
    assert client.get(address).status_code == 200
    fields = form(note="带上<利率>表")
    for _ in range(2):
        answer = client.post(address, fields)
        assert (answer.status_code, answer["Location"]) == (303, f"/customers/{customer.pk}/")
    (plan,) = rows()
    assert (plan.owner_id, plan.state, plan.note) == (bank.wang.pk, "planned", "带上<利率>表")
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    assert "带上&lt;利率&gt;表" in page.split('id="plans"')[1].split('id="relations"')[0]


def test_the_plan_that_a_contact_does_stays_chosen_when_the_form_comes_back(
    bank: Bank, customer: Customer, client_of: ClientOf
) -> None:
    """Also one behind those that the form offers by itself."""
    for days in range(7):
        MaintenancePlan.objects.using("batch").create(
            customer_id=customer.pk, branch_id=customer.branch_id, owner_id=bank.wang.pk, submission=uuid4(),
            due_date=timezone.localdate() + timedelta(days),
        )  # fmt: skip
    client, address, last = client_of(bank.wang), f"/customers/{customer.pk}/contacts/new/", rows()[-1]
    chosen = f'name="plan" value="{last.pk}" checked'
    assert chosen in client.get(f"{address}?plan={last.pk}").content.decode()
    answer = client.post(address, {"submission": str(uuid4()), "channel": "phone", "plan": last.pk})  # no result
    assert answer.status_code == 422 and chosen in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"due_date": ""}, "due_date"),
        ({"due_date": "soon"}, "due_date"),
        (form(-1), "due_date"),
        (form(367), "due_date"),
        ({"purpose": "gossip"}, "purpose"),
        ({"channel": "pigeon"}, "channel"),
        ({"note": "长" * 201}, "note"),
        ({"submission": "x"}, "submission"),
    ],
)
def test_wrong_input_is_named_kept_and_not_stored(
    bank: Bank, customer: Customer, client_of: ClientOf, change: dict[str, str], field: str
) -> None:
    fields = form(note="不要丢掉") | {key: value for key, value in change.items() if key == field}
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/plans/new/", fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert fields["note"] in answer.content.decode()
    assert rows() == []


@pytest.mark.parametrize("days", [0, 366])
def test_from_today_to_a_year_ahead(bank: Bank, customer: Customer, client_of: ClientOf, days: int) -> None:
    assert client_of(bank.wang).post(f"/customers/{customer.pk}/plans/new/", form(days)).status_code == 303


def test_who_asked_for_no_calls_is_offered_another_way(bank: Bank, client_of: ClientOf) -> None:
    barred = bank.customer("C2", owner=bank.wang, do_not_contact=True)
    client, address = client_of(bank.wang), f"/customers/{barred.pk}/plans/new/"
    assert client.get(address).context["form"]["channel"].value() == "face"
    answer = client.post(address, form())
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["channel"])
    assert client.post(address, form(channel="face")).status_code == 303


def test_htmx_gets_a_drawer_and_then_a_fresh_page(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/plans/new/"
    drawer = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in drawer
    assert 'class="drawer"' in drawer
    wrong = client.post(address, form(-1), headers={"HX-Request": "true"})
    assert (wrong.status_code, "<html" in wrong.content.decode()) == (422, False)
    saved = client.post(address, form(next="/customers/"), headers={"HX-Request": "true"})
    assert (saved.status_code, saved["HX-Redirect"]) == (204, "/customers/")
    elsewhere = client.post(address, form(next="https://evil.example/"), headers={"HX-Request": "true"})
    assert elsewhere["HX-Redirect"] == f"/customers/{customer.pk}/"


def test_a_plan_is_moved_called_off_and_then_let_be(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    client.post(f"/customers/{customer.pk}/plans/new/", form())
    (plan,) = rows()
    move = f"/plans/{plan.pk}/move/"
    assert client.post(move, {"due_date": form(9)["due_date"]}).status_code == 303
    assert client.post(move, {"due_date": form(-1)["due_date"]}).status_code == 303
    assert rows()[0].due_date == timezone.localdate() + timedelta(9)
    text = client.get(f"/customers/{customer.pk}/").content.decode()
    assert chinese("The day lies in the past.") in text
    assert client.post(f"/plans/{plan.pk}/cancel/").status_code == 303
    assert (rows()[0].state, rows()[0].closed_by_id) == ("cancelled", bank.wang.pk)
    for again in (client.post(move, {"due_date": form(5)["due_date"]}), client.post(f"/plans/{plan.pk}/cancel/")):
        assert again.status_code == 303
    assert rows()[0].due_date == timezone.localdate() + timedelta(9)
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    assert chinese("This plan has been closed in the meantime.") in page
    assert f"/plans/{plan.pk}/move/" not in page


@pytest.mark.parametrize(("who", "status"), [("li", 404), ("qian", 404), ("zhao", 403), ("lu", 403), ("he", 303)])
def test_whose_plans_are_out_of_reach(
    bank: Bank, customer: Customer, client_of: ClientOf, who: str, status: int
) -> None:
    client_of(bank.wang).post(f"/customers/{customer.pk}/plans/new/", form())
    (plan,) = rows()
    client = client_of(getattr(bank, who))
    assert client.post(f"/plans/{plan.pk}/cancel/").status_code == status
    assert (rows()[0].state == "cancelled") == (status == 303)
    assert client.post(f"/customers/{customer.pk}/plans/new/", form()).status_code == status


def test_a_plan_whose_day_has_passed_is_overdue(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    client.post(f"/customers/{customer.pk}/plans/new/", form(0))
    page = f"/customers/{customer.pk}/"
    assert chinese("overdue") not in client.get(page).content.decode()
    MaintenancePlan.objects.using("batch").update(due_date=timezone.localdate() - timedelta(1))
    assert chinese("overdue") in client.get(page).content.decode()
