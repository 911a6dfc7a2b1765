"""A whole start, real processes: ready, children that die, an orderly stop."""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.instance import CHECKOUT, Instance, free_port, processes_of, run

SMALL = {"WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "1"}
PLAIN_STATIC = {"STATICFILES_BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PARTS = ("web", "beat", "worker", "Valkey", "PostgreSQL")


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Fail when this does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """One start that the tests of this file share; the last of them stops it."""
    home = Path(tempfile.mkdtemp(prefix="dangan-embedded-"))
    setup = home.with_name(f"{home.name}.setup")
    setup.write_text("pip 21\nnpm 3\n", encoding="ascii")
    started = Instance(home, env={**SMALL, "CRM_SETUP_SECONDS": str(setup)})
    started.wait_for("就绪 / ready")
    assert not setup.exists()
    yield started
    started.remove()


def pid_in_summary(instance: Instance, name: str) -> int:
    """The process number that the summary, or the newest message of a restart, gives."""
    found = re.findall(rf"{name}\s+pid (\d+)|{name} 已重启（进程 (\d+)）", instance.text())
    return int(next(number for number in found[-1] if number))


def server_pid(instance: Instance, program: str) -> int:
    """The process number of PostgreSQL's postmaster or of Valkey."""
    files = {"PostgreSQL": instance.home / "postgres" / "postmaster.pid", "Valkey": instance.home / "run" / "redis.pid"}
    return int(files[program].read_text(encoding="ascii").split()[0])


def test_the_summary_tells_address_places_and_seconds(instance: Instance) -> None:
    text = instance.text()
    assert f"http://127.0.0.1:{instance.port}/" in text
    for name in ("PostgreSQL 18", "worker", "beat", "web"):
        assert f"\n  {name}" in text, name
    seconds = dict(re.findall(r"^  (\w+) +([\d.]+) s$", text, re.MULTILINE))
    assert {"pip", "npm", "postgres", "redis", "migrate", "web", "total"} <= seconds.keys()
    assert float(seconds["total"]) > float(seconds["pip"]) + float(seconds["migrate"])


def test_it_answers_and_every_needed_check_is_well(instance: Instance) -> None:
    assert instance.get("/healthz") == (200, '{"status": "ok"}')
    status, body = instance.get("/readyz")
    checks = json.loads(body)["checks"]
    assert status == 200
    assert {name: check["state"] for name, check in checks.items() if check["needed"]} == {
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
    }
    assert instance.get("/login/")[0] == 200


def test_files_are_private_and_nothing_secret_is_in_the_process_list(instance: Instance) -> None:
    secrets = json.loads((instance.home / "secrets.json").read_text(encoding="utf-8"))
    for name in ("secrets.json", "keys.json", "env"):
        assert (instance.home / name).stat().st_mode & 0o077 == 0, name
    assert instance.home.stat().st_mode & 0o077 == 0
    for pid in processes_of(instance.home):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        assert not any(secret in line for secret in secrets.values()), line


def test_a_second_start_is_refused_and_the_first_goes_on(instance: Instance) -> None:
    second = run(instance.home, "up", PORT=str(free_port()))
    assert second.returncode == 2
    assert f"process {instance.process.pid}" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert instance.get("/healthz")[0] == 200


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_killed_program_is_back_after_a_second(instance: Instance, name: str) -> None:
    before = pid_in_summary(instance, name)
    os.killpg(before, signal.SIGKILL)
    wait_until(lambda: pid_in_summary(instance, name) != before)
    assert f"{name} ended (-9), starting again in 1 s" in instance.text()
    wait_until(lambda: Path(f"/proc/{pid_in_summary(instance, name)}").exists())


@pytest.mark.parametrize("name", ["Valkey", "PostgreSQL"])
def test_a_killed_server_is_back_and_the_web_recovers(instance: Instance, name: str) -> None:
    wait_until(lambda: instance_is_ready(instance))
    before = server_pid(instance, name)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: f"{name} is back" in instance.text())
    assert server_pid(instance, name) != before
    wait_until(lambda: instance_is_ready(instance))


def instance_is_ready(instance: Instance) -> bool:
    """Whether /readyz answers 200; False while nothing listens."""
    try:
        return instance.get("/readyz")[0] == 200
    except OSError:
        return False


def test_beat_and_worker_together_write_the_heartbeat(instance: Instance) -> None:
    wait_until(lambda: json.loads(instance.get("/readyz")[1])["checks"]["beat"]["state"] == "ok")


def test_sigterm_stops_everything_in_order(instance: Instance) -> None:
    assert instance.stop(signal.SIGTERM) == 0
    stopped = re.findall(r"^(\w+) 已停止", instance.text(), re.MULTILINE)
    assert tuple(stopped) == PARTS
    assert "all stopped" in instance.text()
    assert processes_of(instance.home) == []


def test_a_start_after_a_stop_reuses_the_data(instance: Instance) -> None:
    identity = (instance.home / "secrets.json").read_text(encoding="utf-8")
    again = Instance(instance.home, env=SMALL)
    try:
        again.wait_for("就绪 / ready")
        assert "collectstatic" not in again.text()
        assert (instance.home / "secrets.json").read_text(encoding="utf-8") == identity
        again.process.kill()
        again.process.wait()
        wait_until(lambda: processes_of(instance.home) == [])
    finally:
        again.stop()


def test_after_a_kill_of_the_whole_instance_the_stale_pid_file_is_cleared(instance: Instance) -> None:
    left = (instance.home / "lock").read_text(encoding="ascii")
    assert left.isdigit()
    after = Instance(instance.home, "services")
    try:
        after.wait_for("export REDIS_URL")
        assert f"process {left} is gone" in after.text()
        assert after.stop(signal.SIGINT) == 0
    finally:
        after.stop()


def plain_account() -> pwd.struct_passwd:
    """An account without rights, other than ours."""
    return pwd.getpwnam("nobody")


def python_for(account: pwd.struct_passwd) -> tuple[str, str] | None:
    """A Python that this account may run, and the path of our packages; None when it can read neither."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    code = "import sys, celery, django, psycopg, redis; assert sys.version_info[:2] == (3, 11); open('manage.py')"
    for python in (sys.executable, "/usr/bin/python3.11"):
        try:
            trial = subprocess.run(
                [python, "-c", code],
                cwd=CHECKOUT,
                env={"PYTHONPATH": packages, "PATH": os.environ["PATH"]},
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except (PermissionError, FileNotFoundError):
            continue
        if trial.returncode == 0:
            return python, packages
    return None


def test_a_plain_user_starts_it_as_well(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("this whole run is a plain user's; runs where the tests run as root, as in CI")
    account = plain_account()
    usable = python_for(account)
    if usable is None:
        pytest.skip(
            f"{account.pw_name} can run no Python 3.11 here or cannot read the checkout; "
            "runs where both are open to everybody"
        )
    program, packages = usable
    os.chown(home, account.pw_uid, account.pw_gid)
    rights = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    env = {**SMALL, **PLAIN_STATIC, "PYTHONPATH": packages, "HOME": str(home)}
    started = Instance(home, program=(program,), account=rights, env=env)
    try:
        started.wait_for("就绪 / ready")
        assert instance_is_ready(started)
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(home)}
        assert owners == {account.pw_uid}
        assert {path.stat().st_uid for path in home.rglob("*")} == {account.pw_uid}
        assert started.stop() == 0
    finally:
        started.remove()
