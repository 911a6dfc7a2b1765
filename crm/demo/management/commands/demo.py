"""`manage.py demo`: fill an empty database with a made-up bank."""

import argparse
import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from crm.demo import build, staff


class Command(BaseCommand):
    help = (
        "Fill an empty database with a made-up bank: branches, staff, customers and a year of history. "
        "Exit codes: 0 built, or left alone with --if-empty; 1 refused or failed; 2 wrong usage."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=150_000, help="how many customers (150000)")
        parser.add_argument("--seed", type=int, default=7, help="the same seed and date give the same bank (7)")
        parser.add_argument("--as-of", type=date.fromisoformat, help="business date (the day before yesterday)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are customers already")
        parser.add_argument("--json", action="store_true", help="print figures as JSON, without logins")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["customers"] < 1:
            raise CommandError(_("--customers must be at least 1."), returncode=2)
        if options["if_empty"] and not build.is_empty():
            self.stderr.write(_("There are customers already; nothing was changed."))
            return
        as_of = options["as_of"] or timezone.localdate() - timedelta(days=2)
        plan = build.Plan(options["customers"], options["seed"], as_of, files=Path(settings.CRM_FEED_FOLDER))
        try:
            with tqdm(total=plan.customers, unit="", disable=not sys.stderr.isatty()) as bar:
                built = build.build(plan, bar.update)
        except build.DemoRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        table = staff.login_table(built.logins)
        write_logins(table)
        if options["json"]:
            self.stdout.write(json.dumps({"customers": plan.customers, "as_of": str(as_of), "seconds": built.seconds}))
            return
        for part, seconds in built.seconds.items():
            self.stdout.write(f"{part:<16}{seconds:>8.1f} s")
        self.stdout.write(f"\n{table}")


def write_logins(table: str) -> None:
    """The only copy of the passwords in plain text, readable by its owner alone."""
    path = settings.CRM_HOME / "logins.txt"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(table + "\n", encoding="utf-8")
