"""The night on one page: which steps it has, in which order, and how a night is opened and worked through.

`manage.py nightly` and the Celery schedule (crm.nightly_tasks) run the same code. Every step reads the published
tables and the working tables night_*; only the last one writes what people see, in one transaction.
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archives import complaints, plans, records
from archives.planning import planner
from archives.quality import judge as quality
from campaigns import launching
from campaigns.entitlements import night as entitlements
from campaigns.measurement import night as campaign_results
from campaigns.prospects import night as prospects
from campaigns.retention import night as retention
from campaigns.seasons import night as seasons
from crm import db
from crm.audit import keys
from crm.jobs import ledger, runner
from crm.jobs.choices import RunState
from crm.jobs.ledger import RunRefused
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts, Step
from customers.choices import LoadState
from customers.feeds import folder
from customers.feeds.messages import FileStopped
from customers.models import Customer, FeedLoad, NightCustomer
from customers.nightly import metrics, night
from customers.nightly import publish as customers_publish
from segments import figures as board_figures
from segments import refresh
from segments.alerts import publish as alerts_publish
from segments.alerts import rules
from segments.models import DayFigure, TierChange
from segments.tiering import publish as tiers_publish
from segments.tiering import recompute

JOB = "nightly"
MOST_FAILURES = 3
# What a first night fills, and every later night reads.
FILLED = (
    "customers_customer", "customers_account", "customers_accountholder", "customers_holding", "customers_ownership",
    "customers_metrics", "customers_balancechange", "customers_alert", "segments_tierstate", "segments_tierchange",
    "segments_segmentmember", "segments_segmentchange", "archives_maintenanceplan", "campaigns_ledgerentry",
    "campaigns_ledgerbalance", "campaigns_seasonlevel",
)  # fmt: skip


def publish(run: JobRun, arguments: Arguments) -> Counts:
    """Everything the night found, at once; returns the figures that the run is remembered by."""
    tonight = night.of_run(run)
    db.hold_lock(launching.LOCK)
    if tonight.is_first:
        # Tables that were empty: an insert that asks row by row what is there already would read all it has written.
        db.execute("SET LOCAL enable_nestloop = off")
    customers_publish.check_control(tonight)
    touched_is_known = refresh.mark_touched(tonight)
    carried = tiers_publish.figures_before(tonight)
    retention.begin(tonight)
    written = customers_publish.entities(tonight)
    came = prospects.publish(tonight.as_of)
    written["plans_cancelled"] = plans.cancel_of_closed(tonight.as_of)
    alerts = alerts_publish.publish(run, tonight)
    moves = tiers_publish.publish(tonight)
    of_another_tier = moved_tier(tonight.as_of)
    archive_terms = records.terms()
    everybody = tonight.full or not measured_by(tonight, archive_terms)
    written["archives"] = records.remeasure(tonight.as_of, of_another_tier, everybody=everybody)
    moved = customers_publish.moved_branches()
    written["complaints_handed"] = complaints.follow_branches()
    written["maturities"] = retention.follow(tonight)
    if not carried:
        tiers_publish.figures_after(tonight)
    board_figures.count(tonight.as_of)
    seasons.publish(tonight)
    planned = planner.publish(tonight, refresh.TOUCHED if touched_is_known else None)
    members = refresh.publish(tonight, touched_is_known=touched_is_known)
    measured = campaign_results.publish(tonight)
    given = entitlements.publish(tonight, of_another_tier, measured["qualified"])
    flaws = quality.publish(tonight)
    customers_publish.close_books(tonight.as_of)
    if tonight.is_first:
        # Until the server looks by itself, the next files and night would be planned as for an empty bank.
        db.execute(f"ANALYZE {', '.join(FILLED)}")
    return {
        "rows": sum(written.values()),
        "written": written,
        "branch_moves": moved,
        "segments": members,
        "plans": planned,
        "campaigns": measured,
        "entitlements": given,
        "contact_quality": flaws,
        "prospects": came,
        "archive_terms": archive_terms,
        **figures(tonight.as_of),
        **moves,
        **alerts,
    }


def measured_by(tonight: night.Night, terms: str) -> bool:
    """Did the night before measure archives by these terms? One that kept none did not; before the first night each
    archive is measured as it is written."""
    if tonight.previous is None:
        return True
    before = JobRun.objects.using("batch").filter(job=JOB, business_date=tonight.previous, published_at__isnull=False)
    kept: str | None = before.values_list("counts__archive_terms", flat=True).first()
    return kept == terms


def moved_tier(as_of: date) -> list[int]:
    """The customers who have another tier of the primary scheme since this night."""
    moves = TierChange.objects.using("batch").filter(scheme__is_primary=True, as_of=as_of)
    return list(moves.values_list("customer_id", flat=True))


def figures(as_of: date) -> dict[str, Any]:
    """Customers and AUM of the day in the primary scheme, and customers by tier."""
    rows = list(
        DayFigure.objects.using("batch")
        .filter(as_of=as_of, scheme__is_primary=True)
        .values_list("rank", "customers", "aum")
    )
    tiers: dict[str, int] = {}
    for rank, customers, _aum in rows:
        tiers[str(rank)] = tiers.get(str(rank), 0) + customers
    return {
        "customers": sum(customers for _rank, customers, _aum in rows),
        "aum": str(sum(aum for _rank, _customers, aum in rows)),
        "tiers": tiers,
    }


STEPS = (
    Step("metrics", metrics.plan, metrics.compute),
    Step("tiers", recompute.plan, recompute.compute),
    Step("alerts", rules.plan, rules.compute, essential=False),
    Step("publish", runner.one_chunk, publish),
)


def load_waiting(as_of: date) -> list[FeedLoad]:
    """Take in the files that wait for this day, unless its night computes already; one process at a time.

    Raises RunRefused under another instance's key file, or when a file is gone before it is opened.
    """
    with transaction.atomic(using="audit"):
        db.stay_idle("audit")
        db.hold_lock("nightly intake", using="audit")
        if JobRun.objects.using("batch").filter(job=JOB, state=RunState.RUNNING).exists():
            return []
        try:
            return folder.load_waiting(as_of)
        except FileStopped as stop:
            raise RunRefused(str(stop)) from stop


def has_files(as_of: date) -> bool:
    """Whether files of this day have come. The night of a day without any puts a new date on old balances."""
    return FeedLoad.objects.using("batch").filter(as_of=as_of).exclude(state=LoadState.SUPERSEDED).exists()


def due_date() -> date | None:
    """The night that should have run by now: past its hour, not published, never tried, and its files are there.

    After days of standstill that is the oldest one, since averages need every day in its turn. A failed or refused
    night is not tried again by itself: a person looks first (任务中心).
    """
    day = next(iter(waiting_dates()), None)
    if day is None:
        return None
    hour, minute = map(int, settings.NIGHTLY_AT.split(":"))
    if day == last_business_date() and timezone.localtime().time() < time(hour, minute):
        return None
    tried = JobRun.objects.using("batch").filter(job=JOB, business_date=day).exists()
    return None if tried or waits_for_a_file(day) else day


def waits_for_a_file(day: date) -> bool:
    """Whether a file of this day was stopped, or failed again and again, and nothing newer has come since.

    Without this the sweep would read the same wrong file every minute.
    """
    of_day = FeedLoad.objects.using("batch").filter(as_of=day)
    failures = of_day.filter(state=LoadState.FAILED).count()
    troubled = [
        load for load in stopped_loads(day)
        if load.state == LoadState.STOPPED or (load.state == LoadState.FAILED and failures >= MOST_FAILURES)
    ]  # fmt: skip
    if not troubled:
        return False
    newest = max(load.received_at for load in troubled).timestamp()
    return all(folder.delivered_at(path) <= newest for _spec, path in folder.waiting_files(day))


def waiting_dates() -> list[date]:
    """The days up to yesterday whose files came in and whose night is not published, the oldest first.

    A day without files is none of them: its night would put a new date on old balances.
    """
    accepted = FeedLoad.objects.using("batch").filter(state=LoadState.ACCEPTED).values_list("as_of", flat=True)
    published = ledger.published_date(using="batch") or date.min
    days = {*accepted, *folder.delivered_dates()}
    return sorted(day for day in days if published < day <= last_business_date())


def last_business_date() -> date:
    """The day whose end-of-day files a night before this morning works on: yesterday in Shanghai."""
    return timezone.localdate() - timedelta(days=1)


def open_night(as_of: date, *, rerun: bool = False, full: bool = False) -> tuple[JobRun, bool]:
    """The run of this night, and whether there is work to do.

    Raises RunRefused when the key file is not this database's, the day lies ahead, another night is running, a later
    day is published, a file of a later day has been accepted already, a file of this day was stopped and not
    delivered again, or a first night would have no customers.
    """
    refuse_wrong_keys()
    if as_of > timezone.localdate():
        raise RunRefused(_("%(date)s lies in the future; a published day cannot be taken back.") % {"date": as_of})
    late = FeedLoad.objects.using("batch").filter(state=LoadState.ACCEPTED, as_of__gt=as_of).order_by("as_of").first()
    if late is not None:
        raise RunRefused(
            _("%(file)s of %(date)s has been loaded already; run the night of that day.")
            % {"file": late.file_name, "date": late.as_of}
        )
    for load in stopped_loads(as_of):
        raise RunRefused(
            _("%(file)s of %(date)s was stopped: %(message)s Load a right file, then run the night.")
            % {"file": load.file_name, "date": load.as_of, "message": load.message}
        )
    if ledger.published_date(using="batch") is None and not has_customers():
        raise RunRefused(_("There is no customer yet: load the file of customers first."))
    return ledger.open_run(JOB, as_of, [step.name for step in STEPS], rerun=rerun, options={"full": full})


def has_customers() -> bool:
    """Whether there is anybody to judge: a first night of nobody would make every customer of the second one new."""
    return Customer.objects.using("batch").exists() or NightCustomer.objects.using("batch").exists()


def refuse_wrong_keys() -> None:
    """Raise RunRefused under another instance's key file, and remember the keys that write."""
    try:
        keys.confirm()
    except keys.WrongKeys as error:
        raise RunRefused(str(error)) from error


def stopped_loads(as_of: date) -> list[FeedLoad]:
    """The newest load of each specification of this day, where it did not end well: without it, half a bank is seen."""
    newest = (
        FeedLoad.objects.using("batch").filter(as_of=as_of).exclude(state=LoadState.SUPERSEDED)
        .order_by("spec", "-received_at", "-pk").distinct("spec")
    )  # fmt: skip
    return [load for load in newest if load.state in (LoadState.STOPPED, LoadState.FAILED, LoadState.LOADING)]


def work(run: JobRun, on_progress: Callable[[JobRun], None] | None = None) -> JobRun:
    """Work on an open night until it is over, beside whoever else does; returns the run as it ended."""
    return runner.work(run, STEPS, on_progress=on_progress)
