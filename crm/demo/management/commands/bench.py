"""`manage.py bench SUBJECT`: measure against floors taken in the same run."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crm.demo.bench.campaigns import bench_campaign
from crm.demo.bench.feed import bench_feed
from crm.demo.bench.measure import Report
from crm.demo.bench.night import bench_delta, bench_night
from crm.demo.bench.pages import bench_pages, bench_search
from crm.demo.bench.plans import bench_plans
from crm.demo.bench.schemes import bench_schemes
from crm.demo.bench.segments import bench_segments

MOST_SCHEMES = 14
SUBJECTS: dict[str, Callable[..., Report]] = {
    "night": bench_night,
    "delta": bench_delta,
    "feed": bench_feed,
    "pages": bench_pages,
    "search": bench_search,
    "plans": bench_plans,
    "campaign": bench_campaign,
    "segments": bench_segments,
}


class Command(BaseCommand):
    help = (
        "Measure the product beside floors taken in the same run, in a database of its own on the same server. "
        "Exit codes: 0 measured (also when a goal is not met), 1 not possible, 2 wrong usage."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("subject", choices=sorted(SUBJECTS))
        parser.add_argument("--customers", type=int, default=100_000, help="how many made-up customers (100000)")
        parser.add_argument(
            "--schemes", type=int, help="night: only what this many tier schemes cost over one (2 to 14)"
        )
        parser.add_argument(
            "--keep", action="store_true", help="keep the database, and use a kept one of the same size"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["customers"] < 100:
            raise CommandError(_("--customers must be at least 100."))
        schemes = options["schemes"]
        if schemes is not None and (options["subject"] != "night" or not 2 <= schemes <= MOST_SCHEMES):
            raise CommandError(
                _("--schemes belongs to the subject night and takes 2 to %(most)s.") % {"most": MOST_SCHEMES}
            )
        if schemes is not None:
            report = bench_schemes(options["customers"], schemes, keep=options["keep"])
        else:
            report = SUBJECTS[options["subject"]](options["customers"], keep=options["keep"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1, default=str))
        else:
            self.stdout.write(report.in_words())
