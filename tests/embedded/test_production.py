"""docker-compose.yml, the Dockerfile and the script that makes the database: what can be proven without Docker."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from crm.embedded.postgres import Postgres
from crm.embedded.secret import SUPERUSER, load_secrets, new_keys
from crm.embedded.services import Services
from tests.embedded.instance import CHECKOUT, clean_environment, run

COMPOSE = CHECKOUT / "docker-compose.yml"
OURS = ("migrate", "web", "worker", "beat")
PASSWORDS = {f"CRM_{role}_PASSWORD": f'it\'s "{role}" $x\\ 密码' for role in ("OWNER", "APP", "BATCH", "BACKUP")}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Docker would read it, before variables are filled in."""
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return content


def test_the_services_of_production_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "redis", *OURS}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["redis"]["image"] == "redis:8"
    for name, service in services.items():
        assert "healthcheck" in service or name == "migrate", name


def test_no_password_has_a_default_and_every_variable_is_in_the_example(compose: dict[str, Any]) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", text):
        if re.search(r"PASSWORD|SECRET_KEY", name):
            assert rest.startswith(":?"), name
            assert re.search(rf"^{name}=$", example, re.MULTILINE), name
        assert re.search(rf"^#?{name}=", example, re.MULTILINE) or name in {"DANGAN_IMAGE", "LOG_LEVEL"}, name
    assert not re.search(r"\$\{?\w*PASSWORD\}?(?!:\?)[^}\"'\s]*:-", text)


def test_migrations_run_once_before_the_others_and_alone_have_the_owners_password(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["restart"] == "no"
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["depends_on"]["redis"] == {"condition": "service_healthy"}
        assert "DATABASE_OWNER_URL" not in services[name]["environment"]
    assert "DATABASE_OWNER_URL" in services["migrate"]["environment"]


def test_only_the_web_is_reachable_and_only_from_its_own_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"web": ["${LISTEN:-127.0.0.1:8000}:8000"]}
    assert compose["networks"]["inside"] == {"internal": True}


def test_our_containers_are_neither_root_nor_writable(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    dockerfile = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile[dockerfile.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)


def test_files_and_modules_that_the_containers_use_exist(compose: dict[str, Any]) -> None:
    for volume in compose["services"]["postgres"]["volumes"][1:]:
        assert (CHECKOUT / volume.split(":")[0]).is_file(), volume
    text = COMPOSE.read_text(encoding="utf-8") + (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    for module in re.findall(r"crm\.embedded\.(\w+)", text):
        assert (CHECKOUT / "crm" / "embedded" / f"{module}.py").is_file(), module


def test_docker_accepts_the_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    known = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    if not docker or not known:
        pytest.skip("docker compose is not installed; runs where that command exists")
    filled = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    environment = tmp_path / "env"
    environment.write_text(re.sub(r"^(\w+)=$", r"\1=x", filled, flags=re.MULTILINE), encoding="utf-8")
    command = [docker, "compose", "--env-file", str(environment), "-f", str(COMPOSE), "config", "--quiet"]
    subprocess.run(command, check=True, env=clean_environment(tmp_path))


@pytest.fixture
def bare_server(home: Path, no_outside: None) -> Iterator[Postgres]:
    """A PostgreSQL as its image makes it: a superuser and nothing of ours."""
    services = Services(home, durable=False)
    services.prepare()
    try:
        services.postgres.start()
        yield services.postgres
    finally:
        services.stop()


def test_the_database_script_makes_all_that_migrations_need(bare_server: Postgres, home: Path) -> None:
    sockets = str(bare_server.tool("psql").parent)
    environment = clean_environment(
        home,
        **PASSWORDS,
        PATH=f"{sockets}:{os.environ['PATH']}",
        SQL=str(CHECKOUT / "crm" / "embedded"),
        PGHOST=str(home / "run"),
        PGPASSWORD=load_secrets(Services(home).home)[SUPERUSER],
    )
    script = ["bash", str(CHECKOUT / "crm" / "embedded" / "create_database.sh")]
    for _time in ("first", "again"):
        made = subprocess.run(script, env=environment, capture_output=True, text=True, check=False, timeout=240)
        assert made.returncode == 0, made.stderr
    for role, password in PASSWORDS.items():
        user = role.removesuffix("_PASSWORD").lower()
        with psycopg.connect(host=str(home / "run"), user=user, password=password, dbname="crm") as link:
            assert link.execute("SELECT show_trgm('张三丰') <> '{}'").fetchone() == (True,)
    with bare_server.connect("crm") as superuser:
        for role in ("owner", "app", "batch"):
            superuser.execute(f"ALTER ROLE crm_{role} PASSWORD 'plain'")  # URLs are easier without quoting
    urls = {
        name: f"postgres://crm_{role}:plain@/crm?host={home / 'run'}"
        for name, role in (("DATABASE_URL", "app"), ("DATABASE_BATCH_URL", "batch"), ("DATABASE_OWNER_URL", "owner"))
    }
    key_file = home / "keys.json"
    key_file.write_text(new_keys(), encoding="ascii")
    environment = clean_environment(home, SECRET_KEY="x", CRM_KEY_FILE=str(key_file), **urls)
    migrate = [sys.executable, "manage.py", "migrate", "--database", "owner", "--no-input", "-v", "0"]
    subprocess.run(migrate, cwd=CHECKOUT, env=environment, check=True, timeout=400)


def test_a_missing_password_stops_the_database_script(home: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    script = CHECKOUT / "crm" / "embedded" / "create_database.sh"
    environment = clean_environment(home, **{**PASSWORDS, "CRM_BATCH_PASSWORD": ""})
    result = subprocess.run([bash, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr == "CRM_BATCH_PASSWORD is not set\n"


def test_new_keys_are_what_the_product_reads_and_never_twice_the_same(home: Path) -> None:
    first, second = (json.loads(run(home, "keys").stdout) for _time in range(2))
    assert first.keys() == {"current", "keys", "index_key"}
    assert first["keys"] != second["keys"]
    assert first["index_key"] not in first["keys"].values()
