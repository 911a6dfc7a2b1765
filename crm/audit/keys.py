"""Whether the key file is the one that this database was encrypted with.

Another instance's key file is a valid one: nothing would decrypt, no look-up hash would match, and every row of a feed
would seem to belong to somebody unknown. So the database remembers a fingerprint of every key that wrote into it.
"""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crm.audit import pii
from crm.audit.models import KeyFingerprint

INDEX = "index_key"


class WrongKeys(Exception):
    """The key file is not this database's, or lacks a key that values in it were encrypted with."""

    def __init__(self, key_ids: list[str]) -> None:
        names = ", ".join(key_ids)
        self.chinese = f"密钥文件与数据库不符（{names}）：请放回原来的密钥文件"
        self.english = f"the key file is not the one of this database ({names}): put the right one back"
        super().__init__(f"{self.chinese} / {self.english}")


def fingerprints() -> dict[str, str]:
    """Key id → fingerprint, for every key of the file; the keys cannot be found from it."""
    ring = pii.key_ring()
    return {INDEX: fingerprint(ring.index_key)} | {key_id: fingerprint(key) for key_id, key in ring.keys.items()}


def fingerprint(key: bytes) -> str:
    return HKDF(hashes.SHA256(), length=16, salt=None, info=b"dangan key fingerprint").derive(key).hex()


def check(using: str = "default") -> None:
    """Raise WrongKeys when a remembered key is missing from the file or is another one there."""
    have = fingerprints()
    rows = KeyFingerprint.objects.using(using).values_list("key_id", "fingerprint")
    wrong = [key_id for key_id, known in rows if not hmac.compare_digest(have.get(key_id, ""), known)]
    if wrong:
        raise WrongKeys(sorted(wrong))


def confirm() -> None:
    """Check, then remember the keys that write from now on: before a feed or a night touches anything."""
    check("batch")
    have = fingerprints()
    writing = (INDEX, pii.key_ring().current)
    KeyFingerprint.objects.using("batch").bulk_create(
        [KeyFingerprint(key_id=key_id, fingerprint=have[key_id]) for key_id in writing], ignore_conflicts=True
    )
