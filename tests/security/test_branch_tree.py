"""One root: what makes a branch head office, and with it the sight of every customer, cannot come about by accident."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from django.db import IntegrityError, connections, transaction

from crm.organization import branches
from crm.organization.access import load_scope
from crm.organization.choices import BranchLevel, Reach
from crm.organization.models import Branch, User
from tests.world import Bank

pytestmark = pytest.mark.security
MEND = files("crm.organization.migrations").joinpath("0002_one_head_office.sql").read_text(encoding="utf-8")
CONSTRAINTS = {constraint.name: constraint for constraint in Branch._meta.constraints}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("111", {"parent": None}),
        ("111", {"parent": None, "level": BranchLevel.HEAD_OFFICE}),
        ("100", {"level": BranchLevel.HEAD_OFFICE}),
        ("000", {"level": BranchLevel.REGIONAL}),
    ],
)
def test_the_database_keeps_one_head_office(bank: Bank, code: str, change: dict[str, str | None]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
        Branch.objects.using("batch").filter(code=code).update(**change)


def test_no_parent_alone_shows_nobody_the_whole_bank(bank: Bank) -> None:
    assert load_scope(bank.zhou).is_head_office
    bank.south.parent = None  # as it would be in a database without the constraint
    he = User(pk=bank.he.pk, role=bank.he.role, branch=bank.south, reach=Reach.SUBTREE)
    scope = load_scope(he)
    assert (scope.is_head_office, scope.branch_ids) == (False, (bank.south.pk,))


def places() -> dict[str, str]:
    """Codes of the path, by code of the branch."""
    rows = {row.pk: row for row in Branch.objects.all()}
    return {row.code: " ".join(rows[int(pk)].code for pk in row.path.strip(".").split(".")) for row in rows.values()}


def put(code: str, parent: str) -> Branch:
    """A branch with the parent it is to have, read now and not placed yet."""
    branch = Branch.objects.get(code=code)
    branch.parent = Branch.objects.get(code=parent)
    return branch


def test_a_move_reads_the_tree_of_the_moment(bank: Bank) -> None:
    north_below_south, south_below_north = put("112", "111"), put("111", "112")
    branches.place(north_below_south)
    with pytest.raises(branches.BadPlace):
        branches.place(south_below_north)
    stale = put("111", "110")
    branches.place(put("110", "200"))
    branches.place(stale)
    assert places()["111"] == "000 200 110 111"
    assert places()["112"] == "000 200 110 111 112"


def test_two_moves_at_once_come_one_after_the_other(bank: Bank) -> None:
    first, second = put("112", "111"), put("111", "112")

    def move() -> None:
        try:
            branches.place(second)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            branches.place(first)
            waiting = pool.submit(move)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        with pytest.raises(branches.BadPlace):
            waiting.result()
    assert places()["112"] == "000 100 110 111 112"


@pytest.fixture
def unguarded(bank: Bank) -> Iterator[Bank]:
    """The bank in a transaction without the constraints, as databases were before; nothing of it stays."""
    with transaction.atomic(using="owner"):
        with connections["owner"].schema_editor(atomic=False) as editor:
            for constraint in CONSTRAINTS.values():
                editor.remove_constraint(Branch, constraint)
        yield bank
        transaction.set_rollback(True, using="owner")


def mended() -> dict[str, tuple[str, str]]:
    """(level, codes of the path) of each branch after the migration, whose constraints hold again."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(MEND)
    with connections["owner"].schema_editor(atomic=False) as editor:
        for constraint in CONSTRAINTS.values():
            editor.add_constraint(Branch, constraint)
    rows = {row.pk: row for row in Branch.objects.using("owner")}
    return {
        row.code: (row.level, " ".join(rows[int(pk)].code for pk in row.path.strip(".").split(".")))
        for row in rows.values()
    }


def change(code: str, **values: object) -> None:
    Branch.objects.using("owner").filter(code=code).update(**values)


def test_a_sound_tree_is_left_as_it_is(unguarded: Bank) -> None:
    before = {row.code: (row.level, row.path) for row in Branch.objects.using("owner")}
    mended()
    assert {row.code: (row.level, row.path) for row in Branch.objects.using("owner")} == before


def test_a_branch_that_lost_its_parent_stands_below_the_head_office(unguarded: Bank) -> None:
    change("110", parent=None, path=f".{unguarded.sub.pk}.")
    change("111", path=f".{unguarded.sub.pk}.{unguarded.south.pk}.")
    tree = mended()
    assert tree["110"] == ("sub_branch", "000 110")
    assert tree["111"] == ("outlet", "000 110 111")
    assert tree["000"] == ("head_office", "000")


def test_the_largest_root_becomes_head_office_where_none_is_called_so(unguarded: Bank) -> None:
    change("000", level=BranchLevel.REGIONAL)
    change("211", parent=None, path=f".{unguarded.far.pk}.")
    tree = mended()
    assert tree["000"] == ("head_office", "000")
    assert tree["211"] == ("outlet", "000 211")


def test_of_two_head_offices_one_stays(unguarded: Bank) -> None:
    change("200", level=BranchLevel.HEAD_OFFICE, parent=None, path=".200.")
    change("110", level=BranchLevel.HEAD_OFFICE)
    tree = mended()
    assert tree["000"] == ("head_office", "000")
    assert tree["110"][0] == tree["200"][0] == "regional"
    assert tree["211"][1] == "000 200 211"
