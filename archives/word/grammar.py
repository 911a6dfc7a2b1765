"""What may stand between braces in a template, and where: names, loops over lists, conditions, nothing else.

    {{ customer.number }}
    {% for row in holdings %} … {{ row.product }} … {% endfor %}
    {%tr for … %} for a row of a table, {%p for … %} for a paragraph
    {% if customer.address %} … {% else %} … {% endif %}

There is no call, filter, literal or operator, so nothing to escape from a sandbox with; the sandbox stands under it all
the same (`archives.word.rendering`). Every fault names its paragraph.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from archives.word.package import TemplateRefused, printable, tree_of

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RENDERED = re.compile(r"word/(document|header\d*|footer\d*)\.xml", re.ASCII)
# None opens within another: else many that are never closed would be gone through as often as there are of them.
TAG = re.compile(r"\{\{(?:(?!\{[{%]|\}\}).)*\}\}|\{%(?:(?!\{[{%]|%\}).)*%\}", re.DOTALL)
BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\{_|_\}")
NAME = r"[a-z][a-z0-9_]*"
PATH = rf"{NAME}(?:\.{NAME})*"
VALUE = re.compile(rf"\{{\{{\s*({PATH})\s*\}}\}}", re.ASCII)
FOR = re.compile(rf"\{{%(tr|p)?\s+for\s+({NAME})\s+in\s+({PATH})\s*%\}}", re.ASCII)
IF = re.compile(rf"\{{%(tr|p)?\s+if\s+(?:not\s+)?({PATH})\s*%\}}", re.ASCII)
ELSE = re.compile(r"\{%(tr|p)?\s+else\s*%\}", re.ASCII)
END = re.compile(r"\{%(tr|p)?\s+(endfor|endif)\s*%\}", re.ASCII)
# Words of the template language; none of them can be the name of a row.
RESERVED = ("true", "false", "none", "and", "or", "not", "in", "is", "if", "else", "for", "loop", "self", "super")
MOST_TAGS = 500
MOST_RENDERED = 1 << 20  # docxtpl goes through these parts with regular expressions
MOST_DEPTH = 2


@dataclass
class Open:
    """A loop or condition whose end has not come yet; a loop names its rows, `example` is one of them."""

    kind: str
    form: str
    where: str
    row: str = ""
    example: Any = None
    of: str = ""
    has_else: bool = False


@dataclass
class Reader:
    """Goes through the placeholders of one part in their order."""

    content: Mapping[str, Any]
    open: list[Open] = field(default_factory=list)

    def read(self, tag: str, where: str) -> None:
        """Raises TemplateRefused for what the grammar does not know."""
        if found := VALUE.fullmatch(tag):
            self.value(found[1], where)
        elif found := FOR.fullmatch(tag):
            self.loop(found, where)
        elif found := IF.fullmatch(tag):
            self.resolve(found[2], where)
            self.push(Open("if", found[1] or "", where), where)
        elif found := ELSE.fullmatch(tag):
            if not self.open or self.open[-1].kind != "if" or self.open[-1].has_else:
                raise refused(where, tag, _("there is no “if” that it belongs to"))
            self.same_form(found[1] or "", where, tag)
            self.open[-1].has_else = True
        elif found := END.fullmatch(tag):
            if not self.open or found[2] != f"end{self.open[-1].kind}":
                raise refused(where, tag, _("nothing is open that it could end"))
            self.same_form(found[1] or "", where, tag)
            self.open.pop()
        else:
            raise refused(where, tag, _("only names, “for … in …”, “if” and their ends may stand here"))

    def value(self, path: str, where: str) -> None:
        if not isinstance(self.resolve(path, where), str):
            raise refused(where, path, _("this is a list or a group, not a text"))

    def loop(self, found: re.Match[str], where: str) -> None:
        form, row, path = found[1] or "", found[2], found[3]
        outer = [one.row for one in self.open if one.kind == "for"]
        listed = self.resolve(path, where)
        if not isinstance(listed, list):
            raise refused(where, path, _("this is no list"))
        if row in RESERVED or row in self.content or row in outer:
            raise refused(where, row, _("choose another name for the row"))
        if outer and path.split(".")[0] != outer[-1]:
            raise refused(where, path, _("a loop within another one goes through a list of its row"))
        self.push(Open("for", form, where, row, listed[0], path), where)

    def push(self, one: Open, where: str) -> None:
        if len([other for other in self.open if other.kind == one.kind]) >= MOST_DEPTH:
            raise refused(where, one.kind, _("too many of them, one within the other"))
        self.open.append(one)

    def same_form(self, form: str, where: str, tag: str) -> None:
        if form != self.open[-1].form:
            raise refused(where, tag, _("begin and end are to be of one kind: both “%p”, both “%tr” or both plain"))

    def resolve(self, path: str, where: str) -> Any:
        """What the made-up archive has under a path."""
        names = path.split(".")
        rows = {one.row: one.example for one in self.open if one.kind == "for"}
        found: Any = {**self.content, **rows}
        for name in names:
            if not isinstance(found, dict) or name not in found:
                raise refused(where, path, _("there is no such name"))
            found = found[name]
        return found


def refused(where: str, what: str, why: str) -> TemplateRefused:
    return TemplateRefused(
        _("%(where)s: “%(what)s” – %(why)s.") % {"where": where, "what": printable(what), "why": why}
    )


def check(parts: Mapping[str, bytes], content: Mapping[str, Any]) -> int:
    """How many placeholders the parts of a document have. Raises TemplateRefused for the first that is none."""
    number = 0
    for name, data in parts.items():
        if name.endswith((".xml", ".rels")):
            root = tree_of(name, data)
            if RENDERED.fullmatch(name):
                if len(data) > MOST_RENDERED:
                    raise TemplateRefused(_("Unpacked, the file is far too large."))
                number += check_part(name, root, content)
            refuse_hidden(name, root)
    if number > MOST_TAGS:
        raise TemplateRefused(_("There are more than %(most)s placeholders.") % {"most": MOST_TAGS})
    return number


def check_part(name: str, root: etree._Element, content: Mapping[str, Any]) -> int:
    reader, number = Reader(content), 0
    for where, text in paragraphs(name, root):
        tags = TAG.findall(text)
        if left := BRACES.search(TAG.sub("", text)):
            raise refused(where, left[0], _("braces that do not pair"))
        for tag in tags:
            if inner := BRACES.search(tag[2:-2]):
                raise refused(where, inner[0], _("braces that do not pair"))
            reader.read(tag, where)
        number += len(tags)
    if reader.open:
        last = reader.open[-1]
        raise refused(last.where, last.kind, _("its end is missing"))
    return number


def paragraphs(name: str, root: etree._Element) -> Iterator[tuple[str, str]]:
    """Each paragraph with its number and first words, and its text as Word shows it."""
    part = {"d": _("Text"), "h": _("Header"), "f": _("Footer")}[name.removeprefix("word/")[0]]
    for number, paragraph in enumerate(root.iter(f"{W}p"), 1):
        text = "".join(one.text or "" for one in paragraph.iter(f"{W}t"))
        if BRACES.search(text):
            if any(True for _one in paragraph.iter(f"{W}txbxContent")):
                raise TemplateRefused(_("Placeholders cannot stand in a text box; use a table instead."))
            words = {"part": part, "number": number, "text": printable(text)[:30]}
            yield _("%(part)s, paragraph %(number)s (%(text)s)") % words, text


def refuse_hidden(name: str, root: etree._Element) -> None:
    """Braces outside of the text of a page would be evaluated, or could become so, without anybody seeing them."""
    shows = RENDERED.fullmatch(name)
    for one in root.iter():
        texts = [str(value) for value in one.values()] if isinstance(one.tag, str) else []
        texts += [one.tail or ""] + ([] if shows and one.tag == f"{W}t" else [one.text or ""])
        # A GUID in braces, as Word writes them, is none of ours: ours are always double.
        if any(BRACES.search(text) for text in texts):
            raise TemplateRefused(
                _("Placeholders may stand in the text, in headers and in footers only; there is one in “%(name)s”.")
                % {"name": printable(name)}
            )
