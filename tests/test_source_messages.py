"""The translation files follow the source: what is extracted, merged, refused, and that Chinese is complete."""

import shutil
from pathlib import Path

import polib
import pytest

from crm import source_messages
from crm.embedded import translations
from crm.source_messages import Key

CHECKOUT = Path(__file__).resolve().parent.parent
CODE = """
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext

# Translators: on a badge
LABEL = _("Plain")
COUNT = ngettext("%(n)s thing", "%(n)s things", 2) % {"n": 2}
TITLE = pgettext("form of address", "Mr")
BRACED = _("{amount} short")
NOT_A_MESSAGE = "Left alone"
"""
PAGE = """
<h1 title="{% translate "In an attribute" %}">{% translate "Open" context "door" %}</h1>
    {% blocktranslate trimmed with name=user.name %}
      Hello,
      {{ name }}
    {% endblocktranslate %}
  {% blocktranslate count number=rows|length %}{{ number }} row{% plural %}{{ number }} rows{% endblocktranslate %}
{{ value|default:_("In a filter") }} {% trans '100% "quoted"' %} it's (unbalanced
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small product with one module, one page and two empty translation files."""
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "one.py").write_text(CODE, "utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "one.html").write_text(PAGE, "utf-8")
    for language in ("zh_Hans", "zh_Hant"):
        folder = tmp_path / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "django.po").write_text('msgid ""\nmsgstr ""\n', "utf-8")
    return tmp_path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What the extraction reads of this checkout, to be changed at will."""
    for name in (*source_messages.PACKAGES, "templates", "locale"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    return tmp_path


def po(checkout: Path, language: str = "zh_Hans") -> Path:
    return checkout / "locale" / language / "LC_MESSAGES" / "django.po"


def test_every_way_to_mark_a_message_is_found_and_nothing_else(checkout: Path) -> None:
    assert set(source_messages.extracted(checkout)) == {
        Key("Plain", "", ""),
        Key("%(n)s thing", "%(n)s things", ""),
        Key("Mr", "", "form of address"),
        Key("{amount} short", "", ""),
        Key("In an attribute", "", ""),
        Key("Open", "", "door"),
        Key("Hello, %(name)s", "", ""),
        Key("%(number)s row", "%(number)s rows", ""),
        Key("In a filter", "", ""),
        Key('100%% "quoted"', "", ""),
    }


def test_an_update_keeps_translations_and_drops_what_has_left_the_source(checkout: Path) -> None:
    source_messages.update(checkout)
    file = polib.pofile(str(po(checkout)))
    assert file.metadata["Language"] == "zh_Hans"
    assert file.metadata["Plural-Forms"] == "nplurals=1; plural=0;"
    plain, counted = file.find("Plain"), file.find("%(n)s thing")
    assert plain and counted
    assert (plain.msgstr, plain.comment) == ("", "Translators: on a badge")
    assert counted.flags == ["python-format"]
    plain.msgstr, counted.msgstr_plural = "普通", {0: "%(n)s 件"}
    file.append(polib.POEntry(msgid="Gone", msgstr="没有了"))
    file.append(polib.POEntry(msgid="Gone too", msgstr="没有了", obsolete=True))
    file.save()

    source_messages.update(checkout)
    text = po(checkout).read_text("utf-8")
    kept = polib.pofile(str(po(checkout)))
    assert {entry.msgid: entry.msgstr or entry.msgstr_plural.get(0) for entry in kept if entry.translated()} == {
        "Plain": "普通",
        "%(n)s thing": "%(n)s 件",
    }
    assert "Gone" not in text and "fuzzy" not in text and "one.py" not in text
    source_messages.update(checkout)
    assert po(checkout).read_text("utf-8") == text


def test_a_fuzzy_guess_is_not_taken_over(checkout: Path) -> None:
    source_messages.update(checkout)
    file = polib.pofile(str(po(checkout)))
    plain = file.find("Plain")
    assert plain
    plain.msgstr, plain.flags = "猜的", ["fuzzy"]
    file.save()
    source_messages.update(checkout)
    entry = polib.pofile(str(po(checkout))).find("Plain")
    assert entry and (entry.msgstr, entry.fuzzy) == ("", False)


def test_the_check_names_a_message_on_one_side_only(copied: Path) -> None:
    assert source_messages.faults(copied) == []
    page = copied / "templates" / "registration" / "locked.html"
    text = page.read_text("utf-8")
    page.write_text(text.replace('"Account locked"', '"Nowhere to be found"'), "utf-8")
    found = source_messages.faults(copied)
    for language in ("zh_Hans", "zh_Hant"):
        assert f"{po(copied, language)}: 'Nowhere to be found' of the source is missing" in found
        assert f"{po(copied, language)}: 'Account locked' is not in the source" in found
    assert len(found) == 4
    source_messages.update(copied)
    assert source_messages.faults(copied) == []
    assert [fault for fault in translations.faults(po(copied)) if "'Nowhere to be found' is not translated" in fault]


def test_an_update_of_the_product_changes_nothing(copied: Path) -> None:
    before = [path.read_bytes() for path in translations.po_files(copied)]
    source_messages.update(copied)
    assert [path.read_bytes() for path in translations.po_files(copied)] == before


def test_chinese_is_complete_and_says_so_in_chinese() -> None:
    files = translations.po_files(CHECKOUT)
    assert [path.parent.parent.name for path in files] == ["zh_Hans", "zh_Hant"]
    for path in files:
        assert translations.faults(path) == []
        same = [entry.msgid for entry in polib.pofile(str(path)) if entry.msgstr == entry.msgid]
        left = [text for text in same if any(letter.isalpha() for letter in text)]  # quotation marks may be the same
        assert left == [], f"{path}: the English stands in for a translation"


def test_the_translations_use_the_words_of_the_glossary() -> None:
    table = (CHECKOUT / "docs" / "glossary.md").read_text("utf-8").split("| where it appears |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines()[2:]]
    assert len(rows) > 40
    for language, column in (("zh_Hans", 1), ("zh_Hant", 2)):
        said = "\n".join(entry.msgstr for entry in polib.pofile(str(po(CHECKOUT, language))))
        assert [row[0] for row in rows if row[column] not in said] == []
