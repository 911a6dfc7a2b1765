"""C2 data (JR/T 0171-2020): encrypted per field, found by a keyed hash, shown as a mask (SECURITY §3.3).

A cipher text is `key id length, key id, nonce (12), AES-256-GCM text and tag`; table, column and row id are
authenticated with it, so that a value copied into another row or column does not decrypt. A look-up hash is the
first 16 bytes of an HMAC-SHA256 over column and value: equal values of two columns have different hashes.
Rows that are still on their way (the night's delta tables) are encrypted under the table and id that they will have.
"""

import base64
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
INDEX_BYTES = 16
KEY_BYTES = 32
TAIL_CHARACTERS = 4


class KeyFileError(Exception):
    """The key file is missing or is not what `crm.embedded.secret.make_key_file` writes."""


class DecryptionError(Exception):
    """The cipher text is damaged, belongs to another row or column, or its key is not in the key file."""


@dataclass(frozen=True)
class KeyRing:
    """`current` encrypts; every key of the file still decrypts. `index_key` never rotates without a reindex."""

    current: str
    keys: dict[str, bytes]
    ciphers: dict[str, AESGCM]
    index_key: bytes


@cache
def read_key_ring(path: str) -> KeyRing:
    """The keys of a JSON file `{"current": id, "keys": {id: base64}, "index_key": base64}`; 32 bytes each."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in content["keys"].items()}
        index_key = base64.b64decode(content["index_key"], validate=True)
        current = str(content["current"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyFileError(f"{path}: {type(error).__name__}: {error}") from error
    if current not in keys:
        raise KeyFileError(f"{path}: the current key {current!r} is not among the keys")
    for key_id, key in [*keys.items(), ("index_key", index_key)]:
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{path}: {key_id} has {len(key)} bytes instead of {KEY_BYTES}")
    return KeyRing(current, keys, {key_id: AESGCM(key) for key_id, key in keys.items()}, index_key)


def key_ring() -> KeyRing:
    """The keys of this installation (setting CRM_KEY_FILE), read once per process."""
    return read_key_ring(settings.CRM_KEY_FILE)


def compact(value: str) -> str:
    """Full-width forms made narrow, spaces and separators removed, letters upper-case."""
    return "".join(c for c in unicodedata.normalize("NFKC", value) if c.isalnum()).upper()


def mobile_digits(value: str) -> str:
    """A mainland number without +86 or 0086; other numbers keep all their digits."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", value) if c.isdecimal())
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 11:
            return digits.removeprefix(prefix)
    return digits


def mask_id_no(value: str) -> str:
    """First and last character: the usual 6 + 4 is undone by a birth date on the same page."""
    text = compact(value)
    return text[0] + "*" * (len(text) - 2) + text[-1] if len(text) > 2 else "*" * len(text)


def mask_mobile(value: str) -> str:
    """First 3 and last 4 digits of a mobile number; of a shorter number the last two."""
    digits = mobile_digits(value)
    if len(digits) >= 11:
        return digits[:3] + "*" * (len(digits) - 7) + digits[-4:]
    return "*" * max(len(digits) - 2, 0) + digits[-2:] if len(digits) > 2 else "*" * len(digits)


def mask_account_no(value: str) -> str:
    """The last 4 characters; nothing of a number so short that they would be half of it."""
    text = compact(value)
    return "****" + text[-4:] if len(text) >= 8 else "****"


def mask_address(value: str) -> str:
    """The first 6 characters (province and city as a rule), and never more than a third of the address."""
    text = value.strip()
    return text[: min(6, len(text) // 3)] + "****" if text else ""


def mask_name(value: str) -> str:
    """王* · 王*明 · 北京****公司: a person's first character and, from three on, the last; a company's ends."""
    text = value.strip()
    if len(text) <= 1:
        return text and "*"
    if len(text) == 2:
        return text[0] + "*"
    if len(text) <= 4:
        return text[0] + "*" * (len(text) - 2) + text[-1]
    return text[:2] + "****" + text[-2:]


# A phone, a document or a card among other words, with the blanks or hyphens that people put in; no amount is so long.
LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){9,17}[\dXx]?(?![\d.])", re.ASCII)


def veil_numbers(text: str) -> str:
    """What somebody wrote, without the numbers that tell who a customer is (C2 data has its own fields)."""
    return LONG_NUMBER.sub("****", text)


@dataclass(frozen=True)
class Field:
    """One C2 column: `<name>_cipher`, and `_index`, `_tail_index`, `_mask` where the table has them."""

    table: str
    name: str
    canonical: Callable[[str], str]
    mask: Callable[[str], str]

    def associated(self, row_id: int) -> bytes:
        return f"{self.table}.{self.name}.{row_id}".encode()


ID_NO = Field("customers_customer", "id_no", compact, mask_id_no)
MOBILE = Field("customers_customer", "mobile", mobile_digits, mask_mobile)
ADDRESS = Field("customers_customer", "address", compact, mask_address)
ACCOUNT_NO = Field("customers_account", "account_no", compact, mask_account_no)
FIELDS = (ID_NO, MOBILE, ADDRESS, ACCOUNT_NO)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a row stores in place of one plain value; all empty for an empty value."""

    cipher: bytes | None
    index: bytes | None
    tail_index: bytes | None
    mask: str


NOTHING = Sealed(None, None, None, "")


def encrypt_many(field: Field, row_ids: Iterable[int], values: Iterable[str | None]) -> list[bytes | None]:
    """Cipher texts for rows of these ids (the ids the rows will have), None for an empty value."""
    ring = key_ring()
    encrypt_one = ring.ciphers[ring.current].encrypt
    key_id = ring.current.encode()
    prefix = bytes([len(key_id)]) + key_id
    stem = f"{field.table}.{field.name}."
    sealed: list[bytes | None] = []
    for row_id, value in zip(row_ids, values, strict=True):
        if not value:
            sealed.append(None)
            continue
        nonce = os.urandom(NONCE_BYTES)
        sealed.append(prefix + nonce + encrypt_one(nonce, value.encode(), f"{stem}{row_id}".encode()))
    return sealed


def encrypt(field: Field, row_id: int, value: str | None) -> bytes | None:
    return encrypt_many(field, [row_id], [value])[0]


def decrypt(field: Field, row_id: int, cipher: bytes | memoryview | None) -> str:
    """The plain value, "" where none is stored. Only reveals, approved exports and a search of the night call it."""
    if cipher is None:
        return ""
    try:
        return unseal_bytes(bytes(cipher), field.associated(row_id)).decode()
    except (DecryptionError, ValueError) as error:
        raise DecryptionError(f"{field.table}.{field.name} of row {row_id}: {error}") from error


def seal_bytes(content: bytes, associated: bytes) -> bytes:
    """A whole content under the current key, packed as a field's value is; `associated` says what it belongs to."""
    ring = key_ring()
    key_id, nonce = ring.current.encode(), os.urandom(NONCE_BYTES)
    return bytes([len(key_id)]) + key_id + nonce + ring.ciphers[ring.current].encrypt(nonce, content, associated)


def unseal_bytes(packed: bytes, associated: bytes) -> bytes:
    """What `seal_bytes` or `encrypt` was given; raises DecryptionError when it is damaged or another's."""
    start = 1 + packed[0] if packed else 0
    key = key_ring().ciphers.get(packed[1:start].decode("ascii", "replace"))
    if key is None:
        raise DecryptionError("unknown key")
    nonce, text = packed[start : start + NONCE_BYTES], packed[start + NONCE_BYTES :]
    try:
        return key.decrypt(nonce, text, associated)
    except (InvalidTag, ValueError) as error:
        raise DecryptionError("damaged or moved") from error


def index_many(field: Field, values: Iterable[str | None]) -> list[bytes | None]:
    """Look-up hashes for exact search, of the canonical form; None for an empty value."""
    return _hashes(f"{field.name}\0", map(field.canonical, (value or "" for value in values)))


def index(field: Field, value: str | None) -> bytes | None:
    return index_many(field, [value])[0]


def tail_index_many(field: Field, values: Iterable[str | None]) -> list[bytes | None]:
    """Look-up hashes of the last four characters; the same for a whole number and for its tail."""
    tails = (field.canonical(value or "")[-TAIL_CHARACTERS:] for value in values)
    return _hashes(f"{field.name}.tail\0", (tail if len(tail) == TAIL_CHARACTERS else "" for tail in tails))


def tail_index(field: Field, value: str | None) -> bytes | None:
    return tail_index_many(field, [value])[0]


def seal_many(field: Field, row_ids: Sequence[int], values: Sequence[str | None]) -> list[Sealed]:
    """All that rows of these ids store of one column. Compare `index`, never `cipher`, to see whether it changed."""
    return [
        Sealed(cipher, index_, tail, field.mask(value)) if value else NOTHING
        for value, cipher, index_, tail in zip(
            values,
            encrypt_many(field, row_ids, values),
            index_many(field, values),
            tail_index_many(field, values),
            strict=True,
        )
    ]


def seal(field: Field, row_id: int, value: str | None) -> Sealed:
    return seal_many(field, [row_id], [value])[0]


def _hashes(context: str, values: Iterable[str]) -> list[bytes | None]:
    key = key_ring().index_key
    return [hmac.digest(key, (context + value).encode(), "sha256")[:INDEX_BYTES] if value else None for value in values]
