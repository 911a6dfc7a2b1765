"""Tests that share something dear to make (an instance, a bank, a model) run in one process, one after the other; all
others go to whichever process is free. The marks of the parallel runner itself have no effect with this pytest."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# By file: what its tests share.
SHARED = {
    "tests/chaos/test_feed.py": "chaos",
    "tests/chaos/test_night.py": "chaos",
    "tests/demo/test_build.py": "demo",
    "tests/embedded/test_instance.py": "instance",
    "tests/real_data/test_marketing.py": "marketing",
    "tests/security/test_rls.py": "rls",
    "tests/segments/test_rules.py": "rules",
}


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out the tests of one group as one piece of work, every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return SHARED.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Together:
    return Together(config, log)
