"""A data folder for each test, where an unprivileged account can reach it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder below the system's temp folder: pytest's own is closed to the account that root's servers run as."""
    folder = Path(tempfile.mkdtemp(prefix="dangan-embedded-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def no_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services made in this process must not take the test session's servers for outside ones."""
    for name in ("DATABASE_URL", "DATABASE_BATCH_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
