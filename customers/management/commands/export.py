"""`manage.py export trace FILE`: whose export a copy is, by the order of its rows (customers.exports.fingerprint)."""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers.exports import fingerprint
from customers.models import Customer, ExportRequest

SHOWN = 5
FEWEST_PAIRS = 10
WORD = re.compile(r"[0-9A-Za-z_-]{3,40}")


class Command(BaseCommand):
    help = "whose export a copy of rows is: best first, with the pairs of rows that stand as that export put them"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["trace"])
        parser.add_argument("file", type=Path, help="text with customer numbers in the order of the copy (CSV, UTF-8)")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = customers_in(options["file"].read_text(encoding="utf-8", errors="replace"))
        made = ExportRequest.objects.using("batch").filter(row_count__isnull=False)
        found = fingerprint.matches(made.values_list("pk", "token"), ids)[:SHOWN]
        if not found or found[0].pairs < FEWEST_PAIRS:
            raise CommandError(f"{len(ids)} known customers are too few rows to tell exports apart")
        people = made.in_bulk([one.export_id for one in found])
        for one in found:
            export = people[one.export_id]
            self.stdout.write(
                f"export {export.pk}  staff {export.requested_by.staff_no}  {export.made_at:%Y-%m-%d %H:%M}Z  "
                f"{one.agreeing} of {one.pairs} pairs ({one.share:.0%})"
            )


def customers_in(text: str) -> list[int]:
    """The customers whose numbers stand in the text, in that order, as often as they stand there."""
    words = WORD.findall(text)
    known: dict[str, int] = {}
    different = list(dict.fromkeys(words))
    for at in range(0, len(different), 5000):
        part = Customer.objects.using("batch").filter(customer_no__in=different[at : at + 5000])
        known |= dict(part.values_list("customer_no", "pk"))
    return [known[word] for word in words if word in known]
