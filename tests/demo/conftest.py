from collections.abc import Iterator
from typing import Any

import pytest

from crm.demo.build import Built, Plan, build
from tests.conftest import Layout, empty_database
from tests.demo.plans import SMALL


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any, layout: Layout) -> Iterator[tuple[Plan, Built]]:
    """A small made-up bank, built once for all tests of a module that only read it."""
    with django_db_blocker.unblock():
        yield SMALL, build(SMALL)
        empty_database(layout)
