from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.exports.asking import ClientOf
from tests.world import Bank


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """The sealed files of this test alone."""
    settings.CRM_HOME = tmp_path


@pytest.fixture
def wang(bank: Bank, client_of: ClientOf) -> Client:
    return client_of(bank.wang)


@pytest.fixture
def he(bank: Bank, client_of: ClientOf) -> Client:
    """The manager of wang's branch, who approves."""
    return client_of(bank.he)
