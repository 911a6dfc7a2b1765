"""What the product imports is in the lock file that `make start` and the image install, not only in the developers'."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = ("crm", "customers", "archives", "segments", "campaigns")
# Translations are gathered by developers alone; the module is imported by no other.
DEVELOPERS = {"crm/source_messages.py"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_everything_imported_is_locked_for_the_runtime() -> None:
    locked = {
        normal(line.split("==")[0])
        for line in (CHECKOUT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    known = packages_distributions()
    missing: dict[str, str] = {}
    for package in PACKAGES:
        for path in (CHECKOUT / package).rglob("*.py"):
            place = path.relative_to(CHECKOUT).as_posix()
            for name in imported(path) - set(sys.stdlib_module_names) - set(PACKAGES):
                if place not in DEVELOPERS and not any(normal(one) in locked for one in known.get(name, [])):
                    missing[place] = name
    assert missing == {}


def test_no_lock_file_names_an_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (CHECKOUT / name).read_text(encoding="utf-8"), name
    # npm keeps the address of a package's sponsors; where a package was fetched from is what must not stand here.
    assert '"resolved"' not in (CHECKOUT / "package-lock.json").read_text(encoding="utf-8")
