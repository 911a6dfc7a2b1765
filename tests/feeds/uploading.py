"""Files that go through the upload page: what the tests of the page and of the loading share."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.organization.models import User
from customers.choices import UploadState
from customers.feeds import uploads
from customers.models import FeedUpload
from tests.feeds.delivery import CUSTOMERS

ClientOf = Callable[[User], Client]
DAY = date(2026, 3, 10)
NAME, MOBILE, ADDRESS = "欧阳修文", "13900000001", "滨江市城区人民路一号"
GOOD = CUSTOMERS + f"C1,{NAME},111,身份证,,{MOBILE},{ADDRESS},2020-01-02\nC2,单雪,111,,,,,20200203\n"
BAD = GOOD + "C3,海湾公司,211,,,,,2020-02-30\nC4,,111,,,,,\nC2,单雪,111,,,,,\nC5,胡一,999,,,,,\n"


def send(client: Client, content: str | bytes = GOOD, name: str = "eod_customers.csv", **values: Any) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    form = {"spec": "eod_customers", "as_of": DAY.isoformat(), "file": SimpleUploadedFile(name, data), **values}
    return client.post("/feeds/upload/", {key: value for key, value in form.items() if value is not None})


def sent(client: Client, content: str | bytes = GOOD, **values: Any) -> FeedUpload:
    """An upload that waits for confirmation."""
    answer = send(client, content, **values)
    assert answer.status_code == 302, answer.content.decode()
    return FeedUpload.objects.using("batch").latest("pk")


def confirmed(client: Client, content: str | bytes = GOOD, **values: Any) -> FeedUpload:
    upload = sent(client, content, **values)
    client.post(f"/feeds/uploads/{upload.pk}/load/")
    upload.refresh_from_db(using="batch")
    assert upload.state == UploadState.QUEUED
    return upload


def page_of(client: Client, upload: FeedUpload) -> str:
    return str(client.get(f"/feeds/uploads/{upload.pk}/").content.decode())


def files() -> list[Path]:
    return list(uploads.folder().glob("*"))
