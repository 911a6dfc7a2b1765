"""Anchors: the heads of all chains, signed and written outside the database.

Hashes alone cannot tell a chain whose end was cut off, head row included, or that was recomputed from the start by
somebody with all rights on the server. A line of the anchor file (and the same line in the log, which a bank ships to
another machine) can: it names number and hash of every chain's last entry at an hour. Each line's signature covers the
line before it, so that a line cannot be taken out either.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from crm import db
from crm.audit import pii

log = structlog.get_logger(__name__)
HEADS = "SELECT chain, seq, encode(hash, 'hex') AS hash FROM audit_audithead ORDER BY chain"


class AnchorFileError(Exception):
    """A line of the anchor file was changed, moved or taken out; `line` counts from 1."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(f"{path}, line {line}: the signature does not fit")
        self.line = line


@dataclass(frozen=True)
class Anchor:
    """The last entry of every chain at one moment: chain -> (number, hash as hex)."""

    at: str
    heads: dict[int, tuple[int, str]]


def anchor() -> Anchor:
    """Sign the heads as they are now, append them to the anchor file and write them to the log."""
    heads = {row["chain"]: (row["seq"], row["hash"]) for row in db.fetch_all(HEADS)}
    taken = Anchor(timezone.now().isoformat(), heads)
    path = Path(settings.AUDIT_ANCHOR_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = [json.loads(line)["signature"] for line in file][-1:]
        signature = sign(before[0] if before else "", taken)
        file.write(json.dumps({"at": taken.at, "heads": taken.heads, "signature": signature}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    log.info("audit_anchor", at=taken.at, chains=len(heads), heads=heads, signature=signature)
    return taken


def anchors(path: Path) -> Iterator[Anchor]:
    """The anchors of a file, oldest first. Raises AnchorFileError at the first line whose signature does not fit."""
    if not path.exists():
        return
    before = ""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                content = json.loads(line)
                found = read_anchor(content)
                signature = str(content["signature"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise AnchorFileError(path, number) from error
            if not hmac.compare_digest(signature, sign(before, found)):
                raise AnchorFileError(path, number)
            before = signature
            yield found


def read_anchor(content: dict[str, Any]) -> Anchor:
    heads = {int(chain): (int(seq), str(hash_)) for chain, (seq, hash_) in content["heads"].items()}
    return Anchor(str(content["at"]), heads)


def sign(before: str, taken: Anchor) -> str:
    """HMAC over the line before and this one, with the key that no database role can read."""
    text = json.dumps([before, taken.at, sorted(taken.heads.items())])
    return hmac.digest(pii.key_ring().index_key, f"audit anchor\0{text}".encode(), "sha256").hex()
