"""Celery: which tasks run, and when. Redis only wakes workers; what is true stands in PostgreSQL (crm.jobs)."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["crm"], related_name="nightly_tasks")


def schedule(nightly_at: str, *, sweep_seconds: float) -> dict[str, dict[str, object]]:
    """The one page of schedules; `nightly_at` is HH:MM in Asia/Shanghai."""
    hour, minute = nightly_at.split(":")
    return {
        "night": {"task": "crm.nightly_tasks.run_night", "schedule": crontab(hour=int(hour), minute=int(minute))},
        "sweep": {"task": "crm.nightly_tasks.sweep", "schedule": sweep_seconds},
        "uploads": {"task": "customers.tasks.sweep_uploads", "schedule": sweep_seconds},
        "bulk": {"task": "crm.workbench.tasks.sweep_bulk", "schedule": sweep_seconds},
        "simulations": {"task": "crm.workbench.tasks.sweep_simulations", "schedule": sweep_seconds},
        "propensity": {"task": "campaigns.propensity.tasks.sweep_propensity", "schedule": sweep_seconds},
        "launches": {"task": "campaigns.tasks.sweep_launches", "schedule": sweep_seconds},
        "exports": {"task": "crm.workbench.tasks.sweep_exports", "schedule": sweep_seconds},
        "heartbeat": {"task": "crm.nightly_tasks.heartbeat", "schedule": 30.0},
        "anchor": {"task": "crm.audit.tasks.sign_heads", "schedule": crontab(minute=0)},
        "sessions": {"task": "crm.organization.tasks.forget_sessions", "schedule": crontab(hour=4, minute=30)},
    }
