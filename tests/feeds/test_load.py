"""Files through load_file into the working tables and through a night into what pages read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from crm import db
from crm.audit import pii
from crm.embedded.secret import new_keys
from crm.jobs.ledger import RunRefused
from customers.feeds.load import Control, load_file
from customers.feeds.messages import FileStopped
from customers.models import (
    Account,
    AccountHolder,
    Customer,
    FeedLoad,
    Holding,
    Metrics,
    NightCustomer,
    NightHolding,
    Ownership,
    Product,
    ProductClassRule,
)
from tests.feeds.delivery import ACCOUNTS, BALANCES, CUSTOMERS, Delivery
from tests.world import Bank

WORKING = ("night_customer", "night_account", "night_holder", "night_holding", "night_ownership")


@pytest.fixture
def delivery(bank: Bank, tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def waiting() -> dict[str, int]:
    return {table: db.fetch_value(f"SELECT count(*) FROM {table}") for table in WORKING}


def contents() -> dict[str, str | None]:
    """Hash of each working table without the load's number; cipher texts differ by chance and are left out."""
    return {
        table: db.fetch_value(
            f"SELECT md5(string_agg((to_jsonb(t) - 'load_id' - 'id' - 'id_no_cipher' - 'mobile_cipher' - "
            f"'address_cipher' - 'account_no_cipher')::text, ',' ORDER BY to_jsonb(t)::text)) FROM {table} t"
        )
        for table in WORKING
    }


def test_files_become_customers_accounts_and_holdings(delivery: Delivery, bank: Bank) -> None:
    delivery.first_day()
    assert waiting() == dict(zip(WORKING, (3, 3, 4, 4, 0), strict=True))
    assert not Customer.objects.using("batch").exists()  # nothing is seen before the night
    delivery.night()
    first = Customer.objects.using("batch").get(customer_no="C1")
    assert (first.name_pinyin, first.name_initials, first.branch_id) == ("ouyangxiuwen", "oyxw", bank.south.pk)
    assert (first.name_mask, first.mobile_mask) == ("欧**文", "139****0001")
    assert pii.decrypt(pii.MOBILE, first.pk, first.mobile_cipher) == "13900000001"
    assert bytes(first.mobile_index or b"") == pii.index(pii.MOBILE, "139 0000 0001")
    assert bytes(first.address_index or b"") == pii.index(pii.ADDRESS, "滨江市城区人民路一号")
    account = Account.objects.using("batch").get(customer=first)
    assert bytes(account.account_no_index) == pii.index(pii.ACCOUNT_NO, "6200 0000 0000 0001")
    assert pii.decrypt(pii.ACCOUNT_NO, account.pk, account.account_no_cipher) == "6200000000000001"
    assert account.account_no_mask == "****0001"
    holders = AccountHolder.objects.using("batch").filter(account=account).order_by("customer__customer_no")
    assert list(holders.values_list("customer__customer_no", "role")) == [("C1", "owner"), ("C2", "co_holder")]
    deposit = Holding.objects.using("batch").get(account=account, sub_no="T1")
    assert (deposit.balance, deposit.maturity_date, deposit.auto_rollover, deposit.rate) == (
        Decimal("80000.00"), date(2026, 3, 20), False, Decimal("1.9500"),
    )  # fmt: skip
    assert Metrics.objects.using("batch").get(pk=first.pk).aum == Decimal("92000.50")
    assert Customer.objects.using("batch").get(customer_no="C2").name_pinyin == "shanxue"
    assert set(FeedLoad.objects.using("batch").values_list("state", flat=True)) == {"published"}


def test_the_same_file_twice_changes_nothing(delivery: Delivery) -> None:
    delivery.first_day()
    before, ids = contents(), [load.pk for load in delivery.loads]
    again = Delivery(delivery.folder, delivery.as_of)
    again.first_day()
    assert ([load.pk for load in again.loads], contents()) == (ids, before)
    delivery.night()
    again.first_day()
    assert waiting() == dict.fromkeys(WORKING, 0)


def test_the_right_file_once_more_settles_what_went_wrong_after_it(delivery: Delivery) -> None:
    delivery.first_day()
    assert delivery.load("eod_balances", "broken", name="wrong.csv").state == "stopped"
    # A process that was killed while it looked at a file once more.
    FeedLoad.objects.using("batch").create(spec="eod_customers", as_of=delivery.as_of, file_name="x", state="loading")
    with pytest.raises(RunRefused):
        delivery.night()
    delivery.first_day()
    delivery.night()


def test_an_unchanged_file_of_the_next_day_changes_no_row(delivery: Delivery) -> None:
    delivery.first_day()
    delivery.night()
    tomorrow = Delivery(delivery.folder, delivery.as_of + timedelta(days=1))
    tomorrow.first_day()
    assert [load.rows_changed for load in tomorrow.loads] == [0, 0, 0]
    assert waiting() == dict.fromkeys(WORKING, 0)


def test_any_column_that_differs_makes_a_row_changed(delivery: Delivery) -> None:
    delivery.first_day()
    header = BALANCES.strip() + ",product_count,start_date,funding_source\n"
    key, after = "6200000000000001", "80000,2026-03-20,N,1.95%,1,2025-03-20,own"
    odd = [f'{key},"a""b",TIME1Y,{after}', f'{key},"c,d",TIME1Y,{after}', f"{key},,DEMAND,5,,,,,,"]
    texts = [
        after, "80000.01,2026-03-20,N,1.95%,1,2025-03-20,own", "80000,,N,1.95%,1,2025-03-20,own",
        "80000,2026-03-20,Y,1.95%,1,2025-03-20,own", "80000,2026-03-20,N,1.9501%,1,2025-03-20,own",
        "80000,2026-03-20,N,1.95%,2,2025-03-20,own", "80000,2026-03-20,N,1.95%,1,2025-03-21,own",
        "80000,2026-03-20,N,1.95%,1,2025-03-20,loan",
    ]  # fmt: skip
    rows = [f"{key},T{number},TIME1Y,{after}" for number in range(len(texts))]
    delivery.load("eod_balances", header + "\n".join([*odd, *rows, f"{key},P,TIME1Y,{after}"]) + "\n")
    delivery.night()
    tomorrow = Delivery(delivery.folder, delivery.as_of + timedelta(days=1))
    rows = [f"{key},T{number},TIME1Y,{text}" for number, text in enumerate(texts)]
    load = tomorrow.load("eod_balances", header + "\n".join([*odd, *rows, f"{key},P,DEMAND,{after}"]) + "\n")
    changed = NightHolding.objects.using("batch").values_list("sub_no", flat=True).order_by("sub_no")
    assert (load.state, list(changed)) == ("accepted", ["P", *(f"T{number}" for number in range(1, len(texts)))])
    assert load.rows_changed == len(texts)


def test_a_second_file_of_the_day_replaces_the_first(delivery: Delivery) -> None:
    delivery.first_day()
    right = BALANCES + "6200000000000001,,DEMAND,5,,,\n6200000000000003,,DEMAND,7,,,\n"
    load = delivery.load("eod_balances", right, accept_shrink=True)
    assert load.state == "accepted", load.message
    states = FeedLoad.objects.using("batch").filter(spec="eod_balances").order_by("pk").values_list("state", flat=True)
    assert list(states) == ["superseded", "accepted"]
    assert list(NightHolding.objects.using("batch").order_by("balance").values_list("balance", flat=True)) == [5, 7]
    corrected = CUSTOMERS + "C1,欧阳秀文,111,,,,,\nC2,单雪,111,,,,,\nC3,海湾公司,211,,,,,\n"
    delivery.load("eod_customers", corrected)
    delivery.night()
    assert Customer.objects.using("batch").get(customer_no="C1").name == "欧阳秀文"
    assert Metrics.objects.using("batch").get(customer__customer_no="C3").aum == 7


def test_changes_of_the_next_day(delivery: Delivery, bank: Bank) -> None:
    delivery.first_day()
    delivery.night()
    ciphers = dict(Customer.objects.using("batch").values_list("customer_no", "mobile_cipher"))
    delivery.as_of += timedelta(days=1)
    delivery.load(
        "eod_customers",
        CUSTOMERS + "C1,欧阳修文,112,身份证,,13900000001,滨江市城区人民路一号,2020-01-02\nC2,单雪,111,,,,,20200203\n",
        accept_shrink=True,
    )
    assert NightCustomer.objects.using("batch").get(customer_no="C1").old_branch_id == bank.south.pk
    balances = delivery.load(
        "eod_balances",
        BALANCES + "6200000000000001,,DEMAND,12000.50,,,\n6200000000000002,,DEMAND,0,,,\n",
        accept_shrink=True,
    )
    assert balances.rows_changed == 3  # two are missing, one moves to another branch with its customer
    delivery.night()
    first = Customer.objects.using("batch").get(customer_no="C1")
    assert first.branch_id == bank.north.pk
    assert bytes(first.mobile_cipher or b"") == bytes(ciphers["C1"] or b"")  # unchanged C2 is not encrypted anew
    assert Customer.objects.using("batch").get(customer_no="C3").status == "closed"
    deposit = Holding.objects.using("batch").get(sub_no="T1")
    assert (deposit.status, deposit.balance, deposit.branch_id) == ("closed", Decimal(0), bank.north.pk)
    # Whose row the file repeats keeps the day that brought it.
    brought = dict(Customer.objects.using("batch").values_list("customer_no", "delivered_on"))
    assert brought == {"C1": delivery.as_of, "C2": delivery.as_of - timedelta(days=1), "C3": delivery.as_of}
    assert (deposit.first_on, deposit.closed_on) == (delivery.as_of - timedelta(days=1), delivery.as_of)
    assert Metrics.objects.using("batch").get(pk=first.pk).aum == Decimal("12000.50")


def test_refused_rows_are_listed_and_their_customers_are_not_missing(delivery: Delivery) -> None:
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    load = delivery.load(
        "eod_balances",
        BALANCES + "6200000000000001,,DEMAND,12000.50,,,\n6200000000000001,T1,TIME1Y,eighty,,,\n"
        "6200000000000002,,NOSUCH,1,,,\n6200000000000003,,DEMAND,600001,2026-02-30,,\n6200000000000099,,DEMAND,1,,,\n",
        accept_shrink=True,
    )
    assert (load.state, load.rows_read, load.rows_rejected) == ("accepted", 5, 4)
    assert waiting()["night_holding"] == 0
    reasons = {row.rule: (row.example_line, row.example) for row in load.rejects.using("batch").all()}
    assert reasons == {
        "amount": (3, "balance"),
        "product": (4, "product_code"),
        "date": (5, "maturity_date"),
        "account": (6, "account_no"),
    }  # fmt: skip
    from customers.feeds import rejects

    text = (rejects.folder() / load.reject_file).read_text(encoding="utf-8-sig")
    assert "不是金额" in text
    assert "6200000000000001" not in text


def test_a_file_of_which_too_much_is_refused_stops(delivery: Delivery) -> None:
    """As when the customers' file was forgotten: what is refused must not stand for an empty bank."""
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    rows = (
        BALANCES
        + "6200000000000001,,DEMAND,12000.50,,,\n"
        + "".join(f"62000000000001{number:02},,DEMAND,1,,,\n" for number in range(3))
    )
    load = delivery.load("eod_balances", rows)
    assert (load.state, load.rows_rejected, load.rows_changed) == ("stopped", 3, 0)
    assert "4行中有3行被拒绝" in load.message
    assert waiting()["night_holding"] == 0
    assert delivery.load("eod_balances", rows, accept_shrink=True).state == "accepted"


def test_another_key_file_loads_nothing(delivery: Delivery, settings: Settings) -> None:
    delivery.first_day()
    before = waiting()
    other = delivery.write("keys.json", new_keys())
    settings.CRM_KEY_FILE = str(other)
    with pytest.raises(FileStopped, match="密钥文件与数据库不符"):
        delivery.load("eod_balances", BALANCES + "6200000000000001,,DEMAND,5,,,\n", accept_shrink=True)
    assert waiting() == before


def test_an_owner_of_another_branch_is_refused(delivery: Delivery, bank: Bank) -> None:
    delivery.first_day()
    load = delivery.load("eod_ownership", f"客户号,管户工号\nC1,{bank.qian.staff_no}\nC2,{bank.wang.staff_no}\nC3,\n",
                         accept_shrink=True)  # fmt: skip
    assert [(row.rule, row.example_line) for row in load.rejects.using("batch").all()] == [("owner_branch", 2)]


def test_a_file_that_shrinks_too_much_stops_before_the_merge(delivery: Delivery) -> None:
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    less = BALANCES + "6200000000000001,,DEMAND,1,,,\n"
    load = delivery.load("eod_balances", less)
    assert (load.state, waiting()["night_holding"]) == ("stopped", 0)
    assert "30%" in load.message
    assert delivery.load("eod_balances", less, accept_shrink=True).state == "accepted"


def test_control_totals_stop_a_file_that_misses_them(delivery: Delivery) -> None:
    delivery.first_day()
    content = BALANCES + "6200000000000001,,DEMAND,100.01,,,\n6200000000000003,,DEMAND,200,,,\n"
    wrong = delivery.load("eod_balances", content, control=Control(rows=2, total=Decimal("300.02")), accept_shrink=True)
    assert (wrong.state, wrong.control_difference) == ("stopped", Decimal("-0.01"))
    assert delivery.load("eod_balances", content, control=Control(rows=3), accept_shrink=True).state == "stopped"
    right = delivery.load("eod_balances", content, control=Control.from_text("rows=2,sum=300.01"), accept_shrink=True)
    assert right.state == "accepted"


def test_loads_of_one_day_do_not_shrink_below_the_limit_by_and_by(delivery: Delivery) -> None:
    rows = [f"6200000000000001,S{number},DEMAND,1,,,\n" for number in range(10)]
    delivery.first_day()
    assert delivery.load("eod_balances", BALANCES + "".join(rows)).state == "accepted"
    delivery.night()
    delivery.as_of += timedelta(days=1)
    assert delivery.load("eod_balances", BALANCES + "".join(rows[:8])).state == "accepted"
    again = delivery.load("eod_balances", BALANCES + "".join(rows[:6]))
    assert (again.state, "6 rows after 10 on 2026-03-10" in again.message) == ("stopped", True), again.message
    assert waiting()["night_holding"] == 2


@pytest.mark.parametrize("published", [False, True])
def test_control_totals_are_asked_of_a_file_that_is_in_force_already(delivery: Delivery, *, published: bool) -> None:
    delivery.first_day()
    if published:
        delivery.night()
    path, load = delivery.folder / "eod_balances.csv", delivery.loads[-1]
    before = contents()
    for control, off in (("rows=4,sum=692000.51", "相差-0.01 / "), ("rows=5", "控制总数为5行 / ")):
        wrong = load_file(load.spec, path, as_of=delivery.as_of, control=control)
        assert (wrong.state, off in wrong.message) == ("stopped", True), wrong.message
    load.refresh_from_db()
    assert (load.state, contents()) == ("published" if published else "accepted", before)
    assert load_file(load.spec, path, as_of=delivery.as_of, control="rows=4,sum=692000.50") == load
    assert not FeedLoad.objects.using("batch").filter(state="stopped").exists()  # settled


@pytest.mark.parametrize(
    "text", ["rows=1_0", "rows=１０", "rows=-1", "rows=1.0", "rows=1,rows=2", "sum=1_0.00", "sum=1e30", "sum=1.234", ""]
)
def test_control_totals_are_plain_figures(text: str) -> None:
    with pytest.raises(FileStopped, match=r"控制总数应写作 .* / write control totals as rows=N,sum=AMOUNT"):
        Control.from_text(text)


def test_files_come_in_the_order_of_their_days(delivery: Delivery) -> None:
    delivery.first_day()
    later = Delivery(delivery.folder, delivery.as_of + timedelta(days=1))
    assert later.load("eod_balances", BALANCES + "6200000000000001,,DEMAND,1,,,\n").state == "stopped"
    delivery.night()
    earlier = Delivery(delivery.folder, delivery.as_of - timedelta(days=1))
    load = earlier.load("eod_balances", BALANCES + "6200000000000001,,DEMAND,1,,,\n", accept_shrink=True)
    assert (load.state, "已公布" in load.message) == ("stopped", True)


def test_a_day_that_has_not_come_is_refused_and_holds_nothing_back(delivery: Delivery) -> None:
    # Ten minutes past midnight in China, when it is still the day before in Greenwich.
    with time_machine.travel(datetime(2026, 3, 9, 16, 10, tzinfo=UTC), tick=True):
        tomorrow = Delivery(delivery.folder, delivery.as_of + timedelta(days=1))
        with pytest.raises(FileStopped, match=r"2026-03-11 还没有到.* / 2026-03-11 has not come yet"):
            tomorrow.load("eod_customers", CUSTOMERS + "C1,单雪,111,,,,,\n")
        assert not FeedLoad.objects.using("batch").exists()
        delivery.first_day()


def test_a_file_in_the_encoding_of_old_core_systems(delivery: Delivery, bank: Bank) -> None:
    text = "客户号,姓名,机构号,性别,手机号\nG1,龘龖,111,女,１３９００００００１１\n"
    load = delivery.load("eod_customers", text.encode("gb18030"))
    assert load.state == "accepted", load.message
    delivery.night()
    customer = Customer.objects.using("batch").get(customer_no="G1")
    assert (customer.name, customer.sex) == ("龘龖", "F")
    assert bytes(customer.mobile_index or b"") == pii.index(pii.MOBILE, "13900000011")


def test_a_product_of_unknown_risk_counts_as_its_class_says(delivery: Delivery) -> None:
    named = "产品代码,产品名称,产品大类\n"
    delivery.load("eod_products", named + "F1,甲,基金\nT1,乙,定期\n")
    ProductClassRule.objects.using("batch").filter(product_class="fund").update(risk=4)
    delivery.load("eod_products", named + "F1,甲,基金\nF2,丙,基金\n")
    found = Product.objects.using("batch").filter(code__in=("F1", "F2", "T1")).order_by("code")
    assert list(found.values_list("code", "risk")) == [("F1", 5), ("F2", 4), ("T1", 1)]


def test_products_and_owners(delivery: Delivery, bank: Bank) -> None:
    load = delivery.load(
        "eod_products", "产品代码,产品名称,产品大类,风险等级\nW9,安心九号,理财,R2\nDEMAND,活期储蓄,活期,R1\n"
    )
    assert (load.state, load.rows_changed) == ("accepted", 2)
    assert Product.objects.using("batch").get(code="W9").risk == 2
    delivery.first_day()
    owners = delivery.load("eod_ownership", "客户号,管户工号\nC1,1001\nC2,9999\nC3,\nC9,1001\n", accept_shrink=True)
    assert (owners.rows_rejected, owners.rows_changed) == (2, 1)
    delivery.night()
    assert Ownership.objects.using("batch").get(until=None).owner_id == bank.wang.pk
    delivery.as_of += timedelta(days=1)
    delivery.load("eod_ownership", "客户号,管户工号,管户起始日\nC1,1002,2026-03-11\nC2,,\nC3,,\n")
    delivery.night()
    history = Ownership.objects.using("batch").order_by("since", "pk").values_list("owner__staff_no", "until")
    assert list(history) == [("1001", date(2026, 3, 11)), ("1002", None)]


def test_a_company_account_shared_and_given_up(delivery: Delivery) -> None:
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    delivery.load(
        "eod_accounts",
        ACCOUNTS
        + "6200000000000001,C1,owner,借记卡,2020-01-02\n6200000000000002,C2,owner,,\n6200000000000003,C3,owner,,\n",
    )
    delivery.night()
    assert AccountHolder.objects.using("batch").filter(customer__customer_no="C2").count() == 1


def test_two_spellings_of_an_account_number_are_one_account(delivery: Delivery) -> None:
    delivery.first_day()
    accounts = delivery.load(
        "eod_accounts", ACCOUNTS + "6200000000000002,C2,owner,,\n6200 0000 0000 0002,C2,owner,,\n", accept_shrink=True
    )
    balances = delivery.load(
        "eod_balances",
        BALANCES + "6200000000000002,,DEMAND,5,,,\n6200 0000 0000 0002,,DEMAND,7,,,\n",
        accept_shrink=True,
    )
    for load in (accounts, balances):
        assert load.state == "accepted", load.message
        assert [(row.rule, row.example_line) for row in load.rejects.using("batch").all()] == [("duplicate", 3)]
    delivery.night()
    assert Metrics.objects.using("batch").get(customer__customer_no="C2").aum == 5
