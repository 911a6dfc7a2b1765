"""An instance of the product for a test: its own data folder, port and processes, and none of the test's services."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent.parent
OURS = ("DATABASE_", "REDIS_", "CRM_", "DANGAN_", "SECRET_KEY", "PORT", "METRICS_TOKEN", "PYTEST_", "MAKE")


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The test's environment without any of the product's variables, so that nothing outside is switched on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "CRM_HOME": str(home), "CRM_DEMO_CUSTOMERS": "0", "PYTHONUNBUFFERED": "1", **more}


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One command of `python -m crm.embedded` to its end."""
    command = [sys.executable, "-m", "crm.embedded", *arguments]
    environment = clean_environment(home, **more)
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def processes_of(home: Path) -> list[int]:
    """Every process that has the data folder in its command line or environment, other than the test itself."""
    found = []
    needle = os.fsencode(home)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if needle in (folder / "cmdline").read_bytes() or needle in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return sorted(found)


class Instance:
    """`python -m crm.embedded <command>` in the background; what it prints is kept for the test."""

    def __init__(
        self,
        home: Path,
        command: str = "up",
        program: tuple[str, ...] = (sys.executable,),
        account: dict[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.port = free_port()
        environment = {**clean_environment(home), "PORT": str(self.port), **(env or {})}
        # Beside the data folder, which may belong to another account.
        self.output = home.with_name(f"{home.name}.{command}.out")
        with self.output.open("wb") as sink:
            self.process = subprocess.Popen(
                [*program, "-m", "crm.embedded", command],
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **(account or {}),
            )

    def text(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, text: str, seconds: float = 300) -> None:
        """Wait until it has printed this; fails when it ends first or takes too long."""
        deadline = time.monotonic() + seconds
        while text not in self.text():
            ended = self.process.poll()
            assert ended is None or text in self.text(), f"ended with {ended}: {self.text()}"
            assert time.monotonic() < deadline, f"no {text!r} within {seconds} s: {self.text()}"
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(240)

    def remove(self) -> None:
        """End whatever is left, and its files."""
        if self.process.poll() is None:
            self.stop()
        for pid in processes_of(self.home):
            os.kill(pid, signal.SIGKILL)
        self.output.unlink(missing_ok=True)
        shutil.rmtree(self.home, ignore_errors=True)
