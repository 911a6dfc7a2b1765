"""A bank of its own for real data: one branch, everything else by the commands that a bank's IT would script."""

import json
import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from tests.world import make_branch, make_user

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CRM_REAL_DATA") or ROOT.parent / "shared" / "data")


def folder(name: str) -> Path:
    """The folder of one bank; skips the test where it is missing."""
    path = DATA / name
    if not path.is_dir():
        pytest.skip(f"real data are not here: {path} (CRM_REAL_DATA names another place)")
    return path


def open_branch() -> None:
    """The one branch that an administrator makes before the first file."""
    make_branch("001", "总行", "head_office", None)


def head_office() -> User:
    """Who sees every customer of it."""
    return make_user("0001", "周国栋", Role.BRANCH_MANAGER, Branch.objects.get(code="001"), Reach.SUBTREE)


def command(*arguments: str, **options: Any) -> Any:
    """What a command prints with --json."""
    output = StringIO()
    call_command(*arguments, "--json", stdout=output, **options)
    return json.loads(output.getvalue())


def feed(spec: str, path: Path, as_of: str, *more: str) -> dict[str, Any]:
    """Load a file; prints the seconds."""
    began = time.monotonic()
    facts: dict[str, Any] = command("feed", "load", spec, str(path), "--as-of", as_of, *more)
    print(f"{as_of} {spec}: {time.monotonic() - began:.1f} s")
    assert (facts["state"], facts["rows_rejected"]) == ("accepted", 0), facts
    return facts


def night(as_of: str) -> dict[str, Any]:
    """Run the night; prints the seconds."""
    facts: dict[str, Any] = command("nightly", "--as-of", as_of)
    steps = ", ".join(f"{step['step']} {step['seconds']}" for step in facts["steps"])
    print(f"{as_of} night: {facts['seconds']} s ({steps})")
    assert facts["state"] == "published", facts
    return facts


def report(name: str, as_of: str, *more: str) -> dict[str, Any]:
    """One report of the scheme on the balance of the day."""
    facts: dict[str, Any] = command("report", name, "--as-of", as_of, "--scheme", "five_point", *more)
    return facts
