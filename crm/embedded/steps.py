"""The commands that run once before the web opens: migrations, static files, the demo, one night."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm.embedded.account import Account, blocking_folder
from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError
from crm.embedded.process import end, last_line, spawn
from crm.embedded.supervisor import StopRequest

DEFAULT_DEMO_CUSTOMERS = "150000"


@dataclass(frozen=True)
class Step:
    """One `manage.py` command; `name` is its log file and what the operator reads."""

    name: str
    arguments: list[str]


class Interrupted(Exception):
    """A stop was asked for while a step ran."""


def demo_customers(*, outside_database: bool) -> int:
    """CRM_DEMO_CUSTOMERS, else none in a bank's own database and the default number in ours."""
    text = os.environ.get("CRM_DEMO_CUSTOMERS") or ("0" if outside_database else DEFAULT_DEMO_CUSTOMERS)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise EmbeddedError(
            f"CRM_DEMO_CUSTOMERS={text} 不是客户数，请写 0 或正整数",
            f"CRM_DEMO_CUSTOMERS={text} is not a number of customers: write 0 or a whole number",
        )
    return int(text)


def planned_steps(*, outside_database: bool) -> list[Step]:
    """The commands of a start. A bank's own database gets made-up customers only when their number is asked for."""
    customers = demo_customers(outside_database=outside_database)
    steps = [
        Step("migrate", ["migrate", "--database", "owner", "--no-input"]),
        Step("collectstatic", ["collectstatic", "--no-input", "-v", "0"]),
    ]
    if customers:
        steps.append(Step("demo", ["demo", "--customers", str(customers), "--if-empty"]))
        steps.append(Step("nightly", ["nightly", "--if-needed"]))
    return steps


def child_account(home: Home, checkout: Path) -> Account | None:
    """The account of our own programs: the servers' one where it can read the code and Python, else who started us."""
    if home.account is None:
        return None
    folders = (checkout, Path(sys.executable).parent, Path(sys.executable).resolve().parent, Path(sys.prefix))
    if any(blocking_folder(folder, home.account) for folder in folders):
        return None
    # Folders may be open and files not, so the last word has a trial.
    trial = [sys.executable, "-c", "import celery, django, gunicorn, psycopg, redis; open('manage.py').close()"]
    log = home.log / "account.log"
    return home.account if spawn(trial, log=log, account=home.account, cwd=checkout).wait() == 0 else None


def child_environment(services: Mapping[str, str], account: Account | None) -> dict[str, str]:
    """The caller's environment with the services' addresses; another account also gets a home folder it owns."""
    environment = {**os.environ, **services, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "crm.settings"}
    if account:
        environment["HOME"] = services["CRM_HOME"]
    return environment


def run_step(
    step: Step, home: Home, checkout: Path, env: Mapping[str, str], account: Account | None, stop: StopRequest
) -> tuple[float, str]:
    """Run one command to its end; return its seconds and what it printed. Its log holds the errors and warnings.

    A stop request ends it and raises Interrupted; a failure shows the last line of the log.
    """
    began = time.monotonic()
    log, output = home.log / f"{step.name}.log", home.log / f"{step.name}.out"
    log.unlink(missing_ok=True)
    output.unlink(missing_ok=True)
    process: subprocess.Popen[bytes] = spawn(
        [sys.executable, "manage.py", *step.arguments], log=log, output=output, account=account, env=env, cwd=checkout
    )
    while process.poll() is None:
        if stop.wait(0.05):
            end(process, signal.SIGTERM, 20)
            raise Interrupted
    if process.returncode:
        raise EmbeddedError(
            f"manage.py {step.name} 失败，详见 {log}：{last_line(log)[:500]}",
            f"manage.py {step.name} failed, see {log}",
        )
    return time.monotonic() - began, output.read_text(encoding="utf-8").rstrip()


def static_fingerprint(checkout: Path) -> str:
    """Changes when a static file or an installed package does; collectstatic compresses everything, so it is skipped
    when this stands still."""
    digest = hashlib.sha256()
    packages = [checkout / "requirements.lock", checkout / "package-lock.json"]
    for path in [*packages, *sorted((checkout / "static").rglob("*"))]:
        if path.is_file():
            status = path.stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
