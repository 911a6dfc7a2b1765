import pytest

from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank


@pytest.fixture
def day(bank: Bank) -> Morning:
    """The bank, and a morning with alerts."""
    return morning.build(bank)
