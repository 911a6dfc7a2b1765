"""What a template may name: each placeholder with its meaning, and a made-up archive that has them all.

A placeholder is a path of plain words, `customer.number`. What it stands for is a text, or a list of rows whose cells
are texts; nothing else ever reaches a template.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.choices import ROWED
from archives.record_models import ArchiveField

Content = dict[str, Any]


@dataclass(frozen=True)
class Placeholder:
    """A path, what it means, and what the made-up archive has there."""

    path: str
    meaning: str | Promise
    example: str


FIXED = (
    Placeholder("customer.name", _("Name; masked unless let out"), "陈*"),
    Placeholder("customer.number", _("Customer number"), "800000001"),
    Placeholder("customer.type", _("Personal or corporate customer"), "个人"),
    Placeholder("customer.branch", _("Branch"), "城南支行"),
    Placeholder("customer.manager", _("Main manager, with staff number"), "王* 1001"),
    Placeholder("customer.mobile", _("Mobile; masked unless let out"), "138****0001"),
    Placeholder("customer.document", _("Document number; masked unless let out"), "3****************1"),
    Placeholder("customer.document_type", _("Kind of document"), "居民身份证"),
    Placeholder("customer.address", _("Address; masked unless let out"), "江苏省****"),
    Placeholder("customer.occupation", _("Occupation"), "教师"),
    Placeholder("customer.since", _("Customer since"), "2018-05-02"),
    Placeholder("customer.aum", _("Assets under management, yuan; empty for a past day"), "1,230,000.00"),
    Placeholder("archive.as_of", _("The day as of which the archive is shown"), "2026-01-31"),
    Placeholder("archive.completeness", _("Completeness, percent; empty for a past day"), "72"),
    Placeholder("printed.staff_no", _("Staff number of whoever made the document"), "1001"),
    Placeholder("printed.name", _("Name of whoever made the document"), "王*"),
    Placeholder("printed.at", _("When the document was made"), "2026-02-01 09:30"),
)
# Lists, row by row: sections and their lines (one within the other), and the holdings.
LINES = (Placeholder("label", _("Name of the field"), "婚姻"), Placeholder("value", _("What is known"), "已婚"))
HOLDINGS = (
    Placeholder("product", _("Product"), "一年期定期存款"),
    Placeholder("balance", _("Balance, yuan"), "200,000.00"),
    Placeholder("matures", _("Matures"), "2026-06-30"),
)
# Schema of a list: the texts of a row, and the lists within it.
Row = Mapping[str, Any]


def key_of(field: ArchiveField) -> str:
    """How a template names a field: a code may have hyphens, a placeholder none."""
    return field.key.replace("-", "_")


def field_placeholders(fields: Iterable[ArchiveField]) -> list[Placeholder]:
    """The fields of sections without rows, `field.…`."""
    return [Placeholder(f"field.{key_of(one)}", one.label, "示例") for one in fields if one.section not in ROWED]


def row_placeholders(fields: Iterable[ArchiveField]) -> dict[str, list[Placeholder]]:
    """The cells of the sections of rows, by section."""
    found: dict[str, list[Placeholder]] = {str(section): [] for section in ROWED}
    for one in fields:
        if one.section in ROWED:
            found[str(one.section)].append(Placeholder(key_of(one), one.label, "示例"))
    return found


def made_up(fields: Iterable[ArchiveField]) -> Content:
    """An archive of nobody that has every placeholder: what a template is checked and tried against."""
    listed = list(fields)
    content: Content = {}
    for one in (*FIXED, *field_placeholders(listed)):
        group, name = one.path.split(".")
        content.setdefault(group, {})[name] = one.example
    content.setdefault("field", {})
    lines = [{one.path: one.example for one in LINES}]
    content["sections"] = [{"name": "家庭", "lines": lines}]
    content["holdings"] = [{one.path: one.example for one in HOLDINGS}]
    for section, cells in row_placeholders(listed).items():
        content[section] = [{one.path: one.example for one in cells}]
    return content
