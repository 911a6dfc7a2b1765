"""Run a draft of a tier scheme over the last published night, as a night would, without changing anybody's tier.

The judgement is the night's own statement (segments.tiering.recompute): in the transaction of a chunk every working
table of the night is shadowed by an empty temporary one, so that it reads published numbers alone, whatever files wait
for the coming night, and writes into a scratch table. Chunks, attempts and progress are those of crm.jobs.
"""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from crm import db
from crm.jobs import ledger, runner
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts, Step
from crm.organization.models import ContactCadence, DayTarget
from customers.nightly import night
from customers.nightly.night import Night
from segments.choices import SimulationState, TierMetric
from segments.membership import placed
from segments.models import SchemeSimulation, SimulatedTier, TierScheme
from segments.tiering import calendar, measures, recompute
from segments.tiering.versions import Running

PACKAGE = "segments.simulation"
JOB = "simulation"
MOST_MOVERS = 20
MOST_MANAGERS = 20
MONTH_DAYS = 30
WORKDAYS = 22  # a month of work, as capacity is reckoned (DOMAIN §4)
# What of a version is no rule: which one it is, what it is called, and marks that others set.
NO_RULES = frozenset(
    {"id", "code", "version", "source", "is_released", "is_active", "is_primary", "becomes_primary", "shown_asked_by"}
    | {f"name_{language}" for language in ("zh_hans", "zh_hant", "en")}
)
SIMULATIONS = SchemeSimulation.objects.using("batch")
EVERYBODY = "SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last FROM customers_metrics"
WORKING_TABLES = """
SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'night\\_%' ORDER BY 1
"""


class NightMoved(RuntimeError):
    """Another night was published while the draft was simulated: its figures would be of two days."""


class DraftMoved(RuntimeError):
    """The draft was changed while it was simulated: its figures would be of two sets of rules."""


def rules_of(scheme: TierScheme) -> dict[str, Any]:
    """Everything that a version judges by, as the database has it: rules, bands and whatever else is its own."""
    rules: dict[str, Any] = {
        field.name: told(field.value_from_object(scheme)) for field in scheme._meta.concrete_fields
    }
    own = [one for one in scheme._meta.related_objects if one.related_model is not SchemeSimulation]
    for one in own:
        found = one.related_model._default_manager.using(scheme._state.db).filter(**{one.field.name: scheme})
        rows = found.order_by("pk").values()
        rules[one.name] = [
            {name: told(value) for name, value in row.items() if name not in ("id", one.field.attname)} for row in rows
        ]
    return {name: value for name, value in rules.items() if name not in NO_RULES}


def told(value: Any) -> str | None:
    return None if value is None else str(value)


def job_of(simulation: SchemeSimulation) -> str:
    return f"{JOB} {simulation.pk}"


def plan(run: JobRun) -> list[Arguments]:
    """Everybody, in the chunks of a night; what an earlier attempt counted goes first."""
    one = simulation_of(run)
    for model in (one.tiers, one.movers):
        model.all().delete()
    ranges = night.customer_ranges(EVERYBODY)
    if one.scheme.metric == TierMetric.PERCENTILE and ranges:
        # Places are taken among everybody of a branch, so that one transaction has to see them all.
        return [{"chunk": 1, "first": ranges[0]["first"], "last": ranges[-1]["last"]}]
    return list(ranges)


def judge(run: JobRun, arguments: Arguments) -> Counts:
    """One range of customers, by the statement of the night."""
    one = simulation_of(run)
    refuse_moved(one)
    shadow_night(one)
    tonight = Night(as_of=one.as_of, previous=None, full=True)
    running = [as_running(one)]
    measures.take_places(tonight, running)
    rows = recompute.judge(tonight, running, arguments)
    db.execute("ANALYZE night_tier")
    chunk = {"simulation": one.pk, "first": arguments["first"], "last": arguments["last"]}
    db.run_sql(PACKAGE, "tiers", **chunk, base=one.base_id)
    db.run_sql(PACKAGE, "movers", simulation=one.pk, kept=MOST_MOVERS)
    return {"rows": rows}


def refuse_moved(one: SchemeSimulation) -> None:
    """Raise DraftMoved where the draft is no longer the one that the simulation is to tell of."""
    if rules_of(one.scheme) != one.rules:
        raise DraftMoved(_("The draft has been changed since; simulate it again."))


def as_running(one: SchemeSimulation) -> Running:
    """The draft as in the first night that it judges: it goes on from the published tiers of its base."""
    scheme = one.scheme
    period = calendar.period_start(scheme, one.as_of)
    return Running(scheme, one.base_id, starts=True, period_start=period, is_due=True, turns=False)


def shadow_night(one: SchemeSimulation) -> None:
    """Empty temporary tables in place of every working table of the night, and the draft as if its days had begun,
    until the commit."""
    for row in db.fetch_all(WORKING_TABLES):
        table = row["name"]
        db.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP")
    for table, column in (("segments_tierscheme", "id"), ("segments_schemebranch", "scheme_id")):
        copied = f"SELECT * FROM public.{table} WHERE {column} = %s"  # noqa: S608
        db.execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {copied}", [one.scheme_id])
        db.execute(f"UPDATE {table} SET effective_from = least(effective_from, %s)", [one.as_of])  # noqa: S608


def freeze(run: JobRun, arguments: Arguments) -> Counts:
    """Keep the figures with their fingerprint; raises NightMoved or DraftMoved where they are not of one night, or not
    of the draft as it stood when the simulation began."""
    one = simulation_of(run)
    refuse_moved(one)
    if published_night() != (one.as_of, one.night):
        raise NightMoved(_("A night was published meanwhile; simulate again."))
    db.run_sql(PACKAGE, "fewer", simulation=one.pk, kept=MOST_MOVERS)
    result = figures(one.tiers.all(), standards(one.as_of), using="batch")
    SIMULATIONS.filter(pk=one.pk, state=SimulationState.RUNNING).update(
        state=SimulationState.READY, result=result, fingerprint=fingerprint(one, result)
    )
    return {"rows": 1}


STEPS = (Step("judge", plan, judge), Step("freeze", runner.one_chunk, freeze))


def simulation_of(run: JobRun) -> SchemeSimulation:
    return SIMULATIONS.select_related("scheme").get(pk=run.counts["options"]["simulation"])


def published_night(using: str = "batch") -> tuple[date, Any] | None:
    """The newest published business date, and when it was published last: a corrected day is another night."""
    nights = JobRun.objects.using(using).filter(job="nightly", published_at__isnull=False)
    newest = nights.order_by("-business_date").first()
    return (newest.business_date, newest.published_at) if newest else None


def run(simulation_id: int) -> str:
    """Work on a simulation until it is over, beside whoever else does; returns its state."""
    one = SIMULATIONS.filter(pk=simulation_id, state=SimulationState.RUNNING).first()
    if one is None:
        return "over"
    if one.run_id is None:
        steps = [step.name for step in STEPS]
        job, _is_open = ledger.open_run(job_of(one), one.as_of, steps, options={"simulation": one.pk})
        SIMULATIONS.filter(pk=one.pk).update(run=job)
    else:
        job = JobRun.objects.using("batch").get(pk=one.run_id)
    ended = runner.work(job, STEPS)
    if ended.state == RunState.FAILED:
        SIMULATIONS.filter(pk=one.pk, state=SimulationState.RUNNING).update(
            state=SimulationState.FAILED, decision=ended.message[:200]
        )
    return str(SIMULATIONS.get(pk=one.pk).state)


def waiting() -> list[int]:
    """Simulations whose message was lost or whose worker died."""
    return list(SIMULATIONS.filter(state=SimulationState.RUNNING).values_list("pk", flat=True)[:10])


def standards(as_of: date) -> dict[str, Any]:
    """Contacts a month that a customer of each tier asks for, and how many a manager can make; data of both pages."""
    cadence = ContactCadence.objects.using("batch").values_list("tier", "days")
    target = DayTarget.objects.using("batch").filter(effective_from__lte=as_of).order_by("-effective_from").first()
    return {
        "monthly": {str(tier): str(round(Decimal(MONTH_DAYS) / days, 4)) for tier, days in cadence},
        "capacity": target.contacts * WORKDAYS if target else None,
    }


def figures(rows: QuerySet[SimulatedTier], kept: dict[str, Any], using: str) -> dict[str, Any]:
    """Tiers now and by the draft, moves, and the contacts they ask for, of these rows; two statements.

    Amounts are exact strings. `kept` are the standards that were in force.
    """
    monthly = {int(rank): Decimal(number) for rank, number in kept["monthly"].items()}
    pairs = rows.values("old_rank", "new_rank").order_by("old_rank", "new_rank")
    moves = [
        {"old": row["old_rank"], "new": row["new_rank"], "customers": row["n"], "aum": str(row["money"])}
        for row in pairs.annotate(n=Sum("customers"), money=Sum("aum"))
    ]
    inner, values = placed(rows.order_by().values_list("owner_id", "old_rank", "new_rank", "customers"))
    text = db.sql_text(PACKAGE, "managers").replace("{rows}", inner)
    people = {"ranks": list(monthly), "monthly": list(monthly.values()), "most": MOST_MANAGERS}
    managers = db.fetch_all(text, values | people, using=using)
    return {
        **kept,
        "moves": moves,
        "managers": [{**row, "now": str(row["now"]), "then": str(row["then"])} for row in managers],
    }


def fingerprint(simulation: SchemeSimulation, result: dict[str, Any]) -> str:
    """SHA-256 over rules, data date and figures."""
    said = {"rules": simulation.rules, "as_of": simulation.as_of.isoformat(), "result": result}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
