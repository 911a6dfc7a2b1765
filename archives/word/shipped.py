"""The template that comes with the product, made by code: no binary file stands in the source.

It is what a document is made from until a bank's own template is in force, and what a bank begins to edit from.
"""

import io
from functools import cache

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

HEAD, BODY = "宋体", "仿宋"
WHO = (
    ("客户号", "{{ customer.number }}", "姓名", "{{ customer.name }}"),
    ("客户类型", "{{ customer.type }}", "开户日期", "{{ customer.since }}"),
    ("{{ customer.document_type }}", "{{ customer.document }}", "手机", "{{ customer.mobile }}"),
    ("住址", "{{ customer.address }}", "职业", "{{ customer.occupation }}"),
    ("网点", "{{ customer.branch }}", "管户经理", "{{ customer.manager }}"),
    ("资产合计（元）", "{{ customer.aum }}", "完整度（%）", "{{ archive.completeness }}"),
)


def font(style: object, name: str, size: float) -> None:
    """A font for Latin and Chinese alike; without the second Word takes its own for Chinese."""
    style.font.name, style.font.size = name, Pt(size)  # type: ignore[attr-defined]
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)  # type: ignore[attr-defined]


@cache
def shipped() -> bytes:
    """The document, the same for as long as the process lives."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2)
    font(document.styles["Normal"], BODY, 11)
    for style, size in (("Title", 20), ("Heading 1", 14), ("Heading 2", 12)):
        font(document.styles[style], HEAD, size)
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    title = document.add_paragraph("客户营销档案", style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("档案日期：{{ archive.as_of }}").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    table = document.add_table(rows=0, cols=4, style="Table Grid")
    for texts in WHO:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = text
    for text in ("{%p for section in sections %}", "{{ section.name }}", "{%p for line in section.lines %}",
                 "{{ line.label }}：{{ line.value }}", "{%p endfor %}", "{%p endfor %}"):  # fmt: skip
        document.add_paragraph(text, style="Heading 1" if text == "{{ section.name }}" else "Normal")
    document.add_paragraph("{%p if holdings %}")
    document.add_paragraph("持有产品", style="Heading 1")
    table_of(document, ("产品", "余额（元）", "到期日"), "holdings", ("product", "balance", "matures"))
    document.add_paragraph("{%p endif %}")
    page_number(section.footer.paragraphs[0])
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def table_of(document: object, heads: tuple[str, ...], listed: str, cells: tuple[str, ...]) -> None:
    """A table with a row for each of a list."""
    table = document.add_table(rows=1, cols=len(heads), style="Table Grid")  # type: ignore[attr-defined]
    for cell, text in zip(table.rows[0].cells, heads, strict=True):
        cell.text = text
    table.add_row().cells[0].text = f"{{%tr for row in {listed} %}}"
    for cell, key in zip(table.add_row().cells, cells, strict=True):
        cell.text = f"{{{{ row.{key} }}}}"
    table.add_row().cells[0].text = "{%tr endfor %}"


def page_number(paragraph: object) -> None:
    """`page / pages`, which Word counts."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER  # type: ignore[attr-defined]
    for text in ("PAGE", " / ", "NUMPAGES"):
        if text.isupper():
            simple = OxmlElement("w:fldSimple")
            simple.set(qn("w:instr"), text)
            paragraph._p.append(simple)  # type: ignore[attr-defined]
        else:
            paragraph.add_run(text)  # type: ignore[attr-defined]
