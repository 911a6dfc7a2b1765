"""A dump made by the role that only reads comes back whole: rows, owners, rights and row-level security."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crm.embedded.dump import dump, restore
from crm.embedded.messages import EmbeddedError
from crm.embedded.services import Services
from tests.embedded.instance import CHECKOUT, clean_environment

SHAPE = """
SELECT jsonb_build_object(
  'tables', (SELECT jsonb_agg((relname, relkind, relowner::regrole, relrowsecurity, relforcerowsecurity, relacl)::text
                              ORDER BY relname)
             FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')),
  'policies', (SELECT jsonb_agg((tablename, policyname, roles, qual)::text ORDER BY tablename, policyname)
               FROM pg_policies),
  'triggers', (SELECT jsonb_agg(pg_get_triggerdef(oid) ORDER BY tgname, tgrelid::regclass::text)
               FROM pg_trigger WHERE NOT tgisinternal),
  'rights to come', (SELECT jsonb_agg(defaclacl::text ORDER BY defaclobjtype, defaclrole) FROM pg_default_acl))
"""


@pytest.fixture
def pair(no_outside: None) -> Iterator[tuple[Services, Services]]:
    """Two instances: one to be saved, with everything migrations make, and an empty one."""
    homes = [Path(tempfile.mkdtemp(prefix="dangan-embedded-")) for _number in range(2)]
    old, new = (Services(home, durable=False) for home in homes)
    try:
        environment = clean_environment(homes[0], **old.start())
        migrate = [sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"]
        subprocess.run(migrate, cwd=CHECKOUT, env=environment, check=True, timeout=400)
        new.start()
        yield old, new
    finally:
        for services in (old, new):
            services.stop()
            shutil.rmtree(services.home.path)


def shape(services: Services) -> object:
    """Owners, rights, policies and triggers."""
    with services.postgres.connect("crm") as superuser:
        return superuser.execute(SHAPE).fetchone()


def test_a_dump_comes_back_whole_and_only_into_an_empty_database(
    pair: tuple[Services, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = pair
    monkeypatch.delenv("DATABASE_BACKUP_URL", raising=False)
    with psycopg.connect(old.environment()["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE kept AS SELECT number, md5(number::text) FROM generate_series(1, 1000) number")
    file = dump(old.home, None)
    assert file.stat().st_mode & 0o077 == 0
    assert not list(file.parent.glob(".*"))
    restore(new.home, file)
    assert shape(new) == shape(old)
    with psycopg.connect(new.environment()["DATABASE_BATCH_URL"]) as batch:
        assert batch.execute("SELECT count(*), sum(number) FROM kept").fetchone() == (1000, 500500)
    with pytest.raises(EmbeddedError, match="the database is not empty"):
        restore(new.home, file)


def test_what_is_no_dump_is_told(home: Path, no_outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_BACKUP_URL", raising=False)
    services = Services(home, durable=False)
    with pytest.raises(EmbeddedError, match="has no data yet"):
        dump(services.home, None)
    services.start()
    try:
        with pytest.raises(EmbeddedError, match="there is no dump"):
            restore(services.home, home / "missing.dump")
        (home / "broken.dump").write_bytes(b"not a dump")
        with pytest.raises(EmbeddedError, match=r"broken\.dump was not restored"):
            restore(services.home, home / "broken.dump")
    finally:
        services.stop()
    with pytest.raises(EmbeddedError, match="the database does not run"):
        restore(services.home, home / "broken.dump")
