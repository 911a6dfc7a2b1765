"""What monitoring asks: `/healthz` (the process answers), `/readyz` (its surroundings are there), `/metrics`.

They are answered by a middleware that stands before all others: a probe must get an answer when the database is
gone, over plain HTTP behind a proxy, and without a session. No figure here names a customer.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from hmac import compare_digest
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from psycopg_pool import PoolTimeout

from crm import db
from crm.jobs.models import Heartbeat, JobChunk, JobRun, JobStep
from crm.nightly import JOB, last_business_date
from customers.models import FeedLoad

# Beat sends every 30 seconds; a worker that is deep in a night may be late, a dead beat stays late.
HEARTBEAT_LATE = timedelta(minutes=3)
BROKER_SECONDS = 2.0
QUEUES = ("default", "batch")
LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Without these the web can serve nobody. A late beat or night is for people to look into: taking the web away from
# those who work with yesterday's figures would help no one.
NEEDED = frozenset({"database", "migrations", "broker"})

Check = dict[str, Any]


class Unreachable(Exception):
    """A part of the surroundings does not answer."""


@cache
def shipped_migrations() -> frozenset[tuple[str, str]]:
    """Every migration that this version of the code comes with."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def check_database() -> Check:
    """Whether the web role gets an answer."""
    return {"state": "ok", "version": db.fetch_value("SHOW server_version", using="default")}


def check_migrations() -> Check:
    """Whether the database has every migration of this code."""
    missing = shipped_migrations() - MigrationRecorder(connections["default"]).applied_migrations().keys()
    names = sorted(f"{app}.{name}" for app, name in missing)
    return {"state": "failed", "unapplied": names} if names else {"state": "ok"}


def broker() -> redis.Redis:
    """A client that does not wait for long."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=BROKER_SECONDS, socket_timeout=BROKER_SECONDS
    )


def check_broker() -> Check:
    """Whether Redis or Valkey answers and would take a message."""
    try:
        with broker() as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise Unreachable(type(error).__name__) from error
    return {"state": "ok"}


def check_beat() -> Check:
    """How long ago beat and a worker together wrote the heartbeat."""
    beat = Heartbeat.objects.filter(name="beat").first()
    if beat is None:
        return {"state": "late", "age_seconds": None}
    age = timezone.now() - beat.at
    return {"state": "late" if age > HEARTBEAT_LATE else "ok", "age_seconds": round(age.total_seconds())}


def published_run() -> JobRun | None:
    """The run of the newest published night."""
    return JobRun.objects.filter(job=JOB, published_at__isnull=False).order_by("-business_date").first()


def age_seconds(instant: datetime) -> float:
    """Seconds since then."""
    return (timezone.now() - instant).total_seconds()


def check_night() -> Check:
    """The newest published business date, how long it has been published, and how the newest run stands."""
    published, newest = published_run(), JobRun.objects.filter(job=JOB).order_by("-started_at").first()
    check: Check = {"state": "late", "published_date": None, "last_run": newest.state if newest else None}
    if published is not None and published.published_at is not None:
        check["published_date"] = published.business_date.isoformat()
        check["published_age_seconds"] = round(age_seconds(published.published_at))
        if published.business_date >= last_business_date():
            check["state"] = "ok"
    return check


CHECKS: dict[str, Callable[[], Check]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "beat": check_beat,
    "night": check_night,
}


def run_check(name: str) -> Check:
    """One check; an error becomes its kind, without the text, which may hold an address."""
    try:
        return {**CHECKS[name](), "needed": name in NEEDED}
    except (DatabaseError, PoolTimeout, Unreachable) as error:
        kind = str(error) if isinstance(error, Unreachable) else type(error).__name__
        return {"state": "failed", "error": kind, "needed": name in NEEDED}


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Each check's state; 503 when a needed one fails, 200 with status `degraded` when only beat or night is late."""
    checks = {"database": run_check("database")}
    reachable = checks["database"]["state"] == "ok"
    for name in CHECKS.keys() - checks.keys():
        # Without a database each further check would wait for its own timeout.
        is_known_dead = not reachable and name != "broker"
        checks[name] = {"state": "unknown", "needed": name in NEEDED} if is_known_dead else run_check(name)
    failed = any(check["needed"] and check["state"] != "ok" for check in checks.values())
    late = any(check["state"] != "ok" for check in checks.values())
    status = "failed" if failed else "degraded" if late else "ok"
    body = {"status": status, "checks": {name: checks[name] for name in CHECKS}}
    return JsonResponse(body, status=503 if failed else 200)


def may_read_metrics(request: HttpRequest) -> bool:
    """With METRICS_TOKEN: who sends it. Without: this machine alone, and nobody whom a proxy on it has let in."""
    if settings.METRICS_TOKEN:
        expected = f"Bearer {settings.METRICS_TOKEN}".encode()
        return compare_digest(request.headers.get("Authorization", "").encode(), expected)
    is_forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded


def gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    """A gauge with one label, or with none when `label` is empty."""
    family = GaugeMetricFamily(f"dangan_{name}", text, labels=[label] if label else None)
    for value, number in values:
        family.add_metric([value] if label else [], number)
    return family


class Figures(Collector):
    """Figures of the ledger, read when they are asked for: the same from every web process."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield from self._surroundings()
        published = published_run()
        if published is not None and published.published_at is not None:
            age = age_seconds(published.published_at)
            yield gauge("night_published_age_seconds", "Since the last night was published", "", [("", age)])
            live = [(kind, float(figure["live"])) for kind, figure in published.counts.get("alerts", {}).items()]
            yield gauge("alerts_live", "Live alerts after the last night", "kind", live)
        newest = JobRun.objects.filter(job=JOB).order_by("-started_at").first()
        if newest is not None:
            yield from self._run(newest)
        yield from self._feeds()

    def _surroundings(self) -> Iterable[GaugeMetricFamily]:
        beat = Heartbeat.objects.filter(name="beat").first()
        if beat is not None:
            yield gauge("beat_age_seconds", "Since beat's last heartbeat", "", [("", age_seconds(beat.at))])
        try:
            with broker() as client:
                lengths = [(queue, float(client.llen(queue))) for queue in QUEUES]
        except (redis.RedisError, OSError):
            yield gauge("broker_up", "Whether the broker answers", "", [("", 0)])
        else:
            yield gauge("broker_up", "Whether the broker answers", "", [("", 1)])
            yield gauge("queue_messages", "Messages that wait for a worker", "queue", lengths)

    def _run(self, run: JobRun) -> Iterable[GaugeMetricFamily]:
        yield gauge("night_run_state", "State of the newest night", "state", [(run.state, 1)])
        steps = [
            (step.name, (step.finished_at - step.started_at).total_seconds())
            for step in JobStep.objects.filter(run=run).order_by("no")
            if step.started_at and step.finished_at
        ]
        yield gauge("night_step_seconds", "Seconds of each step of the newest night", "step", steps)
        states: dict[str, float] = {}
        for state in JobChunk.objects.filter(step__run=run).values_list("state", flat=True):
            states[state] = states.get(state, 0) + 1
        yield gauge("night_chunks", "Chunks of the newest night", "state", states.items())

    def _feeds(self) -> Iterable[GaugeMetricFamily]:
        newest = FeedLoad.objects.order_by("spec", "-received_at", "-pk").distinct("spec")
        loads = list(newest.values_list("spec", "rows_read", "rows_rejected"))
        read = [(spec, float(rows)) for spec, rows, _rejected in loads]
        rejected = [(spec, float(rows)) for spec, _rows, rows in loads]
        yield gauge("feed_rows_read", "Rows of the newest file of each specification", "spec", read)
        yield gauge("feed_rows_rejected", "Refused rows of that file", "spec", rejected)


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus; 403 for whom `may_read_metrics` refuses, 503 while the database is away."""
    if not may_read_metrics(request):
        return HttpResponse("METRICS_TOKEN or loopback only\n", status=403, content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(Figures())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except (DatabaseError, PoolTimeout) as error:
        return HttpResponse(f"{type(error).__name__}\n", status=503, content_type="text/plain")


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


class ProbeMiddleware:
    """Answers probes before sessions, redirects and row-level security; crm.urls lists the same views by name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        return response
