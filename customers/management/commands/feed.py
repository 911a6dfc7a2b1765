"""`manage.py feed load SPEC FILE --as-of D`, `feed withdraw --as-of D`, and lists of loads and specifications."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from crm.jobs.ledger import RunRefused
from crm.organization.models import Branch
from customers.choices import LoadState
from customers.feeds.load import Control, Progress, load_file
from customers.feeds.messages import FileStopped
from customers.feeds.spec import spec_named, spec_names
from customers.feeds.withdraw import withdraw
from customers.models import FeedLoad

WRONG_USAGE, STOPPED = 2, 3
EXIT_CODES = (
    "Exit codes: 0 done, or in force already; 1 failed; 2 wrong usage; 3 stopped or refused (the message says why; "
    "nothing was changed)."
)


class Command(BaseCommand):
    help = (
        "Files of the core bank. `load` checks a file and keeps what changed for the night; `withdraw` takes back what "
        "waits; `list` shows loads, `specs` the specifications. " + EXIT_CODES
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        load = actions.add_parser("load", help="check a file and keep what changed", epilog=EXIT_CODES)
        load.add_argument("spec", help="name of the specification, see `feed specs`")
        load.add_argument("file", type=Path, help="text file, or zip archive with one text file")
        load.add_argument("--as-of", type=date.fromisoformat, required=True, help="business date YYYY-MM-DD")
        load.add_argument("--member", help="name of the text file inside a zip archive with several")
        load.add_argument("--control", help="control totals that the file must meet: rows=N,sum=AMOUNT")
        load.add_argument("--branch", help="branch code of customers in files that name no branch")
        load.add_argument(
            "--accept-shrink", action="store_true", help="load a full file that is much smaller than the last"
        )
        load.add_argument("--json", action="store_true")
        back = actions.add_parser(
            "withdraw", help="take back all files of a day that wait for its night", epilog=EXIT_CODES
        )
        back.add_argument("--as-of", type=date.fromisoformat, required=True, help="business date YYYY-MM-DD")
        back.add_argument("--json", action="store_true")
        listing = actions.add_parser("list", help="the newest loads", epilog=EXIT_CODES)
        listing.add_argument("--json", action="store_true")
        actions.add_parser("specs", help="the specifications and their columns", epilog=EXIT_CODES)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["action"]:
                case "load":
                    self.load(options)
                case "withdraw":
                    self.withdraw(options["as_of"], as_json=options["json"])
                case "list":
                    self.show(FeedLoad.objects.using("batch").order_by("-pk")[:50], as_json=options["json"])
                case _:
                    self.specs()
        except (FileStopped, RunRefused) as refusal:
            raise CommandError(str(refusal), returncode=STOPPED) from refusal

    def load(self, options: dict[str, Any]) -> None:
        try:
            spec = spec_named(options["spec"])
            control = Control.from_text(options["control"]) if options["control"] is not None else None
        except FileStopped as wrong:
            raise CommandError(str(wrong), returncode=WRONG_USAGE) from wrong
        branch = None
        if options["branch"]:
            branch = Branch.objects.using("batch").filter(code=options["branch"]).first()
            if branch is None:
                raise CommandError(
                    _("There is no branch %(code)s.") % {"code": options["branch"]}, returncode=WRONG_USAGE
                )
        with tqdm(total=100, disable=not sys.stderr.isatty(), leave=False, bar_format="{desc} {bar} {n:.0f}%") as bar:
            load = load_file(
                spec, options["file"], as_of=options["as_of"], member=options["member"], control=control,
                accept_shrink=options["accept_shrink"], branch=branch, progress=shown_on(bar),
            )  # fmt: skip
        self.stdout.write(json.dumps(facts(load), ensure_ascii=False) if options["json"] else in_words(load))
        if load.state == LoadState.STOPPED:
            raise CommandError(load.message, returncode=STOPPED)

    def withdraw(self, as_of: date, *, as_json: bool) -> None:
        self.show(withdraw(as_of), as_json=as_json)
        if not as_json:
            self.stdout.write(
                _(
                    "Load all files of this day again before its night. Those in CRM_FEED_FOLDER/%(date)s it takes in "
                    "by itself: exchange the wrong one there. The product catalogue stays as it is."
                )
                % {"date": as_of}
            )

    def show(self, loads: Iterable[FeedLoad], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([facts(load) for load in loads], ensure_ascii=False))
            return
        for load in loads:
            self.stdout.write(in_words(load))

    def specs(self) -> None:
        for name in spec_names():
            spec = spec_named(name)
            self.stdout.write(f"{name}  {spec.title}  ({spec.mode})")
            for column in spec.columns:
                names = ", ".join((column.name, *column.aliases))
                self.stdout.write(f"    {names}  {column.kind}{' *' if column.required else ''}")


def shown_on(bar: "tqdm[Any]") -> Progress:
    def show(phase: str, share: float) -> None:
        bar.set_description(phase, refresh=False)
        bar.n = 100 * share
        bar.refresh()

    return show


def facts(load: FeedLoad) -> dict[str, Any]:
    """A load for a script."""
    return {
        "load": load.pk,
        "spec": load.spec,
        "as_of": load.as_of.isoformat(),
        "file": load.file_name,
        "state": load.state,
        "rows_read": load.rows_read,
        "rows_rejected": load.rows_rejected,
        "rows_changed": load.rows_changed,
        "seconds": load.seconds,
        "reject_file": load.reject_file,
        "message": load.message,
    }


def in_words(load: FeedLoad) -> str:
    """A load for a person, on one line."""
    return _("%(spec)s of %(date)s: %(state)s, %(read)s rows read, %(rejected)s refused, %(changed)s changed") % {
        "spec": load.spec,
        "date": load.as_of,
        "state": load.get_state_display(),
        "read": f"{load.rows_read:,}",
        "rejected": f"{load.rows_rejected:,}",
        "changed": f"{load.rows_changed:,}",
    } + (f" · {load.reject_file}" if load.reject_file else "")
