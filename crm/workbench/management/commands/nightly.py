"""`manage.py nightly --as-of D`: take the waiting files in, compute, publish."""

import json
import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from crm import nightly
from crm.audit import trail
from crm.jobs import ledger
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import JobChunk, JobRun, JobStep
from crm.workbench.nights import scheme_names
from customers.choices import AlertKind
from segments.models import Tier

REFUSED = 3


class Command(BaseCommand):
    help = (
        "Run the night of a business date: tiers and alerts from the files that were loaded, published at once. "
        "A night that was interrupted goes on where it stopped; a published one is left alone unless --rerun. "
        "Exit codes: 0 published, 1 failed, 2 wrong usage, 3 refused (the message says why)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            type=date.fromisoformat,
            help="business date YYYY-MM-DD; every day whose files wait, else yesterday",
        )
        parser.add_argument("--rerun", action="store_true", help="run a published day again, with corrected files")
        parser.add_argument("--full", action="store_true", help="recompute every customer instead of the changed ones")
        parser.add_argument(
            "--if-needed", action="store_true", help="do nothing when this day or a later one is published"
        )
        parser.add_argument(
            "--without-files", action="store_true", help="publish the day although no file of it has come"
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        given: date | None = options["as_of"]
        days = [given] if given else nightly.waiting_dates() or [nightly.last_business_date()]
        for as_of in days:
            self.run_night(as_of, options)

    def run_night(self, as_of: date, options: dict[str, Any]) -> None:
        """One night, and its figures; raises CommandError with the exit code when it is refused or fails."""
        published = ledger.published_date(using="batch")
        if options["if_needed"] and published is not None and published >= as_of:
            self.stdout.write(_("%(date)s is published.") % {"date": published})
            return
        try:
            nightly.load_waiting(as_of)
            again = options["rerun"] or options["full"]
            may_be_without = again or options["without_files"] or published == as_of
            if not may_be_without and not nightly.has_files(as_of):
                if options["if_needed"]:
                    self.stdout.write(_("No file of %(date)s has come.") % {"date": as_of})
                    return
                raise ledger.RunRefused(no_files(as_of))
            run, is_open = nightly.open_night(as_of, rerun=again, full=options["full"])
        except ledger.RunRefused as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        if options["rerun"] or options["full"]:
            detail = {"business_date": str(as_of), "by": "command", "full": options["full"]}
            trail.record(None, "night.rerun", target=run, detail=detail)
        if is_open:
            run = work_with_bar(run)
        if run.state != RunState.PUBLISHED:
            raise CommandError(run.message or run.state)
        if options["json"]:
            self.stdout.write(json.dumps(summary(run), ensure_ascii=False, indent=1))
        else:
            self.stdout.write(in_words(run))


def no_files(as_of: date) -> str:
    return _(
        "No file of %(date)s has come. Load its files first; --without-files puts this date on the balances before it."
    ) % {"date": as_of}


def work_with_bar(run: JobRun) -> JobRun:
    """Work on the run; on a terminal a bar counts the chunks of the step."""
    if not sys.stderr.isatty():
        return nightly.work(run)
    with tqdm(unit="chunk", leave=False) as bar:

        def show(of_run: JobRun) -> None:
            chunks = JobChunk.objects.using("batch").filter(step__run=of_run, step__state=StepState.RUNNING)
            bar.total, bar.n = chunks.count(), chunks.filter(state=StepState.DONE).count()
            step = JobStep.objects.using("batch").filter(run=of_run, state=StepState.RUNNING).first()
            bar.set_description(step.name if step else "", refresh=True)

        return nightly.work(run, show)


def summary(run: JobRun) -> dict[str, Any]:
    """What the run found, and seconds and rows of each step."""
    steps = [
        {
            "step": step.name,
            "rows": step.rows,
            "seconds": round((step.finished_at - step.started_at).total_seconds(), 2)
            if step.finished_at and step.started_at
            else None,
        }
        for step in JobStep.objects.using("batch").filter(run=run).order_by("no")
    ]
    seconds = round((run.finished_at - run.started_at).total_seconds(), 2) if run.finished_at else None
    return {
        "as_of": run.business_date.isoformat(),
        "state": run.state,
        "seconds": seconds,
        "steps": steps,
        **{key: value for key, value in run.counts.items() if key != "options"},
    }


def in_words(run: JobRun) -> str:
    """The figures of a published night for a person: customers, moves by tier, alerts by kind, seconds by step."""
    facts = summary(run)
    names = {
        f"{tier.scheme.code}:{tier.rank}": str(tier.name)
        for tier in Tier.objects.using("batch").select_related("scheme").all()
    }
    lines = [
        _("%(date)s published in %(seconds)s s: %(customers)s customers, AUM %(aum)s")
        % {
            "date": facts["as_of"],
            "seconds": facts["seconds"],
            "customers": f"{facts.get('customers', 0):,}",
            "aum": f"{float(facts.get('aum') or 0):,.2f}" if not facts.get("aum") else facts["aum"],
        }
    ]
    schemes = scheme_names(facts.get("moves", {}), "batch")
    for scheme, moves in facts.get("moves", {}).items():
        for move, customers in moves.items():
            old, new = (names.get(f"{scheme}:{rank}", "—") for rank in move.split(">"))
            lines.append(f"  {schemes.get(scheme, scheme)}: {old} → {new}: {customers:,}")
    for kind, alerts in facts.get("alerts", {}).items():
        lines.append(
            f"  {AlertKind(kind).label}: {alerts['live']:,} "
            + _("live, %(raised)s new") % {"raised": f"{alerts['raised']:,}"}
        )
    for step in facts["steps"]:
        lines.append(f"  {step['step']:<12} {step['seconds']} s  {step['rows']:,}")
    return "\n".join(lines)
