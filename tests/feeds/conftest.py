from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.feeds.uploading import ClientOf
from tests.world import Bank


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own for each test's uploads and reject files; loads begin at number 1 in every process."""
    settings.CRM_HOME = tmp_path_factory.mktemp("home")
    return Path(settings.CRM_HOME)


@pytest.fixture
def client(bank: Bank, client_of: ClientOf) -> Client:
    """The administrator's."""
    return client_of(bank.lu)
