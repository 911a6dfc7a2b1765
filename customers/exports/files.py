"""How a table becomes a file: one writer for both formats, so that nothing in a cell is ever taken for a formula.

A workbook is put together in memory (it has at most a few thousand rows): XlsxWriter's mode for endless files would
leave plain rows in the temporary folder.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import xlsxwriter
from django.utils.functional import Promise

from customers.choices import ExportFormat

Cell = str | int | Decimal | date | None
Kind = Literal["text", "money", "count", "date"]
# What a spreadsheet takes for the beginning of a formula, or strips before it looks for one; full-width too.
FORMULA_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")
ESCAPE = "'"
NOT_XML = "\ufffe\uffff"
CELL_CHARACTERS = 32_000  # of 32,767 that a cell of a workbook holds
NUMBER_FORMATS = {"money": "#,##0.00", "count": "#,##0", "date": "yyyy-mm-dd", "text": "@"}
ENCODINGS = {ExportFormat.CSV: "utf-8-sig", ExportFormat.CSV_GB18030: "gb18030"}
CONTENT_TYPES = {
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.CSV_GB18030: "text/csv; charset=gb18030",
    ExportFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
A4 = 9


@dataclass(frozen=True)
class Column:
    """A heading, what stands below it, and how wide it is in characters."""

    key: str
    title: str | Promise
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True)
class Mark:
    """The visible watermark: whose file it is, when it was made, its number. `sheet` is the name of the sheet."""

    text: str
    staff_no: str
    moment: datetime
    sheet: str


def suffix(file_format: str) -> str:
    return str(file_format) if file_format in (ExportFormat.XLSX, ExportFormat.DOCX) else "csv"


def written(file_format: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], mark: Mark) -> bytes:
    """The whole file. Rows are taken one at a time, in the order they come."""
    if file_format == ExportFormat.XLSX:
        return workbook(columns, rows, mark)
    return separated(columns, rows, mark, ENCODINGS[ExportFormat(file_format)])


def safe_text(value: str) -> str:
    """A text that no spreadsheet takes for a formula, wherever it is opened or saved again."""
    text = "".join(c for c in value if (c >= " " and c not in NOT_XML) or c in "\t\r\n")[:CELL_CHARACTERS]
    starts = text.lstrip(" \u00a0\u3000")[:1]
    is_dangerous = starts in FORMULA_STARTS or value[:1] in FORMULA_STARTS
    return ESCAPE + text if value and is_dangerous and text else text


def separated(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], mark: Mark, encoding: str) -> bytes:
    """Comma-separated, CRLF, the watermark as its first row; characters that the encoding lacks become `?`."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow([safe_text(mark.text)])
    writer.writerow([safe_text(str(column.title)) for column in columns])
    for row in rows:
        writer.writerow([plain_cell(cell) for cell in row])
    return output.getvalue().encode(encoding, "replace")


def plain_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return safe_text(cell)
        case Decimal():
            return f"{cell:.2f}"
        case date():
            return cell.isoformat()
    return str(cell)


def workbook(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], mark: Mark) -> bytes:
    """One sheet: watermark, headings that stay in sight and carry filters, typed cells; prints across A4."""
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"author": mark.staff_no, "comments": mark.text, "created": mark.moment.replace(tzinfo=None)})
    formats = {kind: book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    sheet = book.add_worksheet(mark.sheet)
    lay_out(sheet, mark)
    sheet.write_string(0, 0, safe_text(mark.text), book.add_format({"font_color": "#808080"}))
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(1, at, safe_text(str(column.title)), bold)
    last = 1
    for last, row in enumerate(rows, 2):
        for at, (column, cell) in enumerate(zip(columns, row, strict=True)):
            write_cell(sheet, last, at, cell, formats[column.kind])
    sheet.autofilter(1, 0, last, len(columns) - 1)
    book.close()
    return output.getvalue()


def lay_out(sheet: xlsxwriter.worksheet.Worksheet, mark: Mark) -> None:
    """Headings in sight on screen and on each printed page, which bears the watermark above and below."""
    text = mark.text.replace("&", "&&")
    sheet.freeze_panes(2, 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)
    sheet.set_header(f"&C&9{text}")
    sheet.set_footer(f"&L&9{text}&R&9&P / &N")


def write_cell(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, at: int, cell: Cell, cell_format: xlsxwriter.format.Format
) -> None:
    match cell:
        case None | "":
            return
        case str():
            sheet.write_string(row, at, safe_text(cell), cell_format)
        case date():
            sheet.write_datetime(row, at, cell, cell_format)
        case _:
            sheet.write_number(row, at, float(cell), cell_format)
