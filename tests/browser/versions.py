"""The versions of Chromium: today's for every test, unless marked `on_both_browsers` or `on_the_oldest` (109)."""

import pytest

CURRENT, OLDEST = "current", "109"

on_both_browsers = pytest.mark.parametrize("browser", [CURRENT, OLDEST], indirect=True)
on_the_oldest = pytest.mark.parametrize("browser", [OLDEST], indirect=True)
