"""Compiles locale/*/LC_MESSAGES/*.po without GNU gettext. `python -m crm.embedded.translations [--check]`

The .mo files are made at set-up and not committed. `--check` compiles too, and fails on what would reach a screen
half-done: a fuzzy or empty translation, or one whose placeholders differ from the source's.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

# English is the source language: what is missing there is shown as it stands in the code.
SOURCE_LANGUAGE = "en"
PLACEHOLDER = re.compile(r"%\([a-z_]\w*\)[sdif]|%[sdif]|\{\w*\}")


def po_files(checkout: Path) -> list[Path]:
    """All translation files of the product."""
    return sorted((checkout / "locale").glob("*/LC_MESSAGES/*.po"))


def compile_file(path: Path) -> None:
    """Write the .mo beside the .po unless it is newer already."""
    target = path.with_suffix(".mo")
    if not target.exists() or target.stat().st_mtime_ns <= path.stat().st_mtime_ns:
        draft = target.with_suffix(".mo.part")
        polib.pofile(str(path)).save_as_mofile(str(draft))
        draft.replace(target)


def _texts(entry: polib.POEntry) -> Iterator[tuple[str, str]]:
    """Pairs of source and translation; every plural form must keep the plural source's placeholders."""
    if entry.msgid_plural:
        for text in entry.msgstr_plural.values():
            yield entry.msgid_plural, text
    else:
        yield entry.msgid, entry.msgstr


def faults(path: Path) -> list[str]:
    """What is wrong in one file, a line for each fault."""
    language = path.parent.parent.name
    found = []
    for entry in polib.pofile(str(path)):
        if entry.obsolete:
            continue
        place = f"{path}:{entry.linenum}: {entry.msgid[:60]!r}"
        if entry.fuzzy:
            found.append(f"{place} is fuzzy")
        for source, text in _texts(entry):
            if not text:
                found += [] if language == SOURCE_LANGUAGE else [f"{place} is not translated"]
            elif sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text)):
                found.append(f"{place} has other placeholders than its translation")
    return found


def main() -> int:
    """Compile everything; with --check the exit status is 1 when a translation is not fit to be shown."""
    parser = argparse.ArgumentParser(prog="python -m crm.embedded.translations")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    found: list[str] = []
    for path in po_files(Path.cwd()):
        compile_file(path)
        found += faults(path) if arguments.check else []
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
