"""End-of-day files as a core bank would write them, for a small bank."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from crm import nightly
from crm.jobs.models import JobRun
from customers.feeds.load import load_file
from customers.models import FeedLoad

CUSTOMERS = "customer_no,name,branch_code,id_type,id_no,mobile,address,open_date\n"
ACCOUNTS = "account_no,customer_no,role,account_type,open_date\n"
BALANCES = "account_no,sub_no,product_code,balance,maturity_date,auto_rollover,rate\n"


@dataclass
class Delivery:
    """A folder and a business date."""

    folder: Path
    as_of: date = date(2026, 3, 10)
    loads: list[FeedLoad] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, spec: str, content: str | bytes, name: str | None = None, **options: Any) -> FeedLoad:
        path = self.write(name or f"{spec}.csv", content)
        return load_file(spec, path, as_of=self.as_of, **options)

    def first_day(self) -> None:
        """Three customers with an account each; 欧阳 has a time deposit too, and 单 shares 欧阳's account."""
        for spec, content in (
            ("eod_customers", CUSTOMERS
             + "C1,欧阳修文,111,身份证,,13900000001,滨江市城区人民路一号,2020-01-02\n"
             + "C2,单雪,111,,,,,20200203\nC3,海湾公司,211,,,,,\n"),
            ("eod_accounts", ACCOUNTS
             + "6200000000000001,C1,owner,借记卡,2020-01-02\n6200000000000001,C2,co_holder,,\n"
             + "6200000000000002,C2,owner,,\n6200000000000003,C3,owner,,\n"),
            ("eod_balances", BALANCES
             + "6200000000000001,,DEMAND,\"12,000.50\",,,\n6200000000000001,T1,TIME1Y,80000,2026-03-20,N,1.95%\n"
             + "6200000000000002,,DEMAND,0.00,,,\n6200000000000003,,DEMAND,600000,,,\n"),
        ):  # fmt: skip
            load = self.load(spec, content)
            assert load.state in ("accepted", "published"), load.message  # in force, perhaps since an earlier time
            self.loads.append(load)

    def night(self, *, rerun: bool = False) -> JobRun:
        run, is_open = nightly.open_night(self.as_of, rerun=rerun)
        run = nightly.work(run) if is_open else run
        assert run.state == "published", run.message
        return run
