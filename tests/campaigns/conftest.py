"""Published maturities for whoever tests the page of 到期承接."""

import pytest

from tests.campaigns import matured
from tests.campaigns.matured import March
from tests.world import Bank


@pytest.fixture
def march(bank: Bank) -> March:
    return matured.build(bank)
