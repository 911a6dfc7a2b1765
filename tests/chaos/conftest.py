"""One rig for all that is killed here: its servers and its first bank take most of a minute to make."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.rig import Rig


@pytest.fixture(scope="session")
def servers() -> Iterator[Rig]:
    home = Path(tempfile.mkdtemp(prefix="dangan-chaos-"))
    rig = Rig(home)
    yield rig
    rig.close()
    shutil.rmtree(home, ignore_errors=True)
