"""What a start ends with: address, logins, what runs where, the first night's figures and what each part took."""

import os
from collections.abc import Sequence
from pathlib import Path

from crm.embedded.redis_server import HOST
from crm.embedded.screen import table
from crm.embedded.services import Services
from crm.embedded.supervisor import Program, Supervisor


def setup_seconds() -> list[tuple[str, float]]:
    """What `make` did just before (it leaves `name seconds` lines in CRM_SETUP_SECONDS); told once, then forgotten."""
    name = os.environ.pop("CRM_SETUP_SECONDS", "")
    path = Path(name)
    if not name or not path.is_file():
        return []
    lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    path.unlink()
    return [(part, float(seconds)) for part, seconds in lines]


def _server_places(services: Services) -> list[tuple[str, str]]:
    places = []
    if services.uses_outside_postgres:
        places.append(("PostgreSQL", "DATABASE_URL"))
    else:
        server = services.postgres.program
        places.append((f"PostgreSQL {server.version}", f"{server.origin} · {services.home.sockets}"))
    if services.uses_outside_redis:
        places.append(("Redis", "REDIS_URL"))
    else:
        server = services.redis.program
        places.append((f"{server.product} {server.version}", f"{server.origin} · {services.redis.url.split('@')[1]}"))
    return places


def _account_line(services: Services, supervisor: Supervisor) -> list[tuple[str, str]]:
    """Who the servers run as, when that is not who started them."""
    account = services.home.account
    if account is None:
        return []
    programs = [entry.child for entry in supervisor.watched if isinstance(entry.child, Program)]
    if any(program.account is None for program in programs):
        who = f"PostgreSQL、Valkey: {account.name} · web、worker、beat: root（{account.name} 读不到代码或 Python）"
        return [("账号 / account", f"{who} / {account.name} cannot read this checkout or its Python")]
    return [("账号 / account", account.name)]


def summary(
    services: Services, supervisor: Supervisor, port: int, timings: Sequence[tuple[str, float]], night: str
) -> str:
    """The table; `night` is what the night's command printed, or empty when none ran."""
    places = _server_places(services)
    for entry in supervisor.watched:
        if isinstance(entry.child, Program):
            places.append((entry.name, f"pid {entry.child.pid} · {entry.child.log}"))
    rows = [
        ("就绪 / ready", ""),
        ("地址 / address", f"http://{HOST}:{port}/"),
        ("停止 / stop", "Ctrl-C"),
        ("数据 / data", str(services.home.path)),
        *_account_line(services, supervisor),
        ("运行 / what runs where", ""),
        *places,
        ("用时 / seconds", ""),
        *((name, f"{seconds:8.1f} s") for name, seconds in timings),
    ]
    parts = [table(rows)]
    if night:
        parts.append(f"\n夜间批次 / the night\n{night}")
    logins = services.home.logins
    if logins.exists():
        parts.append(f"\n登录 / logins ({logins})\n{logins.read_text(encoding='utf-8').strip()}")
    return "\n".join(parts) + "\n"
