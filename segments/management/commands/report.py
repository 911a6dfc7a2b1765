"""`manage.py report tiers|moves|matrix|candidates --as-of D`: figures for a bank's scripts."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from segments import reports

REFUSED = 3


class Command(BaseCommand):
    help = (
        "Figures of a published day from the history: customers and AUM by tier, moves between two days, the "
        "matrix of both, upgrade candidates. Exit codes: 0, 2 wrong usage, 3 refused (the message says why)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", choices=["tiers", "moves", "matrix", "candidates"])
        parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="business date YYYY-MM-DD")
        parser.add_argument("--since", type=date.fromisoformat, help="earlier day, for moves and matrix")
        parser.add_argument("--scheme", help="code of the tier scheme; the primary one unless given")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of: date = options["as_of"]
        since: date | None = options["since"]
        if options["report"] in ("moves", "matrix") and since is None:
            raise CommandError(_("This report compares two days: give --since."), returncode=2)
        if since is not None and since > as_of:
            raise CommandError(
                _("--since %(since)s lies after --as-of %(as_of)s.") % {"since": since, "as_of": as_of}, returncode=2
            )
        try:
            facts = make(options["report"], as_of, since, options["scheme"])
        except reports.ReportRefused as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=1) if options["json"] else in_words(facts))


def make(name: str, as_of: date, since: date | None, scheme_code: str | None) -> dict[str, Any]:
    """The figures of one report; raises ReportRefused."""
    reports.check_published(as_of)
    scheme = reports.scheme_of(scheme_code, as_of)
    if name == "tiers":
        return reports.tiers(as_of, scheme)
    if name == "candidates":
        return reports.candidates(as_of, scheme)
    if since is None:
        raise ValueError("moves and matrix need two days")
    return reports.moves(as_of, since, scheme) if name == "moves" else reports.matrix(as_of, since, scheme)


def in_words(facts: dict[str, Any]) -> str:
    """Single values one to a line, then each list as a table with its columns aligned."""
    lines = [f"{key:<16} {value}" for key, value in facts.items() if not isinstance(value, list)]
    for rows in facts.values():
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            continue
        columns = list(rows[0])
        table = [columns, *[[str(row[column]) for column in columns] for row in rows]]
        widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
        lines += ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in table]
    return "\n".join(lines)
