"""A filled-in template as our A4 page shows it: headings, paragraphs, lists, tables and pictures, and nothing else.

`mammoth` reads the document. It knows words and tables but not how they stand, so alignment, sizes and borders are
first written as styles of ours (`restyle`), which it turns into classes. Its HTML is then held to the tags and
attributes below: whatever a document holds, no script, style or address comes to the page.
"""

import base64
import io
import re
from typing import Any

import mammoth
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.styles.style import ParagraphStyle
from docx.text.parfmt import ParagraphFormat
from lxml import etree

from archives.word.grammar import MOST_RENDERED
from archives.word.package import TemplateRefused

TAGS = frozenset(
    {
        "p", "h2", "h3", "h4", "ul", "ol", "li", "table", "colgroup", "col", "thead", "tbody", "tr", "td", "th",
        "strong", "em", "s", "u", "sup", "sub", "br", "span", "img"
    }
)  # fmt: skip
ATTRIBUTES = frozenset(("class", "colspan", "rowspan", "width", "height"))
OF_PICTURES = frozenset(("src", "alt"))
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|bmp);base64,[A-Za-z0-9+/=]+", re.ASCII)
# Our styles, and what the page makes of them; what Word calls its own, in any language, that become one of them.
MADE = {"text": "p", "title": "h2.title", "chapter": "h2", "section": "h3", "part": "h4", "letterhead": "p.letterhead"}
ROLES = {"title": "title", "heading 1": "chapter", "heading 2": "section", "heading 3": "part", "header": "letterhead",
         "footer": "letterhead"}  # fmt: skip
SIDES = {WD_ALIGN_PARAGRAPH.CENTER: "center", WD_ALIGN_PARAGRAPH.RIGHT: "right"}
LARGE, SMALL = Pt(16), Pt(9)
EMU_PER_PIXEL = 9525
STYLES = "\n".join(
    [f"p.{role} => {made}:fresh" for role, made in MADE.items()]
    + [f"p.{role}{side} => {made}.{side}:fresh" for role, made in MADE.items() for side in SIDES.values()]
    + ["r.large => span.large", "r.small => span.small", "table.lined => table:fresh", "table.bare => table.bare:fresh",
       "u => u", "br[type='page'] => hr.page-end"]
)  # fmt: skip


def on_paper(content: bytes) -> SafeString:
    """The HTML of a document that a template made. Raises TemplateRefused where it cannot be read."""
    try:
        document = Document(io.BytesIO(content))
        if len(document.part.blob) > MOST_RENDERED:
            raise TemplateRefused(_("The document is too long for this page; take it as Word."))
        letterhead(document)
        restyle(document)
        widths = [widths_of(table) for table in document.element.body.iter(qn("w:tbl"))]
        output = io.BytesIO()
        document.save(output)
        # The style map within a file, and files beside it, are never read.
        made = mammoth.convert_to_html(
            output, style_map=STYLES, include_embedded_style_map=False, external_file_access=False,
            ignore_empty_paragraphs=False, convert_image=mammoth.images.img_element(picture),
        )  # fmt: skip
        return cleaned(made.value, widths)
    # Whatever is odd in a file shows as one of these in the readers, which promise no error of their own.
    except (LookupError, ValueError, AttributeError, TypeError, OSError, RecursionError) as error:
        raise TemplateRefused(_("The template cannot be printed: %(why)s") % {"why": str(error)[:200]}) from error


def letterhead(document: Any) -> None:
    """Header and footer of the first page into the text, above and below it: a page on the web has none of its own.

    Page numbers stay behind, for the paper has them already.
    """
    section, body = document.sections[0], document.element.body
    is_first = section.different_first_page_header_footer
    head = section.first_page_header if is_first else section.header
    foot = section.first_page_footer if is_first else section.footer
    for part, is_head in ((head, True), (foot, False)):
        if part.is_linked_to_previous:  # there is none
            continue
        moved = [one for one in part._element if not one.xpath(".//w:fldSimple | .//w:instrText")]
        for one in moved:
            for blip in one.iter(qn("a:blip")):
                known = part.part.related_parts[blip.get(qn("r:embed"))]
                blip.set(qn("r:embed"), document.part.relate_to(known, RELATIONSHIP_TYPE.IMAGE))
        for number, one in enumerate(moved):
            body.insert(number, one) if is_head else body.insert_element_before(one, "w:sectPr")


def restyle(document: Any) -> None:
    """Say in styles of ours what each paragraph is and where it stands, what is large or small, and which tables have
    lines; a page that begins anew gets a break before it."""
    body = document.element.body
    usual = chain(document.styles.default(WD_STYLE_TYPE.PARAGRAPH))
    known = {one.style_id: chain(one) for one in document.styles if one.type == WD_STYLE_TYPE.PARAGRAPH}
    for element in list(body.iter(qn("w:p"))):
        styles = known.get(element.style, usual)
        role = next((ROLES[one.name.lower()] for one in styles if one.name and one.name.lower() in ROLES), "text")
        formats = [ParagraphFormat(element), *(one.paragraph_format for one in styles)]
        side = next((SIDES.get(one.alignment, "") for one in formats if one.alignment is not None), "")
        is_listed = any(one.xpath("./w:pPr/w:numPr") for one in (element, *(one.element for one in styles)))
        if not is_listed or role != "text":
            element.style = role + side
        if next((one.page_break_before for one in formats if one.page_break_before is not None), False):
            element.get_or_add_pPr().addnext(page_break())
        if element.xpath("./w:pPr/w:sectPr") and not begins_below(element):
            element.append(page_break())
    for run in body.iter(qn("w:r")):
        size = run.rPr.sz_val if run.rPr is not None else None
        if size is not None and (size >= LARGE or size <= SMALL):
            run.style = "large" if size >= LARGE else "small"
    for table in body.iter(qn("w:tbl")):
        table.tblStyle_val = "lined" if is_lined(table, document) else "bare"
    for drawing in body.iter(qn("wp:inline"), qn("wp:anchor")):
        for extent, named in zip(drawing.iter(qn("wp:extent")), drawing.iter(qn("wp:docPr")), strict=False):
            size = [int(extent.get(side)) // EMU_PER_PIXEL for side in ("cx", "cy")]
            # The only words of a picture that its reader hands on.
            named.set("descr", f"{size[0]} {size[1]} {named.get('descr', '')}")


def chain(style: ParagraphStyle | None) -> list[ParagraphStyle]:
    """A style and those it is based on, nearest first."""
    found: list[ParagraphStyle] = []
    while style is not None and style not in found:
        found.append(style)
        style = style.base_style
    return found


def page_break() -> Any:
    run, line = OxmlElement("w:r"), OxmlElement("w:br")
    line.set(qn("w:type"), "page")
    run.append(line)
    return run


def begins_below(element: Any) -> bool:
    """Does the section after this paragraph, its section's last, go on on the same page?"""
    return bool(element.xpath("./following::w:sectPr[1]/w:type[@w:val = 'continuous']"))


def is_lined(table: Any, document: Any) -> bool:
    """Has the table lines: its own, those of its style, or those of a cell?"""
    style = next((one for one in document.styles if one.style_id == table.tblStyle_val), None)
    places = [table.tblPr, *(one.element for one in chain(style))]
    named: Any = next((one for place in places if (one := place.xpath("./w:tblBorders | ./w:tblPr/w:tblBorders"))), [])
    cells = table.xpath("./w:tr/w:tc/w:tcPr/w:tcBorders")
    return any(side.get(qn("w:val")) not in (None, "none", "nil") for one in [*named, *cells] for side in one)


def widths_of(table: Any) -> list[int]:
    """The columns of a table in percent of its width."""
    columns = [int(one) for one in table.xpath("./w:tblGrid/w:gridCol/@w:w")]
    return [round(100 * one / sum(columns)) for one in columns] if sum(columns) else []


def picture(image: Any) -> dict[str, str]:
    """A picture of the document as it stands in the page; a kind that browsers do not show is left out by `cleaned`."""
    with image.open() as stream:
        data = base64.b64encode(stream.read()).decode("ascii")
    width, height, said = (image.alt_text or "").split(" ", 2)
    return {"src": f"data:{image.content_type};base64,{data}", "alt": said, "width": width, "height": height}


def cleaned(html: str, widths: list[list[int]]) -> SafeString:
    """The HTML with our tags and attributes alone, and the columns of its tables as wide as they were."""
    root = etree.fromstring(f"<div>{html}</div>", etree.XMLParser(resolve_entities=False, huge_tree=True))
    tables = list(root.iter("table"))
    for table, columns in zip(tables, widths, strict=False) if len(tables) == len(widths) else ():
        group = etree.Element("colgroup")
        for width in columns:
            etree.SubElement(group, "col", width=f"{width}%")
        table.insert(0, group)
    for one in root.iter("hr"):
        one.tag = "span"  # the end of a page, which may come in the middle of a paragraph, where no rule can stand
    for one in list(root.iter()):
        if one is not root and (
            one.tag not in TAGS or (one.tag == "img" and not PICTURE.fullmatch(one.get("src", "")))
        ):
            one.tag = "dropped"
        for name in set(one.attrib) - ATTRIBUTES - (OF_PICTURES if one.tag == "img" else set()):
            del one.attrib[name]
    etree.strip_tags(root, "dropped", etree.Comment, etree.ProcessingInstruction)
    return SafeString("".join(etree.tostring(one, method="html", encoding="unicode") for one in root))
