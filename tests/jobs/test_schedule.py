"""What Celery's clock runs: every scheduled name is a task that exists, and the small ones do what they say."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from crm.audit import trail
from crm.audit.tasks import sign_heads
from crm.audit.verify import verify
from crm.celery import app, schedule
from crm.organization.tasks import forget_sessions
from tests.world import Bank


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    names = {str(entry["task"]) for entry in schedule("06:00", sweep_seconds=60).values()}
    assert names <= set(app.tasks)


def test_the_heads_are_signed(bank: Bank, tmp_path: Path, settings: Settings) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"
    trail.record(bank.wang, "customer.view", customer=bank.customer("C1", owner=bank.wang))
    assert sign_heads() == 1
    assert (verify().is_whole, verify().anchors) == (True, 1)


@pytest.mark.usefixtures("database")
def test_sessions_that_have_ended_are_removed() -> None:
    over, going_on = SessionStore(), SessionStore()
    over.create()
    going_on.create()
    Session.objects.filter(pk=over.session_key).update(expire_date=timezone.now() - timedelta(hours=1))
    forget_sessions()
    assert list(Session.objects.values_list("pk", flat=True)) == [going_on.session_key]
