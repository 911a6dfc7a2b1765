"""What a hostile template tries, and that it is refused before and, were it not, stopped while it is filled in."""

import io
import time
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from docx import Document

from archives.word import grammar, package, placeholders, rendering
from archives.word.package import TemplateRefused
from archives.word.shipped import shipped
from tests.word.making import packed, parts, replaced, texts, with_texts

ARCHIVE = placeholders.made_up([])
DOCUMENT, RELATIONS, TYPES = "word/document.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SSTI = (
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% for x in range %}x{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace }}",
    "{{ joiner }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ request }}",
    "{{ config.items() }}",
    "{{ customer|attr('__class__') }}",
    "{{ customer.__class__ }}",
    "{{ customer.items }}",
    "{{ customer['name'] }}",
    "{{ '%s'|format(customer) }}",
    "{{ '{0.__class__}'.format(customer) }}",
    "{{ 9999999999 ** 9999999999 }}",
    "{{ 'x' * 999999999 }}",
    "{{ customer.name ~ customer.name }}",
    "{% set x = 1 %}",
    "{% import 'os' as os %}",
    "{% include '/etc/passwd' %}",
    "{% macro m() %}{% endmacro %}",
    "{% raw %}x{% endraw %}",
    "{# a comment #}",
    "{{r customer.name }}",
    "{%tc for x in holdings %}",
    "{% cellbg customer.name %}",
    "{% colspan customer.name %}",
    "{%- if holdings %}x{%- endif %}",
    "{% for customer in holdings %}x{% endfor %}",
    "{% for loop in holdings %}x{% endfor %}",
    "{% for a in holdings %}{% for b in holdings %}x{% endfor %}{% endfor %}",
    "{% for a in holdings %}",
    "{% endfor %}",
    "{% if holdings %}{% endfor %}",
    "{{ customer.name",
    "customer.name }}",
    "{_{ customer.name }_}",
    "{{ customer }}",
    "{{ holdings }}",
    "{{ customer.nickname }}",
)  # fmt: skip


def check(content: bytes) -> int:
    return grammar.check(package.parts_of(content), ARCHIVE)


def fills(content: bytes) -> bytes:
    return rendering.rendered(content, ARCHIVE, "1001")


@pytest.mark.parametrize("payload", SSTI)
def test_the_grammar_refuses_it_and_names_the_paragraph(payload: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        check(with_texts("甲", payload))
    assert "2" in str(refusal.value)


@pytest.mark.parametrize(
    "payload",
    [one for one in SSTI[:20] if one != "{{ self }}"],
)
def test_the_sandbox_stops_it_even_without_the_grammar(payload: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateRefused):
        fills(with_texts(payload))
    assert time.monotonic() - begun < 10


def test_endless_output_is_cut_off() -> None:
    content: dict[str, Any] = {"rows": [{"text": "x" * 1000}] * 20_000}
    with pytest.raises(TemplateRefused):
        rendering.rendered(with_texts("{% for row in rows %}{{ row.text }}{% endfor %}"), content, "1001")


def test_nothing_but_texts_reaches_a_template() -> None:
    with pytest.raises(TypeError):
        rendering.rendered(with_texts("{{ user }}"), {"user": object()}, "1001")


@pytest.mark.parametrize(
    "typed",
    ["{{ 7*7 }}", "{% for x in y %}", "{# x #}", "</w:t></w:r><w:r><w:t>x", "a & b < c > d \"e\" 'f'", "${7*7} #{7*7}"],
)
def test_what_a_user_typed_is_text(typed: str) -> None:
    made = rendering.rendered(with_texts("{{ note }}", "{{ 客 }}".replace("客", "note")), {"note": typed}, "1001")
    assert texts(made)[:2] == [typed, typed]


def test_characters_that_break_xml_are_dropped() -> None:
    typed = "甲\x00\x01\x08\x0b\x0c\x1f\ud800\ufffe\uffff乙"
    assert texts(rendering.rendered(with_texts("{{ note }}"), {"note": typed}, "1\x0001"))[0] == "甲乙"


def test_a_long_template_is_read_in_time() -> None:
    many = with_texts(*["{{ customer.name }}"] * grammar.MOST_TAGS, *["字" * 200] * 600)
    begun = time.monotonic()
    assert check(many) == grammar.MOST_TAGS
    assert len(texts(fills(many))) == grammar.MOST_TAGS + 600
    assert time.monotonic() - begun < 30


def test_too_many_placeholders() -> None:
    with pytest.raises(TemplateRefused):
        check(with_texts(*["{{ customer.name }}"] * (grammar.MOST_TAGS + 1)))


def doctype(declaration: str) -> bytes:
    text = parts(shipped())[DOCUMENT].decode()
    head, body = text.split("?>", 1)
    return packed({DOCUMENT: f"{head}?>{declaration}{body}".encode()})


def relation(kind: str, target: str, mode: str = "") -> bytes:
    added = f'<Relationship Id="rIdX" Type="{OFFICE}/{kind}" Target="{target}" {mode}/></Relationships>'
    return replaced(RELATIONS, "</Relationships>", added)


def element(xml: str) -> bytes:
    return replaced(DOCUMENT, "<w:body>", f"<w:body><w:p><w:r>{xml}</w:r></w:p>")


BEGIN, RESULT, END = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
FETCHES = 'INCLUDEPICTURE "http://127.0.0.1/x.png"'


def drawing(attribute: str) -> bytes:
    """An old drawing with an address in an attribute."""
    names = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    return element(f"<w:pict><v:shape {names}><v:imagedata {attribute}/></v:shape></w:pict>")


HOSTILE = {
    "not a zip": b"MZ this is no zip",
    "empty": b"",
    "no document": packed({}, of=None)[:200],
    "xxe": doctype('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    "doctype alone": doctype("<!DOCTYPE x>"),
    "billion laughs": doctype('<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'),
    "external picture": relation("image", "http://127.0.0.1/x.png", 'TargetMode="External"'),
    "external template": relation("attachedTemplate", "file:///c:/x.dotm", 'TargetMode="External"'),
    "external in capitals": relation("image", "http://127.0.0.1/x.png", 'TargetMode="EXTERNAL"'),
    "hyperlink": relation("hyperlink", "http://127.0.0.1/", 'TargetMode="External"'),
    "ole": relation("oleObject", "media/x.png"),
    "chunk": relation("aFChunk", "media/x.png"),
    "target outside of the package": relation("image", "../../../etc/passwd"),
    "macro part": packed({"word/vbaProject.bin": b"x"}),
    "embedded part": packed({"word/embeddings/oleObject1.bin": b"x"}),
    "font part": packed({"word/fonts/font1.odttf": b"x"}),
    "svg": packed({"word/media/x.svg": b"<svg/>"}),
    "docm renamed": replaced(
        TYPES,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        "application/vnd.ms-word.document.macroEnabled.main+xml",
    ),
    "traversal": packed({"../../etc/cron.d/x": b"x"}),
    "traversal within": packed({"word/../../x.xml": b"<x/>"}),
    "absolute": packed({"/etc/passwd": b"x"}),
    "backslash": packed({"word\\..\\x.xml": b"<x/>"}),
    "drive": packed({"c:x.xml": b"<x/>"}),
    "object": element("<w:object/>"),
    "other document": element('<w:altChunk xmlns:r="r" r:id="x"/>'),
    "field": element("<w:instrText>INCLUDETEXT c:\\\\x.docx</w:instrText>"),
    "split field": element("<w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO cmd</w:instrText>"),
    "simple field": replaced(DOCUMENT, "<w:body>", '<w:body><w:p><w:fldSimple w:instr="INCLUDEPICTURE x"/></w:p>'),
    "field within a field": element(
        f"{BEGIN}<w:instrText>PAGE </w:instrText>{BEGIN}<w:instrText>{FETCHES}</w:instrText>{END}{RESULT}{END}"
    ),
    "field after a page number": element(f"{BEGIN}<w:instrText>PAGE {FETCHES}</w:instrText>{END}"),
    "text as a field": element(f"{BEGIN}<w:t>{FETCHES}</w:t>{END}"),
    "placeholder in a field": element(
        f"{BEGIN}<w:instrText>PAGE</w:instrText><w:t>{{{{ customer.name }}}}</w:t>{RESULT}{END}"
    ),
    "deleted field": element(f"{BEGIN}<w:delInstrText>{FETCHES}</w:delInstrText>{END}"),
    "field without an end": element(f"{BEGIN}<w:instrText>{FETCHES}</w:instrText>"),
    "picture of an old drawing": drawing('src="http://127.0.0.1/x.png"'),
    "origin of an old drawing": drawing('o:href="http://127.0.0.1/x.png"'),
    "hidden in a property": replaced("docProps/core.xml", "</cp:coreProperties>",
                                     "<cp:category>{{ ''.x }}</cp:category></cp:coreProperties>"),
    "hidden in an attribute": replaced(DOCUMENT, "<w:body>", '<w:body><w:p w:rsidR="{{ 7*7 }}"/>'),
    "hidden in the styles": replaced("word/styles.xml", "<w:styles ", '<w:styles title="{{ 7*7 }}" '),
    "bad xml": packed({DOCUMENT: b"<w:document"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused(name: str) -> None:
    with pytest.raises(TemplateRefused):
        check(HOSTILE[name])


def test_a_bomb_is_refused_without_unpacking_it() -> None:
    bomb = packed({"word/media/a.png": b"\0" * (64 << 20)})
    assert len(bomb) < package.MOST_BYTES
    begun = time.monotonic()
    with pytest.raises(TemplateRefused):
        check(bomb)
    assert time.monotonic() - begun < 2


def test_many_parts_that_are_large_together() -> None:
    with pytest.raises(TemplateRefused):
        check(packed({f"word/media/a{n}.png": b"\0" * (4 << 20) for n in range(5)}))


def test_many_tiny_elements() -> None:
    part = b"<a>" + b"<a/>" * (1 << 19) + b"</a>"
    with pytest.raises(TemplateRefused):
        check(packed({f"customXml/item{n}.xml": part for n in (1, 2)}))


def test_many_braces_that_never_close_are_read_in_time() -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateRefused):
        check(with_texts("{{" * 200_000))
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("asked", [" PAGE   \\* MERGEFORMAT ", "NUMPAGES", 'page \\# "0"', "SECTIONPAGES \\* Arabic"])
def test_page_numbers_as_word_writes_them_pass(asked: str) -> None:
    half = len(asked) // 2
    first, second = (f"<w:instrText>{part}</w:instrText>" for part in (asked[:half], asked[half:]))
    assert check(element(f"{BEGIN}{first}</w:r><w:r>{second}{RESULT}<w:t>7</w:t>{END}")) > 20


def test_too_many_and_doubled_parts() -> None:
    with pytest.raises(TemplateRefused):
        check(packed({f"word/media/a{n}.png": b"" for n in range(package.MOST_PARTS)}))
    with pytest.raises(TemplateRefused):
        check(packed({"word/Document.xml": parts(shipped())[DOCUMENT]}))


def test_more_bytes_than_may_be() -> None:
    with pytest.raises(TemplateRefused):
        check(b"PK" + b"\0" * package.MOST_BYTES)


def test_a_zip_that_lies_about_its_sizes() -> None:
    content = bytearray(packed({"word/media/a.png": b"\0" * (8 << 20)}))
    size = (8 << 20).to_bytes(4, "little")
    assert size in content
    with pytest.raises(TemplateRefused):
        check(bytes(content).replace(size, (10).to_bytes(4, "little")))


def test_a_zip_with_a_password() -> None:
    content = bytearray(shipped())
    for at in (one.header_offset for one in zipfile.ZipFile(io.BytesIO(shipped())).infolist()):
        content[at + 6] |= 1
    start = content.find(b"PK\x01\x02")
    while start >= 0:
        content[start + 8] |= 1
        start = content.find(b"PK\x01\x02", start + 4)
    with pytest.raises(TemplateRefused):
        check(bytes(content))


def test_the_shipped_template_passes_and_names_chinese_fonts() -> None:
    assert check(shipped()) > 20
    styles = parts(shipped())["word/styles.xml"].decode()
    assert 'w:eastAsia="仿宋"' in styles
    assert 'w:eastAsia="宋体"' in styles
    section = Document(io.BytesIO(shipped())).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)  # type: ignore[union-attr]


def test_placeholders_split_over_runs_and_pictures_pass() -> None:
    document = Document()
    paragraph = document.add_paragraph()
    for text in ("{", "{ cust", "omer.na", "me }", "}"):
        paragraph.add_run(text).bold = text == "me }"
    output = io.BytesIO()
    document.save(output)
    assert check(output.getvalue()) == 1
    assert texts(fills(output.getvalue()))[0] == ARCHIVE["customer"]["name"]


def test_the_properties_name_nobody_and_the_day_it_was_made() -> None:
    document = Document()
    properties = document.core_properties
    properties.author = properties.last_modified_by = "某人"
    document.add_paragraph("{{ customer.name }}")
    output = io.BytesIO()
    document.save(output)
    made = Document(io.BytesIO(fills(output.getvalue()))).core_properties
    assert (made.author, made.last_modified_by, made.comments) == ("", "", "1001")
    assert made.created == made.modified and made.created is not None
    assert abs((datetime.now(UTC) - made.created).total_seconds()) < 60
