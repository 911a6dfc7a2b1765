"""Texts side by side: which parts of one stand in another as well."""

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Part:
    """A piece of a text; `is_own` where the other text has something else."""

    text: str
    is_own: bool


def parts(text: str, other: str) -> list[Part]:
    """The text in pieces, as far as it is the same as the other and where not; the pieces make up the text."""
    found: list[Part] = []
    for kind, _start, _end, first, last in SequenceMatcher(None, other, text, autojunk=False).get_opcodes():
        if first < last:
            found.append(Part(text[first:last], kind != "equal"))
    return found
