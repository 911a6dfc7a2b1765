"""档案 as Word and on A4: what stands in it, for whom, and who changes templates."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from archives import records
from archives.choices import ROWED
from archives.models import ArchiveField, ArchiveTemplate
from archives.word.shipped import shipped
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from crm.workbench.tasks import make_export
from customers.choices import ExportState
from customers.models import Customer, ExportRequest
from tests.archives.saying import current, say
from tests.pages.morning import IDENTITY, PHONE, Morning
from tests.word.making import marks, replaced, texts, with_texts
from tests.world import Bank, make_user

ClientOf = Callable[[User], Client]


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").filter(action=action).order_by("pk"))


def customer_of(day: Morning) -> Customer:
    return Customer.objects.using("batch").get(customer_no="6100000001")


def word(client: Client, customer: Customer, **form: str) -> list[str]:
    answer = client.post(f"/customers/{customer.pk}/archive/word/", form)
    assert answer.status_code == 200, answer.content
    return texts(answer.content)


def send(client: Client, content: bytes, name: str = "档案.docx") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post("/archives/templates/", {"file": file, "note": "第一版"})


@pytest.fixture
def second(bank: Bank) -> User:
    """Another administrator."""
    return make_user("0004", "沈国强", Role.ADMIN, bank.head, Reach.SUBTREE)


def test_the_masked_document_agrees_with_the_archive(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer = customer_of(day)
    say(bank.wang, customer, "family_note", "女儿在读 {{ 7*7 }} <b> 电话 13912345678")
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/archive/word/")
    found = texts(answer.content)
    whole = "\n".join(found)
    assert "女儿在读 {{ 7*7 }} <b> 电话 ****" in whole
    assert customer.customer_no in found
    assert customer.name_mask in found
    assert customer.mobile_mask in found
    for value in current(bank.wang, customer).values():
        assert value.replace(PHONE, "****") in whole
    for plain in (PHONE, IDENTITY, customer.name):
        assert plain not in whole
    for mark in marks(answer.content):
        assert bank.wang.staff_no in mark
        assert bank.wang.name in mark
        assert str(timezone.localdate()) in mark
    assert [one.customer_id for one in entries("archive.word")] == [customer.pk]


def test_a_past_day_shows_what_was_known_then(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer, now = customer_of(day), timezone.now()
    before = say(bank.wang, customer, "family_note", "旧话", at=now - timedelta(days=3))
    say(bank.wang, customer, "family_note", "新话", base=before.written[0].pk)
    wang = client_of(bank.wang)
    past = str(timezone.localdate() - timedelta(days=2))
    whole = "\n".join(word(wang, customer, as_of=past))
    assert "旧话" in whole
    assert "新话" not in whole
    assert past in whole
    assert "新话" in "\n".join(word(wang, customer))
    page = wang.get(f"/customers/{customer.pk}/archive/print/?as_of={past}").content.decode()
    assert "旧话" in page
    assert "新话" not in page


def test_paper_is_masked_and_recorded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer = customer_of(day)
    say(bank.wang, customer, "family_note", "<script>x</script>")
    page = client_of(bank.wang).get(f"/customers/{customer.pk}/archive/print/").content.decode()
    assert "&lt;script&gt;x" in page
    assert customer.mobile_mask in page
    assert PHONE not in page
    assert page.count(bank.wang.staff_no) > 8
    assert [one.customer_id for one in entries("archive.print")] == [customer.pk]


def ask(client: Client, customer: Customer, *fields: str, query: str = "") -> Any:
    form = {"plain_fields": list(fields), "reason": "verify"}
    return client.post(f"/exports/archives/{customer.pk}/{query}", form)


def test_plain_text_needs_a_second_person_and_is_recorded_first(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer = customer_of(day)
    secret = next(one for one in active() if one.is_secret and one.section not in ROWED)
    key = secret.options[0]["key"] if secret.options else "8800"
    say(bank.wang, customer, secret.key, key)
    wang, he = client_of(bank.wang), client_of(bank.he)
    assert ask(wang, customer).status_code == 422
    assert ask(wang, customer, "id_no", "mobile", "name", "archive").status_code == 302
    export = ExportRequest.objects.using("batch").get()
    assert export.state == ExportState.WAITING
    assert make_export(export.pk) == "over"
    assert wang.post(f"/exports/{export.pk}/approve/").status_code in (403, 404)
    assert he.get(f"/exports/{export.pk}/").status_code == 200
    assert not entries("customer.reveal")
    assert he.post(f"/exports/{export.pk}/approve/").status_code == 302
    assert make_export(export.pk) == ExportState.READY
    assert he.post(f"/exports/{export.pk}/file/").status_code == 404
    answer = wang.post(f"/exports/{export.pk}/file/")
    found = "\n".join(texts(answer.content))
    for plain in (PHONE, IDENTITY, customer.name):
        assert plain in found
    assert current(bank.wang, customer)[secret.key] == records.MASK
    assert "*" not in found.replace(bank.wang.name, "")
    names = sorted(one.detail["field"] for one in entries("customer.reveal"))
    assert names == sorted(["id_no", "mobile", "name", f"archive {secret.key}"])
    assert f"#{export.pk} {bank.wang.staff_no}" in marks(answer.content)[0]
    assert wang.post(f"/exports/{export.pk}/file/").status_code == 302
    assert wang.get(f"/exports/{export.pk}/").status_code == 200


def active() -> list[Any]:
    return list(ArchiveField.objects.using("batch").filter(is_active=True))


def test_only_what_was_let_out_is_plain(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer = customer_of(day)
    wang, he = client_of(bank.wang), client_of(bank.he)
    ask(wang, customer, "mobile")
    export = ExportRequest.objects.using("batch").get()
    he.post(f"/exports/{export.pk}/approve/")
    make_export(export.pk)
    found = "\n".join(texts(wang.post(f"/exports/{export.pk}/file/").content))
    assert PHONE in found
    assert IDENTITY not in found
    assert customer.name not in found


@pytest.mark.parametrize("who", ["lu", "wu", "zhao"])
def test_no_document_for_administrators_auditors_and_the_lobby(
    bank: Bank, day: Morning, client_of: ClientOf, who: str
) -> None:
    customer, client = customer_of(day), client_of(getattr(bank, who))
    assert client.post(f"/customers/{customer.pk}/archive/word/").status_code == 403
    assert client.get(f"/customers/{customer.pk}/archive/print/").status_code == 403
    assert ask(client, customer, "mobile").status_code == 403


def test_a_template_is_put_in_force_by_a_second_administrator(
    bank: Bank, day: Morning, client_of: ClientOf, second: User
) -> None:
    lu, other, wang = client_of(bank.lu), client_of(second), client_of(bank.wang)
    assert send(lu, with_texts("本行档案 {{ customer.number }}")).status_code == 302
    template = ArchiveTemplate.objects.using("batch").get()
    address = f"/archives/templates/{template.pk}/activate/"
    lu.post(address)
    assert not word(wang, customer_of(day))[0].startswith("本行档案")
    other.post(address)
    assert word(wang, customer_of(day))[0] == f"本行档案 {customer_of(day).customer_no}"
    assert lu.get(f"/archives/templates/{template.pk}/").content == bytes(template.content)
    assert lu.get("/archives/templates/default/").content == shipped()
    assert "data-in-force" in lu.get("/archives/templates/").content.decode()
    assert len(entries("template.upload")) == len(entries("template.activate")) == 1
    other.post(address)
    assert len(entries("template.activate")) == 1


def test_a_fault_is_told_with_paragraph_and_name_and_nothing_is_kept(bank: Bank, client_of: ClientOf) -> None:
    lu = client_of(bank.lu)
    for content, name in (
        (with_texts("甲", "乙 {{ customer.nickname }}"), "x.docx"),
        (replaced("word/document.xml", "customer.name", "customer.nickname"), "x.docx"),
    ):
        answer = send(lu, content, name)
        assert answer.status_code == 422
        assert "customer.nickname" in answer.content.decode()
    assert send(lu, shipped(), "x.docm").status_code == 422
    assert send(lu, with_texts("无"), "x.docx").status_code == 422
    assert not ArchiveTemplate.objects.using("batch").exists()


def test_every_placeholder_is_listed_and_can_be_used(bank: Bank, client_of: ClientOf) -> None:
    lu = client_of(bank.lu)
    page = lu.get("/archives/templates/placeholders/").content.decode()
    assert "{{ customer.number }}" in page
    for one in active():
        assert one.key.replace("-", "_") in page
    plain = [one.key.replace("-", "_") for one in active() if one.section not in ROWED]
    assert send(lu, with_texts(*(f"{{{{ field.{key} }}}}" for key in plain))).status_code == 302


def test_the_database_holds_versions_fast(bank: Bank, second: User) -> None:
    with scoped(bank.lu):
        one = ArchiveTemplate.objects.create(
            name="x", content=shipped(), sha256="0" * 64, placeholders=1, note="x", uploaded_by=bank.lu,
            uploaded_at=timezone.now(),
        )  # fmt: skip
        mine = ArchiveTemplate.objects.filter(pk=one.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(activated_by=bank.lu, activated_at=timezone.now())
        with pytest.raises(ProgrammingError), transaction.atomic():
            mine.update(content=b"x")
        with pytest.raises(ProgrammingError), transaction.atomic():
            mine.delete()
        assert mine.update(activated_by=second, activated_at=timezone.now()) == 1
    assert io.BytesIO(bytes(one.content)).read(2) == b"PK"
