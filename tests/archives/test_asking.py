"""What the list of customers asks of the archive: spans, choices, words, what is noted and what is not."""

from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError
from django.test import Client

from archives import asking
from archives.models import ArchiveField
from crm.organization.models import User
from crm.workbench.templatetags.archives import asks_words
from customers.models import Customer
from segments.rules.compile import compiled
from segments.rules.parse import parse
from tests.archives.saying import a_field, say, sent
from tests.world import Bank

ClientOf = Callable[[User], Client]
DAY = date(2026, 3, 10)


@pytest.fixture
def town(bank: Bank) -> dict[str, Customer]:
    """Three people and a firm of wang, and what is known of them."""
    people = {number: bank.customer(number, owner=bank.wang) for number in ("A1", "A2", "A3")}
    people["F1"] = bank.customer("F1", owner=bank.wang, customer_type="company")
    for one in people.values():
        bank.metrics(one, 100)
    for number, key, text, row in (
        ("A1", "pay_day", "5", 0), ("A2", "pay_day", "15", 0), ("A1", "hobbies", "tea,sports", 0),
        ("A2", "hobbies", "travel", 0), ("A1", "business_note", "东门开面馆", 0), ("A2", "business_note", "卖茶叶", 0),
        ("A1", "need_date", "2026-03-20", 1), ("A1", "need_date", "2027-01-31", 2),
        ("A2", "need_date", "2026-06-30", 1), ("F1", "company_staff", "40", 0),
    ):  # fmt: skip
        say(bank.wang, people[number], key, text, row=row)
    ArchiveField.objects.using("batch").filter(key__in=("business_note", "company_staff")).update(is_filterable=True)
    return people


@pytest.mark.usefixtures("town")
def test_each_comparison_finds_whom_it_means(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    for asked, found in {
        "pay_day:between:5..15": "A1 A2", "pay_day:between:6..": "A2", "pay_day:between:..5.5": "A1",
        "pay_day:between:15..10": "A2", "pay_day:known:": "A1 A2", "pay_day:empty:": "A3",
        "hobbies:in:tea.travel": "A1 A2", "hobbies:in:sports": "A1", "hobbies:empty:": "A3 F1",
        "business_note:contains:面馆 茶叶": "A1 A2", "business_note:contains:东门": "A1",
        "need_date:between:2026-03-20..2026-06-29": "A1", "need_date:between:2026-04-01..": "A1 A2",
        "company_staff:empty:": "", "company_staff:between:40..40": "F1",
        "hobbies:known:,pay_day:between:10..20": "A2", "hobbies:tea": "A1",
        # without sense: nobody, not everybody
        "pay_day:between:..": "", "pay_day:between:x..9": "", "pay_day:in:5": "", "hobbies:in:": "",
        "hobbies:in:king": "", "need_date:between:2026-02-30..": "", "nothing:known:": "",
        "hobbies:known:,hobbies:known:,pay_day:5,pay_day:known:": "", "pay_day:between:1e999999999..": "",
        "business_note:contains:": "",
    }.items():  # fmt: skip
        page = client.get("/customers/", {"archive": asked})
        assert page.status_code == 200
        assert sorted(row.customer.customer_no for row in page.context["page"].rows) == found.split(), asked


def test_a_list_and_a_segment_compare_alike(town: dict[str, Customer]) -> None:
    for asked, rule in (
        ("pay_day:between:10..", {"field": "archive:pay_day", "op": "ge", "value": 10}),
        ("hobbies:in:tea.travel", {"field": "archive:hobbies", "op": "in", "value": ["tea", "travel"]}),
        ("business_note:contains:面馆", {"field": "archive:business_note", "op": "contains", "value": "面馆"}),
    ):
        condition = asking.condition(asked, DAY)
        assert condition is not None
        everybody = Customer.objects.using("batch")
        listed = set(everybody.filter(condition).values_list("pk", flat=True))
        assert listed and listed == set(everybody.filter(compiled(parse(rule), DAY)).values_list("pk", flat=True))


@pytest.mark.usefixtures("town")
def test_every_option_of_a_long_list_can_be_asked_for_at_once(bank: Bank, client_of: ClientOf) -> None:
    options = [{"key": f"a_long_choice_{number}", "zh_hans": f"选项{number}"} for number in range(40)]
    ArchiveField.objects.using("batch").filter(key="hobbies").update(options=options)
    asked = {"field": "hobbies", "of": "hobbies", "how": "value", "keys": [one["key"] for one in options]}
    page = client_of(bank.wang).get("/customers/ask/", asked)
    assert page.status_code == 302
    (ask,) = asking.parse(parse_qs(urlsplit(page["Location"]).query)["archive"][0])
    assert len(ask.value) == len(options)


def test_a_sealed_value_is_asked_for_by_nobody(bank: Bank, client_of: ClientOf, town: dict[str, Customer]) -> None:
    client = client_of(bank.wang)
    sent(client, town["A1"], "work", {}, income_band="to_500k")
    for asked in ("income_band:in:to_500k", "income_band:known:", "income_band:empty:", "income_band:to_500k"):
        assert client.get("/customers/", {"archive": asked}).context["page"].rows == []
    page = client.get("/customers/ask/", {"field": "income_band"})
    assert page.context["field"] is None and 'value="income_band"' not in page.content.decode()
    with pytest.raises(IntegrityError):  # not even an administrator opens one
        ArchiveField.objects.using("owner").filter(key="income_band").update(is_filterable=True)
    # What is classed as C2 later is closed with it: the class cannot be raised while lists may ask.
    with pytest.raises(IntegrityError):
        ArchiveField.objects.using("owner").filter(key="pay_day", is_filterable=True).update(sensitivity="C2")


@pytest.mark.usefixtures("town")
def test_the_form_leads_back_to_the_list_with_what_it_asked(bank: Bank, client_of: ClientOf) -> None:
    client, state = client_of(bank.wang), "tier=1&sort=number&archive=hobbies%3Ain%3Atea&after=1~2"

    def ask(**asked: str | list[str]) -> object:
        answer = client.get("/customers/ask/", {"list": state, **asked})
        if answer.status_code != 302:
            return answer.context["form"].non_field_errors() or answer.context["fault"]
        place = urlsplit(answer["location"])
        assert place.path == "/customers/" and not place.netloc
        query = parse_qs(place.query)
        assert (query["tier"], query["sort"], "after" in query) == (["1"], ["number"], False)
        return query["archive"][0].removeprefix("hobbies:in:tea,")

    days = {"field": "need_date", "of": "need_date", "how": "value"}
    assert ask(**days, low="2026-01-01", high="2026-03-31") == "need_date:between:2026-01-01..2026-03-31"
    assert ask(field="hobbies", of="hobbies", how="value", keys=["travel", "sports"]) == "hobbies:in:travel.sports"
    assert ask(field="hobbies", of="hobbies", how="empty") == "hobbies:empty:"
    words = {"field": "business_note", "of": "business_note", "how": "value"}
    assert ask(**words, words="面馆，茶叶:酒") == "business_note:contains:面馆 茶叶 酒"
    for wrong in ({"low": "", "high": ""}, {"low": "2026-02-30"}, {"low": "soon"}):
        assert ask(**days, **wrong)
    assert not ask(field="pay_day", of="hobbies", how="empty")  # another field was chosen: its boxes come first
    state = "archive=hobbies%3Aknown%3A%2Cpay_day%3A5%2Cpay_day%3Aknown%3A"
    assert ask(field="hobbies", of="hobbies", how="empty")  # three are enough
    label = a_field("hobbies").label
    assert label in asks_words("hobbies:empty:") and asks_words("nothing:empty:") == "nothing:empty:"
    page = client.get("/customers/", {"archive": "hobbies:in:tea.travel,pay_day:between:3..9"}).content.decode()
    assert page.count("data-ask") == 2 and label in page
