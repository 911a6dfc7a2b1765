"""The demo leaves the core bank's files of the day after, so that the first night has real work to do."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from crm import db, nightly
from crm.demo.build import Plan, build
from customers.models import Customer, FeedLoad
from tests.demo.plans import AS_OF

NEXT = AS_OF + timedelta(days=1)


@pytest.mark.usefixtures("database")
def test_the_first_night_takes_the_files_of_the_day_in(tmp_path: Path, settings: Settings) -> None:
    settings.CRM_FEED_FOLDER = tmp_path
    build(Plan(customers=6000, seed=7, as_of=AS_OF, files=tmp_path))
    before = Customer.objects.using("batch").count()
    aum = db.fetch_value("SELECT sum(aum) FROM customers_metrics")
    loads = nightly.load_waiting(NEXT)
    assert [(load.spec, load.state, load.rows_rejected) for load in loads] == [
        ("eod_customers", "accepted", 0), ("eod_accounts", "accepted", 0), ("eod_balances", "accepted", 0),
    ]  # fmt: skip
    run, is_open = nightly.open_night(NEXT)
    assert is_open
    run = nightly.work(run)
    assert (run.state, run.message) == ("published", "")
    assert Customer.objects.using("batch").count() == before + loads[0].rows_read > before
    kinds = {
        row["kind"] for row in db.fetch_all("SELECT DISTINCT kind FROM customers_alert WHERE raised_on = %s", [NEXT])
    }
    assert {"maturity", "large_in", "large_out"} <= kinds
    assert run.counts["moves"]
    assert 0 < abs(db.fetch_value("SELECT sum(aum) FROM customers_metrics") - aum) < aum / 50  # a day like any other
    assert (
        db.fetch_value("SELECT count(*) FROM customers_alert WHERE kind = 'large_out' AND raised_on = %s", [NEXT]) < 100
    )
    # What the bank holds now is what the file says, to the fen.
    with next((tmp_path / NEXT.isoformat()).glob("eod_balances*")).open(encoding="utf-8", newline="") as file:
        total = sum(Decimal(row["balance"]) for row in csv.DictReader(file))
    assert db.fetch_value("SELECT sum(balance) FROM customers_holding WHERE status = 'open'") == total
    assert not FeedLoad.objects.using("batch").exclude(state="published").exists()
