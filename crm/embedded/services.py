"""PostgreSQL and Valkey together: one call starts both and gives the environment that the rest of the product reads."""

import os
import shutil
import time
from pathlib import Path

from crm.embedded.databases import (
    URL_NAMES,
    add_database,
    database_urls,
    ensure_main_database,
)
from crm.embedded.disk import MB, DiskWatch
from crm.embedded.home import Home, InstanceLock
from crm.embedded.messages import EmbeddedError
from crm.embedded.postgres import Postgres
from crm.embedded.redis_server import RedisServer
from crm.embedded.secret import load_secrets, make_key_file

LEAST_FREE_MB = 1024


class Services:
    """The two servers of one data folder, or outside ones where DATABASE_URL or REDIS_URL say so.

    `durable=False` is for tests: less memory, faster writes, nothing survives a power cut.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = Home(home)
        self.lock = InstanceLock(self.home)
        self.postgres = Postgres(self.home, durable=durable)
        self.redis = RedisServer(self.home, durable=durable)
        self.uses_outside_postgres = "DATABASE_URL" in os.environ
        self.uses_outside_redis = "REDIS_URL" in os.environ
        self.timings: dict[str, float] = {}
        self._disk: DiskWatch | None = None

    def prepare(self) -> None:
        """Make the data folder, take its lock and check what would make a start fail half-way."""
        self.home.create()
        self.lock.acquire()
        self._disk = DiskWatch(self.home)
        try:
            self._check_disk()
            self._check_outside_urls()
            if not self.uses_outside_postgres:
                self.postgres.check_version()
        except EmbeddedError:
            self.lock.release()
            raise

    def start(self) -> dict[str, str]:
        """Start both servers and return the environment for children; raises EmbeddedError with one clear line."""
        self.prepare()
        try:
            make_key_file(self.home)
            if not self.uses_outside_postgres:
                began = time.monotonic()
                self.postgres.start()
                ensure_main_database(self.postgres, self.home)
                self.timings["postgres"] = time.monotonic() - began
            if not self.uses_outside_redis:
                began = time.monotonic()
                self.redis.start()
                self.timings["redis"] = time.monotonic() - began
            environment = self.environment()
            self._write_env_file(environment)
        except BaseException as error:
            self.stop()
            if isinstance(error, Exception):
                raise self.explained(error) from None
            raise
        return environment

    def explained(self, error: Exception) -> Exception:
        """A failure as the operator should read it: a full disk is told as such."""
        return self._disk.explained(error) if self._disk else error

    def stop(self) -> None:
        """Stop Valkey, then PostgreSQL, and free the data folder; safe to repeat."""
        self.redis.stop()
        self.postgres.stop()
        if self.home.sockets != self.home.run and self.home.sockets.is_dir() and not any(self.home.sockets.iterdir()):
            self.home.sockets.rmdir()
        self.lock.release()

    def environment(self) -> dict[str, str]:
        """What children need. Values that the caller's environment has already set are kept."""
        made = {
            "CRM_HOME": str(self.home.path),
            "CRM_KEY_FILE": str(self.home.key_file),
            "SECRET_KEY": load_secrets(self.home)["secret_key"],
        }
        environment = {name: os.environ.get(name) or value for name, value in made.items()}
        environment["CRM_HOME"] = str(self.home.path)
        if self.uses_outside_postgres:
            environment |= {name: os.environ[name] for name in URL_NAMES if os.environ.get(name)}
        else:
            environment |= database_urls(self.home)
        environment["REDIS_URL"] = os.environ["REDIS_URL"] if self.uses_outside_redis else self.redis.url
        return environment

    def create_database(self, name: str) -> dict[str, str]:
        """Another database of crm_owner, prepared like the main one; returns the environment with its URLs.

        Works from any process of the same user while the servers run, also with a `Services` that did not start them.
        """
        self._refuse_outside_postgres()
        add_database(self.postgres, name)
        return self.environment() | database_urls(self.home, name)

    def _refuse_outside_postgres(self) -> None:
        if self.uses_outside_postgres:
            raise EmbeddedError(
                "DATABASE_URL 指向外部数据库，建库请由 DBA 执行 roles.sql 和 database.sql",
                "DATABASE_URL names an outside server: its DBA makes databases with roles.sql and database.sql",
            )

    def _check_disk(self) -> None:
        least = int(os.environ.get("CRM_MIN_FREE_MB") or LEAST_FREE_MB)
        free = shutil.disk_usage(self.home.path).free // MB
        if free < least:
            raise EmbeddedError(
                f"{self.home.path} 所在磁盘只剩 {free} MB，至少需要 {least} MB（CRM_MIN_FREE_MB）",
                f"only {free} MB are free on the disk of {self.home.path}, {least} MB are needed (CRM_MIN_FREE_MB)",
            )

    def _check_outside_urls(self) -> None:
        """Each role logs in as itself, so one outside URL is not enough: the web role cannot migrate or run a night."""
        missing = [name for name in ("DATABASE_BATCH_URL", "DATABASE_OWNER_URL") if not os.environ.get(name)]
        if self.uses_outside_postgres and missing:
            names = "、".join(missing)
            raise EmbeddedError(
                f"已设置 DATABASE_URL，还缺 {names}（每个角色一个地址，见 .env.example）",
                f"DATABASE_URL is set, but {', '.join(missing)} is not (one address for each role, see .env.example)",
            )

    def _write_env_file(self, environment: dict[str, str]) -> None:
        """What we made, for `python manage.py …` by hand; addresses of outside servers stay where they came from."""
        own = {name: value for name, value in environment.items() if not os.environ.get(name)}
        self.home.write_private(self.home.env_file, "".join(f"{name}={value}\n" for name, value in own.items()))
