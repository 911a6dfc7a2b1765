"""The table that a start ends with: address, logins, what runs where, and how long each part took."""

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns, aligned; a row with an empty second column is a heading."""
    left = max((width(name) for name, value in rows if value), default=0)
    lines = []
    for name, value in rows:
        lines.append(f"  {name}{' ' * (left - width(name))}  {value}" if value else f"\n{name}")
    return "\n".join(lines)
