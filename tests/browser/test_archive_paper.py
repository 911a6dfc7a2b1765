"""A customer's archive on paper: A4, as many pages as its words need, marked, without what is pressed."""

import io
import re
from pathlib import Path

import pytest
from django.utils import timezone
from docx import Document
from playwright.sync_api import Page

from archives.models import ArchiveTemplate
from tests.archives.saying import say
from tests.browser.signing_in import sign_in
from tests.pages import morning
from tests.world import Bank

pytestmark = pytest.mark.browser
A4_POINTS = re.compile(rb"/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12][.\d]*\s*\]")


def test_the_archive_prints_on_a4(page: Page, server: str, bank: Bank, tmp_path: Path) -> None:
    customer = morning.build(bank).zhou
    address = f"/customers/{customer.pk}/archive/print/"
    say(bank.wang, customer, "family_note", "女儿在读研究生，" * 20)
    console = sign_in(page, server, bank.wang, "/")
    page.goto(f"{server}{address}")
    assert pages_of(page) == 1
    for row in range(20):
        say(bank.wang, customer, "date_note", "记事" * 200, row=row)
    page.reload()
    page.emulate_media(media="print")
    assert not page.locator(".print-bar").is_visible()
    assert page.locator(".marks span").first.is_visible()
    assert pages_of(page) > 1
    by_template(bank, "{{ customer.number }}", "{%p for one in sections %}", "{{ one.name }}", "{%p endfor %}", "落款")
    page.reload()
    assert page.locator(".paper p").all_inner_texts()[0] == customer.customer_no
    assert page.locator(".marks span").first.is_visible()
    assert pages_of(page) == 2
    assert not console.complaints


def by_template(bank: Bank, *texts: str) -> None:
    """A template of the bank's own is in force, whose last paragraph stands on a page by itself."""
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    document.paragraphs[-1].paragraph_format.page_break_before = True
    content = io.BytesIO()
    document.save(content)
    now = timezone.now()
    ArchiveTemplate.objects.using("batch").create(
        name="x", content=content.getvalue(), sha256="0" * 64, placeholders=1, note="x", uploaded_by_id=bank.lu.pk,
        uploaded_at=now, activated_by_id=bank.zhou.pk, activated_at=now,
    )  # fmt: skip


def pages_of(page: Page) -> int:
    """How many pages Chromium makes; every one of them A4."""
    paper = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert len(A4_POINTS.findall(paper)) >= 1
    assert len(re.findall(rb"/MediaBox", paper)) == len(A4_POINTS.findall(paper))
    return sheets
