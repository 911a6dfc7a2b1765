from pathlib import Path

import pytest
from pytest_django import Settings

from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank


@pytest.fixture
def day(bank: Bank) -> Morning:
    return morning.build(bank)


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """The sealed files of this test alone."""
    settings.CRM_HOME = tmp_path
