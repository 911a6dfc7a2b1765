"""The A4 page by the bank's own template: what of a document comes to the page, and that nothing else does."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.shared import Cm, Pt

from archives.models import ArchiveTemplate
from archives.word import paper, versions
from archives.word.package import TemplateRefused
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from tests.archives.saying import say
from tests.pages.morning import IDENTITY, PHONE, Morning
from tests.word.making import packed, parts, replaced, with_texts
from tests.word.test_documents import customer_of, entries
from tests.world import Bank, make_user

ClientOf = Callable[[User], Client]
DOCUMENT = "word/document.xml"


def picture() -> io.BytesIO:
    """A PNG of eight pixels by four."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xc8\x1e\x28" * 8) * 4)
    head = struct.pack(">IIBBBBB", 8, 4, 8, 2, 0, 0, 0)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def saved(document: Any) -> bytes:
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def test_what_word_shows_comes_to_the_page() -> None:
    document = Document()
    document.sections[0].header.paragraphs[0].add_run().add_picture(picture(), width=Cm(2))
    document.sections[0].header.paragraphs[0].add_run("本行")
    head = document.add_heading("登记表", 1)
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("落款").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().add_run("大字").font.size = Pt(22)
    document.add_paragraph("其一", style="List Bullet")
    lined, bare = document.add_table(2, 3, style="Table Grid"), document.add_table(1, 2)
    lined.cell(0, 0).merge(lined.cell(0, 1))
    bare.cell(0, 0).text = "签字"
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("新页").paragraph_format.page_break_before = True
    page = paper.on_paper(saved(document))
    assert re.match(r'<p class="letterhead"><img [^>]*src="data:image/png;base64,[^"]+" width="75">本行</p>', page)
    assert '<h2 class="center">登记表</h2>' in page
    assert '<p class="right">落款</p>' in page
    assert '<span class="large">大字</span>' in page
    assert "<ul><li>其一</li></ul>" in page
    assert re.findall("<table[^>]*>", page) == ["<table>", '<table class="bare">']
    assert page.count('<td colspan="2">') == 1
    assert page.count('<col width="33%">') == 3
    assert page.count('<span class="page-end"></span>') == 2


def test_words_stay_words_and_links_stay_outside() -> None:
    document = Document()
    document.add_paragraph("<script>x</script><img src=http://x.example/>")
    document.add_paragraph().add_run().add_picture(picture())
    link = document.part.relate_to("javascript:x", "http://x/hyperlink", is_external=True)
    text = f'<w:hyperlink r:id="{link}"><w:r><w:t>点这里</w:t></w:r></w:hyperlink><w:r><w:t>&lt;script'
    page = paper.on_paper(replaced(DOCUMENT, "<w:r><w:t>&lt;script", text, saved(document)))
    assert "&lt;script&gt;x" in page
    assert "点这里" in page
    assert "javascript" not in page
    assert set(re.findall(r"<(\w+)", page)) == {"p", "img"}
    outside = document.part.relate_to("file:///etc/hostname", RELATIONSHIP_TYPE.IMAGE, is_external=True)
    fetching = re.sub('r:embed="[^"]+"', f'r:link="{outside}"', parts(saved(document))[DOCUMENT].decode())
    assert "<img" not in paper.on_paper(packed({DOCUMENT: fetching.encode()}, saved(document)))
    odd = replaced(DOCUMENT, "<w:tcPr>", '<w:tcPr><w:gridSpan w:val="x"/>')
    with pytest.raises(TemplateRefused):
        paper.on_paper(odd)


def test_the_page_prints_what_the_template_in_force_says(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    customer = customer_of(day)
    say(bank.wang, customer, "family_note", "<script>x</script> 电话 13912345678")
    wang, address = client_of(bank.wang), f"/customers/{customer.pk}/archive/print/"
    assert '<div class="paper">' not in wang.get(address).content.decode()
    second = make_user("0004", "沈国强", Role.ADMIN, bank.head, Reach.SUBTREE)
    texts = "本行登记表", "{{ customer.name }}：{{ customer.mobile }}", "{{ field.family_note }}"
    with scoped(bank.lu):
        one = versions.upload(bank.lu, "登记表.docx", with_texts(*texts), "第一版", timezone.now(), None)
    assert '<div class="paper">' not in wang.get(address).content.decode()
    with scoped(second):
        versions.activate(second, ArchiveTemplate.objects.get(pk=one.pk), timezone.now(), None)
    page = wang.get(address).content.decode()
    shown = page.partition('<div class="paper">')[2].partition("</div>")[0]
    said = f"{customer.name_mask}：{customer.mobile_mask}", "&lt;script&gt;x&lt;/script&gt; 电话 ****"
    assert re.findall("<p>(.*?)</p>", shown) == ["本行登记表", *said]
    for plain in (PHONE, IDENTITY, customer.name):
        assert plain not in page
    assert page.count(bank.wang.staff_no) > 8
    assert [entry.detail["template"] for entry in entries("archive.print")] == [None, None, one.pk]
