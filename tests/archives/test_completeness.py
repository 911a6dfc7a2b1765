"""What of an archive is complete and fresh, what is asked next, and fields that others ask for."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from archives import records
from archives.models import Archive, ArchiveField, ArchiveValue, StaleAfter
from crm.organization.access import scoped
from crm.organization.models import User
from customers import relations
from customers.models import Customer
from segments.rules.compile import compiled
from segments.rules.parse import BadRule, parse
from tests.archives.saying import a_field, current, say
from tests.nightly.night_world import Book
from tests.world import Bank

ClientOf = Callable[[User], Client]


def test_the_shipped_weights_make_a_hundred(database: None) -> None:
    fields = ArchiveField.objects.using("batch").filter(applies_to__in=["all", "person"])
    assert sum(one.weight for one in fields) == 100


def measured(actor: User, customer: Customer, day: date) -> int:
    with scoped(actor):
        return records.completeness_of(records.states_of(customer, day))


def test_completeness_counts_a_stale_value_half_by_the_tier(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    bank.metrics(customer, 600_000, tier=4)
    today = timezone.localdate()
    bare = measured(bank.wang, customer, today)
    say(bank.wang, customer, "need_kind", "car", row=1)  # weight 7 of 100
    assert measured(bank.wang, customer, today) == bare + 7
    assert measured(bank.wang, customer, today + timedelta(days=180)) == bare + 7  # its last good day
    assert measured(bank.wang, customer, today + timedelta(days=181)) == bare + 3
    archive = Archive.objects.using("batch").get(customer=customer)
    assert (archive.completeness, archive.changes_on) == (bare + 7, today + timedelta(days=181))


def test_asking_again_makes_a_value_fresh(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    bank.metrics(customer, 600_000, tier=4)
    old = say(bank.wang, customer, "pay_day", "15", at=timezone.now() - timedelta(days=200)).written[0]
    of = a_field("pay_day")
    data = {"source": "said", "confirm": "1", f"b-{of.pk}-0": old.pk, f"v-{of.pk}-0": "15"}
    client_of(bank.wang).post(f"/customers/{customer.pk}/archive/work/", data)
    rows = list(ArchiveValue.objects.using("batch").filter(customer=customer).order_by("pk"))
    assert [one.known_on for one in rows] == [timezone.localdate() - timedelta(days=200), timezone.localdate()]


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("other_banks", "other_bank other_product other_amount other_rate other_maturity"),
        ("needs", "need_kind need_amount need_date need_stage need_lost"),
        ("farm", "farm_scale farm_unit farm_crop farm_month farm_cycle farm_output farm_buyer farm_cold_store"),
        ("merchant", "merchant_market merchant_trade merchant_turnover merchant_change merchant_acquirer"),
    ],
)
def test_the_shipped_fields_are_those_of_the_domain(database: None, section: str, keys: str) -> None:
    known = ArchiveField.objects.using("batch").filter(section=section).order_by("place")
    assert list(known.values_list("key", flat=True)) == keys.split()


def test_two_questions_at_most_and_the_weightiest_first(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    with scoped(bank.wang):
        fields, states = records.active_fields(), records.states_of(customer, timezone.localdate())
        asked = records.questions_for(fields, states)
    assert [(one.key, gain) for one, gain in asked] == [("need_kind", 7), ("income_band", 6)]


def test_two_questions_come_with_a_contact_and_are_saved_with_it(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/contacts/new/"
    form = client.get(address).context["form"]
    assert [one.field.key for one in form.questions] == ["need_kind", "income_band"]
    data: dict[str, Any] = {
        "submission": str(form["submission"].value()),
        "channel": "face",
        "outcome": "interested",
        "summary": "x",
    }
    data["asked"] = [one.key for one in form.questions]
    data |= {form.questions[0].name: ["car"], form.questions[1].name: "to_500k"}
    for _time in range(2):  # sent twice it is stored once
        assert client.post(address, data).status_code == 303
    rows = ArchiveValue.objects.using("batch").filter(customer=customer).order_by("field__key")
    assert [(one.text, one.source, one.recorder_id) for one in rows] == [
        ("", "said", bank.wang.pk), ("car", "said", bank.wang.pk),
    ]  # fmt: skip
    assert current(bank.wang, customer)["income_band"] == "****"
    left = client.get(address).context["form"].questions
    assert "need_kind" not in [one.field.key for one in left] and len(left) == 2


def test_questions_may_be_skipped_and_a_forged_one_is_none(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/contacts/new/"
    form = client.get(address).context["form"]
    data: dict[str, Any] = {"submission": str(form["submission"].value()), "channel": "face", "outcome": "interested"}
    data["summary"] = "x"
    company = a_field("company_staff")
    data["asked"] = [form.questions[0].key, f"{company.pk}-0-0"]
    data[f"ask-{company.pk}-0"] = "12"
    assert client.post(address, data).status_code == 303
    assert not ArchiveValue.objects.using("batch").exists()


def test_the_lobby_is_asked_nothing(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assert client_of(bank.zhao).get(f"/customers/{customer.pk}/contacts/new/").context["form"].questions == []


def test_the_customer_page_tells_of_the_archive(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    bank.metrics(customer, 600_000, tier=4)
    say(bank.wang, customer, "pay_day", "15", at=timezone.now() - timedelta(days=200))
    say(bank.wang, customer, "income_band", "to_500k")
    archive = client_of(bank.wang).get(f"/customers/{customer.pk}/").context["page"].archive
    assert archive.completeness == 7  # 6 and half of 2
    assert len(archive.stale) == 1 and archive.question[0].key == "need_kind"
    assert [text for _name, text in archive.facts] == ["15"]  # a C2 value never


def test_the_night_measures_again_what_days_and_tiers_turned_over(bank: Bank) -> None:
    rich, poor, still = (bank.customer(f"A{number}", owner=bank.wang) for number in range(3))
    today = timezone.localdate()
    for one in (rich, poor, still):
        bank.metrics(one, 1, tier=4)
        say(bank.wang, one, "pay_day", "15")
    assert records.remeasure(today, []) == 0
    assert records.remeasure(today + timedelta(days=181), []) == 3
    Archive.objects.using("batch").update(completeness=0)
    assert records.remeasure(today, [poor.pk, 2**40]) == 1
    assert Archive.objects.using("batch").get(customer=poor).completeness == 2


def test_a_relation_counts_at_once(bank: Bank) -> None:
    """The list is narrowed by what was last measured: it must not lag behind the page."""
    mother, son = (bank.customer(number, owner=bank.wang) for number in ("A1", "A2"))
    for one in (mother, son):
        say(bank.wang, one, "pay_day", "15")  # 2 of 100; relations are 5

    def kept() -> list[int]:
        return list(
            Archive.objects.using("batch").order_by("customer__customer_no").values_list("completeness", flat=True)
        )

    with scoped(bank.wang):
        relation = relations.link(bank.wang, mother, "child", related=son)
    assert kept() == [7, 7]
    with scoped(bank.wang):
        relations.unlink(bank.wang, relation)
    assert kept() == [2, 2]
    with scoped(bank.wang):
        relations.join_household(bank.wang, mother, son)
    assert kept() == [7, 7]
    with scoped(bank.wang):
        relations.leave_household(bank.wang, mother)
    assert kept() == [2, 2]


def test_weights_and_days_that_were_changed_hold_from_the_next_night_on(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("A1", 600_000)
    day = timezone.localdate() - timedelta(days=4)
    book.night(day)
    say(bank.wang, customer, "pay_day", "15", at=timezone.now() - timedelta(days=60))  # weight 2 of 100
    archive = Archive.objects.using("batch").filter(customer=customer).values_list("completeness", "stale_in")
    assert archive.get() == (2, [])
    StaleAfter.objects.using("batch").filter(tier=4).update(days=30)
    assert book.night(day + timedelta(days=1)).counts["written"]["archives"] == 1
    assert archive.get() == (1, ["work"])
    ArchiveField.objects.using("batch").filter(key="pay_day").update(weight=40)
    book.night(day + timedelta(days=2))
    assert archive.get() == (14, ["work"])  # half of 40 of 138
    assert book.night(day + timedelta(days=3)).counts["written"]["archives"] == 0


def test_a_field_of_the_administrator_is_filled_at_once_and_asked_for_by_a_rule(
    bank: Bank, client_of: ClientOf
) -> None:
    of = ArchiveField.objects.using("batch").create(
        key="pet", section="preferences", kind="choice", label_zh_hans="宠物", is_filterable=True,
        options=[{"key": "cat", "zh_hans": "猫"}, {"key": "dog", "zh_hans": "狗"}],
    )  # fmt: skip
    cats, dogs = bank.customer("A1", owner=bank.wang), bank.customer("A2", owner=bank.wang)
    assert "宠物" in client_of(bank.wang).get(f"/customers/{cats.pk}/archive/").content.decode()
    say(bank.wang, cats, "pet", "cat")
    say(bank.wang, dogs, "pet", "dog")
    rule = parse({"field": "archive:pet", "op": "in", "value": ["cat"]})
    matching = Customer.objects.using("batch").filter(compiled(rule, timezone.localdate()))
    assert [one.pk for one in matching] == [cats.pk]
    with pytest.raises(BadRule):
        parse({"field": "archive:pet", "op": "in", "value": ["horse"]})
    with pytest.raises(BadRule):
        parse({"field": "archive:income_band", "op": "in", "value": ["to_500k"]})  # C2: nothing to compare
    ArchiveField.objects.using("batch").filter(pk=of.pk).update(is_active=False)
    assert parse({"field": "archive:pet", "op": "in", "value": ["cat"]}) == rule


@pytest.mark.parametrize(
    ("key", "value", "day", "found"),
    [
        ("other_maturity", "2026-12-01", date(2026, 11, 24), True),
        ("other_maturity", "2026-12-01", date(2026, 11, 23), False),
    ],
)
def test_a_date_of_the_archive_is_asked_for_in_days(bank: Bank, key: str, value: str, day: date, found: bool) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    say(bank.wang, customer, key, value, row=7)
    rule = parse({"field": f"archive:{key}", "op": "within", "value": 7})
    assert Customer.objects.using("batch").filter(compiled(rule, day)).exists() is found


def test_the_list_of_customers_is_narrowed_by_what_the_archive_knows(bank: Bank, client_of: ClientOf) -> None:
    owner, staff = bank.customer("A1", owner=bank.wang), bank.customer("A2", owner=bank.wang)
    for one, key in ((owner, "owner"), (staff, "staff")):
        bank.metrics(one, 100)
        say(bank.wang, one, "position", key)
    say(bank.wang, owner, "income_band", "to_500k")
    client = client_of(bank.wang)

    def listed(asked: str) -> list[int]:
        return [row.customer.pk for row in client.get("/customers/", {"archive": asked}).context["page"].rows]

    assert listed("position:owner") == [owner.pk]
    assert listed("position:king") == listed("income_band:to_500k") == listed("nothing") == []
    link = "/customers/?archive=position:owner"
    assert link in client.get(f"/customers/{owner.pk}/archive/").content.decode()
    label = dict(a_field("position").choices)["owner"]
    assert f"<b>{label}</b>" in client.get(link).content.decode()


@pytest.mark.parametrize(
    ("key", "text", "row"),
    [("pay_day", "15", 0), ("merchant_market", "东门市场&后街", 0), ("need_date", "2027-01-31", 7)],
)
def test_numbers_words_and_days_lead_to_who_else_has_them(
    bank: Bank, client_of: ClientOf, key: str, text: str, row: int
) -> None:
    known, other = bank.customer("A1", owner=bank.wang), bank.customer("A2", owner=bank.wang)
    for one in (known, other):
        bank.metrics(one, 100)
    say(bank.wang, known, key, text, row=row)
    client = client_of(bank.wang)
    page = client.get(f"/customers/{known.pk}/archive/").content.decode()
    link = f"/customers/?archive={key}:{quote(text)}"
    assert f'href="{link}"' in page
    assert [one.customer.pk for one in client.get(link).context["page"].rows] == [known.pk]
