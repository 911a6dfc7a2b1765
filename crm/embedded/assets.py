"""Third-party front-end files: copied from node_modules into static/vendor, with one sprite of the icons we use.

Nothing third-party is committed and nothing is loaded from a CDN. `python -m crm.embedded.assets [checkout]`
"""

import re
import shutil
import sys
from pathlib import Path

FILES = {
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
    "alpine-csp.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
}
ICONS = "@tabler/icons/icons/outline"
BACKGROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
# The static storage follows this comment and would fail on a map file that we do not ship.
SOURCE_MAP = re.compile(r"(?://[#@] sourceMappingURL=\S*|/\*# sourceMappingURL=\S*? \*/)\s*")


class MissingFile(Exception):
    """A file or an icon that the packages in node_modules do not have."""


def copy_files(modules: Path, vendor: Path) -> None:
    """Copy what the pages load."""
    for name, source in FILES.items():
        if not (modules / source).is_file():
            raise MissingFile(f"{modules / source}: run npm ci")
        text = (modules / source).read_text(encoding="utf-8")
        (vendor / name).write_text(SOURCE_MAP.sub("", text), encoding="utf-8")


def symbol(name: str, svg: str) -> str:
    """One icon as a <symbol>; colour and line width come from the CSS of the page."""
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    lines = [line.strip() for line in BACKGROUND.sub("", body).splitlines()]
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(lines)}</symbol>'


def build_sprite(names: list[str], modules: Path) -> str:
    """The sprite of the named Tabler outline icons; an unknown name is an error, not a hole in a page."""
    symbols = []
    for name in names:
        icon = modules / ICONS / f"{name}.svg"
        if not icon.is_file():
            raise MissingFile(f"static/icons.txt: there is no Tabler outline icon '{name}'")
        symbols.append(symbol(name, icon.read_text(encoding="utf-8")))
    attributes = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>\n' + "\n".join(symbols) + "\n</svg>\n"


def build(checkout: Path) -> None:
    """Fill static/vendor anew."""
    modules, vendor = checkout / "node_modules", checkout / "static" / "vendor"
    names = (checkout / "static" / "icons.txt").read_text(encoding="utf-8").split()
    sprite = build_sprite(sorted(set(names)), modules)
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    copy_files(modules, vendor)
    (vendor / "icons.svg").write_text(sprite, encoding="utf-8")


if __name__ == "__main__":
    try:
        build(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
    except MissingFile as error:
        sys.exit(f"assets: {error}")
