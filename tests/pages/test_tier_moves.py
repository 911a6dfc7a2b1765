"""The migration matrix: its sums are the populations, each figure opens its customers, everybody sees their own."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from django.test import Client

from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import BalanceChange, Customer
from segments import moves
from segments.models import DayFigure, TierScheme, TierState
from segments.moves import Matrix, Span
from segments.moves.people import CellCustomers
from tests.nightly.night_world import Book
from tests.nightly.test_reports import report
from tests.world import Bank

ClientOf = Callable[[User], Client]
DAYS = [date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12), date(2026, 4, 2)]


@pytest.fixture
def book(bank: Bank) -> Book:
    """Nights in which one rises, one falls and comes back, one leaves, one comes, and one of another branch stays."""
    book = Book(bank)
    rises, falls, leaves = book.open("A", 9_000), book.open("B", 600_000), book.open("C", 50_000)
    book.open("D", 0)
    far = book.open("F", 70_000)
    Customer.objects.using("batch").filter(pk=far.pk).update(branch_id=bank.far.pk)
    far.ownerships.using("batch").update(owner_id=bank.feng.pk, branch_id=bank.far.pk)
    far.holdings.using("batch").update(branch_id=bank.far.pk)
    book.set_status(far, "active", branch_id=bank.far.pk)
    book.change(book.holdings[far.pk][0], 70_000, old_count=0, branch_id=bank.far.pk)
    book.night(DAYS[0])
    book.change(book.holdings[rises.pk][0], Decimal("10000.00"))
    book.set_status(leaves, "closed")
    book.change(book.holdings[leaves.pk][0], 0)
    book.change(book.holdings[falls.pk][0], 9_000)
    book.night(DAYS[1])
    book.change(book.holdings[falls.pk][0], 700_000)
    book.open("E", 8_000)
    book.night(DAYS[2])
    book.change(book.holdings[rises.pk][0], 60_000)
    book.night(DAYS[3])
    return book


def versions_of(code: str) -> tuple[TierScheme, ...]:
    return tuple(TierScheme.objects.filter(code=code).order_by("version"))


def matrix(user: User, since: date, as_of: date, code: str = "five_point", *, with_money: bool = True) -> Matrix:
    with scoped(user):
        return moves.matrix(user, Span(versions_of(code), since, as_of, DAYS[3]), with_money=with_money)


def people(found: Matrix) -> dict[tuple[int, int], int]:
    return {pair: cell.customers for pair, cell in found.cells.items() if cell.customers}


def test_it_equals_the_report_and_sums_up_to_the_figures_of_both_days(book: Book) -> None:
    for since, as_of in list(combinations(DAYS, 2)):
        found = matrix(book.bank.zhou, since, as_of)
        wanted = report("matrix", as_of, "--since", since.isoformat())["cells"]
        assert people(found) == {(cell["old_rank"], cell["new_rank"]): cell["customers"] for cell in wanted}
        for day, side in ((since, found.row), (as_of, found.column)):
            rows = DayFigure.objects.using("batch").filter(scheme__code="five_point", as_of=day)
            told: dict[int, tuple[int, Decimal]] = {}
            for row in rows:
                number, money = told.get(row.rank, (0, Decimal(0)))
                told[row.rank] = (number + row.customers, money + row.aum)
            for rank in {*told, *found.ranks}:
                total = side(rank)
                amount = total.opening if day == since else total.closing
                assert (total.customers, amount) == told.get(rank, (0, Decimal(0))), (day, rank)


def test_one_s_own_customers_are_counted_one_by_one_with_the_same_result(book: Book) -> None:
    for since, as_of in ((DAYS[0], DAYS[2]), (DAYS[0], DAYS[3]), (DAYS[1], DAYS[2])):
        own, branch = matrix(book.bank.wang, since, as_of), matrix(book.bank.he, since, as_of)
        assert people(own) == people(branch)
        for pair, cell in branch.cells.items():
            if cell.customers:
                assert own.cell(*pair) == cell
    assert people(matrix(book.bank.li, DAYS[0], DAYS[2])) == {}
    assert people(matrix(book.bank.feng, DAYS[0], DAYS[3])) == {(3, 3): 1}
    assert people(matrix(book.bank.sun, DAYS[0], DAYS[3])) == people(matrix(book.bank.he, DAYS[0], DAYS[3]))


def test_how_long_they_stayed_and_whether_they_came_back(book: Book) -> None:
    with scoped(book.bank.zhou):
        span = Span(versions_of("five_point"), DAYS[0], DAYS[3], DAYS[3])
        found = moves.stays(book.bank.zhou, span, 4)
    assert {rank: (one.days, one.fell, one.returned) for rank, one in found.items()} == {
        1: (1, 0, 0), 2: (22, 0, 0), 3: (1, 0, 0), 4: (1, 1, 1),
    }  # fmt: skip


def test_a_customer_who_changed_the_branch_is_told_with_the_new_one(book: Book) -> None:
    """As in `moved_branches` of a night: every row of the customer carries the branch of now."""
    mover = book.customers[0]
    for model in (Customer, TierState, BalanceChange):
        key = {"pk": mover.pk} if model is Customer else {"customer": mover}
        model.objects.using("batch").filter(**key).update(branch_id=book.bank.north.pk)
    mover.tier_changes.using("batch").update(branch_id=book.bank.north.pk)
    newest = DayFigure.objects.using("batch").filter(as_of=DAYS[3], scheme__code="five_point", rank=3)
    newest.filter(branch=book.bank.south).delete()
    moved = versions_of("five_point")[0].pk
    DayFigure.objects.using("batch").create(
        as_of=DAYS[3], branch_id=book.bank.north.pk, scheme_id=moved, rank=3, customers=1, aum=60_000
    )
    found = matrix(book.bank.he, DAYS[0], DAYS[3])
    assert (1, 3) not in people(found)
    assert found.transferred == 1


def cells(page: Any) -> dict[str, int]:
    return {
        shown.name: shown.cell.customers
        for line in page.context["table"].lines
        for shown in line.cells
        if shown.cell.customers
    }


def test_every_cell_opens_its_customers(book: Book, client_of: ClientOf) -> None:
    for span in ["from=2026-03-10&to=2026-03-12", "from=2026-03-11&to=2026-04-02", "from=2026-03-31"]:
        for who in ["wang", "he", "sun", "zhou", "feng"]:
            client = client_of(getattr(book.bank, who))
            address = f"/tiers/moves/?scheme=five_point&{span}"
            found = cells(client.get(address))
            assert found
            for name, number in found.items():
                page = client.get(f"{address}&cell={name}").context["page"]
                assert (page.count, len(page.rows)) == (number, number), name
            unseen = client.get(f"{address}&cell=5-1")
            assert unseen.context["page"].count == 0


def test_the_amounts_of_a_row_are_of_both_days(book: Book, client_of: ClientOf) -> None:
    client = client_of(book.bank.he)
    page = client.get("/tiers/moves/?scheme=five_point&from=2026-03-10&to=2026-04-02&cell=1-3&unit=aum")
    (row,) = page.context["page"].rows
    assert (row.opening, row.closing, row.change) == (9_000, 60_000, 51_000)
    assert "客*A" in page.content.decode()


def test_too_many_movers_are_told_without_amounts_and_by_a_sample(
    book: Book, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "MOST_WITH_MONEY", 3)
    monkeypatch.setattr(moves, "SAMPLE", 1)
    address = "/tiers/moves/?scheme=five_point&from=2026-03-10&to=2026-04-02&unit=aum"
    table = client_of(book.bank.he).get(address).context["table"]
    assert table.unit == "people"
    assert table.matrix.movers == 3
    assert 0 < sum(flow.held is not None for flow in table.flows) < 4
    monkeypatch.setattr(moves, "MOST_WITH_MONEY", 100)
    assert client_of(book.bank.he).get(address).context["table"].unit == "aum"


def test_a_place_narrows_the_table_and_a_foreign_one_is_not_there(book: Book, client_of: ClientOf) -> None:
    bank = book.bank
    head = client_of(bank.zhou)
    assert cells(head.get(f"/tiers/moves/?scheme=five_point&from=2026-03-10&place={bank.far.pk}")) == {"3-3": 1}
    assert client_of(bank.sun).get(f"/tiers/moves/?place={bank.far.pk}").status_code == 404
    assert client_of(bank.he).get(f"/tiers/moves/?place={bank.north.pk}").status_code == 404


def test_what_makes_no_sense_is_left_out(book: Book, client_of: ClientOf) -> None:
    for query in [
        "from=x&to=2026-99-99",
        "cell=9-9",
        "cell=0-0",
        "cell=a-b",
        "cell=²-1",
        "unit=gold",
        "scheme=nine",
        "after=x~1",
    ]:
        assert client_of(book.bank.he).get(f"/tiers/moves/?{query}").status_code == 200


def test_days_that_no_night_published_mean_the_one_before(book: Book, client_of: ClientOf) -> None:
    span = client_of(book.bank.he).get("/tiers/moves/?from_day=2026-03-11&to_day=2026-03-30").context["asked"].span
    assert (span.since, span.as_of) == (DAYS[1], DAYS[2])
    usual = client_of(book.bank.he).get("/tiers/moves/").context["asked"].span
    assert (usual.since, usual.as_of) == (DAYS[2], DAYS[3])
    mirrored = client_of(book.bank.he).get("/tiers/moves/?from=2026-04-02&to=2026-03-10").context["asked"].span
    assert (mirrored.since, mirrored.as_of) == (DAYS[0], DAYS[3])


def test_before_the_second_night_there_is_nothing_to_compare(bank: Bank, client_of: ClientOf) -> None:
    page = client_of(bank.he).get("/tiers/moves/")
    assert page.context["asked"] is None


def test_the_page_costs_a_fixed_number_of_statements(
    book: Book, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(book.bank.zhou)
    client.get("/tiers/moves/")
    with django_assert_max_num_queries(20) as seen:
        client.get("/tiers/moves/?scheme=five_point&from=2026-03-10&to=2026-03-12&cell=4-4&unit=aum")
    own = [one["sql"] for one in seen.captured_queries if "segments_tier" in one["sql"] or "dayfigure" in one["sql"]]
    assert len(own) <= 9, own  # one of them because of the amounts


def test_a_cell_is_looked_up_from_the_numbers(book: Book) -> None:
    """Where both tiers were asked of the customers, every one found was held against all rows of numbers."""
    bank = book.bank
    span = Span(versions_of("five_point"), DAYS[0], DAYS[3], DAYS[3])
    with scoped(bank.zhou):
        plan = CellCustomers({}, user=bank.zhou, span=span, old=1, new=1).matching.values("pk").explain()
    above = ""
    for line in plan.splitlines():
        if "Filter:" in line and "SubPlan" in line:
            break
        above = line if " on " in line else above
    else:
        pytest.fail(plan)
    assert "customers_metrics" in above, plan


def test_a_day_before_the_first_night_is_told(book: Book, client_of: ClientOf) -> None:
    for since, is_told in [("2026-03-09", True), ("2026-03-10", False), ("x", False)]:
        page = client_of(book.bank.he).get(
            "/tiers/moves/", {"scheme": "five_point", "from_day": since, "to": "2026-04-02"}
        )
        assert page.context["asked"].first_night == (DAYS[0] if is_told else None)
        assert (DAYS[0].isoformat() in page.content.decode().split("banner warn")[-1][:400]) or not is_told
