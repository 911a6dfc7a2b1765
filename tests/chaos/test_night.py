"""Killed processes and lost servers during a night: the end is that of a night that nobody disturbed.

`make test` runs each way of dying once; `make chaos` as often as CHAOS_RUNS says, each time at another moment.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.rig import NIGHT, Rig, children, kill_group

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
LONGEST_DELAY = 1.5


@pytest.fixture(scope="module")
def rig(servers: Rig) -> Iterator[Rig]:
    servers.begin(night=NIGHT)
    yield servers
    servers.end_processes()


@pytest.fixture(scope="module")
def undisturbed(rig: Rig) -> dict[str, str]:
    """What a night leaves behind that one process computes in peace."""
    rig.new_bank()
    rig.manage("nightly", "--as-of", NIGHT.isoformat(), "--without-files")
    return rig.fingerprint()


def kill_worker_child(rig: Rig, chance: random.Random) -> None:
    worker = rig.processes[0]
    pids = children(worker)
    if pids:
        os.kill(chance.choice(pids), signal.SIGKILL)


def kill_worker(rig: Rig, chance: random.Random) -> None:
    rig.processes[0].kill()
    rig.processes[0].wait()
    rig.worker()


def kill_whole_group(rig: Rig, chance: random.Random) -> None:
    kill_group(rig.processes[0])
    rig.worker()


def lose_redis(rig: Rig, chance: random.Random) -> None:
    rig.services.redis.kill()
    time.sleep(chance.uniform(0, 0.5))
    rig.services.redis.start()


def crash_postgres(rig: Rig, chance: random.Random) -> None:
    rig.services.postgres.stop("immediate")
    time.sleep(chance.uniform(0, 0.5))
    rig.services.postgres.start()


def second_beat(rig: Rig, chance: random.Random) -> None:
    rig.beat(2)
    rig.ask_for_the_night()


def second_night(rig: Rig, chance: random.Random) -> None:
    rig.start("manage.py", "nightly", "--as-of", NIGHT.isoformat(), "--without-files")
    rig.start("manage.py", "nightly", "--as-of", NIGHT.isoformat(), "--without-files")


DEATHS: list[Callable[[Rig, random.Random], None]] = [
    kill_worker_child, kill_worker, kill_whole_group, lose_redis, crash_postgres, second_beat, second_night,
]  # fmt: skip
RUNS = int(os.environ.get("CHAOS_RUNS") or len(DEATHS))


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_disturbed_night_ends_like_an_undisturbed_one(rig: Rig, undisturbed: dict[str, str], seed: int) -> None:
    chance = random.Random(seed)
    disturb = DEATHS[seed % len(DEATHS)]
    delay = chance.uniform(0, LONGEST_DELAY)
    try:
        start_night(rig)
        time.sleep(delay)
        while rig.state() == "published":  # too late to disturb: once more, sooner
            delay /= 2
            start_night(rig)
            time.sleep(delay)
        disturb(rig, chance)
        assert rig.wait_for("published", "failed") == "published"
        assert rig.fingerprint() == undisturbed, f"{disturb.__name__}, seed {seed}"
    finally:
        rig.end_processes()


def start_night(rig: Rig) -> None:
    """A bank as it was the evening before, a worker and beat, and the night just begun."""
    rig.end_processes()
    rig.new_bank()
    rig.worker()
    rig.beat()
    rig.ask_for_the_night()
    rig.wait_for("running", "published")
