"""Look-up hashes made in DuckDB are those that the search makes in Python, whatever the text."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.audit import pii
from customers.feeds.blind import add_index

PLAIN = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=30)
ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
NUMBERS = st.from_regex(r"(\+?86|0086)?[ -]?1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}", fullmatch=True)


@pytest.mark.parametrize("field", pii.FIELDS, ids=lambda field: field.name)
@settings(max_examples=40)
@given(texts=st.lists(st.one_of(st.none(), PLAIN, ANYTHING, NUMBERS), min_size=1, max_size=40))
def test_both_ways_give_the_same_hash(field: pii.Field, texts: list[str | None]) -> None:
    with duckdb.connect() as link:
        link.execute("CREATE TABLE t (place INTEGER, plain VARCHAR)")
        for place, text in enumerate(texts):
            link.execute("INSERT INTO t VALUES (?, ?)", [place, text])
        add_index(link, "t", field, "plain")
        found = [row[0] for row in link.execute("SELECT plain_index FROM t ORDER BY place").fetchall()]
    assert [bytes.fromhex(text) if text else None for text in found] == pii.index_many(field, texts)


def test_the_same_number_in_any_writing_has_one_hash() -> None:
    writings = [
        "13900000001",
        "139 0000 0001",
        "139-0000-0001",
        "+86 13900000001",
        "0086-139-0000-0001",
        "１３９０００００００１",
    ]
    assert len(set(pii.index_many(pii.MOBILE, writings))) == 1
    assert pii.index(pii.ID_NO, "11010519491231002x") == pii.index(pii.ID_NO, " 1101 0519 4912 3100 2X")
