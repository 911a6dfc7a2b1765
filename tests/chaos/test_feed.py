"""Killed processes and lost servers while files are loaded: the end is that of a load that nobody disturbed.

`make test` runs each way of dying once; `make chaos` as often as CHAOS_RUNS says, each time at another moment.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.chaos import deliveries
from tests.chaos.rig import HERE, Rig, children, kill_group

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
LONGEST_DELAY = 2.5
FILES: list[tuple[str, Path]] = []


@pytest.fixture(scope="module")
def rig(servers: Rig) -> Iterator[Rig]:
    """A bank with one published day, and the files of the next one in its folder.

    That day is yesterday, so that the sweep takes the night up again by itself as it does in production.
    """
    folder = servers.home / "feeds"
    servers.begin(night=datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=2), NIGHTLY_AT="00:00",
                  CRM_FEED_FOLDER=str(folder))  # fmt: skip
    servers.new_bank()
    with servers.connect(as_owner=True) as link:
        link.execute((HERE / "feed_bank.sql").read_text(encoding="utf-8"))
    deliveries.write(folder, 1, servers.night)
    servers.manage("nightly", "--as-of", servers.night.isoformat())
    servers.copy_database("chaos_run", "chaos_feed")
    servers.night += timedelta(days=1)
    FILES[:] = deliveries.write(folder, 2, servers.night)
    yield servers
    servers.end_processes()


@pytest.fixture(scope="module")
def undisturbed(rig: Rig) -> dict[str, str]:
    """What is published of files that one process loads in peace."""
    rig.new_bank("chaos_feed")
    rig.manage("nightly", "--as-of", rig.night.isoformat())
    print_ = rig.fingerprint("feed_fingerprint")
    assert None not in print_.values()
    assert "eod_balances" in print_["loads"]
    return print_


def loads(rig: Rig) -> list[tuple[str, str]]:
    """Specification and state of this day's loads; none while the database is away."""
    try:
        with rig.connect() as link:
            return link.execute("SELECT spec, state FROM customers_feedload WHERE as_of = %s", [rig.night]).fetchall()
    except psycopg.OperationalError:
        return []


def wait_for_a_load(rig: Rig) -> None:
    deadline = time.monotonic() + 60
    while not loads(rig):
        assert time.monotonic() < deadline, "no file is being loaded"
        time.sleep(0.02)


def wait_until_nothing_is_loaded(rig: Rig) -> None:
    """What was cut off is marked as such; a night that came too late may still look at the files."""
    deadline = time.monotonic() + 60
    while not {state for _spec, state in loads(rig)} <= {"published", "failed", "superseded"}:
        assert time.monotonic() < deadline, loads(rig)
        time.sleep(0.1)


def by_command(rig: Rig, chance: random.Random) -> None:
    """Each file by a command that is killed once or twice, then by one that is not; then the night."""
    for spec, path in FILES:
        arguments = ("feed", "load", spec, str(path), "--as-of", rig.night.isoformat())
        for _time in range(chance.randint(1, 2)):
            process = rig.start("manage.py", *arguments)
            time.sleep(chance.uniform(0.5, 1 + LONGEST_DELAY))
            kill_group(process)
        rig.manage(*arguments)
    rig.manage("nightly", "--as-of", rig.night.isoformat())


def in_a_worker(disturb: Callable[[Rig, random.Random], None]) -> Callable[[Rig, random.Random], None]:
    """The files of the folder, loaded by a worker at the hour of the night."""

    def run(rig: Rig, chance: random.Random) -> None:
        rig.worker()
        rig.beat()
        rig.ask_for_the_night()
        wait_for_a_load(rig)
        time.sleep(chance.uniform(0, LONGEST_DELAY))
        disturb(rig, chance)

    run.__name__ = disturb.__name__
    return run


@in_a_worker
def kill_worker_children(rig: Rig, chance: random.Random) -> None:
    for pid in children(rig.processes[0]):
        os.kill(pid, signal.SIGKILL)


@in_a_worker
def kill_whole_group(rig: Rig, chance: random.Random) -> None:
    kill_group(rig.processes[0])
    rig.worker()


@in_a_worker
def crash_postgres(rig: Rig, chance: random.Random) -> None:
    rig.services.postgres.stop("immediate")
    time.sleep(chance.uniform(0, 0.5))
    rig.services.postgres.start()


@in_a_worker
def lose_redis(rig: Rig, chance: random.Random) -> None:
    rig.services.redis.kill()
    kill_group(rig.processes[0])
    rig.services.redis.start()
    rig.worker()


@in_a_worker
def two_nights_and_two_beats(rig: Rig, chance: random.Random) -> None:
    rig.beat(2)
    rig.ask_for_the_night()
    for _time in range(2):
        rig.start("manage.py", "nightly", "--as-of", rig.night.isoformat())


DEATHS: list[Callable[[Rig, random.Random], None]] = [
    by_command, kill_worker_children, kill_whole_group, crash_postgres, lose_redis, two_nights_and_two_beats,
]  # fmt: skip
RUNS = int(os.environ.get("CHAOS_RUNS") or len(DEATHS))


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_disturbed_load_ends_like_an_undisturbed_one(rig: Rig, undisturbed: dict[str, str], seed: int) -> None:
    chance, die = random.Random(seed), DEATHS[seed % len(DEATHS)]
    try:
        rig.new_bank("chaos_feed")
        die(rig, chance)
        assert rig.wait_for("published", "failed") == "published", f"{die.__name__}, seed {seed}"
        assert rig.fingerprint("feed_fingerprint") == undisturbed, f"{die.__name__}, seed {seed}"
        wait_until_nothing_is_loaded(rig)
    finally:
        rig.end_processes()
