"""The embedded PostgreSQL server: made once, tuned at each start, reached through a Unix socket only."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from crm.embedded.binaries import POSTGRES_MAJOR, Program, find_postgres
from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError, say
from crm.embedded.process import command_line, end, end_stranger, last_line, spawn
from crm.embedded.secret import SUPERUSER, load_secrets
from crm.embedded.tuning import machine_memory, postgres_settings, shared_memory_free

STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# Crash recovery of a large database takes minutes; a server that is still working on it is not a failure.
READY_SECONDS = 900.0
STOP_SECONDS = 120.0
HBA = """# Written at each start. Sockets only, a password for everyone.
local all all scram-sha-256
"""


class Postgres:
    """One server on `home.postgres_data`."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self._home = home
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._program: Program | None = None
        self.log = home.log / "postgres.log"

    @property
    def program(self) -> Program:
        """The server program that is used."""
        if self._program is None:
            self._program = find_postgres(self._home)
        return self._program

    @property
    def pid(self) -> int | None:
        """The process number of the running postmaster, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def tool(self, name: str) -> Path:
        """A program that comes with the server, such as psql or pg_dump."""
        return self.program.path.with_name(name)

    def check_version(self) -> None:
        """Refuse data of another major version: the server would only say that it cannot start."""
        try:
            found = (self._home.postgres_data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return
        if found != str(POSTGRES_MAJOR):
            raise EmbeddedError(
                f"{self._home.postgres_data} 是 PostgreSQL {found} 的数据，本程序需要 {POSTGRES_MAJOR}："
                "请用旧版本 pg_dump 导出后另设 CRM_HOME 重新导入",
                f"the data in {self._home.postgres_data} belong to PostgreSQL {found}, this needs {POSTGRES_MAJOR}: "
                "dump them with the old version and load them under another CRM_HOME",
            )

    def start(self) -> None:
        """Start the server and return when it accepts connections; does nothing when it runs."""
        if self.pid:
            return
        self._clear_leftovers()
        if not (self._home.postgres_data / "PG_VERSION").exists():
            self._initialize()
        self._configure()
        self._process = spawn(
            [str(self.program.path), "-D", str(self._home.postgres_data)],
            log=self.log,
            account=self._home.account,
            env=self._environment(),
            cwd=self._home.path,
            on_parent_death=signal.SIGINT,
        )
        self._wait_ready(self._process)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `smart` waits for sessions, `fast` ends them, `immediate` is a crash with recovery."""
        if self._process:
            end(self._process, STOP_SIGNALS[mode], STOP_SECONDS)
            self._process = None

    def poll(self) -> int | None:
        """The exit status once the server has ended, else None."""
        return self._process.poll() if self._process else 0

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A superuser session, one statement one transaction. It stays within this package."""
        return psycopg.connect(
            host=str(self._home.sockets),
            user=SUPERUSER,
            password=load_secrets(self._home)[SUPERUSER],
            dbname=database,
            autocommit=True,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "TMPDIR", "LD_LIBRARY_PATH"}}
        return {**kept, "LC_ALL": "C", "TZ": "UTC"}

    def _initialize(self) -> None:
        """initdb into a folder beside, renamed when complete: a start that is cut off leaves nothing half-made."""
        draft = self._home.path / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        password = self._home.run / "initial-password"
        self._home.write_private(password, load_secrets(self._home)[SUPERUSER])
        command = [str(self.tool("initdb")), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={password}"]
        command += ["--auth=scram-sha-256", "--locale-provider=builtin", "--locale=C.UTF-8", "-E", "UTF8"]
        # pg_trgm finds no Chinese word under the plain C locale; the builtin C.UTF-8 needs no ICU and sorts alike
        # everywhere.
        command += [] if self._durable else ["--no-sync", "--no-data-checksums"]
        environment = {name: value for name, value in self._environment().items() if name != "LC_ALL"}
        try:
            code = spawn(command, log=self.log, account=self._home.account, env=environment, cwd=self._home.path).wait()
        finally:
            password.unlink()
        if code:
            raise EmbeddedError(
                f"初始化 PostgreSQL 失败，详见 {self.log}：{last_line(self.log)}",
                f"initdb failed, see {self.log}",
            )
        draft.rename(self._home.postgres_data)

    def _configure(self) -> None:
        """Write both configuration files; a bank's own changes go through ALTER SYSTEM, which wins over them."""
        free = shutil.disk_usage(self._home.path).free
        settings = postgres_settings(machine_memory(), free, shared_memory_free(), durable=self._durable)
        settings["unix_socket_directories"] = str(self._home.sockets)
        if not any(self.program.path.parent.parent.rglob("pg_stat_statements.*")):
            settings.pop("shared_preload_libraries")
        quoted = "".join("{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in settings.items())
        data = self._home.postgres_data
        self._home.write_private(data / "postgresql.conf", f"# Written at each start: use ALTER SYSTEM.\n{quoted}")
        self._home.write_private(data / "pg_hba.conf", HBA)

    def _status_lines(self) -> list[str]:
        try:
            return (self._home.postgres_data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _clear_leftovers(self) -> None:
        """After a crash of the supervisor: end a server that still runs on our data, drop a number that is nobody's."""
        lines = self._status_lines()
        if not lines or not lines[0].strip().lstrip("-").isdigit():
            return
        pid = abs(int(lines[0]))
        if f"-D {self._home.postgres_data}" in command_line(pid):
            say(
                f"停止上次留下的 PostgreSQL（进程 {pid}）",
                f"stopping the PostgreSQL left by the last run (process {pid})",
            )
            end_stranger(pid, signal.SIGINT, STOP_SECONDS)
        else:
            say(
                f"清理过期的 postmaster.pid（进程 {pid} 不是本实例的数据库）",
                f"cleared a stale postmaster.pid (process {pid} is not our server)",
            )
        (self._home.postgres_data / "postmaster.pid").unlink(missing_ok=True)

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        began = time.monotonic()
        told = False
        while True:
            lines = self._status_lines()
            # The eighth line of postmaster.pid tells the state.
            if len(lines) >= 8 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready":
                return
            waited = time.monotonic() - began
            if process.poll() is not None or waited > READY_SECONDS:
                end(process, signal.SIGQUIT, 10)
                raise EmbeddedError(
                    f"PostgreSQL 未能启动，详见 {self.log}：{last_line(self.log)}",
                    f"PostgreSQL did not start, see {self.log}",
                )
            if waited > 10 and not told:
                told = True
                say("PostgreSQL 正在恢复，请稍候", "PostgreSQL is recovering, please wait")
            time.sleep(0.02)
