"""The demo bank whose pages are taken: one of its own, that ends with the pictures, or an instance that runs."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.pictures.table import ADMIN, BRANCH, HEAD, MANAGER

CUSTOMERS = 20_000
READY_SECONDS = 600
STOP_SECONDS = 240
CHECKOUT = Path(__file__).resolve().parent.parent.parent
FILE = """客户号,客户名称,机构号,手机号,开户日期
C0000001,演示甲,111,13900000001,2020-01-02
C0000002,演示乙,999,,2020-02-30
"""


@dataclass(frozen=True)
class Instance:
    """Where it answers, and who signs in with what."""

    address: str
    passwords: Mapping[str, str]


def instance_at(address: str, home: Path) -> Instance:
    """The instance that runs on this data folder."""
    table = (home / "logins.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in table.splitlines())
    return Instance(address, {word: row[-1] for row in rows for word in row if re.fullmatch(r"\d{4}", word)})


@contextlib.contextmanager
def own_instance() -> Iterator[Instance]:
    """A small bank in a folder of its own, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="dangan-pictures-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"CRM_HOME": str(home), "PORT": str(port), "CRM_DEMO_CUSTOMERS": str(CUSTOMERS)}
    outside = {"DATABASE_URL", "REDIS_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in outside} | settings
    command = [sys.executable, "-m", "crm.embedded", "up"]
    running = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, running)
        yield instance_at(address, home)
    finally:
        running.terminate()
        running.wait(STOP_SECONDS)
        shutil.rmtree(home, ignore_errors=True)


def wait_for(address: str, running: "subprocess.Popen[bytes]") -> None:
    """Until the pages answer; RuntimeError when the instance ends before, or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{address}/healthz"):
            return
        time.sleep(0.5)
    raise RuntimeError("the instance does not answer; `make start` tells why")


def by_link(selector: str) -> Callable[[Page], str]:
    """Where the first link of a page leads."""
    return lambda page: page.locator(selector).first.get_attribute("href") or ""


def new_bulk(page: Page) -> str:
    """Have a change of many customers previewed; nothing is changed."""
    page.locator("[data-all-matching]").check()
    page.locator('#bulk-form button[value="assign"]').click()
    page.wait_for_url("**/bulk/*/")
    return page.url


def new_export(page: Page) -> str:
    """Ask for a file of masked columns."""
    page.locator(".actions button[type=submit]").click()
    page.wait_for_url(re.compile(r"/exports/\d+/"))
    return page.url


def new_upload(page: Page) -> str:
    """Send a file with a line that will be refused; nothing is loaded."""
    page.select_option("#id_spec", "eod_customers")
    page.fill("#id_as_of", time.strftime("%Y-%m-%d"))
    sent = {"name": "eod_customers.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.set_input_files("#id_file", sent)  # type: ignore[arg-type]
    page.locator("#upload button[type=submit]").click()
    page.wait_for_url("**/feeds/uploads/*/")
    return page.url


def new_draft(page: Page) -> str:
    """Have a copy of the first scheme simulated with a lower edge of the third tier; no customer is changed."""
    page.locator("form[action$='/drafts/new/'] button").click()
    page.wait_for_url(re.compile(r"/tiers/drafts/\d+/"))
    page.fill("#id_lower_3", "40000")
    page.locator(".sim-form button[type=submit]").click()
    page.locator(".sim-tiers").wait_for(timeout=READY_SECONDS * 1000)
    return page.url


# What paths name, in the order in which it is made: who finds it, on which page, how.
THINGS: dict[str, tuple[str, str, Callable[[Page], str]]] = {
    "customer": (MANAGER, "/customers/?tier=4", by_link("tr[data-row] a.b")),
    "known": (MANAGER, "/customers/?archive=hobbies:known:", by_link("tr[data-row] a.b")),
    "plan": (MANAGER, "/plans/", by_link("tr[data-row] a.one-line")),
    "complaint": (BRANCH, "/complaints/", by_link("tr[data-row] a.b")),
    "prospect": (BRANCH, "/prospects/?stage=interested", by_link("tr[data-row] a.b")),
    "finding": (BRANCH, "/quality/", by_link("tr[data-row] a.b")),
    "run": (BRANCH, "/jobs/", by_link("a[href^='/jobs/']:not([href='/jobs/'])")),
    "scheme": (ADMIN, "/admin/segments/tierscheme/", by_link("#result_list tbody th a")),
    "tier_scheme": (ADMIN, "/tiers/schemes/", by_link("tr[data-row] a.b")),
    "segment": (BRANCH, "/segments/", by_link("tr[data-row] a.b")),
    "bulk": (BRANCH, "/customers/?tier=4", new_bulk),
    "export": (MANAGER, "/exports/new/?tier=4", new_export),
    "draft": (HEAD, "/tiers/drafts/", new_draft),
    "upload": (ADMIN, "/feeds/upload/", new_upload),
}


def id_of(place: str) -> str:
    """The last number of an address."""
    return str(re.findall(r"/(\d+)(?=/)", place)[-1])
