"""Workbooks that no Excel has written: what they claim is not believed."""

import io
import zipfile
from collections.abc import Mapping

import pytest

from customers.feeds import workbook
from customers.feeds.messages import FileStopped
from customers.feeds.source import unzipped
from customers.feeds.spec import spec_named

BOOK = '<workbook xmlns:r="urn:r"><workbookPr date1904="{}"/><sheets><sheet r:id="a"/></sheets></workbook>'
RELATIONS = '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>'
SHEET = "<worksheet><sheetData>{}</sheetData></worksheet>"
STYLES = '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'


def made(rows: str, *, uses_1904: int = 0, styles: str = STYLES, sheet: str = SHEET) -> io.BytesIO:
    """A workbook of these rows, or with another part in the place of one."""
    parts: Mapping[str, str] = {
        workbook.BOOK: BOOK.format(uses_1904),
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet.format(rows),
        workbook.STYLES: styles,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content


def lines(book: io.BytesIO) -> list[str]:
    with zipfile.ZipFile(book) as archive:
        read = b"".join(workbook.lines(archive, "a.xlsx", spec_named("contact_history")))
    return read.decode().split("\n")[:-1]


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def day(serial: float) -> str:
    return f'<c s="1"><v>{serial}</v></c>'


def test_a_row_that_no_sheet_has_does_not_fill_the_memory() -> None:
    assert lines(made(row(1, text("a")) + row(3, text("b")))) == ["a", "", "b"]
    with pytest.raises(FileStopped, match=str(workbook.MOST_ROWS)):
        unzipped(made(row(1, text("a")) + row(10**12, text("b"))), "a.xlsx", spec_named("contact_history"))


@pytest.mark.parametrize(
    ("uses_1904", "serial", "expected"),
    [
        (0, 45_811.5, "2025-06-03 12:00:00"), (1, 44_349.5, "2025-06-03 12:00:00"), (0, 2_958_465, "9999-12-31"),
        (0, 2_958_466, ""), (1, 2_957_003, "9999-12-31"), (1, 2_957_004, ""), (0, -1, ""), (0, 1e99, ""),
    ],
)  # fmt: skip
def test_a_date_counts_from_the_day_that_the_workbook_says(uses_1904: int, serial: float, expected: str) -> None:
    assert lines(made(row(1, text("a"), day(serial)), uses_1904=uses_1904)) == [f"a,{expected}"]


def test_a_note_before_a_part_is_no_row() -> None:
    assert lines(made(row(1, text("a")), styles="<!-- note --><cellXfs><xf numFmtId='14'/></cellXfs>")) == ["a"]


def test_a_cell_beyond_the_columns_is_dropped_whatever_its_name() -> None:
    assert workbook.column_of("C7", 0) == 2
    assert workbook.column_of("A" * 10_000 + "1", 0) == workbook.column_of("AAAA1", 0) > workbook.MOST_COLUMNS


def test_nothing_is_fetched_for_an_entity() -> None:
    kinds = '<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">]>'
    assert lines(made(row(1, text("a&e;&a;")), sheet=kinds + SHEET)) == ["a"]
