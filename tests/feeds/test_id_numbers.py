"""Identity numbers against python-stdnum as the oracle, and the statement of DuckDB against the function in Python."""

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidComponent

from customers.feeds import id_numbers

ACCEPTED, END = id_numbers.editions()
DAYS = st.dates(date(1900, 1, 1), date(2035, 12, 31))


def number(region: str, birth: str, order: int) -> str:
    body = f"{region}{birth}{order:03}"
    return body + id_numbers.check_character(body)


@given(st.sampled_from(sorted(ACCEPTED)), DAYS, st.integers(0, 999))
def test_a_number_made_by_the_rule_is_right_and_has_the_oracle_s_check_character(
    region: str, birth: date, order: int
) -> None:
    made = number(region, f"{birth:%Y%m%d}", order)
    assert id_numbers.check(made) is None
    assert ric.calc_check_digit(made) == made[-1]
    assert id_numbers.check(made[:17] + made[17].lower()) is None


@given(st.from_regex(r"[1-8][0-9]{5}(19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9X]", fullmatch=True))
def test_what_the_oracle_accepts_is_right(text: str) -> None:
    made = text[:17] + id_numbers.check_character(text[:17])
    for candidate in (text, made):
        try:
            ric.validate(candidate)
        except InvalidChecksum:
            assert id_numbers.check(candidate) in ("id_check", "id_birth", "id_region")
        except (InvalidComponent, KeyError):
            pass  # it also asks whether the county existed in the year of birth, and knows no county of some regions
        else:
            # Its list is a newer one than ours.
            known = id_numbers.is_region(candidate[:6], candidate[6:14])
            assert id_numbers.check(candidate) == (None if known else "id_region")


@given(st.sampled_from(sorted(ACCEPTED)), DAYS, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(region: str, birth: date, order: int, place: int, shift: int) -> None:
    made = number(region, f"{birth:%Y%m%d}", order)
    digit = str((int(made[place]) + shift) % 10)
    assert id_numbers.check(made[:place] + digit + made[place + 1 :]) is not None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("110105194912310021", "id_check"),
        ("11010519491231002X", None),
        ("11010519491231002x", None),
        ("110105491231002", None),
        ("110105990229002", "id_birth"),  # 1999 was no leap year
        (number("110105", "20000229", 1), None),
        (number("110105", "19000229", 1), "id_birth"),
        (number("110105", "20261301", 1), "id_birth"),
        (number("110105", "00000101", 1), "id_birth"),
        (number("990105", "19900101", 1), "id_region"),
        (number("110000", "19900101", 1), "id_region"),  # nobody is registered in a province as such
        (number("110103", "19900101", 1), None),  # 崇文区, abolished in 2010, stays on the cards
        (number("110221", "19700101", 1), None),  # a county of 1980
        (number("441900", "19900101", 1), None),  # 东莞 has no counties
        (number("110199", "19900101", 1), "id_region"),
        (number("110199", "20260101", 1), None),  # a zone newer than the newest list, in a known prefecture
        ("11010519491231002", "id_length"),
        ("1101051949123100２X", "id_length"),
        ("11010519491231002XX", "id_length"),
        ("", "id_length"),
    ],
)
def test_faults(text: str, fault: str | None) -> None:
    assert id_numbers.check(text) == fault


@settings(max_examples=30)
@given(
    st.lists(
        st.one_of(
            st.builds(lambda r, b, o: number(r, f"{b:%Y%m%d}", o), st.sampled_from(sorted(ACCEPTED)), DAYS,
                      st.integers(0, 999)),
            st.from_regex(r"[0-9]{14,18}[0-9Xx]?", fullmatch=True),
            st.from_regex(r"11010[0-9](19|20)[0-9]{6}[0-9]{3}[0-9Xx]", fullmatch=True),
            st.text(max_size=20).filter(lambda text: "\0" not in text),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_the_statement_finds_what_the_function_finds(texts: list[str]) -> None:
    with duckdb.connect() as link:
        id_numbers.add_regions(link)
        link.execute("CREATE TABLE t (place INTEGER, n VARCHAR, kind VARCHAR)")
        for place, text in enumerate(texts):
            link.execute(
                "INSERT INTO t VALUES (?, ?, 'resident_id'), (?, ?, 'passport'), (?, ?, NULL)", [place, text] * 3
            )
        fault = id_numbers.fault("n", "kind")
        resident = link.execute(f"SELECT {fault} FROM t WHERE kind = 'resident_id' ORDER BY place").fetchall()
        assert [row[0] for row in resident] == [id_numbers.check(text) for text in texts]
        others = link.execute(f"SELECT DISTINCT {fault} FROM t WHERE kind IS DISTINCT FROM 'resident_id'").fetchall()
        assert others == [(None,)]
