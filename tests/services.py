"""Pytest plugin (`-p tests.services`): a real PostgreSQL and Valkey for the session, a database for each worker.

It works at import, before Django reads its settings. The first process starts the services and migrates one
template database; every process, xdist workers too, then copies that template, which takes a fraction of a second.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
URLS = ("DATABASE_URL", "DATABASE_BATCH_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")
TEMPLATE = "crm"


def start_services() -> None:
    """Start the services in a folder of their own and leave their addresses in the environment."""
    from crm.embedded.services import Services

    home = Path(tempfile.mkdtemp(prefix="dangan-test-"))
    services = Services(home, durable=False)

    def stop() -> None:
        services.stop()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    os.environ.update(services.start())
    os.environ["DANGAN_TEST_SERVICES"] = "1"
    os.environ.setdefault("STATICFILES_BACKEND", "django.contrib.staticfiles.storage.StaticFilesStorage")
    # Several processes test at once: threads of one would only wait for those of another.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser tests keep an event loop in the test thread
    subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], cwd=ROOT, check=True)


def use_own_database(worker: str) -> None:
    """Copy the template and point this process's addresses at the copy."""
    name = f"test_{worker}"
    with psycopg.connect(
        os.environ["DATABASE_OWNER_URL"].replace(f"/{TEMPLATE}?", "/postgres?"), autocommit=True
    ) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name}")
        link.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    for variable in URLS:
        os.environ[variable] = os.environ[variable].replace(f"/{TEMPLATE}?", f"/{name}?")


if "DANGAN_TEST_SERVICES" not in os.environ:
    start_services()
if os.environ.get("DANGAN_TEST_DATABASE") != os.environ.get("PYTEST_XDIST_WORKER", "main"):
    os.environ["DANGAN_TEST_DATABASE"] = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if "PYTEST_XDIST_WORKER" in os.environ:
        for variable in URLS:
            os.environ[variable] = os.environ[variable].replace("/test_main?", f"/{TEMPLATE}?")
    use_own_database(os.environ["DANGAN_TEST_DATABASE"])
