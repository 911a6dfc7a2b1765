"""Backup and restore with the server's own pg_dump and pg_restore."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from psycopg import OperationalError

from crm.embedded.databases import MAIN_DATABASE, database_urls
from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError
from crm.embedded.postgres import Postgres
from crm.embedded.secret import SUPERUSER, load_secrets

IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"


def client(home: Home, variable: str) -> tuple[Postgres, dict[str, str]]:
    """The server's tools and the libpq environment of one role; the password stays out of the process list."""
    known = (home.path / "secrets.json").exists()
    url = os.environ.get(variable) or (database_urls(home)[variable] if known else "")
    if not url:
        raise EmbeddedError(
            f"{home.path} 还没有数据，请先 make start", f"{home.path} has no data yet: make start first"
        )
    parts = urlsplit(url)
    options = {f"PG{name.upper()}": values[0] for name, values in parse_qs(parts.query).items()}
    pairs = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.strip("/"),
        **options,
    }
    return Postgres(home), {**os.environ, **{name: value for name, value in pairs.items() if value}}


def dump(home: Home, file: Path | None) -> Path:
    """Dump the database as the role that only reads; the file appears under its name when it is complete."""
    server, env = client(home, "DATABASE_BACKUP_URL")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = file or home.path / "backup" / f"dangan-{stamp}.dump"
    if not target.parent.exists():
        target.parent.mkdir(mode=0o700)
    draft = target.with_name(f".{target.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.close(descriptor)
    command = [str(server.tool("pg_dump")), "--format=custom", f"--file={draft}"]
    if subprocess.run(command, env=env, check=False).returncode:
        draft.unlink()
        raise EmbeddedError("备份失败，数据库在运行吗？", "the backup failed; is the database running?")
    draft.replace(target)
    return target


def restore(home: Home, file: Path) -> None:
    """Load a dump into the embedded server's empty database, all or nothing, with owners, rights and policies."""
    if not file.is_file():
        raise EmbeddedError(f"没有备份文件 {file}", f"there is no dump {file}")
    server = Postgres(home)
    try:
        with server.connect(MAIN_DATABASE) as superuser:
            empty = superuser.execute(IS_EMPTY).fetchone() == (True,)
    except OperationalError as error:
        raise EmbeddedError("数据库没有运行，请先 make services", "the database does not run: make services") from error
    if not empty:
        raise EmbeddedError(
            "数据库不是空的，恢复只写入新的 CRM_HOME", "the database is not empty: restore into a new CRM_HOME"
        )
    with server.connect() as superuser:
        # From template0: the dump itself makes extensions, schemas and default rights.
        superuser.execute(f"DROP DATABASE {MAIN_DATABASE} WITH (FORCE)")
        superuser.execute(f"CREATE DATABASE {MAIN_DATABASE} OWNER crm_owner TEMPLATE template0")
    password = load_secrets(home)[SUPERUSER]
    env = {**os.environ, "PGHOST": str(home.sockets), "PGUSER": SUPERUSER, "PGPASSWORD": password}
    command = [str(server.tool("pg_restore")), f"--dbname={MAIN_DATABASE}", "--single-transaction", str(file)]
    if subprocess.run(command, env=env, check=False).returncode:
        raise EmbeddedError(f"恢复 {file} 失败，原因见上", f"{file} was not restored, the reason is above")
