"""`manage.py audit verify` proves the trail, `manage.py audit anchor` signs its ends outside the database."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.audit.anchor import anchor
from crm.audit.verify import Verdict, verify

BROKEN = 3


class Command(BaseCommand):
    help = "Prove the audit trail (verify; exit code 3 when it is broken) or sign the ends of its chains (anchor)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="what", required=True)
        proof = actions.add_parser("verify", help="recompute every hash and compare the anchors; 3 when broken")
        proof.add_argument("--json", action="store_true", help="figures as JSON")
        actions.add_parser("anchor", help="append the signed heads to the anchor file and to the log")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "anchor":
            taken = anchor()
            self.stdout.write(f"{len(taken.heads)} chains anchored at {taken.at}")
            return
        verdict = verify()
        self.stdout.write(json.dumps(asdict(verdict)) if options["json"] else in_words(verdict))
        if not verdict.is_whole:
            raise CommandError("the audit trail is broken", returncode=BROKEN)


def in_words(verdict: Verdict) -> str:
    lines = [f"chain {fault.chain}: entry {fault.seq} {fault.kind}" for fault in verdict.faults]
    if verdict.bad_anchor_line is not None:
        lines.append(f"anchor file: line {verdict.bad_anchor_line} does not fit its signature")
    lines.append(
        f"{verdict.entries} entries in {verdict.chains} chains and {verdict.anchors} anchors "
        f"checked in {verdict.seconds:.2f} s: {'whole' if verdict.is_whole else 'BROKEN'}"
    )
    return "\n".join(lines)
