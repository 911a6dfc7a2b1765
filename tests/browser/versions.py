"""The versions of Chromium: today's for every test, and version 109 too for those marked `on_both_browsers`."""

import pytest

CURRENT, OLDEST = "current", "109"

on_both_browsers = pytest.mark.parametrize("browser", [CURRENT, OLDEST], indirect=True)
