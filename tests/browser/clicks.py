"""What a person does with the mouse or a finger, counted: each press is one, whatever it sets off."""

from playwright.sync_api import Locator, Page

# A key that presses a button, or a script, is no press; the count goes over all pages of the tab.
COUNT = """
document.addEventListener("pointerdown", (event) => {
  if (event.isTrusted) sessionStorage.setItem("presses", Number(sessionStorage.getItem("presses") || 0) + 1);
}, true);
"""


class Clicks:
    """Counts the presses on a page from now on."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.in_lists = 0
        page.add_init_script(COUNT)
        page.reload()

    @property
    def count(self) -> int:
        """Presses since the last `restart`."""
        return self.in_lists + int(self.page.evaluate("Number(sessionStorage.getItem('presses') || 0)"))

    def restart(self) -> None:
        """Begin a new task at nought."""
        self.in_lists = 0
        self.page.evaluate("sessionStorage.removeItem('presses')")

    def choose(self, field: Locator, value: str) -> None:
        """Choose from a list that the system draws: one press opens it, one takes the line."""
        field.select_option(value)
        self.in_lists += 2
