"""Build the made-up bank in one transaction: all of it is there, or nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from archives.planning import planner
from archives.quality import judge
from crm import db
from crm.audit import pii
from crm.demo import campaigns, entitlements, propensity, prospects, records, runs, seasons, staff, tiers
from crm.demo.enrolment import account_no, enrol
from crm.demo.files import write_files
from crm.demo.people import People
from customers.models import Customer
from customers.nightly.night import Night
from segments import figures, refresh
from segments.alerts import rules

PACKAGE = "crm.demo"
ACCOUNT_BLOCK = 20_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
ACCOUNT_TYPES = ("settlement", "passbook", "investment", "loan")
ACCOUNT_COLUMNS = (
    "id, branch_id, customer_id, account_no_cipher, account_no_index, account_no_mask, account_type, currency, "
    "open_date, status"
)
# Tables whose ids the demo writes itself.
NUMBERED = ("customers_customer", "customers_household", "customers_account", "customers_holding")
READ_OFTEN = (
    "customers_customer", "customers_metrics", "customers_account", "customers_holding", "customers_balancechange",
    "customers_ownership", "customers_alert", "segments_tierstate", "segments_tierchange", "segments_dayfigure",
    "segments_ownertier", "segments_owneralerts", "segments_ownerdue", "segments_monthmoves", "archives_contactlog",
    "archives_maintenanceplan", "archives_complaint", "archives_complaintstep", "archives_survey",
    "archives_riskassessment", "campaigns_propensityscore", "archives_archivevalue", "archives_archive",
    "archives_archivemeasure", "customers_relation", "customers_accountholder", "campaigns_maturity",
    "campaigns_retentionfigure",
    "segments_segmentmember", "segments_segmentchange", "segments_segmentday", "campaigns_campaignmember",
    "campaigns_seasonlevel",
    "campaigns_ledgerentry", "campaigns_ledgerbalance",
)  # fmt: skip


class DemoRefused(Exception):
    """The demo is only for an empty database; the message says what stands in the way."""


@dataclass(frozen=True)
class Plan:
    """What to build. `with_secrets` off leaves the encrypted columns empty, which few measurements read.

    `files` is where the core bank's files of the day after are left, for the first night; none without.
    """

    customers: int
    seed: int
    as_of: date
    with_secrets: bool = True
    days: int = 365
    files: Path | None = None

    @property
    def start(self) -> date:
        """The first day of the history: the first of the month in which `days` ago lies."""
        return (self.as_of - timedelta(days=self.days)).replace(day=1)


@dataclass
class Built:
    """What was built, and how many seconds each part took."""

    logins: list[staff.Login] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - began, 2)


def is_empty() -> bool:
    """Whether nobody's customers would be mixed with made-up ones."""
    return not Customer.objects.using("batch").exists()


def build(plan: Plan, tick: Callable[[int], object] = lambda rows: None) -> Built:
    """Write the whole bank as of `plan.as_of`; `tick` is told of customers as they are written.

    Raises DemoRefused when there are customers already.
    """
    built = Built()
    with transaction.atomic(using="batch"):
        db.hold_lock("demo")
        if not is_empty():
            raise DemoRefused(_("There are customers in this database already; the demo needs an empty one."))
        with built.part("staff"):
            branches = staff.make_branches()
            staff.make_products()
            built.logins = staff.make_staff(branches)
        outlets = [branches[code].pk for code, _share in staff.OUTLETS]
        with built.part("customers"):
            people = People(plan.customers, plan.seed, plan.as_of, [share for _code, share in staff.OUTLETS])
            enrol(people, outlets, with_secrets=plan.with_secrets, tick=tick)
        write_money(plan, built)
        write_past(plan, built)
        if plan.files is not None:
            with built.part("files"):
                write_files(plan.files, plan.customers, plan.seed, plan.as_of)
        with built.part("keys"):
            renumber()
            db.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with built.part("campaigns"):
        campaigns.write_campaigns(plan.as_of)
    with built.part("vacuum"):
        for table in READ_OFTEN:
            db.execute(f"VACUUM (ANALYZE) {table}")
    return built


def write_money(plan: Plan, built: Built) -> None:
    """Accounts, holdings, the balances of the past year and today's numbers."""
    dates: dict[str, Any] = {"as_of": plan.as_of, "start": plan.start}
    db.run_sql(PACKAGE, "chance", seed=plan.seed)
    with built.part("holdings"):
        db.execute("ANALYZE customers_customer")
        db.run_sql(PACKAGE, "profiles")
        db.run_sql(PACKAGE, "holdings", **dates)
        write_accounts(with_secrets=plan.with_secrets)
        db.run_sql(PACKAGE, "accounts")
        db.execute("ANALYZE customers_holding")
    with built.part("balance changes"):
        db.run_sql(PACKAGE, "history", **dates)
        db.run_sql(PACKAGE, "matured", **dates)
        db.execute("ANALYZE customers_balancechange")
    with built.part("metrics"):
        db.run_sql(PACKAGE, "metrics", start=plan.start)
        db.execute("ANALYZE customers_metrics")


def write_past(plan: Plan, built: Built) -> None:
    """Tiers, owners, alerts, contacts and the nights of the past year."""
    dates: dict[str, Any] = {"as_of": plan.as_of, "start": plan.start}
    with built.part("tiers"):
        tiers.write_tiers(plan.start, plan.as_of)
        db.execute("ANALYZE segments_tierstate, segments_tierchange")
    with built.part("contacts"):
        db.run_sql(PACKAGE, "ownership", as_of=plan.as_of)
        db.run_sql(PACKAGE, "contacts", **dates)
        db.run_sql(PACKAGE, "hasty_contacts", as_of=plan.as_of)
        db.execute("ANALYZE customers_ownership, archives_contactlog")
        db.run_sql(PACKAGE, "plans", as_of=plan.as_of)
        db.run_sql(PACKAGE, "assessments", as_of=plan.as_of)
        db.run_sql(PACKAGE, "complaints", as_of=plan.as_of)
        db.run_sql(PACKAGE, "surveys", **dates)
        db.run_sql(PACKAGE, "gifts", as_of=plan.as_of)
    with built.part("entitlements"):
        entitlements.write_entitlements(plan.as_of)
    with built.part("maturities"):
        db.run_sql(PACKAGE, "retention", as_of=plan.as_of)
        db.run_sql("campaigns.retention", "figures", as_of=plan.as_of, since=plan.start)
    with built.part("archives"):
        records.write_records(plan.as_of, with_secrets=plan.with_secrets)
    with built.part("prospects"):
        prospects.write_prospects(plan.as_of, with_secrets=plan.with_secrets)
    with built.part("alerts"):
        db.run_sql(PACKAGE, "alerts", as_of=plan.as_of)
        write_live_alerts(plan.as_of)
        db.execute("ANALYZE customers_alert")
        figures.count(plan.as_of)
    with built.part("plans"):
        # Nobody has worked here yet: the first plans are for the day on which the bank is first read, after its night.
        tonight = Night(as_of=plan.as_of + timedelta(days=1), previous=None, full=False, is_first=True)
        planner.publish(tonight, None)
    with built.part("quality"):
        judge.publish(Night(as_of=plan.as_of, previous=None, full=False))
        db.run_sql(PACKAGE, "verdicts")
    with built.part("runs"):
        runs.write_runs(plan.start, plan.as_of, plan.seed)
    with built.part("seasons"):
        seasons.write_targets(plan.as_of)
    with built.part("propensity"):
        propensity.write_model(plan.as_of)
    with built.part("segments"):
        for segment in refresh.in_order():
            refresh.refresh_now(segment)


def write_accounts(*, with_secrets: bool) -> None:
    """The accounts of demo_account; numbers are made up from the id, encrypted unless `with_secrets` is off."""
    if not with_secrets:
        db.execute(
            f"INSERT INTO customers_account ({ACCOUNT_COLUMNS}) "  # noqa: S608 - columns of ours
            "SELECT id, branch_id, customer_id, NULL, decode(md5(id::text), 'hex'), '****', 'settlement', 'CNY', "
            "open_date, 'open' FROM demo_account ORDER BY id"
        )
        return
    last = db.fetch_value("SELECT coalesce(max(id), 0) FROM demo_account")
    for first in range(1, last + 1, ACCOUNT_BLOCK):
        rows = db.fetch_all(
            "SELECT id, branch_id, customer_id, account_kind, open_date FROM demo_account "
            "WHERE id BETWEEN %s AND %s ORDER BY id",
            [first, first + ACCOUNT_BLOCK - 1],
        )
        sealed = pii.seal_many(pii.ACCOUNT_NO, [row["id"] for row in rows], [account_no(row["id"]) for row in rows])
        db.copy_rows_in(
            f"COPY customers_account ({ACCOUNT_COLUMNS}) FROM STDIN",
            (
                (row["id"], row["branch_id"], row["customer_id"], one.cipher, one.index, one.mask,
                 ACCOUNT_TYPES[row["account_kind"]], "CNY", row["open_date"], "open")
                for row, one in zip(rows, sealed, strict=True)
            ),
        )  # fmt: skip


def write_live_alerts(as_of: date) -> None:
    """What should be live today, by the rules that the night itself asks; none of it has been answered yet."""
    today = Night(as_of=as_of, previous=as_of, full=True)
    db.execute("TRUNCATE night_alert")
    rules.maturity(today, {})
    last = db.fetch_value("SELECT coalesce(max(customer_id), 0) FROM customers_metrics")
    rules.critical(today, {"first": 1, "last": last})
    opens_at = datetime.combine(as_of + timedelta(days=1), day_time(8, 30), SHANGHAI)
    db.run_sql("segments.alerts.publish", "insert", as_of=as_of, opens_at=opens_at)
    db.execute("TRUNCATE night_alert")


def renumber() -> None:
    """Let the sequences go on after the ids written here (the batch role may draw from them, not set them)."""
    for table in NUMBERED:
        db.fetch_value(
            f"SELECT count(nextval(pg_get_serial_sequence('{table}', 'id'))) "  # noqa: S608 - names of ours
            f"FROM generate_series(1, (SELECT max(id) FROM {table}))"
        )
