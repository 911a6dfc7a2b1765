"""A day's balances file, loaded, against a bare COPY of the same file and a bare merge of the same rows."""

import tempfile
from datetime import date
from pathlib import Path

from crm import db
from crm.demo.bench.measure import Goal, Report, seconds_of
from crm.demo.bench.night import next_day
from crm.demo.bench.place import bench_database
from crm.demo.files import BALANCE_HEADER, write_csv
from customers.feeds.load import load_file

CHANGED_SHARE = 0.03
# Every open holding, a share of them with another balance. Account numbers are those of the demo.
ROWS = """
COPY (SELECT '0099' || lpad(h.account_id::text, 15, '0'), h.sub_no, p.code,
             h.balance + CASE WHEN ((hashint8extended(h.id, {seed}) >> 8) & 1048575) < {share} * 1048576
                              THEN 1.01 ELSE 0 END,
             h.product_count, h.start_date, h.maturity_date, h.auto_rollover::int, h.rate, h.funding_source
      FROM customers_holding h JOIN customers_product p ON p.id = h.product_id
      WHERE h.status = 'open' ORDER BY h.account_id, h.sub_no) TO STDOUT
"""
STAGING = """
CREATE UNLOGGED TABLE staging.bench_feed (
    account_no text, sub_no text, product_code text, balance numeric(18, 2), product_count int, start_date date,
    maturity_date date, auto_rollover text, rate numeric(8, 4), funding_source text)
"""
MERGE = """
INSERT INTO staging.bench_changed
SELECT h.id, s.balance FROM staging.bench_feed s
JOIN customers_holding h ON h.account_id = right(s.account_no, 15)::bigint AND h.sub_no = coalesce(s.sub_no, '')
WHERE h.balance IS DISTINCT FROM s.balance
"""


def write_file(folder: Path, day: date) -> tuple[Path, int]:
    """The file of a day, and how many rows it has."""
    statement = ROWS.format(seed=day.toordinal(), share=CHANGED_SHARE)
    path = write_csv(folder / "eod_balances.csv", BALANCE_HEADER, db.copy_rows_out(statement))
    return path, db.fetch_value("SELECT count(*) FROM customers_holding WHERE status = 'open'")


def floors(path: Path) -> dict[str, float]:
    """Seconds of a COPY into an unlogged table without an index, and of the comparison that keeps what changed."""
    db.execute(STAGING)
    db.execute("CREATE UNLOGGED TABLE staging.bench_changed (holding_id bigint, balance numeric(18, 2))")

    def copy() -> None:
        with path.open("rb") as file:
            db.copy_bytes_in("COPY staging.bench_feed FROM STDIN (FORMAT csv, HEADER)", file)

    copied = seconds_of(copy)
    db.execute("ANALYZE staging.bench_feed")
    merged = seconds_of(lambda: db.execute(MERGE))
    db.execute("DROP TABLE staging.bench_feed, staging.bench_changed")
    return {"bare copy": copied, "bare merge": merged}


def peak_memory_mb() -> int:
    """The most memory this process has held since `forget_peak_memory`."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def forget_peak_memory() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def bench_feed(customers: int, *, keep: bool) -> Report:
    """Every holding in one full file, of which 3 % differ: checks, reject file, comparison and merge."""
    report = Report("feed", customers)
    with (
        bench_database(customers, keep=keep, with_secrets=True) as built,
        tempfile.TemporaryDirectory(prefix="dangan-bench-") as folder,
    ):
        day = next_day()
        path, rows = write_file(Path(folder), day)
        below = floors(path)
        forget_peak_memory()
        before = peak_memory_mb()
        load = load_file("eod_balances", path, as_of=day)
        assert load.state == "accepted", load.message
        report.figures |= {
            "build": built, "rows": rows, "file MB": round(path.stat().st_size / 1e6, 1), **below,
            "load": {"seconds": load.seconds, "changed": load.rows_changed, "rejected": load.rows_rejected},
            "peak memory MB": {"before": before, "load": peak_memory_mb()},
        }  # fmt: skip
        floor = 2 * below["bare copy"] + below["bare merge"]
        report.goals.append(Goal("feed / (2 × bare copy + bare merge)", load.seconds, floor, 1.0))
    return report
