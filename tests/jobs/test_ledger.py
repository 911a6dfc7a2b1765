"""The ledger on a real PostgreSQL: claims, leases, fencing, attempts, epochs."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from crm.jobs import ledger, runner
from crm.jobs.models import Heartbeat, JobChunk, JobRun, JobStep
from crm.jobs.runner import Step

DAY = date(2026, 3, 10)
CHUNKS = JobChunk.objects.using("batch")


def five_chunks(run: JobRun) -> list[dict[str, Any]]:
    return [{"piece": number} for number in range(5)]


def steps(compute: Callable[[JobRun, dict[str, Any]], dict[str, Any]], *, essential: bool = True) -> list[Step]:
    return [
        Step("first", five_chunks, compute, essential),
        Step("publish", runner.one_chunk, lambda run, arguments: {"rows": 1}),
    ]


def count_rows(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"rows": 10 + arguments["piece"]}


def opened(plan: list[Step], **options: Any) -> JobRun:
    run, is_open = ledger.open_run("test", DAY, [step.name for step in plan], **options)
    assert is_open
    return run


def test_a_run_goes_through_its_steps_and_is_published(database: None) -> None:
    run = runner.work(opened(steps(count_rows)), steps(count_rows))
    assert (run.state, ledger.published_date("test", using="batch")) == ("published", DAY)
    assert list(JobStep.objects.using("batch").filter(run=run).order_by("no").values_list("name", "rows")) == [
        ("first", 60),
        ("publish", 1),
    ]


def test_many_workers_share_the_chunks_and_none_is_done_twice(database: None) -> None:
    done: list[int] = []
    lock = threading.Lock()
    barrier = threading.Barrier(3)

    def compute(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        with lock:
            done.append(arguments["piece"])
        return {"rows": 1}

    plan = steps(compute)
    run = opened(plan)

    def worker() -> None:
        barrier.wait()
        runner.work(run, plan)
        connections["batch"].close()

    threads = [threading.Thread(target=worker) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_a_second_night_joins_the_one_under_way(database: None) -> None:
    run = opened(steps(count_rows))
    again, is_open = ledger.open_run("test", DAY, ["first", "publish"])
    assert (again.pk, again.epoch, is_open) == (run.pk, run.epoch, True)
    with pytest.raises(ledger.RunRefused):
        ledger.open_run("test", DAY + timedelta(days=1), ["first"])
    with pytest.raises(ledger.RunRefused), transaction.atomic(using="batch"):
        ledger.refuse_while_running("test")


def test_a_published_day_is_left_alone_and_earlier_days_are_refused(database: None) -> None:
    runner.work(opened(steps(count_rows)), steps(count_rows))
    assert ledger.open_run("test", DAY, ["first"])[1] is False
    with pytest.raises(ledger.RunRefused):
        ledger.open_run("test", DAY - timedelta(days=1), ["first"])
    again = opened(steps(count_rows), rerun=True)
    assert (again.epoch, ledger.published_date("test", using="batch")) == (2, DAY)


def claimed(run: JobRun, worker: str) -> ledger.Claim:
    claim = ledger.claim_chunk(run, worker)
    assert claim is not None
    return claim


def begun(plan: list[Step]) -> JobRun:
    run = opened(plan)
    runner.advance(run, plan)
    return run


def test_a_dead_workers_chunk_is_taken_over_and_the_dead_one_is_fenced(database: None) -> None:
    run = begun(steps(count_rows))
    first = claimed(run, "dead")
    CHUNKS.filter(pk=first.chunk_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = claimed(run, "alive")
    assert (second.chunk_id, second.attempts) == (first.chunk_id, 2)
    with pytest.raises(ledger.FencedOff), transaction.atomic(using="batch"):
        ledger.hold_chunk(run, first)
    with transaction.atomic(using="batch"):
        ledger.hold_chunk(run, second)


def test_a_live_lease_is_respected(database: None) -> None:
    run = begun(steps(count_rows))
    numbers = [claimed(run, "a").number for _chunk in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    assert ledger.claim_chunk(run, "b") is None


def test_an_older_epoch_writes_nothing(database: None) -> None:
    plan = steps(count_rows)
    run = begun(plan)
    claim = claimed(run, "old")
    ledger.fail_run(run, "stopped by hand")
    newer = opened(plan)
    assert newer.epoch == run.epoch + 1
    with pytest.raises(ledger.FencedOff), transaction.atomic(using="batch"):
        ledger.hold_chunk(run, claim)
    runner.compute(run, plan[0], claim, is_last=False)
    assert not CHUNKS.filter(state="done").exists()


def test_a_chunk_that_always_fails_ends_an_essential_step(database: None) -> None:
    def broken(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["piece"] == 2:
            raise ValueError("bad piece")
        return {"rows": 1}

    run = runner.work(opened(steps(broken)), steps(broken))
    assert (run.state, "bad piece" in run.message) == ("failed", True)
    chunk = CHUNKS.get(step__run=run, step__name="first", no=3)
    assert (chunk.state, chunk.attempts) == ("quarantined", ledger.MAX_ATTEMPTS)
    assert ledger.published_date("test", using="batch") is None


def test_a_step_that_is_not_essential_is_left_out_and_said(database: None) -> None:
    def broken(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["piece"] == 2:
            raise ValueError("bad piece")
        return {"rows": 1}

    plan = steps(broken, essential=False)
    run = runner.work(opened(plan), plan)
    assert run.state == "published"
    assert JobStep.objects.using("batch").get(run=run, name="first").counts["set_aside"] == 1


def test_a_chunk_that_kills_its_workers_is_set_aside(database: None) -> None:
    plan = steps(count_rows)
    run = begun(plan)
    deadly = claimed(run, "w").chunk_id
    past = timezone.now() - timedelta(seconds=1)
    CHUNKS.filter(pk=deadly).update(attempts=ledger.MAX_DEATHS, lease_until=past)
    assert runner.work(run, plan).state == "failed"
    assert "workers died" in CHUNKS.get(pk=deadly).error


def test_half_a_chunk_is_never_kept(database: None) -> None:
    """What a chunk wrote before it failed is gone with its transaction."""

    def half(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        ledger.beat(f"piece {arguments['piece']}")
        raise ValueError("after the write")

    run = runner.work(opened(steps(half)), steps(half))
    assert run.state == "failed"

    assert not Heartbeat.objects.using("batch").exists()
