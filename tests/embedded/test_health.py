"""What monitoring sees: the process, its surroundings, the figures; and that none of it needs or shows too much."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from crm import health, nightly
from crm.jobs import ledger
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import Heartbeat, JobChunk, JobRun, JobStep
from customers.models import FeedLoad

NEEDED_OK = {"database": "ok", "migrations": "ok", "broker": "ok"}


def ready(client: Client) -> tuple[int, dict[str, object], dict[str, dict[str, object]]]:
    """Status, whole body and checks of /readyz."""
    answer = client.get("/readyz")
    body = json.loads(answer.content)
    return answer.status_code, body, body["checks"]


def night(as_of_days_ago: int = 1, published_hours_ago: float = 2) -> JobRun:
    """A published night with two steps and three chunks, one of them set aside."""
    now = timezone.now()
    published = now - timedelta(hours=published_hours_ago)
    run = JobRun.objects.using("batch").create(
        job=nightly.JOB,
        business_date=nightly.last_business_date() - timedelta(days=as_of_days_ago - 1),
        state=RunState.PUBLISHED,
        started_at=published - timedelta(minutes=5),
        finished_at=published,
        published_at=published,
        counts={"alerts": {"MATURITY": {"live": 17, "raised": 3}}},
    )
    for number, (name, seconds) in enumerate([("metrics", 12.5), ("publish", 3)], start=1):
        step = JobStep.objects.using("batch").create(
            run=run,
            no=number,
            name=name,
            state=StepState.DONE,
            started_at=now,
            finished_at=now + timedelta(seconds=seconds),
        )
        states = [StepState.DONE, StepState.QUARANTINED] if number == 1 else [StepState.DONE]
        for chunk, state in enumerate(states):
            JobChunk.objects.using("batch").create(step=step, no=chunk, state=state)
    return run


@contextmanager
def unreachable_database() -> Iterator[None]:
    """The web role's connection points where no server listens."""
    wrapper = connections["default"]
    wrapper.close()
    known = wrapper.settings_dict
    wrapper.settings_dict = {**known, "OPTIONS": {**known["OPTIONS"], "host": "/nonexistent"}}
    try:
        yield
    finally:
        wrapper.close()
        wrapper.settings_dict = known


@pytest.mark.parametrize("name", ["healthz", "readyz", "metrics"])
def test_probes_have_names_and_stand_before_every_other_middleware(
    database: None, settings: Settings, name: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(reverse(name), headers={"Host": "10.1.2.3"})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies
    assert Client().post(reverse(name)).status_code == 405


def test_healthz_needs_no_database() -> None:
    # No fixture opens the database: pytest-django refuses every connection.
    answer = Client().get("/healthz")
    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "ok"})


def test_readyz_is_well_when_everything_is_fresh(database: None) -> None:
    ledger.beat("beat")
    night()
    status, body, checks = ready(Client())
    assert (status, body["status"]) == (200, "ok")
    assert {name: check["state"] for name, check in checks.items()} == {**NEEDED_OK, "beat": "ok", "night": "ok"}
    assert checks["night"]["published_date"] == nightly.last_business_date().isoformat()
    assert str(checks["database"]["version"]).startswith("18")


@pytest.mark.parametrize(("age", "state"), [(175, "ok"), (185, "late")])
def test_a_late_heartbeat_degrades_and_does_not_take_the_web_away(database: None, age: int, state: str) -> None:
    night()
    Heartbeat.objects.using("batch").create(name="beat", at=timezone.now() - timedelta(seconds=age))
    status, body, checks = ready(Client())
    assert (status, checks["beat"]["state"]) == (200, state)
    assert body["status"] == ("ok" if state == "ok" else "degraded")


def test_a_night_of_the_day_before_yesterday_is_late(database: None) -> None:
    ledger.beat("beat")
    night(as_of_days_ago=2)
    status, body, checks = ready(Client())
    assert (status, body["status"], checks["night"]["state"]) == (200, "degraded", "late")


def test_a_failed_night_is_told_beside_the_published_one(database: None) -> None:
    night(as_of_days_ago=2, published_hours_ago=26)
    JobRun.objects.using("batch").create(
        job=nightly.JOB,
        business_date=nightly.last_business_date(),
        state=RunState.FAILED,
        started_at=timezone.now(),
    )
    check = ready(Client())[2]["night"]
    assert (check["state"], check["last_run"]) == ("late", RunState.FAILED)


def test_an_unapplied_migration_is_named_with_503(database: None) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'segments' AND name = '0001_initial'")
    try:
        status, body, checks = ready(Client())
        assert (status, body["status"]) == (503, "failed")
        assert checks["migrations"]["unapplied"] == ["segments.0001_initial"]
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('segments', '0001_initial', now())"
            )


def test_a_lost_broker_is_503_and_the_database_stays_well(database: None, settings: Settings) -> None:
    settings.REDIS_URL = "redis://:wrong-password@127.0.0.1:1/0"
    status, _body, checks = ready(Client())
    assert status == 503
    assert checks["broker"] == {"state": "failed", "error": "ConnectionError", "needed": True}
    assert checks["database"]["state"] == "ok"


def test_a_lost_database_is_503_and_no_address_or_password_is_told(database: None) -> None:
    with unreachable_database():
        answer = Client().get("/readyz")
        checks = json.loads(answer.content)["checks"]
        assert answer.status_code == 503
        assert checks["database"] == {"state": "failed", "error": "OperationalError", "needed": True}
        assert checks["broker"]["state"] == "ok"
        assert {checks[name]["state"] for name in ("migrations", "beat", "night")} == {"unknown"}
        assert "nonexistent" not in answer.content.decode()
        assert Client().get("/metrics").status_code == 503
        assert Client().get("/healthz").status_code == 200


def samples(scrape: bytes) -> dict[str, float]:
    """The figures of a scrape by name with labels."""
    lines = [line for line in scrape.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_give_the_night_the_chunks_the_files_and_the_alerts(database: None) -> None:
    ledger.beat("beat")
    night(published_hours_ago=3)
    as_of = nightly.last_business_date()
    old = FeedLoad.objects.using("batch").create(spec="accounts", as_of=as_of, rows_read=900, rows_rejected=90)
    FeedLoad.objects.using("batch").filter(pk=old.pk).update(received_at=datetime(2026, 1, 1, tzinfo=UTC))
    FeedLoad.objects.using("batch").create(spec="accounts", as_of=as_of, rows_read=1000, rows_rejected=4)
    found = samples(Client().get("/metrics").content)
    assert found["dangan_night_published_age_seconds"] == pytest.approx(3 * 3600, abs=60)
    assert found["dangan_beat_age_seconds"] < 60
    assert found['dangan_night_step_seconds{step="metrics"}'] == 12.5
    assert found['dangan_night_chunks{state="done"}'] == 2
    assert found['dangan_night_chunks{state="quarantined"}'] == 1
    assert found['dangan_feed_rows_read{spec="accounts"}'] == 1000
    assert found['dangan_feed_rows_rejected{spec="accounts"}'] == 4
    assert found['dangan_alerts_live{kind="MATURITY"}'] == 17
    assert found["dangan_broker_up"] == 1
    assert found['dangan_queue_messages{queue="default"}'] >= 0


def test_metrics_without_a_token_are_for_this_machine_alone(database: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.0.0.7").get("/metrics").status_code == 403
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert Client().get("/metrics", headers={header: "127.0.0.1"}).status_code == 403, header


def test_metrics_with_a_token_are_for_who_sends_it(database: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = "scrape-me-Zurich"
    outside = Client(REMOTE_ADDR="10.0.0.7")
    assert Client().get("/metrics").status_code == 403
    for wrong in ("Bearer scrape-me", "scrape-me-Zurich", "Bearer ", "Bearer 档案"):
        assert outside.get("/metrics", headers={"Authorization": wrong}).status_code == 403, wrong
    assert outside.get("/metrics", headers={"Authorization": "Bearer scrape-me-Zurich"}).status_code == 200


def test_every_shipped_migration_is_known() -> None:
    assert ("customers", "0001_initial") in health.shipped_migrations()
    assert ("sessions", "0001_initial") in health.shipped_migrations()
