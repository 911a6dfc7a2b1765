"""How browser tests launch Chromium: pytest-playwright with the browser that tests.browser.chromium finds."""

import os
from collections.abc import Callable, Iterator
from datetime import time
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from archives.models import ContactRule
from tests.browser import chromium
from tests.browser.serving import Gate
from tests.browser.versions import CURRENT, OLDEST
from tests.pages import morning
from tests.pages.morning import Morning
from tests.world import Bank

ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
expect.set_options(timeout=15_000)  # on a busy machine an answer may take seconds; a right page loses nothing by it


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium's sandbox does not work for root."""
    browser = chromium.find()
    assert browser, "no Chromium: run `python -m tests.browser.chromium`"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": str(browser), "args": [*sandbox, *ARGUMENTS]}


@pytest.fixture(scope="session")
def launched(launch_browser: Callable[..., Browser]) -> Iterator[Callable[[str], Browser]]:
    """Launches a version when a test first asks for it, and closes all at the end."""
    running: dict[str, Browser] = {}

    def of_version(version: str) -> Browser:
        if version not in running and version == OLDEST:
            assert chromium.OLDEST.exists(), "no Chromium 109: run `npm install --no-save`, then `make .venv/.browser`"
            running[version] = launch_browser(executable_path=str(chromium.OLDEST))
            assert running[version].version.startswith(f"{OLDEST}.")
        elif version not in running:
            running[version] = launch_browser()
        return running[version]

    yield of_version
    for browser in running.values():
        browser.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest, launched: Callable[[str], Browser]) -> Browser:
    """Today's Chromium, or the version that `on_both_browsers` asks for."""
    return launched(getattr(request, "param", CURRENT))


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The screen that the pages are made for, in Chinese and in the bank's time zone."""
    return {
        **browser_context_args,
        "viewport": {"width": 1366, "height": 768},
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
    }


@pytest.fixture(scope="session")
def serving(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, Gate]]:
    """The address of a threaded server with static files for the whole session, and the gate before it."""
    with django_db_blocker.unblock():
        live = LiveServer("localhost")
    application = live.thread.httpd.get_app()
    assert application
    gate = Gate(application)
    live.thread.httpd.set_app(gate)
    yield str(live.url), gate
    live.stop()


@pytest.fixture
def server(database: None, serving: tuple[str, Gate]) -> Iterator[str]:
    """The address of the server, while the test's data are there; no error of a page stays unseen."""
    address, gate = serving
    # Whenever the tests run, it is an hour at which customers may be called.
    ContactRule.objects.using("batch").update(first_hour=time(0), last_hour=time(23, 59, 59))
    with gate.opened():
        yield address


@pytest.fixture
def errors(server: str, serving: tuple[str, Gate]) -> list[str]:
    """What pages raised in this test so far; a test that makes one break takes it off the list."""
    return serving[1].failures


@pytest.fixture
def day(bank: Bank) -> Morning:
    """The bank, and a morning with alerts."""
    return morning.build(bank)
