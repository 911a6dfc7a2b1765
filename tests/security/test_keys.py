"""A key file of another instance is noticed before it can harm."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from crm import checks, db, nightly
from crm.audit import keys, pii
from crm.audit.models import KeyFingerprint
from crm.embedded.secret import new_keys
from crm.jobs.ledger import RunRefused
from tests.world import Bank

pytestmark = [pytest.mark.security, pytest.mark.usefixtures("database")]
DAY = date(2026, 3, 10)


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    path = tmp_path / "other.json"
    path.write_text(new_keys())
    return path


def test_the_keys_that_write_are_remembered_without_being_told() -> None:
    keys.confirm()
    rows = dict(KeyFingerprint.objects.using("batch").values_list("key_id", "fingerprint"))
    assert set(rows) == {"index_key", pii.key_ring().current}
    assert pii.key_ring().index_key.hex() not in rows.values()
    keys.confirm()
    assert KeyFingerprint.objects.using("batch").count() == 2


def test_another_key_file_stops_web_and_night(settings: Settings, other_file: Path) -> None:
    keys.confirm()
    settings.CRM_KEY_FILE = str(other_file)
    with pytest.raises(keys.WrongKeys, match="密钥文件与数据库不符"):
        keys.check()
    with pytest.raises(RunRefused, match="put the right one back"):
        nightly.open_night(DAY)
    with pytest.raises(checks.UnsafeInstallation, match="key file"):
        checks.refuse_to_serve_unsafely()


def test_a_key_may_be_added_but_none_that_wrote_may_go(settings: Settings, other_file: Path, tmp_path: Path) -> None:
    keys.confirm()
    now = json.loads(Path(settings.CRM_KEY_FILE).read_text())
    added = json.loads(other_file.read_text())["keys"]
    grown = tmp_path / "grown.json"
    new_id = "2099"
    grown.write_text(json.dumps(now | {"keys": now["keys"] | {new_id: next(iter(added.values()))}, "current": new_id}))
    settings.CRM_KEY_FILE = str(grown)
    keys.confirm()
    assert KeyFingerprint.objects.using("batch").count() == 3
    shrunk = tmp_path / "shrunk.json"
    shrunk.write_text(json.dumps(now | {"keys": {new_id: next(iter(added.values()))}, "current": new_id}))
    settings.CRM_KEY_FILE = str(shrunk)
    with pytest.raises(keys.WrongKeys, match=now["current"]):
        keys.check()


def test_the_web_cannot_forget_a_key() -> None:
    keys.confirm()
    with pytest.raises(DatabaseError, match="permission denied"):
        db.execute("DELETE FROM audit_keyfingerprint", using="default")


def test_a_night_of_a_day_to_come_is_refused(bank: Bank) -> None:
    bank.customer("A")
    with pytest.raises(RunRefused):
        nightly.open_night(timezone.localdate() + timedelta(days=1))
    assert nightly.open_night(timezone.localdate())[1]
