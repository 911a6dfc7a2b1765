"""The main pages in Chromium 109: no rule or script that it does not know, nothing too wide, nothing that bars the way.

What the other tests of widths and axe try in many languages in today's browser, this one tries once.
"""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from segments import figures
from tests.browser.signing_in import sign_in
from tests.browser.test_dark import barriers, wants
from tests.browser.versions import OLDEST, on_the_oldest
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = [pytest.mark.browser, on_the_oldest]

# Declarations of our own sheets that the browser does not know, and would drop without a word.
UNKNOWN = """async () => {
  const unknown = [];
  for (const sheet of document.styleSheets) {
    if (!sheet.href.includes("/static/css/")) continue;  // others write fallbacks for older browsers still
    const text = (await (await fetch(sheet.href)).text()).replace(/@font-face\\s*{[^}]*}/g, "");
    for (const [, name, value] of text.matchAll(/[{;]\\s*([a-z-]+)\\s*:\\s*([^;{}]+)(?=[;}])/g)) {
      const plain = value.replace("!important", "").trim();
      if (!name.startsWith("-") && !CSS.supports(name, plain)) unknown.push(name + ": " + plain);
    }
  }
  return unknown;
}"""


@pytest.mark.parametrize(("theme", "narrow"), [("light", False), ("dark", True)], ids=["desk", "narrow in the dark"])
@pytest.mark.parametrize("who", ["wang", "he", "zhao", "lu"])
def test_the_main_pages(page: Page, server: str, bank: Bank, day: Morning, who: str, theme: str, narrow: bool) -> None:
    figures.count(day.day - timedelta(days=1))
    customer = f"/customers/{day.zhou.pk}/"
    paths = {
        "wang": ["/", customer, f"{customer}contacts/new/", "/customers/", "/alerts/", "/plans/"],
        "he": ["/", f"/?reassign={day.chen.pk}", "/board/customers/?figure=waiting", "/exports/"],
        "zhao": ["/", customer],
        "lu": ["/_components/", "/jobs/", "/feeds/upload/"],
    }
    width = (820 if who == "zhao" else 390) if narrow else 1366
    page.set_viewport_size({"width": width, "height": 844})
    wants(page, server, theme=theme)
    console = sign_in(page, server, getattr(bank, who), "/password/")
    assert page.evaluate("navigator.userAgent").split("Chrome/")[1].startswith(OLDEST)
    for path in paths[who]:
        page.goto(server + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert barriers(page) == [], path
        assert page.evaluate(UNKNOWN) == [], path
    assert console.complaints == []
