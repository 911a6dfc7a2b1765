"""`make start`: services, one-off commands, then web, worker and beat under supervision until a signal comes."""

import os
import sys
import time
from pathlib import Path

from crm.embedded.account import Account
from crm.embedded.home import default_home
from crm.embedded.messages import EmbeddedError, say
from crm.embedded.probe import is_well
from crm.embedded.redis_server import HOST, is_port_free
from crm.embedded.services import Services
from crm.embedded.steps import (
    Interrupted,
    child_account,
    child_environment,
    demo_customers,
    planned_steps,
    run_step,
    static_fingerprint,
)
from crm.embedded.summary import setup_seconds, summary
from crm.embedded.supervisor import Program, StopRequest, Supervisor
from crm.embedded.web import gunicorn_command

READY_SECONDS = 90.0
# A child that dies this often before the web has answered once will not get better by itself.
DEATHS_BEFORE_GIVING_UP = 3
WORKER_STOP_SECONDS = 60.0
REFUSED = 2


def chosen_home(checkout: Path) -> Path:
    """CRM_HOME, else the default for this checkout and user."""
    return Path(os.environ.get("CRM_HOME") or default_home(checkout))


def chosen_port() -> int:
    """PORT, else 8000."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise EmbeddedError(f"PORT={text} 不是端口号", f"PORT={text} is not a port number")
    return int(text)


def check_port(port: int) -> None:
    """Refuse a port on which something else listens."""
    if not is_port_free(port):
        raise EmbeddedError(
            f"端口 {port} 已被占用，换一个：PORT={port + 1} make start",
            f"port {port} is in use, choose another: PORT={port + 1} make start",
        )


def celery_command(*arguments: str) -> list[str]:
    """One of Celery's programs on our application."""
    return [sys.executable, "-m", "celery", "-A", "crm", *arguments]


class Start:
    """One run from `make start` to Ctrl-C."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.port = chosen_port()
        self.services = Services(chosen_home(checkout))
        self.home = self.services.home
        self.stop_request = StopRequest()
        self.supervisor = Supervisor()
        self.account: Account | None = None
        self.began = time.monotonic()
        self.timings = setup_seconds()
        self.setup_seconds = sum(seconds for _name, seconds in self.timings)
        self.night = ""

    def refuse_early(self) -> None:
        """Everything that is known to prevent a start, before anything runs; takes the data folder's lock."""
        self.services.prepare()
        try:
            check_port(self.port)
            demo_customers(outside_database=self.services.uses_outside_postgres)
        except EmbeddedError:
            self.services.lock.release()
            raise

    def run(self) -> None:
        """Start everything, watch it, and stop it in order whatever happens."""
        self.stop_request.listen()
        try:
            say(f"数据目录 {self.home.path}", f"data folder {self.home.path}")
            environment = self.services.start()
            self._watch_servers()
            self.account = child_account(self.home, self.checkout)
            env = child_environment(environment, self.account)
            self._run_steps(env)
            self._start_programs(env)
            self._wait_ready()
            self.timings.append(("total", self.setup_seconds + time.monotonic() - self.began))
            print(summary(self.services, self.supervisor, self.port, self.timings, self.night), flush=True)
            while not self.stop_request.wait(0.5):
                self.supervisor.check()
        except Interrupted:
            pass
        except (EmbeddedError, OSError) as error:
            raise self.services.explained(error) from None
        finally:
            say("正在停止", "stopping")
            self.supervisor.stop()
            self.services.stop()
        say("全部已停止", "all stopped")

    def _watch_servers(self) -> None:
        services = self.services
        for name, seconds in services.timings.items():
            self._timed(name, seconds)
        if not services.uses_outside_postgres:
            self.supervisor.add("PostgreSQL", services.postgres)
        if not services.uses_outside_redis:
            self.supervisor.add(services.redis.program.product, services.redis)

    def _timed(self, name: str, seconds: float) -> None:
        self.timings.append((name, seconds))
        print(f"  {name:<14}{seconds:8.1f} s", flush=True)

    def _run_steps(self, env: dict[str, str]) -> None:
        stamp = self.home.path / "staticfiles.stamp"
        for step in planned_steps(outside_database=self.services.uses_outside_postgres):
            if step.name == "collectstatic":
                fingerprint = static_fingerprint(self.checkout)
                built = (self.home.path / "staticfiles").is_dir() and stamp.exists()
                if built and stamp.read_text(encoding="ascii") == fingerprint:
                    continue
            print(f"  {step.name} …", flush=True)
            seconds, printed = run_step(step, self.home, self.checkout, env, self.account, self.stop_request)
            self._timed(step.name, seconds)
            if step.name == "nightly":
                self.night = printed
            if step.name == "collectstatic":
                self.home.write_private(stamp, fingerprint)
            if self.stop_request:
                raise Interrupted

    def _start_programs(self, env: dict[str, str]) -> None:
        """Worker, beat, web: so that they are stopped as web, beat, worker, and no request queues work for nobody."""
        concurrency = os.environ.get("WORKER_CONCURRENCY") or "2"
        worker = celery_command("worker", "--concurrency", concurrency, "--queues", "default,batch", "-l", "INFO")
        schedule = str(self.home.run / "celerybeat-schedule")
        beat = celery_command("beat", "--schedule", schedule, "--pidfile", "", "-l", "INFO")
        web_env = {"DB_POOL": "1", **env}
        for name, command, program_env, seconds in (
            ("worker", worker, env, WORKER_STOP_SECONDS),
            ("beat", beat, env, 10.0),
            ("web", gunicorn_command(f"{HOST}:{self.port}"), web_env, 30.0),
        ):
            log = self.home.log / f"{name}.log"
            program = Program(
                command, log=log, cwd=self.checkout, env=program_env, account=self.account, stop_seconds=seconds
            )
            self.supervisor.add(name, program)

    def _wait_ready(self) -> None:
        began = time.monotonic()
        while not is_well(f"http://{HOST}:{self.port}/healthz"):
            if self.stop_request.wait(0.1):
                raise Interrupted
            self.supervisor.check()
            gave_up = self.supervisor.deaths("web") >= DEATHS_BEFORE_GIVING_UP
            if gave_up or time.monotonic() - began > READY_SECONDS:
                log = self.home.log / "web.log"
                raise EmbeddedError(f"网页服务未能就绪，详见 {log}", f"the web did not become ready, see {log}")
        self._timed("web", time.monotonic() - began)


def up(checkout: Path) -> int:
    """Run until a signal; 0 after an orderly stop, 1 when a part failed, 2 when the start was refused."""
    try:
        start = Start(checkout)
        start.refuse_early()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return REFUSED
    try:
        start.run()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
