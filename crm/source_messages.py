"""Keeps locale/*/LC_MESSAGES/django.po in step with the source. `python -m crm.source_messages --update | --check`

Babel reads the messages, from Python as it stands and from templates through Django's `templatize`; no GNU gettext is
needed. A new message arrives without a translation, one that has left the source is dropped, and nothing is guessed:
there are no fuzzy entries. The files hold no dates and no line numbers, so that two updates give the same bytes and a
change of one message is a change of its own lines only.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from crm.embedded.translations import po_files

PACKAGES = ("crm", "customers", "archives", "segments", "campaigns")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# A comment that begins so, right above a message, is shown to its translators.
COMMENT_TAG = "Translators:"
HEADER = {
    "Project-Id-Version": "dangan",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    # Chinese has one form for all numbers.
    "Plural-Forms": "nplurals=1; plural=0;",
}


@dataclass(frozen=True, order=True)
class Key:
    """What tells one message from another."""

    text: str
    plural: str
    context: str


def sources(checkout: Path) -> Iterator[bytes]:
    """Every file that may hold messages, as Python code that Babel can read."""
    for package in PACKAGES:
        for path in sorted((checkout / package).rglob("*.py")):
            yield path.read_bytes()
    for path in sorted((checkout / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            # In brackets, because the words between the messages keep the indentation of the page.
            yield f"(\n{templatize(path.read_text('utf-8'), origin=str(path))}\n)".encode()


def extracted(checkout: Path) -> dict[Key, Message]:
    """All messages of the source."""
    catalog = Catalog()
    for code in sources(checkout):
        found = extract("python", io.BytesIO(code), KEYWORDS, (COMMENT_TAG,), {"encoding": "utf-8"})
        for _line, text, comments, context in found:
            catalog.add(text, auto_comments=comments, context=context)
    return {key_of(message): message for message in catalog if message.id}


def key_of(message: Message) -> Key:
    text, plural = (message.id, "") if isinstance(message.id, str) else message.id
    return Key(text, plural, message.context or "")


def key_of_entry(entry: polib.POEntry) -> Key:
    return Key(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def merged(old: polib.POFile, language: str, messages: dict[Key, Message]) -> polib.POFile:
    """The file as it should be: the source's messages with the translations that are there."""
    known = {key_of_entry(entry): entry for entry in old if not entry.obsolete and not entry.fuzzy}
    new = polib.POFile(wrapwidth=110)
    new.header = "Written by `make messages`; only the translations are written by hand."
    new.metadata = {**HEADER, "Language": language}
    for key, message in sorted(messages.items()):
        entry = known.get(key) or polib.POEntry(msgid=key.text, msgid_plural=key.plural)
        flags = [name for name in ("python_format", "python_brace_format") if getattr(message, name, False)]
        new.append(
            polib.POEntry(
                msgid=key.text,
                msgid_plural=key.plural,
                msgctxt=key.context or None,
                msgstr="" if key.plural else entry.msgstr,
                msgstr_plural={0: entry.msgstr_plural.get(0, "")} if key.plural else {},
                comment="\n".join(message.auto_comments),
                tcomment=entry.tcomment,
                flags=[name.replace("_", "-") for name in flags],
            )
        )
    return new


def update(checkout: Path) -> None:
    """Write every .po file anew."""
    messages = extracted(checkout)
    for path in po_files(checkout):
        text = str(merged(polib.pofile(str(path)), path.parent.parent.name, messages)).rstrip("\n") + "\n"
        if text != path.read_text("utf-8"):
            path.write_text(text, "utf-8")


def faults(checkout: Path) -> list[str]:
    """Where a .po file and the source differ, a line for each message."""
    messages = extracted(checkout)
    found = []
    for path in po_files(checkout):
        held = {key_of_entry(entry) for entry in polib.pofile(str(path)) if not entry.obsolete}
        found += [f"{path}: {key.text[:60]!r} of the source is missing" for key in sorted(messages.keys() - held)]
        found += [f"{path}: {key.text[:60]!r} is not in the source" for key in sorted(held - messages.keys())]
    return found


def main() -> int:
    """The exit status of --check is 1 when `make messages` is due."""
    parser = argparse.ArgumentParser(prog="python -m crm.source_messages")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--update", action="store_true")
    mode.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.update:
        update(Path.cwd())
        return 0
    found = faults(Path.cwd())
    print("\n".join([*found, "Run `make messages`."]) if found else "", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
