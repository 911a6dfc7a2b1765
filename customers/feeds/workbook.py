"""An Excel workbook (.xlsx) as lines of text: the cells of its first sheet, as the specification has them written.

Read in a stream, without a second copy on a disk. Formulas count by the value that was saved with them.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from customers.feeds.messages import FileStopped
from customers.feeds.spec import Spec

BOOK, STRINGS, STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"
BLOCK = 1 << 18
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a cell knows no zone
# Formats of dates and times that have a number instead of a text, the Chinese ones among them.
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# What of a format is no letter of a date: quoted text, colours and locales, single characters.
NOT_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,2})?")
MOST_COLUMNS = 1000
MOST_ROWS = 1_048_576  # of a sheet in Excel
LAST_DAY = datetime(9999, 12, 31)  # noqa: DTZ001


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Is this archive an Excel workbook?"""
    return BOOK in archive.namelist()


def lines(archive: zipfile.ZipFile, name: str, spec: Spec) -> Iterator[bytes]:
    """The first sheet as text in the first encoding of the specification; line N is the sheet's row N.

    Raises FileStopped where the specification's files have no header or no quotes, so that cells could not be told
    apart. The caller has made sure that no member unpacks to more than may be.
    """
    if spec.fixed or not spec.header or not spec.quote:
        raise FileStopped(
            f"{name} 是Excel文件，这种规格只接受文本文件", f"{name} is a workbook; this kind of file comes as text only"
        )
    sheet, epoch = first_sheet(archive, name)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=spec.delimiter, quotechar=spec.quote, lineterminator="\n")
    width, number = 0, 0
    for row_number, cells in rows(archive, sheet, strings_of(archive), date_styles(archive), epoch):
        if row_number > MOST_ROWS:  # the lines between would fill the memory
            raise FileStopped(
                f"{name} 有超过{MOST_ROWS}的行号，不是Excel文件", f"{name} has a row beyond {MOST_ROWS}: no workbook"
            )
        out.write("\n" * (row_number - number - 1))
        number, width = row_number, width or len(cells)
        filled = any(cells)
        while filled and len(cells) > width and not cells[-1]:
            cells.pop()
        if filled:
            writer.writerow(cells + [""] * (width - len(cells)))
        else:
            out.write("\n")
        if out.tell() >= BLOCK:
            yield out.getvalue().encode(spec.encodings[0])
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode(spec.encodings[0])


def elements(archive: zipfile.ZipFile, member: str, tag: str) -> Iterator[Any]:
    """The elements of a member with this tag, each forgotten once it was looked at; no entity is followed."""
    with archive.open(member) as content:
        parser = etree.iterparse(
            content, tag="{*}" + tag, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        for _event, element in parser:
            yield element
            element.clear()
            parent = element.getparent()  # None where the document begins with it
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def first_sheet(archive: zipfile.ZipFile, name: str) -> tuple[str, datetime]:
    """The member that holds the first sheet, and the day from which the workbook counts."""
    uses_1904 = any(one.get("date1904") in ("1", "true") for one in elements(archive, BOOK, "workbookPr"))
    key = next(
        (value for one in elements(archive, BOOK, "sheet") for at, value in one.items() if at.endswith("}id")), ""
    )
    targets = {
        one.get("Id"): one.get("Target", "") for one in elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    }
    target = targets.get(key, "worksheets/sheet1.xml")
    path = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    if path not in archive.namelist():
        raise FileStopped(f"{name} 中没有工作表", f"{name} has no sheet")
    return path, EPOCH_1904 if uses_1904 else EPOCH


def strings_of(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells refer to by number."""
    if STRINGS not in archive.namelist():
        return []
    return [text_in(one) for one in elements(archive, STRINGS, "si")]


def text_in(element: Any) -> str:
    """The text of a string, without the reading aids of its characters; on one line."""
    parts = (one.text or "" for one in element.iter("{*}t") if one.getparent().tag.rpartition("}")[2] != "rPh")
    return " ".join("".join(parts).split("\n")).replace("\r", "").strip()


def date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """The numbers of the cell styles that show a number as a date."""
    if STYLES not in archive.namelist():
        return frozenset()
    own = {int(one.get("numFmtId", 0)): one.get("formatCode", "") for one in elements(archive, STYLES, "numFmt")}
    dates = {number for number, code in own.items() if re.search("[ymdhs年月日]", NOT_DATE.sub("", code).lower())}
    found = [
        int(style.get("numFmtId", 0)) for group in elements(archive, STYLES, "cellXfs") for style in group.iter("{*}xf")
    ]
    return frozenset(
        at for at, number in enumerate(found) if number in dates or (number in DATE_FORMATS and number not in own)
    )


def rows(
    archive: zipfile.ZipFile, sheet: str, strings: list[str], dates: frozenset[int], epoch: datetime
) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each row that the sheet holds."""
    number = 0
    for row in elements(archive, sheet, "row"):
        number = max(int(row.get("r") or number + 1), number + 1)
        cells: list[str] = []
        for cell in row.iterchildren("{*}c"):
            place = column_of(cell.get("r", ""), len(cells))
            if place < MOST_COLUMNS:
                cells.extend([""] * (place + 1 - len(cells)))
                cells[place] = value_of(cell, strings, dates, epoch)
        yield number, cells


def column_of(reference: str, otherwise: int) -> int:
    """The place of a cell in its row, from 0: C7 is 2."""
    place = 0
    for letter in reference.rstrip("0123456789")[:4]:  # four letters lie beyond MOST_COLUMNS
        place = place * 26 + ord(letter) - 64
    return place - 1 if place > 0 else otherwise


def value_of(cell: Any, strings: list[str], dates: frozenset[int], epoch: datetime) -> str:
    """What a cell says, as somebody would type it."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return text_in(cell)
    value = (cell.findtext("{*}v") or "").strip()
    if kind == "s":
        return strings[int(value)] if value.isdecimal() and int(value) < len(strings) else ""
    if kind != "n" or not NUMBER.fullmatch(value):
        return " ".join(value.split())
    return moment(float(value), epoch) if int(cell.get("s", 0)) in dates else figure(value)


def moment(serial: float, epoch: datetime) -> str:
    """A day, with its time where it has one, to the second."""
    if not 0 <= serial <= (LAST_DAY - epoch).days:
        return ""
    at = epoch + timedelta(seconds=round(serial * 86_400))
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M:%S}"


def figure(value: str) -> str:
    """A number with the fifteen digits that Excel keeps, never with an exponent."""
    if value.lstrip("-").isdecimal():
        return value
    return f"{Decimal(f'{float(value):.15g}'):f}"
