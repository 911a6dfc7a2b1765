"""Keeps children alive: starts them, restarts the dead with backoff, stops them in order."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from crm.embedded.account import Account
from crm.embedded.backoff import Backoff
from crm.embedded.messages import EmbeddedError, say
from crm.embedded.process import end, last_line, spawn

POLL_SECONDS = 0.2


class Child(Protocol):
    """Something that runs, may die, and can be started again: a program of ours or a database server."""

    log: Path

    def start(self) -> None: ...

    def poll(self) -> int | None: ...

    def stop(self) -> None: ...

    @property
    def pid(self) -> int | None: ...


class Program:
    """A child that is an ordinary program (web, worker, beat)."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str],
        account: Account | None = None,
        stop_seconds: float = 30.0,
    ) -> None:
        self.log = log
        self.account = account
        self._command = list(command)
        self._cwd = cwd
        self._env = env
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process number while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it; whether it is of use shows later."""
        self._process = spawn(self._command, log=self.log, account=self.account, env=self._env, cwd=self._cwd)

    def poll(self) -> int | None:
        """The exit status once it has ended, else None."""
        return self._process.poll() if self._process else 0

    def stop(self) -> None:
        """SIGTERM, which lets requests and tasks in hand finish; killed with its whole group after its time is up."""
        if self._process:
            end(self._process, signal.SIGTERM, self._stop_seconds)


class StopRequest:
    """Set by SIGINT, SIGTERM and SIGHUP; work in hand looks at it, so that nothing is cut off half-way."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def listen(self) -> None:
        """From now on the three signals only set this flag."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep, or less when a signal comes; True when one has come."""
        deadline = time.monotonic() + seconds
        while not self and time.monotonic() < deadline:
            time.sleep(min(POLL_SECONDS, seconds))
        return bool(self)


@dataclass
class Watched:
    """A child with what is needed to bring it back."""

    name: str
    child: Child
    backoff: Backoff = field(default_factory=Backoff)
    started: float = 0.0
    restart_at: float | None = None
    deaths: int = 0


class Supervisor:
    """Watches children in the order in which they were added and stops them in the reverse order."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.watched: list[Watched] = []

    def add(self, name: str, child: Child) -> None:
        """Watch a child; it is started now unless it already runs."""
        entry = Watched(name, child, started=self._clock())
        if child.pid is None:
            child.start()
        self.watched.append(entry)

    def deaths(self, name: str) -> int:
        """How often this child has died so far."""
        return next(entry.deaths for entry in self.watched if entry.name == name)

    def check(self) -> None:
        """One round: note who died, start again whose wait is over."""
        for entry in self.watched:
            if entry.restart_at is not None:
                if self._clock() >= entry.restart_at:
                    self._restart(entry)
            elif (status := entry.child.poll()) is not None:
                self._note_death(entry, f"{status}")

    def _note_death(self, entry: Watched, why: str) -> None:
        entry.deaths += 1
        wait = entry.backoff.delay(self._clock() - entry.started)
        entry.restart_at = self._clock() + wait
        tail = last_line(entry.child.log)[:200]
        say(
            f"{entry.name} 已退出（{why}），{wait:.0f} 秒后重启，日志 {entry.child.log}：{tail}",
            f"{entry.name} ended ({why}), starting again in {wait:.0f} s",
        )

    def _restart(self, entry: Watched) -> None:
        entry.started, entry.restart_at = self._clock(), None
        try:
            entry.child.start()
        except (EmbeddedError, OSError) as error:
            self._note_death(entry, str(error))
        else:
            say(f"{entry.name} 已重启（进程 {entry.child.pid}）", f"{entry.name} is back (process {entry.child.pid})")

    def stop(self) -> None:
        """Stop all, last added first; each is gone before the next is asked."""
        while self.watched:
            entry = self.watched.pop()
            began = time.monotonic()
            entry.child.stop()
            seconds = time.monotonic() - began
            say(f"{entry.name} 已停止（{seconds:.1f} 秒）", f"{entry.name} stopped ({seconds:.1f} s)")
