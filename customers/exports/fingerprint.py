"""Whose file is it? The order within each pair of rows says so to whoever has the key (SECURITY §3.4).

Rows stay in the order of the list but for neighbours: of rows 1 and 2, 3 and 4, … a keyed bit of the export decides
which customer comes first; two rows of one customer stay as they are and say nothing. Somebody without `keys.json`
cannot tell these swaps from chance; with it, every pair of a copy agrees with its own export and half of them with any
other, so that n pairs leave a doubt of 1 in 2^n. Sorting the copy destroys the trace. There is no invented customer in
a file: staff act upon these rows and add them up.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm.audit import pii


@dataclass(frozen=True)
class Match:
    """How many pairs of a copy stand as this export would have put them."""

    export_id: int
    agreeing: int
    pairs: int

    @property
    def share(self) -> float:
        return self.agreeing / self.pairs if self.pairs else 0.0


def in_order(token: str, rows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The rows of an export, each with its customer behind it, neighbours swapped by its key."""
    ordered = list(rows)
    for at in range(0, len(ordered) - 1, 2):
        if first_of(token, ordered[at][1], ordered[at + 1][1]) != ordered[at][1]:
            ordered[at], ordered[at + 1] = ordered[at + 1], ordered[at]
    return ordered


def first_of(token: str, one: int, other: int) -> int:
    """Which of two customers this export puts first."""
    low, high = sorted((one, other))
    digest = hmac.digest(pii.key_ring().index_key, f"export order\0{token}\0{low}\0{high}".encode(), "sha256")
    return high if digest[0] & 1 else low


def matches(exports: Iterable[tuple[int, str]], ids: Sequence[int]) -> list[Match]:
    """The exports (id, token) by how well the order of a copy, told by its customers, agrees with each, best first.

    A copy may begin in the middle of a pair, so both ways to pair its rows are tried.
    """
    found = [max((match(pk, token, ids[start:]) for start in (0, 1)), key=lambda one: one.share)
             for pk, token in exports]  # fmt: skip
    return sorted(found, key=lambda one: (-one.share, one.export_id))


def match(export_id: int, token: str, ids: Sequence[int]) -> Match:
    pairs = [pair for pair in zip(ids[::2], ids[1::2], strict=False) if pair[0] != pair[1]]
    return Match(export_id, sum(first_of(token, *pair) == pair[0] for pair in pairs), len(pairs))
