"""Files as they must not be: each is refused in both languages, row by row or as a whole, and nothing else changes."""

import io
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from crm import db
from customers.feeds import rejects
from customers.feeds.load import load_file
from customers.feeds.messages import FileStopped
from customers.feeds.source import LONGEST_LINE, opened
from customers.feeds.spec import spec_named
from customers.models import Customer, FeedLoad, Metrics, NightCustomer, NightHolding
from tests.feeds.delivery import BALANCES, CUSTOMERS, Delivery
from tests.world import Bank

GOOD = "6200000000000001,,DEMAND,1.00,,,\n"
HASH = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} t"
TABLES = (
    "customers_customer", "customers_account", "customers_accountholder", "customers_holding", "customers_metrics",
    "customers_product", "night_customer", "night_account", "night_holder", "night_holding", "night_ownership",
)  # fmt: skip


@pytest.fixture
def delivery(bank: Bank, tmp_path: Path) -> Delivery:
    """The day after a published one."""
    delivery = Delivery(tmp_path)
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    return delivery


def contents() -> dict[str, str | None]:
    return {table: db.fetch_value(HASH.format(table)) for table in TABLES}


def refused(load: FeedLoad) -> list[tuple[int, str, str]]:
    """Line, column and code of each refused row, from the reject file."""
    text = (rejects.folder() / load.reject_file).read_text(encoding="utf-8-sig")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return [(int(row[0]), row[1], row[2]) for row in rows]


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


BOMB = zipped(("bomb.csv", b"0" * (3 << 20)))
LONG = b"x" * (LONGEST_LINE + 1)
WHOLE_FILES: list[tuple[str, bytes, str, str]] = [
    ("empty", b"", "eod_balances.csv 是空文件", "eod_balances.csv is empty"),
    ("header only", BALANCES.encode(), "文件没有数据行；确认无误后用 --accept-shrink 重新装载",
     "the file has no data rows; load with --accept-shrink if that is right"),
    ("byte order mark only", b"\xef\xbb\xbf",
     "第一行不是表头：没有认出任何一列，缺少account_no、product_code、balance",
     "the first line is no header: none of its columns is known; missing: account_no, product_code, balance"),
    ("UTF-16", (BALANCES + GOOD).encode("utf-16"), "eod_balances.csv 是UTF-16编码，请另存为UTF-8或GB18030",
     "eod_balances.csv is UTF-16; save it as UTF-8 or GB18030"),
    ("UTF-16 without a mark", (BALANCES + GOOD).encode("utf-16-le"),
     "eod_balances.csv 第1行含有空字节（NUL），文件已损坏", "eod_balances.csv, line 1: NUL byte, the file is damaged"),
    ("NUL", (BALANCES + GOOD).encode() + b"62\0,,DEMAND,1,,,\n", "eod_balances.csv 第3行含有空字节（NUL），文件已损坏",
     "eod_balances.csv, line 3: NUL byte, the file is damaged"),
    ("no known encoding", (BALANCES + GOOD).encode() + b"\xff\xff,,DEMAND,1,,,\n",
     "eod_balances.csv 第3行不是utf-8、gb18030编码", "eod_balances.csv, line 3: the text is not utf-8, gb18030"),
    ("cut inside a character", (BALANCES + GOOD).encode() + "6200000000000002,,活".encode("gb18030")[:-1],
     "eod_balances.csv 第3行不是utf-8、gb18030编码", "eod_balances.csv, line 3: the text is not utf-8, gb18030"),
    ("no header", GOOD.encode() * 2,
     "第一行不是表头：没有认出任何一列，缺少account_no、product_code、balance",
     "the first line is no header: none of its columns is known; missing: account_no, product_code, balance"),
    ("missing column", b"account_no,product_code\n1,2\n", "缺少列：balance；表头是：account_no、product_code",
     "missing columns: balance; the header is: account_no, product_code"),
    ("repeated column", b"account_no,product_code,balance,rate,Rate\n1,2,3,4,5\n", "表头有重复的列：Rate、rate",
     "the header repeats: Rate, rate"),
    ("a column under two names", "account_no,账号,product_code,balance\n1,1,2,3\n".encode(),
     "表头中这些列含义相同，只能有一列：account_no、账号",
     "these columns of the header mean the same, one of them may be there: account_no, 账号"),
    ("not one good row", (BALANCES + "x\n").encode(), "没有一行可用，详见拒绝文件",
     "not one row can be used, see the reject file"),
    ("not one known account", (BALANCES + "".join(f"{n},,DEMAND,1,,,\n" for n in range(4))).encode(),
     "没有一行可用，详见拒绝文件",
     "not one row can be used, see the reject file"),
    ("a very long line", BALANCES.encode() + LONG, "eod_balances.csv 第2行超过1048576字节，不是按行分隔的文本",
     "eod_balances.csv, line 2 is longer than 1048576 bytes: not a text of lines"),
    ("columns without end", b",".join(b"c%d" % number for number in range(100_000)) + b"\n1\n",
     "表头有100000列，最多1000列", "the header has 100000 columns, at most 1000"),
    ("line ends of CR alone", (BALANCES + GOOD).replace("\n", "\r").encode(),
     "eod_balances.csv 第1行中间有回车符（CR），请以通常的行尾（LF或CRLF）另存",
     "eod_balances.csv, line 1 has a carriage return inside; save the file with the usual line ends (LF or CRLF)"),
    ("many line ends of CR alone", (BALANCES + GOOD * 50_000).replace("\n", "\r").encode(),
     "eod_balances.csv 第1行中间有回车符（CR），请以通常的行尾（LF或CRLF）另存",
     "eod_balances.csv, line 1 has a carriage return inside; save the file with the usual line ends (LF or CRLF)"),
    ("a CR inside the header", (BALANCES.replace(",", ",\r", 1) + GOOD).encode(),
     "eod_balances.csv 第1行中间有回车符（CR），请以通常的行尾（LF或CRLF）另存",
     "eod_balances.csv, line 1 has a carriage return inside; save the file with the usual line ends (LF or CRLF)"),
    ("a column name without end", b'"' + b"x" * 140_000 + b'",' + BALANCES.encode() + GOOD.encode(),
     "表头有一个列名超过131072个字符，可能缺少引号",
     "a column name of the header is longer than 131072 characters; a quote may be missing"),
    ("binary", BALANCES.encode() + bytes(range(1, 32)) * 4, "eod_balances.csv 是二进制文件",
     "eod_balances.csv is binary, not text"),
    ("zip bomb", BOMB, f"eod_balances.csv 解压后过大（{3 << 20} 字节），疑似压缩炸弹",
     f"eod_balances.csv would unpack to {3 << 20} bytes: refused as a zip bomb"),
    ("zip of two", zipped(("a.csv", b"a"), ("b.txt", b"b")),
     "eod_balances.csv 内应有且只有一个文本文件（命令行可用 --member 指定），现有：a.csv, b.txt",
     "eod_balances.csv must hold exactly one text file (a command names it by --member); it holds: a.csv, b.txt"),
    ("zip of none", zipped(("a.exe", b"a"), ("inner.zip", BOMB)),
     "eod_balances.csv 内应有且只有一个文本文件（命令行可用 --member 指定），现有：a.exe, inner.zip",
     "eod_balances.csv must hold exactly one text file (a command names it by --member); it holds: a.exe, inner.zip"),
    ("empty zip", zipped(), "eod_balances.csv 内应有且只有一个文本文件（命令行可用 --member 指定），现有：",
     "eod_balances.csv must hold exactly one text file (a command names it by --member); it holds: "),
]  # fmt: skip


def test_a_file_that_cannot_be_right_stops(delivery: Delivery) -> None:
    before = contents()
    for name, content, chinese, english in WHOLE_FILES:
        load = delivery.load("eod_balances", content)
        assert (load.state, load.message) == ("stopped", f"{chinese} / {english}"), name
        assert (contents(), load.rows_changed) == (before, 0), name
    assert delivery.load("eod_balances", BALANCES + GOOD, accept_shrink=True).state == "accepted"


ROWS: list[tuple[str, str, str]] = [
    ("too few columns", "6200000000000002,,DEMAND,1,,", "columns"),
    ("too many columns", "6200000000000002,,DEMAND,1,,,,", "columns"),
    ("a quote that stays open", '6200000000000002,,DEMAND,"1,,,', "columns"),
    ("a quote inside a value", '6200000000000002,,DE"MAND,1,,,', "columns"),
    ("text behind a quote", '6200000000000002,,"DEMAND"x,1,,,', "columns"),
    ("no account", ",,DEMAND,1,,,", "required"),
    ("no amount", "6200000000000002,,DEMAND,,,,", "required"),
    ("too long", f"{'6' * 41},,DEMAND,1,,,", "too_long"),
    ("a control character", "62000000\x0700000002,,DEMAND,1,,,", "characters"),
    ("a separator of our own", "62000000\x1f00000002,,DEMAND,1,,,", "characters"),
    ("a huge amount", f"6200000000000002,,DEMAND,1{'0' * 30},,,", "amount"),
    ("one digit too many", "6200000000000002,,DEMAND,1234567890123,,,", "amount"),
    ("one digit too many in groups", '6200000000000002,,DEMAND,"1,234,567,890,123",,,', "amount"),
    ("not a number", "6200000000000002,,DEMAND,NaN,,,", "amount"),
    ("infinity", "6200000000000002,,DEMAND,inf,,,", "amount"),
    ("exponent", "6200000000000002,,DEMAND,1e5,,,", "amount"),
    ("three decimals", "6200000000000002,,DEMAND,1.234,,,", "amount"),
    ("a decimal comma", '6200000000000002,,DEMAND,"12,5",,,', "amount"),
    ("commas in odd places", '6200000000000002,,DEMAND,"1,2,3",,,', "amount"),
    ("full-width digits", "6200000000000002,,DEMAND,１２,,,", "amount"),
    ("two signs", "6200000000000002,,DEMAND,--1,,,", "amount"),
    ("hexadecimal", "6200000000000002,,DEMAND,0x10,,,", "amount"),
    ("the year 1", "6200000000000002,,DEMAND,1,0001-01-01,,", "date_range"),
    ("the year 2100", "6200000000000002,,DEMAND,1,2100-01-01,,", "date_range"),
    ("the 30th of February", "6200000000000002,,DEMAND,1,2026-02-30,,", "date"),
    ("a date in words", "6200000000000002,,DEMAND,1,tomorrow,,", "date"),
    ("an odd flag", "6200000000000002,,DEMAND,1,,maybe,", "choice"),
    ("an odd rate", "6200000000000002,,DEMAND,1,,,1.9.5", "rate"),
    ("the same holding again", GOOD.strip(), "duplicate"),
    ("unknown account", "6200000000000099,,DEMAND,1,,,", "account"),
    ("unknown product", "6200000000000002,,GOLD,1,,,", "product"),
    ("a statement", "'); DROP TABLE customers_customer; --,,DEMAND,1,,,", "account"),
]  # fmt: skip


def test_rows_are_refused_with_their_reason_and_no_other_row_is_lost(delivery: Delivery) -> None:
    taken = '6200000000000003,,DEMAND,"1,234,567.89",9999-12-31,,\n6200000000000001,T1,TIME1Y,-0.01,,,\n'
    content = BALANCES + GOOD + "".join(f"{line}\n" for _name, line, _code in ROWS) + taken
    load = delivery.load("eod_balances", content, accept_shrink=True)
    assert (load.state, load.rows_read, load.rows_rejected) == ("accepted", len(ROWS) + 3, len(ROWS))
    found = {line: code for line, _column, code in refused(load)}
    assert found == {number: code for number, (_name, _line, code) in enumerate(ROWS, 3)}
    waiting = NightHolding.objects.using("batch").order_by("balance").values_list("balance", "status", "maturity_date")
    assert [(str(balance), status, matures) for balance, status, matures in waiting] == [
        ("-0.01", "open", None), ("1.00", "open", None), ("1234567.89", "open", None),
    ]  # fmt: skip
    counted = {row.rule: row.rows for row in load.rejects.using("batch").all()}
    assert (counted["columns"], counted["amount"], sum(counted.values())) == (5, 12, len(ROWS))


def test_the_largest_amounts_and_counts_of_a_customer_fit_the_night(delivery: Delivery) -> None:
    """Ten thousand holdings of the largest amount; one more digit in a row is refused with its reason."""
    header = BALANCES.strip() + ",product_count\n"
    most = "".join(f"6200000000000001,H{number},DEMAND,999999999999.99,,,,99999\n" for number in range(10_000))
    more = "6200000000000002,A,DEMAND,1000000000000.00,,,,1\n6200000000000002,B,DEMAND,1,,,,100000\n"
    load = delivery.load("eod_balances", header + most + more)
    assert (load.state, refused(load)) == (
        "accepted", [(10_002, "balance", "amount"), (10_003, "product_count", "integer")],
    )  # fmt: skip
    delivery.night()
    metrics = Metrics.objects.using("batch").get(customer__customer_no="C1")
    assert (str(metrics.aum), metrics.product_count) == ("9999999999999900.00", 999_990_000)


def test_customers_of_unknown_branches_or_twice(delivery: Delivery) -> None:
    load = delivery.load(
        "eod_customers",
        CUSTOMERS + "C1,欧阳修文,111,,,,,\nC2,单雪,999,,,,,\nC3,海湾公司,211,,,,,\nC3,海湾公司,211,,,,,\n",
        accept_shrink=True,
    )
    assert (load.state, refused(load)) == ("accepted", [(5, "customer_no", "duplicate"), (3, "branch_code", "branch")])
    delivery.night()
    # Whose row was refused has not left.
    assert set(Customer.objects.using("batch").values_list("customer_no", "status")) == {
        ("C1", "active"), ("C2", "active"), ("C3", "active"),
    }  # fmt: skip


def test_a_faulty_identity_number_is_kept_and_pointed_out(delivery: Delivery) -> None:
    load = delivery.load(
        "eod_customers",
        CUSTOMERS
        + "C1,欧阳修文,111,身份证,110101199001010000,,,\nC2,单雪,111,身份证,12345,,,\nC3,海湾公司,211,其他,12345,,,\n",
    )
    assert (load.state, load.rows_rejected) == ("accepted", 0)
    assert refused(load) == [(2, "id_no", "id_check"), (3, "id_no", "id_length")]
    masks = dict(NightCustomer.objects.using("batch").values_list("customer_no", "id_no_mask"))
    assert masks == {"C1": "1****************0", "C2": "1***5", "C3": "1***5"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_encoding_reads_the_same(delivery: Delivery, encoding: str, ending: str) -> None:
    text = '客户号,姓名,机构号,地址\nC1,㐀𠮷,111,"滨江市,人民路""一""号"\nC2,单雪,111,\nC3,海湾公司,211,\n'
    load = delivery.load("eod_customers", text.replace("\n", ending).encode(encoding))
    assert (load.state, load.rows_rejected, load.message) == ("accepted", 0, "")
    delivery.night()
    customer = Customer.objects.using("batch").get(customer_no="C1")
    assert (customer.name, customer.name_mask, customer.address_mask) == ("㐀𠮷", "㐀*", "滨江市****")


def test_columns_in_another_order_with_a_delimiter_at_the_end(delivery: Delivery) -> None:
    content = "line,余额,产品代码,账号,\n7,5.00,DEMAND,6200000000000001,\n"
    load = delivery.load("eod_balances", content, accept_shrink=True)
    assert (load.state, load.rows_rejected, load.message) == ("accepted", 0, "")


def test_damaged_and_odd_archives(delivery: Delivery) -> None:
    good = zipped(("balances.csv", (BALANCES + GOOD * 1).encode() * 50))
    middle = good.index(b"balances.csv") + 30
    damaged = good[:middle] + bytes(byte ^ 0xFF for byte in good[middle : middle + 20]) + good[middle + 20 :]
    for content in (damaged, good[:-30], b"PK\x03\x04" + b"\0" * 100):
        load = delivery.load("eod_balances", content, name="eod_balances.zip")
        assert load.state == "stopped"
        assert load.message.startswith("eod_balances.zip 压缩包损坏或加密：")
    outside = delivery.folder.parent / "escaped.csv"
    member = "../escaped.csv"
    load = delivery.load("eod_balances", zipped((member, (BALANCES + GOOD).encode())), accept_shrink=True)
    assert (load.state, outside.exists()) == ("accepted", False)  # a name inside an archive is never a path of ours


def test_a_member_of_what_is_no_archive(delivery: Delivery) -> None:
    load = delivery.load("eod_balances", BALANCES + GOOD, member="nope.csv", accept_shrink=True)
    assert (load.state, load.message) == (
        "stopped",
        "eod_balances.csv 不是压缩包，不能用 --member 指定其中的文件 / "
        "eod_balances.csv is no zip archive: there is no file in it for --member to name",
    )


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def nothing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (folder, "{0} 是文件夹，不是文件 / {0} is a folder, not a file"),
        (pipe, "{0} 是设备或管道，不是文件 / {0} is a device or pipe, not a file"),
        (loop, "打不开 {0}：Too many levels of symbolic links / cannot open {0}: Too many levels of symbolic links"),
        (nothing, "找不到文件 {0} / there is no file {0}"),
    ],
)
def test_what_is_not_a_file(delivery: Delivery, make: Callable[[Path], None], message: str) -> None:
    path = delivery.folder / "balances"
    make(path)
    before = contents()
    with pytest.raises(CommandError) as stopped:
        call_command("feed", "load", "eod_balances", str(path), "--as-of", delivery.as_of.isoformat())
    assert (str(stopped.value), stopped.value.returncode) == (message.format(path), 3)
    assert contents() == before
    assert not FeedLoad.objects.using("batch").filter(spec="eod_balances", state="stopped").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file; runs where the tests run as a plain user")
def test_a_file_that_may_not_be_read(delivery: Delivery) -> None:
    path = delivery.write("eod_balances.csv", BALANCES + GOOD)
    path.chmod(0)
    with pytest.raises(FileStopped) as stopped:
        load_file("eod_balances", path, as_of=delivery.as_of)
    assert str(stopped.value) == f"打不开 {path}：Permission denied / cannot open {path}: Permission denied"


def truncate(path: Path) -> None:
    os.truncate(path, len(BALANCES))


def append(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("6200000000000002,,DEMAND,5,,,\n")


def replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [truncate, append, replace, remove])
def test_a_file_that_changes_during_the_load(delivery: Delivery, change: Callable[[Path], None]) -> None:
    path = delivery.write("eod_balances.csv", BALANCES + GOOD * 1)
    before = contents()

    def at_the_worst_moment(phase: str, share: float) -> None:
        if phase == "checking":
            change(path)

    load = load_file("eod_balances", path, as_of=delivery.as_of, accept_shrink=True, progress=at_the_worst_moment)
    assert load.message == (
        "eod_balances.csv 在读取过程中被改动或替换，请待文件写完后重新装载 / "
        "eod_balances.csv was changed or replaced while it was read; load it again when it is complete"
    )
    assert (load.state, contents()) == ("stopped", before)
    assert delivery.load("eod_balances", BALANCES + GOOD, accept_shrink=True).state == "accepted"


def test_an_empty_delta_is_a_day_without_changes(delivery: Delivery) -> None:
    load = delivery.load("eod_products", "code,name,product_class\n")
    assert (load.state, load.rows_read, load.rows_changed) == ("accepted", 0, 0)


def test_an_unknown_specification_names_the_known_ones(delivery: Delivery) -> None:
    with pytest.raises(CommandError, match=r"no specification nosuch; there are: .*eod_balances") as stopped:
        call_command("feed", "load", "nosuch", "x.csv", "--as-of", "2026-03-11")
    assert stopped.value.returncode == 2


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--branch", "999", "999"), ("--control", "rows=many", "write control totals as"),
     ("--control", "", "write control totals as")],
)  # fmt: skip
def test_options_that_make_no_sense_are_wrong_usage(delivery: Delivery, option: str, value: str, message: str) -> None:
    path = delivery.write("eod_balances.csv", BALANCES + GOOD)
    before = FeedLoad.objects.using("batch").count()
    with pytest.raises(CommandError, match=message) as wrong:
        call_command("feed", "load", "eod_balances", str(path), "--as-of", delivery.as_of.isoformat(), option, value)
    assert (wrong.value.returncode, FeedLoad.objects.using("batch").count()) == (2, before)


def test_a_bank_without_a_branch_is_told_so(database: None, tmp_path: Path) -> None:
    load = Delivery(tmp_path).load("eod_customers", CUSTOMERS + "C1,单雪,111,,,,,\n")
    assert (
        load.message == "还没有任何机构，请先在管理后台建立 / there is no branch yet; make one in the admin pages first"
    )


def test_lines_are_counted_across_the_blocks_in_which_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"account_no\n" + b"1234567\n" * 400_000 + b"\xff\n")
    with (
        pytest.raises(FileStopped, match=r"long\.csv, line 400002: the text is not"),
        opened(spec_named("eod_balances"), path),
    ):
        pass


def test_a_bomb_leaves_no_text_in_memory(delivery: Delivery) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert delivery.load("eod_balances", BOMB).state == "stopped"
    assert len(list(Path("/proc/self/fd").iterdir())) == before
