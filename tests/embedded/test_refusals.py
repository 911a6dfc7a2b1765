"""What prevents a start is told in one line, with exit status 2, and nothing is touched."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from crm.embedded.account import service_account
from tests.embedded.instance import Instance, free_port, processes_of, run


def one_line(run: subprocess.CompletedProcess[str]) -> str:
    """The only line of a refusal, which is in both languages."""
    lines = run.stderr.strip().splitlines()
    assert run.returncode == 2, run
    assert len(lines) == 1, run.stderr
    assert " / " in lines[0]
    return lines[0]


def test_a_busy_port_is_named_with_another_to_choose(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_line(run(home, "up", PORT=str(port)))
    assert f"端口 {port} 已被占用" in line
    assert f"PORT={port + 1} make start" in line
    assert not (home / "postgres").exists()
    assert processes_of(home) == []


def test_what_is_no_port_is_refused(home: Path) -> None:
    assert "PORT=80a0 is not a port number" in one_line(run(home, "up", PORT="80a0"))
    assert "PORT=70000" in one_line(run(home, "up", PORT="70000"))


@pytest.mark.parametrize("customers", ["abc", "-5", "1.5", "１２", "9" * 12])
def test_what_is_no_number_of_customers_is_refused(home: Path, customers: str) -> None:
    line = one_line(run(home, "up", PORT=str(free_port()), CRM_DEMO_CUSTOMERS=customers))
    assert f"CRM_DEMO_CUSTOMERS={customers} is not a number of customers" in line
    assert not (home / "postgres").exists()
    assert processes_of(home) == []


def test_a_damaged_key_file_is_named_with_what_is_wrong_and_the_way_out(home: Path) -> None:
    (home / "keys.json").write_text('{"current": "k1", "keys": {')
    result = run(home, "up", PORT=str(free_port()))
    lines = result.stderr.strip().splitlines()
    assert (result.returncode, len(lines)) == (1, 1), result.stderr
    assert f"{home}/keys.json: JSONDecodeError" in lines[0]
    assert "Put back the copy of this file" in lines[0]
    assert (home / "keys.json").read_text() == '{"current": "k1", "keys": {'


def test_data_of_another_postgresql_version_are_left_alone(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    line = one_line(run(home, "up", PORT=str(free_port())))
    assert "belong to PostgreSQL 17, this needs 18" in line
    assert [path.name for path in (home / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_disk_with_too_little_room_is_refused_before_anything_is_written(home: Path) -> None:
    line = one_line(run(home, "up", PORT=str(free_port()), CRM_MIN_FREE_MB="999999999"))
    assert "999999999 MB are needed" in line
    assert not (home / "postgres").exists()


@pytest.mark.parametrize("megabytes", [20, 45, 60, 80], ids=["programs", "initdb", "template", "migrations"])
def test_a_disk_that_fills_up_during_the_start_gives_one_clear_line(megabytes: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk; runs in CI")
    home = Path(f"/tmp/dangan-small-disk-{os.getpid()}")
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", home],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        home.rmdir()
        pytest.skip(f"no right to mount: {mounted.stderr.strip()}; runs where root may mount")
    try:
        result = run(home, "up", PORT=str(free_port()), CRM_MIN_FREE_MB="0")
        lines = result.stderr.strip().splitlines()
        assert result.returncode in (1, 2)
        assert len(lines) == 1, result.stderr
        assert f"the disk of {home} is full" in lines[0]
        assert processes_of(home) == []
    finally:
        subprocess.run(["umount", home], check=True)
        home.rmdir()


def test_one_outside_address_is_not_enough(home: Path) -> None:
    line = one_line(run(home, "up", PORT=str(free_port()), DATABASE_URL="postgres://crm_app:x@db.invalid/crm"))
    assert "DATABASE_BATCH_URL, DATABASE_OWNER_URL" in line


def test_root_does_not_open_a_closed_folder_for_its_servers() -> None:
    if os.geteuid() != 0:
        pytest.skip("a plain user's servers run as that user; runs where the tests run as root, as in CI")
    closed = Path(f"/tmp/dangan-closed-{os.getpid()}")
    closed.mkdir(mode=0o700)
    try:
        line = one_line(run(closed / "data", "up", PORT=str(free_port())))
        assert f"cannot enter {closed}" in line
        assert closed.stat().st_mode & 0o777 == 0o700
        assert not (closed / "data").exists()
    finally:
        shutil.rmtree(closed)


def test_a_second_start_beside_a_running_one_names_it(home: Path) -> None:
    first = Instance(home, "services")
    try:
        first.wait_for("export REDIS_URL")
        line = one_line(run(home, "up", PORT=str(free_port())))
        assert f"process {first.process.pid}" in line
        assert "python -m crm.embedded down" in line
        assert first.process.poll() is None
        assert run(home, "down").returncode == 0
        assert first.process.wait(30) == 0
    finally:
        first.remove()


def test_check_says_that_a_start_would_succeed_and_starts_nothing(home: Path) -> None:
    result = run(home, "check", PORT=str(free_port()))
    assert result.returncode == 0, result.stderr
    assert "PostgreSQL 18" in result.stdout
    account = service_account(home)
    assert account is None or account.name in result.stdout
    assert not (home / "postgres").exists()
    assert processes_of(home) == []
