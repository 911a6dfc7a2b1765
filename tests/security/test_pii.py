"""Encryption, look-up hashes and masks of C2 fields."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.audit import pii

pytestmark = pytest.mark.security
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
FIELD = st.sampled_from(pii.FIELDS)


@given(FIELD, st.integers(1, 2**62), TEXT)
def test_a_value_comes_back(field: pii.Field, row_id: int, value: str) -> None:
    cipher = pii.encrypt(field, row_id, value)
    assert cipher is not None
    assert pii.decrypt(field, row_id, cipher) == value
    assert len(value) < 4 or value.encode() not in cipher


@given(FIELD, st.integers(1, 2**62), TEXT, st.data())
def test_a_changed_bit_is_noticed(field: pii.Field, row_id: int, value: str, data: st.DataObject) -> None:
    cipher = bytearray(pii.encrypt(field, row_id, value) or b"")
    place = data.draw(st.integers(0, len(cipher) * 8 - 1))
    cipher[place // 8] ^= 1 << place % 8
    with pytest.raises(pii.DecryptionError):
        pii.decrypt(field, row_id, bytes(cipher))


def test_a_value_moved_to_another_row_or_column_does_not_decrypt() -> None:
    cipher = pii.encrypt(pii.MOBILE, 1, "13800001111")
    for field, row_id in ((pii.MOBILE, 2), (pii.ID_NO, 1), (pii.ACCOUNT_NO, 1)):
        with pytest.raises(pii.DecryptionError):
            pii.decrypt(field, row_id, cipher)


def test_damaged_and_empty_ciphers() -> None:
    assert pii.decrypt(pii.MOBILE, 1, None) == ""
    for damaged in (b"", b"\x02", b"\x02k1", b"\xff" * 40, b"\x02k1" + b"\0" * 11):
        with pytest.raises(pii.DecryptionError):
            pii.decrypt(pii.MOBILE, 1, damaged)


def test_equal_values_have_different_ciphers_and_equal_hashes() -> None:
    first, second = pii.seal_many(pii.MOBILE, [1, 2], ["13800001111", "+86 138-0000-1111"])
    assert first.cipher != second.cipher
    assert first.index == second.index and first.tail_index == second.tail_index
    assert first.mask == second.mask == "138****1111"
    assert first.index is not None and len(first.index) == 16
    assert first.index != pii.index(pii.ACCOUNT_NO, "13800001111")


def test_a_tail_finds_the_whole_number() -> None:
    assert pii.tail_index(pii.ID_NO, "110105194912310 02x") == pii.tail_index(pii.ID_NO, "002X")
    assert pii.tail_index(pii.ID_NO, "02X") is None
    assert pii.tail_index(pii.ID_NO, "002X") != pii.index(pii.ID_NO, "002X")


def test_empty_values_are_stored_as_nothing() -> None:
    assert pii.seal_many(pii.ID_NO, [1, 2], [None, ""]) == [pii.NOTHING, pii.NOTHING]
    assert pii.index(pii.MOBILE, "-") is None


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (pii.mask_id_no, "11010519491231002X", "1****************X"),
        (pii.mask_id_no, "12", "**"),
        (pii.mask_mobile, "13800138000", "138****8000"),
        (pii.mask_mobile, "0592 5551234", "059****1234"),
        (pii.mask_mobile, "5551234", "*****34"),
        (pii.mask_mobile, "12", "**"),
        (pii.mask_account_no, "6222 0212 3456 7890", "****7890"),
        (pii.mask_account_no, "1234567", "****"),
        (pii.mask_address, "福建省厦门市思明区湖滨南路100号201室", "福建省厦门市****"),
        (pii.mask_address, "厦门", "****"),
        (pii.mask_name, "王", "*"),
        (pii.mask_name, "王明", "王*"),
        (pii.mask_name, "欧阳小明", "欧**明"),
        (pii.mask_name, "北京某某贸易有限公司", "北京****公司"),
    ],
)
def test_masks(mask: object, value: str, shown: str) -> None:
    assert callable(mask) and mask(value) == shown


@given(st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True))
def test_a_masked_id_number_shows_two_characters(value: str) -> None:
    shown = pii.mask_id_no(value)
    assert shown[1:-1] == "*" * 16 and (shown[0], shown[-1]) == (value[0], value[-1])


def write(path: Path, **content: object) -> str:
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def test_rotation_keeps_old_values_readable(tmp_path: Path, settings: object) -> None:
    old, new, index = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
    settings.CRM_KEY_FILE = write(tmp_path / "1.json", current="k1", keys={"k1": old}, index_key=index)  # type: ignore[attr-defined]
    cipher, found = pii.encrypt(pii.MOBILE, 7, "13800001111"), pii.index(pii.MOBILE, "13800001111")
    settings.CRM_KEY_FILE = write(tmp_path / "2.json", current="k2", keys={"k1": old, "k2": new}, index_key=index)  # type: ignore[attr-defined]
    renewed = pii.encrypt(pii.MOBILE, 7, "13800001111")
    assert cipher is not None and renewed is not None
    assert pii.decrypt(pii.MOBILE, 7, cipher) == pii.decrypt(pii.MOBILE, 7, renewed) == "13800001111"
    assert pii.index(pii.MOBILE, "13800001111") == found
    settings.CRM_KEY_FILE = write(tmp_path / "3.json", current="k2", keys={"k2": new}, index_key=index)  # type: ignore[attr-defined]
    assert pii.decrypt(pii.MOBILE, 7, renewed) == "13800001111"
    with pytest.raises(pii.DecryptionError):
        pii.decrypt(pii.MOBILE, 7, cipher)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"current": "k2", "keys": {"k1": "AAAA"}, "index_key": "AAAA"},
        {"current": "k1", "keys": {"k1": "AAAA"}, "index_key": "AAAA"},
        {"current": "k1", "keys": {"k1": "!"}, "index_key": "AAAA"},
        {"current": "k1", "keys": [], "index_key": 5},
    ],
)
def test_a_bad_key_file_is_named(content: dict[str, object], tmp_path: Path) -> None:
    path = write(tmp_path / "keys.json", **content)
    with pytest.raises(pii.KeyFileError, match=r"keys\.json"):
        pii.read_key_ring(path)
