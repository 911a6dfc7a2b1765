"""Starting and ending operating-system processes, and telling ours from others that got the same number."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from crm.embedded.account import Account

LARGEST_LOG = 50_000_000
SET_PARENT_DEATH_SIGNAL = 1


def open_log(path: Path) -> int:
    """A descriptor that appends to the log; one that has grown large is first put aside as `<name>.1`."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def last_line(log: Path) -> str:
    """The last line of a log that says anything, for an error message; a hint comes with what it is about."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return " ".join(said[-2:] if said and said[-1].startswith("HINT:") else said[-1:])


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """For the child, between fork and exec: the kernel sends `number` when the supervisor is killed outright.

    The kernel binds this to the thread that forks, so it is only safe from the main thread.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    library = ctypes.CDLL(None)

    def arrange() -> None:
        library.prctl(SET_PARENT_DEATH_SIGNAL, number)

    return arrange


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    output: Path | None = None,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_parent_death: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone.

    Errors go to the log; what it prints goes there too unless it has an `output` file of its own.
    """
    errors = open_log(log)
    printed = open_log(output) if output else os.dup(errors)
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=errors,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent(on_parent_death),
            **(account.popen_arguments() if account else {}),
        )
    finally:
        os.close(printed)
        os.close(errors)


def end(process: subprocess.Popen[bytes], number: int, seconds: float) -> bool:
    """Send the signal and wait; kills the whole group when the time is up. True when it went by itself."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_line(pid: int) -> str:
    """The command line of any process; empty when it is gone or a zombie."""
    proc = Path("/proc", str(pid), "cmdline")
    if Path("/proc/self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip()


def end_stranger(pid: int, number: int, seconds: float) -> None:
    """End a process that is not our child, and wait until it is gone; killed when the time is up."""
    os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while command_line(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += 5
        time.sleep(0.05)
