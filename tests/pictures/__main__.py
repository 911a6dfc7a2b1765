"""`python -m tests.pictures` (`make screenshots`): every page of the table at its widths, into one folder.

screenshots/<name>-<width>[-dark].<language>.png    all of them
docs/images/<name>[-en].png                         those that the README and docs show
"""

import argparse
import contextlib
import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.browser import chromium
from tests.pictures.bank import CHECKOUT, THINGS, Instance, id_of, instance_at, own_instance
from tests.pictures.table import DESK, PICTURES, Picture

IMAGES = CHECKOUT / "docs" / "images"
LANGUAGES = ("zh-hans", "en")
HEIGHTS = {DESK: 768, 820: 1180, 390: 844}


class Camera:
    """Takes pages of an instance; everybody signs in once."""

    def __init__(self, browser: Browser, instance: Instance, folder: Path, *, keeps: bool) -> None:
        self.browser, self.instance, self.folder, self.keeps = browser, instance, folder, keeps
        self.signed_in: dict[str, StorageState] = {}
        self.ids: dict[str, str] = {}

    @contextlib.contextmanager
    def page(self, staff: str, width: int = DESK, language: str = "zh-hans", theme: str = "light") -> Any:
        """A page of this person, in this language and theme."""
        options: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
        state = self.state_of(staff) if staff else None
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]}, storage_state=state, **options
        )
        cookies = {"django_language": language, "theme": theme}
        context.add_cookies([{"name": k, "value": v, "url": self.instance.address} for k, v in cookies.items()])
        try:
            yield context.new_page()
        finally:
            context.close()

    def state_of(self, staff: str) -> StorageState:
        if staff not in self.signed_in:
            context = self.browser.new_context()
            page = context.new_page()
            page.goto(f"{self.instance.address}/login/")
            page.fill("#id_username", staff)
            page.fill("#id_password", self.instance.passwords[staff])
            page.click(".gate-card .btn-primary")
            page.wait_for_selector(".app")
            self.signed_in[staff] = context.storage_state()
            context.close()
        return self.signed_in[staff]

    def find_things(self) -> None:
        """Find or make what the paths name."""
        for name, (staff, path, find) in THINGS.items():
            with self.page(staff) as page:
                page.goto(self.instance.address + path)
                self.ids[name] = id_of(find(page))

    def take(self, picture: Picture) -> None:
        """A page in each language, width and theme."""
        for language in LANGUAGES:
            for width in picture.widths:
                for theme in ("light", "dark") if picture.is_dark and language == LANGUAGES[0] else ("light",):
                    with self.page(picture.staff, width, language, theme) as page:
                        self.open(page, picture)
                        dark = "-dark" if theme == "dark" else ""
                        name = f"{picture.name}-{width}{dark}.{language}.png"
                        if picture.kept and self.keeps and width == DESK and not dark:
                            kept = f"{picture.name}{'' if language == LANGUAGES[0] else '-' + language}.png"
                            page.screenshot(path=IMAGES / kept)
                        # As high as the page, so that what is fixed to the edges stands where it belongs.
                        height = page.evaluate("document.documentElement.scrollHeight")
                        page.set_viewport_size({"width": width, "height": max(height, HEIGHTS[width])})
                        page.screenshot(path=self.folder / name)

    def open(self, page: Page, picture: Picture) -> None:
        page.goto(self.instance.address + picture.path.format(**self.ids), wait_until="networkidle")
        if picture.press:
            page.locator(picture.press).first.click()
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(300)  # a drawer slides in


def main() -> None:
    """Parse the command line and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these pictures")
    parser.add_argument("--address", help="an instance that runs, with --home; else one is started for the pictures")
    parser.add_argument("--home", type=Path, help="the data folder of that instance, for logins.txt")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "screenshots", help="where they go (screenshots/)")
    parser.add_argument("--oldest", action="store_true", help="with Chromium 109, to compare; docs/images stays")
    asked = parser.parse_args()
    if bool(asked.address) != bool(asked.home):
        parser.error("--address and --home go together")
    asked.folder.mkdir(parents=True, exist_ok=True)
    wanted = [one for one in PICTURES if not asked.names or one.name in asked.names]
    place = contextlib.nullcontext(instance_at(asked.address, asked.home)) if asked.address else own_instance()
    program = chromium.OLDEST if asked.oldest else chromium.find()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with place as instance, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*sandbox, "--disable-gpu"])
        camera = Camera(browser, instance, asked.folder, keeps=not asked.oldest)
        camera.find_things()
        for picture in wanted:
            camera.take(picture)
        browser.close()
    print(f"{asked.folder}: {', '.join(one.name for one in wanted)}")


if __name__ == "__main__":
    main()
