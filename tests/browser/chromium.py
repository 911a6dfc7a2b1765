"""The browser of the tests: found by `find`, installed when missing by `python -m tests.browser.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ["chromium", "fonts-noto-cjk"]


def find() -> Path | None:
    """CRM_CHROMIUM, else a Chromium on PATH, else the one that Playwright has downloaded; None when there is none."""
    for name in (os.environ.get("CRM_CHROMIUM", ""), *NAMES):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    return downloaded if downloaded.exists() else None


def has_chinese_font() -> bool:
    """Whether the system can draw Chinese; without fontconfig nobody can tell, and apt would bring it along."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


def install() -> None:
    """As root by apt, with a Chinese font; as a plain user by Playwright, into the user's cache."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=environment, check=False)
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
        if subprocess.run(command, env=environment, check=False).returncode == 0:
            return
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> int:
    """Install what is missing; without a Chinese font the tests still run, only screenshots show boxes."""
    if find() is None or not has_chinese_font():
        install()
    browser = find()
    print(f"Chromium: {browser}")
    if not has_chinese_font():
        print("no Chinese font found (fonts-noto-cjk): screenshots will show boxes", file=sys.stderr)
    return 0 if browser else 1


if __name__ == "__main__":
    sys.exit(main())
