"""The two servers: leftovers of a crash, roles, settings, addresses, and outside servers in their place."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm.embedded.backoff import Backoff
from crm.embedded.process import spawn
from crm.embedded.services import Services
from crm.embedded.supervisor import Supervisor
from crm.embedded.tuning import GB, MB, postgres_settings
from tests.embedded.instance import CHECKOUT, Instance, clean_environment, processes_of, run

BROKER_TRIAL = """
import django
django.setup()
from django.core.cache import cache
from crm import health
from crm.celery import app
cache.set("dangan", "档案", 60)
assert cache.get("dangan") == "档案"
with app.connection_for_write() as link:
    link.ensure_connection(max_retries=1)
    link.default_channel.client.ping()
assert health.run_check("broker")["state"] == "ok", health.run_check("broker")
"""


@pytest.fixture
def services(home: Path, no_outside: None) -> Iterator[Services]:
    """Servers of this test alone, started."""
    services = Services(home, durable=False)
    services.start()
    yield services
    services.stop()


def test_the_web_role_is_nobodys_superuser(services: Services) -> None:
    with services.postgres.connect() as superuser:
        roles = {
            row[0]: row[1:]
            for row in superuser.execute(
                "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles "
                "WHERE rolname LIKE 'crm%'"
            )
        }
    assert roles == {
        "crm_owner": (False, False, True, False),
        "crm_app": (False, False, False, False),
        "crm_hq": (False, False, False, False),
        "crm_batch": (False, False, False, True),
        "crm_backup": (False, False, False, True),
    }


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["-At", "-c", "SELECT current_user"], "crm_owner"),
        (["--role", "app", "-At", "-c", "SELECT current_user"], "crm_app"),
        (["--role=batch", "-v", "x=1", "-At", "-c", "SELECT current_user, -1"], "crm_batch|-1"),
    ],
)
def test_psql_gets_its_arguments_as_they_stand(services: Services, words: list[str], answer: str) -> None:
    result = run(services.home.path, "psql", *words)
    assert (result.returncode, result.stdout.strip()) == (0, answer), result.stderr


def test_each_role_signs_in_with_its_own_password_alone(services: Services) -> None:
    url = services.environment()["DATABASE_URL"]
    with psycopg.connect(url) as link:
        assert link.execute("SELECT current_user, show_trgm('张三丰') <> '{}'").fetchone() == ("crm_app", True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("crm_app:", "crm_owner:"))
    with psycopg.connect(url) as link, pytest.raises(psycopg.errors.InsufficientPrivilege):
        link.execute("CREATE TABLE public.mine (id int)")


def test_a_server_left_by_a_crash_is_ended_and_its_data_are_used(home: Path, no_outside: None) -> None:
    crashed = Services(home, durable=False)
    crashed.start()
    with crashed.postgres.connect("crm") as superuser:
        superuser.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    left = crashed.postgres.pid
    crashed.lock.release()
    after = Services(home, durable=False)
    try:
        after.start()
        assert after.postgres.pid != left
        assert crashed.postgres.poll() is not None
        with after.postgres.connect("crm") as superuser:
            assert superuser.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        after.stop()
        crashed.stop()


def test_a_postmaster_pid_of_a_strangers_process_is_cleared_and_the_stranger_lives(
    home: Path, no_outside: None, capfd: pytest.CaptureFixture[str]
) -> None:
    services = Services(home, durable=False)
    services.start()
    services.stop()
    stranger = spawn([sys.executable, "-c", "import time; time.sleep(60)"], log=home / "log" / "stranger.log")
    try:
        (home / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{home / 'postgres'}\n", encoding="ascii")
        services.start()
        assert f"process {stranger.pid} is not our server" in capfd.readouterr().out
        assert stranger.poll() is None
        with services.postgres.connect() as superuser:
            assert superuser.execute("SELECT 1").fetchone() == (1,)
    finally:
        services.stop()
        stranger.kill()
        stranger.wait()


def test_a_killed_server_comes_back_under_the_same_address(services: Services) -> None:
    before = services.environment()
    services.redis.kill()
    services.redis.start()
    services.postgres.stop("immediate")
    services.postgres.start()
    assert services.environment() == before
    with psycopg.connect(before["DATABASE_OWNER_URL"]) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)


def test_cache_and_celery_take_the_embedded_address(services: Services) -> None:
    environment = clean_environment(services.home.path, **services.environment())
    subprocess.run([sys.executable, "-c", BROKER_TRIAL], cwd=CHECKOUT, env=environment, check=True, timeout=240)


@pytest.mark.parametrize("ending", ["", "?db=1"])
def test_cache_and_celery_take_a_unix_socket(services: Services, home: Path, ending: str) -> None:
    socket = home / "run" / "valkey.sock"
    program = services.redis.program.path
    command = [str(program), "--port", "0", "--unixsocket", str(socket), "--requirepass", "pw", "--save", ""]
    server = spawn(command, log=home / "log" / "valkey.log", cwd=home)
    try:
        while not socket.exists():
            assert server.poll() is None
        made = services.environment()
        environment = clean_environment(home, **made | {"REDIS_URL": f"unix://:pw@{socket}{ending}"})
        subprocess.run([sys.executable, "-c", BROKER_TRIAL], cwd=CHECKOUT, env=environment, check=True, timeout=240)
    finally:
        server.terminate()
        server.wait()


def test_outside_servers_take_the_place_of_our_own(services: Services, home: Path) -> None:
    outside = {
        name: value for name, value in services.environment().items() if name.startswith("DATABASE_") or "REDIS" in name
    }
    other = Path(f"{home}-other")
    instance = Instance(
        other, env={"STATICFILES_BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage", **outside}
    )
    try:
        instance.wait_for("就绪 / ready")
        assert instance.get("/readyz")[0] == 200
        assert not (other / "postgres").exists()
        assert not any((other / "redis").iterdir())
        text = instance.text()
        assert re.search(r"^  PostgreSQL +DATABASE_URL$", text, re.MULTILINE)
        assert re.search(r"^  Redis +REDIS_URL$", text, re.MULTILINE)
        written = (other / "env").read_text(encoding="utf-8")
        assert "DATABASE" not in written
        assert "REDIS" not in written
        assert not any(secret.split("@")[0] in text for secret in outside.values())
        assert instance.stop() == 0
        assert processes_of(other) == []
        with services.postgres.connect() as superuser:
            assert superuser.execute("SELECT 1").fetchone() == (1,)
    finally:
        instance.remove()


def test_a_child_that_keeps_dying_waits_longer_each_time() -> None:
    backoff = Backoff()
    assert [backoff.delay(lived=0.1) for _death in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert backoff.delay(lived=61) == 1


class Dying:
    """A child that has always just died; counts its starts."""

    pid: int | None = None

    def __init__(self, log: Path) -> None:
        self.log = log
        self.starts = 0

    def start(self) -> None:
        self.starts += 1

    def poll(self) -> int | None:
        return 1

    def stop(self) -> None:
        self.starts = -1


def test_the_supervisor_waits_before_it_starts_a_child_again(tmp_path: Path) -> None:
    now = [0.0]
    supervisor = Supervisor(clock=lambda: now[0])
    child = Dying(tmp_path / "child.log")
    supervisor.add("child", child)
    starts: list[tuple[float, int]] = []
    for second in range(16):
        now[0] = float(second)
        supervisor.check()
        if not starts or starts[-1][1] != child.starts:
            starts.append((now[0], child.starts))
    assert starts == [(0, 1), (1, 2), (4, 3), (9, 4)]


@pytest.mark.parametrize(
    ("memory", "disk", "expected"),
    [
        (2 * GB, 100 * GB, {"shared_buffers": "341MB", "work_mem": "10MB", "max_wal_size": "1365MB"}),
        (64 * GB, 1000 * GB, {"shared_buffers": "4096MB", "work_mem": "128MB", "max_wal_size": "16384MB"}),
        (64 * GB, 16 * GB, {"max_wal_size": "2048MB"}),
        (512 * MB, 8 * GB, {"shared_buffers": "128MB", "work_mem": "8MB", "max_wal_size": "1024MB"}),
    ],
)
def test_memory_and_disk_decide_the_settings(memory: int, disk: int, expected: dict[str, Any]) -> None:
    settings = postgres_settings(memory, disk, shared_memory=GB, durable=True)
    assert {name: settings[name] for name in expected} == expected
    assert settings["listen_addresses"] == ""
    assert "fsync" not in settings


def test_a_folder_with_a_long_path_keeps_its_sockets_elsewhere(no_outside: None) -> None:
    home = Path("/tmp") / f"dangan-{os.getpid()}-{'x' * 90}"
    services = Services(home, durable=False)
    try:
        environment = services.start()
        assert len(str(services.home.sockets)) < 40
        with psycopg.connect(environment["DATABASE_URL"]) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
    finally:
        services.stop()
        shutil.rmtree(home)
    assert not services.home.sockets.exists()
