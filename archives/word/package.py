"""Is an upload a plain Word document? What is not known to be harmless is refused, before anything is opened by Word.

A `.docx` is a zip of XML parts. Only what text, tables, headers, lists and pictures need are let in: no macro,
no embedded object or font, nothing that is fetched from elsewhere, no document type, no entity.
"""

import io
import posixpath
import re
import zipfile
import zlib

from django.utils.translation import gettext as _
from lxml import etree

MOST_BYTES = 2 << 20
MOST_PARTS = 200
MOST_PART_BYTES = 5 << 20
MOST_UNPACKED = 16 << 20
MOST_XML = 4 << 20  # of all its parts; a tree of tiny elements takes fifty times its text
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError)
MAIN = "word/document.xml"
CONTENT_TYPES = "[Content_Types].xml"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
ALLOWED_PART = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(core|app|custom)\.xml|docProps/thumbnail\.(jpeg|png)"
    r"|word/[A-Za-z0-9]+\.xml|word/_rels/[A-Za-z0-9]+\.xml\.rels|word/theme/(_rels/)?theme\d+\.xml(\.rels)?"
    r"|word/media/[A-Za-z0-9_]+\.(png|jpg|jpeg|gif|bmp)|customXml/(_rels/)?item(Props)?\d+\.xml(\.rels)?",
    re.ASCII,
)
ALLOWED_RELATIONS = frozenset(
    {
        "officeDocument", "core-properties", "extended-properties", "custom-properties", "thumbnail", "styles",
        "stylesWithEffects", "settings", "webSettings", "fontTable", "numbering", "theme", "header", "footer",
        "footnotes", "endnotes", "image", "customXml", "customXmlProps"
    }
)  # fmt: skip
# Text that Word fills in while it shows the page, and how it looks; any other field may fetch or run something.
ALLOWED_FIELD = re.compile(
    r'\s*(?:PAGE|NUMPAGES|SECTIONPAGES)(?:\s+\\[*#]\s*(?:\w+|"[^"]*"))*\s*', re.ASCII | re.IGNORECASE
)
FORBIDDEN_ELEMENTS = frozenset(
    {
        "object", "OLEObject", "control", "altChunk", "subDoc", "attachedTemplate", "mailMerge", "linkedToFile",
        "embedRegular", "embedBold", "embedItalic", "embedBoldItalic", "script", "saveThroughXslt", "dataBinding"
    }
)  # fmt: skip
# Old drawings name an address without a relation.
FORBIDDEN_ATTRIBUTES = frozenset({"href", "althref", "src"})
FORBIDDEN_TYPES = ("macro", "vba", "oleobject", "activex", "package", "obfuscatedfont")


class TemplateRefused(Exception):
    """The upload is no template that can be used; the message says why, in the user's words."""


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts of a harmless document by name. Raises TemplateRefused."""
    if len(content) > MOST_BYTES:
        raise TemplateRefused(_("The file is larger than %(most)s MB.") % {"most": MOST_BYTES >> 20})
    parts = unpacked(content)
    if CONTENT_TYPES not in parts or MAIN not in parts:
        raise TemplateRefused(_("This is no Word document (.docx)."))
    texts = {name: data for name, data in parts.items() if name.endswith((".xml", ".rels"))}
    if sum(map(len, texts.values())) > MOST_XML:
        raise TemplateRefused(_("Unpacked, the file is far too large."))
    trees = {name: tree_of(name, data) for name, data in texts.items()}
    check_types(trees[CONTENT_TYPES])
    for name, tree in trees.items():
        if name.endswith(".rels"):
            check_relations(name, tree, parts)
        else:
            check_elements(name, tree)
    return parts


def unpacked(content: bytes) -> dict[str, bytes]:
    """Every part, never more bytes of it than may be; what the zip says of its sizes is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = [one for one in package.infolist() if not one.is_dir()]
            check_names([one.orig_filename for one in entries])
            parts: dict[str, bytes] = {}
            left = MOST_UNPACKED
            for entry in entries:
                if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise TemplateRefused(_("The file is protected by a password or packed in an unusual way."))
                with package.open(entry) as stream:
                    parts[entry.filename] = stream.read(min(left, MOST_PART_BYTES) + 1)
                left -= len(parts[entry.filename])
                if left < 0 or len(parts[entry.filename]) > MOST_PART_BYTES:
                    raise TemplateRefused(_("Unpacked, the file is far too large."))
            return parts
    except BROKEN as error:
        raise TemplateRefused(_("This is no Word document (.docx).")) from error


def check_names(names: list[str]) -> None:
    if len(names) > MOST_PARTS or len({name.lower() for name in names}) != len(names):
        raise TemplateRefused(_("The file has too many parts, or one of them twice."))
    for name in names:
        if not ALLOWED_PART.fullmatch(name):
            raise TemplateRefused(
                _("The part “%(name)s” does not belong into a template: macros, embedded files and fonts, comments and "
                  "the like are not allowed.") % {"name": printable(name)}
            )  # fmt: skip


def printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:120]


def tree_of(name: str, data: bytes) -> etree._Element:
    """One part read without entities, network or document type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TemplateRefused(_("The part “%(name)s” cannot be read.") % {"name": printable(name)}) from error
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None or info.externalDTD is not None:
        raise TemplateRefused(_("The part “%(name)s” has a document type (DOCTYPE).") % {"name": printable(name)})
    return root


def check_types(root: etree._Element) -> None:
    """The main part is a document without macros, by what the package itself says, and nothing is an object."""
    main = ""
    for one in root:
        kind = str(one.get("ContentType", "")).lower()
        if any(word in kind.removeprefix("application/vnd.openxmlformats-package") for word in FORBIDDEN_TYPES):
            raise TemplateRefused(_("The document has macros or embedded objects; save it as a plain .docx."))
        if one.get("PartName") == f"/{MAIN}":
            main = kind
    if main != MAIN_TYPE.lower():
        raise TemplateRefused(_("The document has macros or is of another kind; save it as a plain .docx."))


def check_relations(name: str, root: etree._Element, parts: dict[str, bytes]) -> None:
    """Everything that a part leads to lies in the file, and is of a kind that is harmless."""
    base = posixpath.dirname(posixpath.dirname(name))
    for one in root:
        if not isinstance(one.tag, str):
            continue
        kind = str(one.get("Type", "")).rsplit("/", 1)[-1]
        target = str(one.get("Target", ""))
        inside = posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(base, target))
        if str(one.get("TargetMode", "")).lower() == "external" or kind == "hyperlink":
            raise outside(target)
        if kind not in ALLOWED_RELATIONS:
            raise TemplateRefused(_("The document holds “%(kind)s”, which is not allowed.") % {"kind": printable(kind)})
        if inside not in parts:
            raise TemplateRefused(_("The part “%(name)s” is missing.") % {"name": printable(target)})


def outside(target: str) -> TemplateRefused:
    return TemplateRefused(
        _("The document leads outside (“%(target)s”): remove links, linked pictures and its attached template.")
        % {"target": printable(target)}
    )


def check_elements(name: str, root: etree._Element) -> None:
    """No object, no control, no other document, no address, and of fields only the page numbers."""
    for one in root.iter():
        if not isinstance(one.tag, str):
            continue
        local = etree.QName(one).localname
        if local in FORBIDDEN_ELEMENTS:
            raise TemplateRefused(
                _("The document holds “%(kind)s”, which is not allowed.") % {"kind": printable(local)}
            )
        for key, value in one.items():
            if etree.QName(str(key)).localname.lower() in FORBIDDEN_ATTRIBUTES:
                raise outside(str(value))
    check_fields(root)


def check_fields(root: etree._Element) -> None:
    """Word reads as instruction all that stands between the begin of a field and its result: a field within it and
    text of the page as well, so neither may stand there."""
    asked: list[str] | None = None
    for one in root.iter():
        local = etree.QName(one).localname if isinstance(one.tag, str) else ""
        text = str(one.text or "")
        if local == "fldSimple":
            check_field(next((str(value) for key, value in one.items() if str(key).endswith("instr")), ""))
        elif local == "fldChar":
            is_begin = "begin" in [str(value) for value in one.values()]
            if asked is not None:
                check_field("".join(asked) + (" {" if is_begin else ""))
            asked = [] if is_begin else None
        elif local in ("instrText", "delInstrText") and asked is None:
            check_field(text)
        elif asked is not None and local in ("instrText", "delInstrText", "t", "delText"):
            asked.append(text if local == "instrText" or not text else f"?{text}")
    if asked is not None:
        check_field("".join(asked))


def check_field(text: str) -> None:
    if not ALLOWED_FIELD.fullmatch(text):
        raise TemplateRefused(
            _("The document has the field “%(kind)s”; only page numbers are allowed.")
            % {"kind": printable(text.strip())}
        )
