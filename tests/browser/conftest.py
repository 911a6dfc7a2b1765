"""How browser tests launch Chromium: pytest-playwright with the browser that tests.browser.chromium finds."""

import os
from typing import Any

import pytest

from tests.browser import chromium

ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium's sandbox does not work for root."""
    browser = chromium.find()
    assert browser, "no Chromium: run `python -m tests.browser.chromium`"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": str(browser), "args": [*sandbox, *ARGUMENTS]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The screen that the pages are made for, in Chinese and in the bank's time zone."""
    return {
        **browser_context_args,
        "viewport": {"width": 1366, "height": 768},
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
    }
