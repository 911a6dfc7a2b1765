"""What the walkthroughs share: sign in as a person does, and watch the console."""

from playwright.sync_api import ConsoleMessage, Page

from crm.organization.models import User
from tests.world import PASSWORD


class Console:
    """Everything the browser complained of: a refused inline style or script shows up here."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


def sign_in(page: Page, address: str, user: User, to: str = "/") -> Console:
    """Signs in and arrives at `to`; an administrator has to name a page, since the settings have another frame."""
    console = Console(page)
    page.goto(f"{address}/login/?next={to}")
    page.fill("#id_username", user.staff_no)
    page.fill("#id_password", PASSWORD)
    page.click(".gate-card .btn-primary")
    page.wait_for_selector(".app")
    page.wait_for_load_state()  # the page stands before its deferred scripts have run: keys pressed then are lost
    return console


def speak(page: Page, language: str) -> None:
    """Chooses a language at the head of the page; the next page is asked for once this answer is there."""
    with page.expect_navigation():
        page.locator(f'.languages button[value="{language}"]:visible').click()
