"""The morning of the page tests, for whoever tests what the customer page says."""

import pytest

from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank


@pytest.fixture
def day(bank: Bank) -> Morning:
    return morning.build(bank)
