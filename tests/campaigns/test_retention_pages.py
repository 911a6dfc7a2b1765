"""到期承接 on screen: figures, slices, scope, paging, files and jobs over its rows."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from archives.models import ContactLog
from campaigns.models import Maturity, RetentionFigure
from campaigns.retention import night as retention
from crm.audit.models import AuditEntry
from crm.organization.models import User
from crm.workbench.export_tables import TABLES
from customers.models import BulkJob, Ownership
from customers.nightly.night import Night
from tests.campaigns.matured import DUE, NOW, TEN, March, saver, talked
from tests.exports.asking import csv_rows, fetched, made
from tests.world import Bank, rewrite_contacts

ClientOf = Callable[[User], Client]
MONTH = "2026-03"
PAGE_STATEMENTS = 13  # of the page itself: date, figures, lines, rows, balances, contacts; the shell's are the rest


def address(**query: Any) -> str:
    return f"{reverse('campaigns:retention')}?{urlencode({'month': MONTH, **query})}"


def shown(client: Client, **query: Any) -> list[str]:
    """The customer numbers of a slice, in the order of the page."""
    answer = client.get(address(**query))
    assert answer.status_code == 200
    return [row.maturity.customer.customer_no for row in answer.context["page"].rows]


def test_the_figures_are_those_of_the_four_parts(march: March, client_of: ClientOf) -> None:
    answer = client_of(march.book.bank.he).get(reverse("campaigns:retention"))
    found = answer.context["figures"]
    split = found.split
    assert (split.rows, split.principal, split.young_rows) == (4, 400_000, 0)
    assert (split.renewed, split.invested, split.idle, split.gone) == (100_000, 100_000, 130_000, 70_000)
    assert [split.rate(basis) for basis in ("assets", "deposits", "renewal")] == [
        Decimal("82.5"), Decimal("57.5"), Decimal(25)
    ]  # fmt: skip
    assert (split.open_rows, split.open_since) == (4, DUE)
    assert (found.contacted.principal, found.contacted.gone) == (TEN, 0)
    assert (found.untouched.principal, found.untouched.gone) == (3 * TEN, 70_000)
    text = answer.content.decode()
    assert re.search(r'data-rate="assets">\s*82\.5', text) and re.search(r'data-rate="deposits">\s*57\.5', text)
    assert {line.name: line.split.gone for line in found.lines} == {"王静怡": 0, "李明轩": 70_000}


def test_each_part_opens_its_customers_largest_first(march: March, client_of: ClientOf) -> None:
    he = client_of(march.book.bank.he)
    parts = {"renewed": ["ANN"], "invested": ["BOB"], "idle": ["CAI", "DOU"], "gone": ["DOU"], "young": []}
    for part, expected in parts.items():
        assert shown(he, part=part) == expected
        assert shown(he, part=part, contact="1") == [one for one in expected if one == "ANN"]
        assert shown(he, part=part, contact="0") == [one for one in expected if one != "ANN"]


def test_everybody_sees_their_own(march: March, client_of: ClientOf) -> None:
    bank = march.book.bank
    sums = {"wang": 200_000, "li": 200_000, "he": 400_000, "qian": TEN, "sun": 500_000, "zhou": 500_000, "feng": 0}
    for who, principal in sums.items():
        answer = client_of(getattr(bank, who)).get(address(part="gone"))
        assert answer.context["figures"].split.principal == principal, who
    assert shown(client_of(bank.wang), part="gone") == []
    assert shown(client_of(bank.qian), part="gone") == ["FAR"]
    assert sorted(shown(client_of(bank.sun), part="gone")) == ["DOU", "FAR"]
    sun = client_of(bank.sun)
    assert shown(sun, part="gone", place=bank.north.pk) == ["FAR"]
    assert sun.get(address(place=bank.far.pk)).status_code == 404
    assert client_of(bank.he).get(address(place=bank.north.pk)).status_code == 404
    region = sun.get(address()).context["figures"]
    assert {line.key: line.split.rows for line in region.lines} == {str(bank.sub.pk): 5}
    for who in ("zhao", "lu", "wu"):
        assert client_of(getattr(bank, who)).get(address()).status_code == 403


def test_a_line_narrows_the_page_to_one_manager(march: March, client_of: ClientOf) -> None:
    bank = march.book.bank
    answer = client_of(bank.he).get(address(manager=bank.li.pk, part="idle"))
    assert answer.context["figures"].split.principal == 200_000
    assert [row.maturity.customer_id for row in answer.context["page"].rows] == [march.cai.pk, march.dou.pk]
    assert len(answer.context["figures"].lines) == 2
    assert f'data-line="{bank.li.pk}" aria-selected="true"' in answer.content.decode()


def test_nonsense_in_the_address_means_what_is_usual(march: March, client_of: ClientOf) -> None:
    he = client_of(march.book.bank.he)
    for query in (
        {"month": "2026-13"},
        {"month": "2099-01"},
        {"part": "x", "basis": "y", "contact": "7", "manager": "z"},
    ):
        answer = he.get(f"{reverse('campaigns:retention')}?{urlencode(query)}")
        assert answer.context["asked"].month == DUE.replace(day=1)
        assert [row.maturity.customer_id for row in answer.context["page"].rows] == [march.dou.pk]
    assert he.get(address(month="2026-02")).context["figures"].split.rows == 0


def test_a_row_shows_the_steps_of_the_balance_and_the_contacts(march: March, client_of: ClientOf) -> None:
    bank = march.book.bank
    talked(march.dou, bank.li, DUE + timedelta(days=1), summary="他行利率高")
    talked(march.dou, bank.li, DUE - timedelta(days=30), summary="上月的事")
    answer = client_of(bank.he).get(address(part="gone"))
    [row] = answer.context["page"].rows
    assert (row.steps.first, row.steps.last, row.state) == (120_000, 50_000, "provisional")
    text = answer.content.decode()
    assert "他行利率高" in text and "上月的事" not in text
    assert march.dou.name_mask in text and march.dou.name not in text
    [entry] = AuditEntry.objects.using("batch").filter(action="customer.list", detail__what="retention")
    assert entry.detail["ids"] == [march.dou.pk]


def test_the_page_asks_a_fixed_number_of_statements(
    march: March, client_of: ClientOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    he = client_of(march.book.bank.he)
    he.get(address())
    with django_assert_max_num_queries(PAGE_STATEMENTS):
        he.get(address(part="idle"))


def test_pages_by_keyset_show_each_row_once(bank: Bank, client_of: ClientOf) -> None:
    march = many(bank, 30)
    he, after, seen = client_of(bank.he), "", []
    for _page in range(3):
        answer = he.get(address(part="idle", after=after))
        page = answer.context["page"]
        seen += [row.maturity.customer.customer_no for row in page.rows]
        after = page.next_place
    assert (after, len(seen), len(set(seen))) == ("", 30, 30)
    assert seen == [one.customer_no for one in sorted(march, key=lambda one: -one.pk)]


def many(bank: Bank, number: int) -> list[Any]:
    """Customers of one branch whose deposits all lie in demand since; the younger the more."""
    from tests.nightly.night_world import Book

    book = Book(bank)
    people = [saver(book, f"N{one:02}", bank.wang, amount=TEN + one) for one in range(number)]
    book.night(DUE - timedelta(days=1))
    book.night(NOW)
    return people


def test_who_went_elsewhere_is_counted_and_not_shown(march: March, client_of: ClientOf) -> None:
    """The figures stay with the manager of then; the customer is seen by whoever answers for them now."""
    bank = march.book.bank
    Ownership.objects.using("batch").filter(customer=march.dou).update(owner_id=bank.wang.pk)
    answer = client_of(bank.li).get(address(part="gone"))
    assert (answer.context["figures"].split.gone, answer.context["page"].rows, answer.context["left_over"]) == (
        70_000, [], 1
    )  # fmt: skip
    assert "rt-note" in answer.content.decode()  # also where nothing of the slice is left to show
    assert client_of(bank.li).get(address(part="idle", after="0.01~1")).context["left_over"] == 0
    assert shown(client_of(bank.wang), part="gone") == []
    assert shown(client_of(bank.he), part="gone") == ["DOU"]


def test_which_contacts_count(march: March) -> None:
    li = march.book.bank.li
    replaced = talked(march.cai, li, DUE - timedelta(days=20)).contacted_at
    cases: list[tuple[dict[str, Any], int, bool]] = [
        ({}, 0, True), ({}, 7, True), ({}, 8, False), ({}, -1, False), ({"channel": "sms"}, 3, False),
        ({"outcome": "not_reached"}, 3, False), ({"summary": ""}, 3, False), ({"replaced_at": replaced}, 3, False),
        ({"outcome": "refused"}, 3, True),
    ]  # fmt: skip
    for values, days, counts in cases:
        one = talked(march.dou, li, DUE - timedelta(days=days), **values)
        follow_again()
        is_contacted = Maturity.objects.using("batch").get(customer=march.dou).is_contacted
        assert is_contacted is counts, (values, days)
        rewrite_contacts(ContactLog.objects.filter(pk=one.pk), contacted_at=replaced - timedelta(days=300))


def follow_again() -> None:
    from django.db import transaction

    with transaction.atomic(using="batch"):
        retention.follow(Night(as_of=NOW, previous=NOW, full=False))


def test_a_night_again_and_a_full_one_write_the_same_rows(march: March) -> None:
    before = list(Maturity.objects.using("batch").order_by("pk").values())
    figures = list(RetentionFigure.objects.using("batch").order_by("branch_id", "owner_id").values(*FIGURES))
    for options in ({"rerun": True}, {"rerun": True, "full": True}):
        run = march.book.night(NOW, **options)
        assert run.counts["written"]["maturities"] == 0
        assert list(Maturity.objects.using("batch").order_by("pk").values()) == before
        again = RetentionFigure.objects.using("batch").order_by("branch_id", "owner_id").values(*FIGURES)
        assert list(again) == figures


FIGURES = ("branch_id", "owner_id", "month", "is_contacted", "rows", "principal", "gone", "open_rows")


def test_the_list_goes_into_a_file(march: March, client_of: ClientOf) -> None:
    he = client_of(march.book.bank.he)
    answer = he.get(address(part="idle"))
    link = re.search(r'id="retention-export" href="[^"?]*\?([^"]+)"', answer.content.decode())
    assert link is not None
    export = made(he, f"?{link[1].replace('&amp;', '&')}", file_format="csv")
    _mark, _header, *rows = csv_rows(fetched(he, export))
    keys = [column.key for column in TABLES["retention"].columns]
    lines = {row[keys.index("customer_no")]: dict(zip(keys, row, strict=True)) for row in rows}
    assert set(lines) == {"CAI", "DOU"}
    dou = lines["DOU"]
    assert [Decimal(dou[key]) for key in ("principal", "renewed", "invested", "idle", "gone")] == [
        TEN, 0, 0, 30_000, 70_000
    ]  # fmt: skip
    assert dou["name"] == march.dou.name_mask


def test_contacts_for_a_slice_are_planned_as_a_job(march: March, client_of: ClientOf) -> None:
    he = client_of(march.book.bank.he)
    filters = he.get(address(part="gone")).context["filters"]
    bar = {"list": "retention", "query": filters.query(), "all": "1", "action": "plan"}
    answer = he.post(reverse("workbench:bulk_new"), bar)
    job = BulkJob.objects.using("batch").get()
    assert answer["Location"] == reverse("workbench:bulk", args=[job.pk])
    page = he.get(answer["Location"])
    assert page.status_code == 200 and march.dou.name_mask in page.content.decode()


def test_before_the_first_night_the_page_says_so(bank: Bank, client_of: ClientOf) -> None:
    answer = client_of(bank.he).get(reverse("campaigns:retention"))
    assert answer.status_code == 200 and answer.context["asked"] is None
