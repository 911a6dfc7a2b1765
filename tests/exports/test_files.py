"""What a spreadsheet makes of the cells: nothing becomes a formula, numbers and dates are typed, the mark is on it."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.choices import ExportFormat
from customers.exports.files import FORMULA_STARTS, Cell, Column, Mark, safe_text, written
from tests.exports.asking import cells, csv_rows

COLUMNS = (Column("no", "客户号"), Column("money", "AUM", "money"), Column("day", "到期", "date"))
MARK = Mark("导出 7，工号 1001 & 王", "1001", datetime(2026, 3, 10, 9, 30, tzinfo=UTC), "客户")
HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1", "＋1", "－1", "＠SUM", " =1+1", "\u3000=1",
    "=cmd|'/C calc'!A0", '=HYPERLINK("http://x","y")', "\u00a0@x", "-2+3+cmd|' /C calc'!A0",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_stays_a_text(value: str) -> None:
    rows: list[list[Cell]] = [[value, Decimal("1.50"), date(2026, 3, 1)]]
    book = cells(written(ExportFormat.XLSX, COLUMNS, rows, MARK))
    kind, text = book[2][0]
    assert kind == "s"
    assert text.startswith("'")
    for file_format, encoding in ((ExportFormat.CSV, "utf-8-sig"), (ExportFormat.CSV_GB18030, "gb18030")):
        line = csv_rows(written(file_format, COLUMNS, rows, MARK), encoding)[2]
        assert line[0].startswith("'")


@given(st.text())
def test_no_text_begins_a_formula_and_none_loses_its_letters(value: str) -> None:
    text = safe_text(value)
    assert text.lstrip(" \u00a0\u3000")[:1] not in FORMULA_STARTS or not text
    kept = "".join(c for c in value if (c >= " " and c not in "\ufffe\uffff") or c in "\t\r\n")
    assert text.removeprefix("'") in (kept[:32_000], kept[:32_000].removeprefix("'"))


def test_ordinary_texts_are_left_alone() -> None:
    for value in ("王*", "138****1024", "****1234", "", "a=b", "欧阳=", "00123456789012345678"):
        assert safe_text(value) == value


def test_a_workbook_has_typed_cells_and_the_mark_on_every_page() -> None:
    rows: list[list[Cell]] = [["00123456789012345678", Decimal("467600.05"), date(2026, 3, 1)], ["2", Decimal(0), None]]
    content = written(ExportFormat.XLSX, COLUMNS, rows, MARK)
    book = cells(content)
    assert book[0] == [("s", MARK.text)]
    assert [text for _kind, text in book[1]] == ["客户号", "AUM", "到期"]
    assert book[2] == [("s", "00123456789012345678"), ("", "467600.05"), ("", "46082")]
    assert len(book) == 4
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "工号 1001 &amp;&amp; 王</oddHeader>" in sheet
        assert sheet.split("<oddFooter>")[1].startswith("&amp;L&amp;9导出 7")
        assert 'paperSize="9"' in sheet
        styles = parts.read("xl/styles.xml").decode()
        assert "yyyy-mm-dd" in styles
        assert "1001" in parts.read("docProps/core.xml").decode()


def test_comma_separated_files_begin_with_the_mark() -> None:
    rows: list[list[Cell]] = [['王*，“引号”"x"', Decimal("1234.5"), date(2026, 3, 1)]]
    content = written(ExportFormat.CSV, COLUMNS, rows, MARK)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == 3
    assert csv_rows(content) == [[MARK.text], ["客户号", "AUM", "到期"], ['王*，“引号”"x"', "1234.50", "2026-03-01"]]
    other = written(ExportFormat.CSV_GB18030, COLUMNS, rows, MARK)
    assert csv_rows(other, "gb18030") == csv_rows(content)


def test_a_workbook_opens_with_five_thousand_rows() -> None:
    rows: Iterator[list[Cell]] = ([f"{n:020}", Decimal(n), date(2026, 3, 1)] for n in range(5000))
    assert len(cells(written(ExportFormat.XLSX, COLUMNS, rows, MARK))) == 5002
