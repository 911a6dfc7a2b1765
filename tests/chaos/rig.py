"""Services, a bank and its processes, all for killing: none of them is shared with other tests."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery

from crm.embedded.databases import MAIN_DATABASE, database_urls
from crm.embedded.dump import dump, restore
from crm.embedded.home import Home
from crm.embedded.redis_server import RedisServer
from crm.embedded.services import Services

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
NIGHT = date(2026, 3, 2)
PATIENCE_SECONDS = 240.0
DIES_WITH_NOTHING = {"CHUNK_LEASE_SECONDS": "2", "SWEEP_SECONDS": "1", "NIGHT_CHUNK_CUSTOMERS": "800"}


class Rig:
    """PostgreSQL that survives a crash, a Valkey that forgets, and a database that is copied for each run."""

    def __init__(self, home: Path) -> None:
        outside = {name: os.environ.pop(name) for name in list(os.environ) if name in OUTSIDE}
        try:
            self.services = Services(home, durable=True)
            self.services.redis = RedisServer(self.services.home, durable=False)
            self.made = self.services.start()
            take_over_the_schema(Home(Path(outside["CRM_HOME"])), self.services.home)
        finally:
            os.environ.update(outside)
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []
        self.begin(night=NIGHT)
        self.database = MAIN_DATABASE
        with self.connect() as link:
            link.execute((HERE / "bank.sql").read_text(encoding="utf-8"))

    def begin(self, *, night: date, **settings: str) -> None:
        """What follows is about this night, under these settings alone."""
        self.night, self.more = night, settings

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.made,
            **database_urls(self.services.home, self.database),
            **DIES_WITH_NOTHING,
            "CRM_FEED_FOLDER": str(self.home / "no_feeds"),
            "LOG_LEVEL": "WARNING",
            **self.more,
        }

    def connect(self, *, as_owner: bool = False) -> psycopg.Connection[Any]:
        url = self.environment["DATABASE_OWNER_URL" if as_owner else "DATABASE_BATCH_URL"]
        return psycopg.connect(url, autocommit=True)

    def new_bank(self, template: str = MAIN_DATABASE) -> None:
        """A fresh copy of the bank, with nothing of an earlier run in Valkey."""
        self.copy_database(template, "chaos_run")
        self.database = "chaos_run"
        self.services.redis.kill()
        self.services.redis.start()

    def copy_database(self, template: str, name: str) -> None:
        """Make the database `name` anew from a template that nobody uses."""
        owner = database_urls(self.services.home, "postgres")["DATABASE_OWNER_URL"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        with psycopg.connect(owner, autocommit=True) as link:
            while True:
                try:
                    link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                    link.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
                except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                    # The server's own vacuum is at work there, which only a superuser may end.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
                else:
                    return

    def manage(self, *arguments: str) -> None:
        """One command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A process in a group of its own."""
        with (self.home / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("-m", "celery", "-A", "crm", "worker", "--concurrency", "2", "-l", "WARNING")

    def beat(self, number: int = 1) -> subprocess.Popen[bytes]:
        schedule = self.home / f"beat-{number}"
        return self.start(
            "-m", "celery", "-A", "crm", "beat", "--schedule", str(schedule), "--pidfile", "", "-l", "WARNING"
        )

    def ask_for_the_night(self) -> None:
        """What beat sends at the hour of the night."""
        with Celery(broker=self.services.redis.url) as caller:
            caller.send_task("crm.nightly_tasks.run_night", (self.night.isoformat(),), queue="default")

    def state(self) -> str:
        """The state of the night, "" before it is opened or while the database is away."""
        try:
            with self.connect() as link:
                row = link.execute("SELECT state FROM jobs_jobrun WHERE business_date = %s", [self.night]).fetchone()
        except psycopg.OperationalError:
            return ""
        return str(row[0]) if row else ""

    def wait_for(self, *states: str) -> str:
        """Wait until the night is in one of these states."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (state := self.state()) not in states:
            if time.monotonic() > deadline:
                log = (self.home / "processes.log").read_text(encoding="utf-8", errors="replace")[-3000:]
                raise AssertionError(f"the night is {state!r} after {PATIENCE_SECONDS} s\n{log}")
            time.sleep(0.02)
        return state

    def fingerprint(self, name: str = "fingerprint") -> dict[str, str]:
        with self.connect() as link:
            return dict(link.execute((HERE / f"{name}.sql").read_text(encoding="utf-8")).fetchall())

    def end_processes(self) -> None:
        """Kill what this rig started and nothing else."""
        for process in self.processes:
            kill_group(process)
        self.processes.clear()

    def close(self) -> None:
        self.end_processes()
        self.services.stop()


OUTSIDE = {"DATABASE_URL", "DATABASE_BATCH_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "REDIS_URL", "CRM_HOME",
           "CRM_KEY_FILE", "SECRET_KEY"}  # fmt: skip


def take_over_the_schema(session: Home, home: Home) -> None:
    """All that the migrations made for the session's template, into an empty server: a tenth of the time."""
    file = dump(session, home.path / "schema.dump")
    restore(home, file)
    file.unlink()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a process and its children, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The pool processes of a worker."""
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in text.split()]
