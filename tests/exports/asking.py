"""What the tests of exports share: customers in number, asking, and reading what a file holds."""

import csv
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from django.test import Client

from crm.organization.models import User
from crm.workbench.tasks import make_export
from customers.choices import ExportState
from customers.models import Customer, ExportRequest, Metrics, Ownership
from tests.world import Bank

ClientOf = Callable[[User], Client]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def customers(bank: Bank, number: int, *, owner: User | None = None, start: int = 1) -> list[Customer]:
    """So many customers of a manager of south (wang unless told), the first the richest."""
    manager = owner or bank.wang
    made = Customer.objects.using("batch").bulk_create(
        Customer(
            customer_no=f"8{n:09}", branch_id=manager.branch_id, name=f"客户{n}", name_mask=f"客*{n % 10}",
            mobile_mask="139****0000",
        )
        for n in range(start, start + number)
    )  # fmt: skip
    Ownership.objects.using("batch").bulk_create(
        Ownership(customer=one, branch_id=one.branch_id, owner_id=manager.pk, since="2020-01-01") for one in made
    )
    Metrics.objects.using("batch").bulk_create(
        Metrics(customer=one, branch_id=one.branch_id, aum=Decimal(10**7 - at), deposit=1, since_date="2026-01-01")
        for at, one in enumerate(made)
    )
    return made


def send(client: Client, query: str = "", **values: Any) -> Any:
    form = {"file_format": "xlsx", **values}
    return client.post(f"/exports/new/{query}", form)


def asked(client: Client, query: str = "", **values: Any) -> ExportRequest:
    answer = send(client, query, **values)
    assert answer.status_code == 302, answer.content.decode()
    return ExportRequest.objects.using("batch").latest("pk")


def now(export: ExportRequest) -> ExportRequest:
    """The request as the database has it."""
    return ExportRequest.objects.using("batch").get(pk=export.pk)


def made(client: Client, query: str = "", **values: Any) -> ExportRequest:
    """An export whose file is ready."""
    export = asked(client, query, **values)
    assert make_export(export.pk) == ExportState.READY
    return now(export)


def fetched(client: Client, export: ExportRequest) -> bytes:
    answer = client.post(f"/exports/{export.pk}/file/")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    return bytes(answer.content)


def csv_rows(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def cells(content: bytes) -> list[list[tuple[str, str]]]:
    """(type, value) of every cell of a workbook's sheet: type "s" is a text, "" a number, "f" would be a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts = ["".join(part.text or "" for part in one.iter(f"{MAIN}t"))
                 for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]  # fmt: skip
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    found = []
    for row in sheet.iter(f"{MAIN}row"):
        line = []
        for cell in row.iter(f"{MAIN}c"):
            value = cell.findtext(f"{MAIN}v") or ""
            kind = "f" if cell.find(f"{MAIN}f") is not None else cell.get("t", "")
            line.append((kind, texts[int(value)] if kind == "s" else value))
        found.append(line)
    return found
