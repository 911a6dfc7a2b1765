"""From a template and the content of an archive to a Word document, in a sandbox without any tool in it.

Even if a template got past `archives.word.grammar`, it could name only keys of plain dictionaries: no filter, test,
function or attribute is there, and the text that it makes has a largest size and a longest time.
"""

import io
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from docx import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.shared import Pt
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from archives.word.package import TemplateRefused

MOST_SECONDS = 5.0
MOST_CHARACTERS = 8 << 20
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Sandbox(ImmutableSandboxedEnvironment):
    """Knows dictionaries and lists of them, and gives up when a text grows too large or takes too long."""

    # Operators are neither run nor worked out beforehand: 9 ** 9 ** 9 would keep a processor busy for ever.
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    intercepted_unops = frozenset(ImmutableSandboxedEnvironment.default_unop_table)

    def __init__(self) -> None:
        super().__init__(optimized=False, autoescape=True, undefined=StrictUndefined, cache_size=0, auto_reload=False)
        self.globals.clear()
        self.filters.clear()
        self.tests.clear()
        self.left = MOST_CHARACTERS
        self.ends_at = time.monotonic() + MOST_SECONDS
        self.concat = self.joined  # type: ignore[method-assign]

    def joined(self, pieces: Iterable[str]) -> str:
        """The pieces that a template makes, one after the other, as long as there is room and time."""
        kept = []
        for piece in pieces:
            self.left -= len(piece)
            if self.left < 0 or time.monotonic() > self.ends_at:
                raise SecurityError("the document grows too large or takes too long")
            kept.append(piece)
        return "".join(kept)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        raise SecurityError(f"no attribute {attribute!r}")

    def getitem(self, obj: Any, argument: Any) -> Any:
        raise SecurityError("no subscripts")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError("no operators")

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        raise SecurityError("no operators")

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def plain(value: Any) -> Any:
    """The same content as dictionaries, lists and texts that XML can hold; TypeError for anything else."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return NOT_XML.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n")


def rendered(template: bytes, content: Mapping[str, Any], mark: str) -> bytes:
    """The document; `mark` stands in every header and footer, where there is one. Raises TemplateRefused."""
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(plain(content), Sandbox(), autoescape=True)
        output = io.BytesIO()
        document.save(output)
        return marked(output.getvalue(), NOT_XML.sub("", mark)) if mark else output.getvalue()
    except (TemplateError, OpcError, KeyError, ValueError, SyntaxError, RecursionError) as error:
        raise TemplateRefused(_("The template cannot be filled in: %(why)s") % {"why": str(error)[:200]}) from error


def marked(content: bytes, mark: str) -> bytes:
    """The same document with the mark in every header and footer that a page may show, made now and by nobody."""
    document = Document(io.BytesIO(content))
    for number, section in enumerate(document.sections):
        shown = [section.header, section.footer]
        if section.different_first_page_header_footer:
            shown += [section.first_page_header, section.first_page_footer]
        if document.settings.odd_and_even_pages_header_footer:
            shown += [section.even_page_header, section.even_page_footer]
        for one in shown:
            if number == 0 or not one.is_linked_to_previous:
                run = one.add_paragraph().add_run(mark)
                run.font.size, run.font.name = Pt(8), "宋体"
                run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    document.core_properties.author = document.core_properties.last_modified_by = ""
    document.core_properties.comments = mark
    document.core_properties.created = document.core_properties.modified = datetime.now(UTC).replace(tzinfo=None)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()
