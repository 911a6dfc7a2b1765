"""Load one file: check it at the edge, list what is refused, and put what changed into the night's working tables.

Nothing that people see changes here; the next night publishes it. A load that was killed leaves nothing behind but a
line in the list of loads, and is repeated by loading the file again.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm import db
from crm.audit import keys, pii, trail
from crm.jobs import ledger
from crm.organization.models import Branch, User
from customers.choices import LoadState, ProductClass
from customers.feeds import merge, rejects
from customers.feeds.blind import add_index
from customers.feeds.merge import Delivery
from customers.feeds.messages import FileStopped
from customers.feeds.parse import Parsed, connect, parse, value_of
from customers.feeds.source import open_regular, opened
from customers.feeds.spec import Spec, spec_named
from customers.feeds.staging import stage
from customers.feeds.targets import SIGNED_UP
from customers.models import FeedLoad, Product

LOADS = FeedLoad.objects.using("batch")
IN_FORCE = (LoadState.ACCEPTED, LoadState.PUBLISHED)
SUMMARY_PRODUCT = "DEPOSIT-TOTAL"
# Plain figures: int() and Decimal() also take 1_0, full-width digits and exponents. Both fit the column of differences.
CONTROL_VALUES = {"rows": r"[0-9]{1,15}", "sum": r"[-+]?[0-9]{1,16}(\.[0-9]{1,2}0*)?"}
Progress = Callable[[str, float], None]


class TooFewUsable(FileStopped):
    """Too many rows were refused; `late` are those that only the comparison with the published tables refused."""

    def __init__(self, chinese: str, english: str, late: list[dict[str, Any]] | None = None) -> None:
        super().__init__(chinese, english)
        self.late = late or []


def nothing_usable(late: list[dict[str, Any]] | None = None) -> TooFewUsable:
    return TooFewUsable("没有一行可用，详见拒绝文件", "not one row can be used, see the reject file", late)


@dataclass(frozen=True)
class Control:
    """What the core bank says the file holds: data rows, and the sum of the specification's control column."""

    rows: int | None = None
    total: Decimal | None = None

    @classmethod
    def from_text(cls, text: str) -> "Control":
        """`rows=123,sum=456.78`, one or both; raises FileStopped for anything else."""
        found: dict[str, str] = {}
        for part in text.strip().split(","):
            name, _equals, value = (piece.strip() for piece in part.partition("="))
            if name in found or not re.fullmatch(CONTROL_VALUES.get(name, r"(?!)"), value):
                shown = text.strip()[:80].replace("\x00", "?")
                raise FileStopped(
                    f"控制总数应写作 rows=行数,sum=合计：{shown}", f"write control totals as rows=N,sum=AMOUNT: {shown}"
                )
            found[name] = value
        return cls(
            rows=int(found["rows"]) if "rows" in found else None,
            total=Decimal(found["sum"]) if "sum" in found else None,
        )


def load_file(
    spec: Spec | str,
    path: Path,
    *,
    as_of: date,
    uploaded_by: User | None = None,
    member: str | None = None,
    control: Control | str | None = None,
    accept_shrink: bool = False,
    branch: Branch | None = None,
    display_name: str | None = None,
    progress: Progress | None = None,
) -> FeedLoad:
    """The load of this file, `accepted`, or `stopped` with a message in plain words; the night publishes it.

    A file that no night publishes is `published` at once.

    A file that is in force for this day already is left alone. Raises RunRefused while a night computes, and
    FileStopped for a specification or a file that does not exist, for a day that has not come yet, and under another
    instance's key file.
    """
    spec = spec if isinstance(spec, Spec) else spec_named(spec)
    refuse_wrong_keys()
    refuse_future(as_of)  # no line in the list of loads: it would hold back the night of that day when it comes
    os.close(open_regular(path))  # what is no file is no delivery either, and holds no night back
    with one_at_a_time(spec):
        LOADS.filter(spec=spec.name, state=LoadState.LOADING).update(
            state=LoadState.FAILED, message="装载中断，请重新装载 / interrupted; load the file again"
        )
        load = LOADS.create(
            spec=spec.name, as_of=as_of, file_name=display_name or path.name, state=LoadState.LOADING,
            uploaded_by_id=uploaded_by.pk if uploaded_by else None,
        )  # fmt: skip
        began = time.monotonic()

        def tell(phase: str, share: float) -> None:
            LOADS.filter(pk=load.pk).update(phase=phase, percent=round(100 * share))
            if progress is not None:
                progress(phase, share)

        try:
            same = take(load, spec, path, as_of, member, control, accept_shrink, branch, tell)
        except FileStopped as stop:
            load.state, load.message = LoadState.STOPPED, str(stop)
            if isinstance(stop, TooFewUsable):
                load.rows_changed = 0
                rejects.append(load, stop.late)
        except ledger.RunRefused:
            load.delete(using="batch")
            raise
        except BaseException as error:
            # The kind alone: a database error may repeat values of a row. The rest goes to whoever called.
            load.state, load.message = LoadState.FAILED, type(error).__name__
            finish(load, began)
            raise
        else:
            if same is not None:
                load.delete(using="batch")
                # What was tried since then did not end well, and this file settles it: the night may run.
                tried = LOADS.filter(spec=spec.name, as_of=as_of, pk__gt=same.pk)
                tried.filter(state__in=(LoadState.FAILED, LoadState.STOPPED)).update(state=LoadState.SUPERSEDED)
                return same
        finish(load, began)
        if load.state in IN_FORCE:
            detail = {"spec": load.spec, "as_of": str(as_of), "sha256": load.sha256, "rows": load.rows_read}
            trail.record(uploaded_by, "feed.accepted", target=load, detail=detail)
        return load


def refuse_wrong_keys() -> None:
    """Raise FileStopped under another instance's key file, and remember the keys that write."""
    try:
        keys.confirm()
    except keys.WrongKeys as error:
        raise FileStopped(error.chinese, error.english) from error


def finish(load: FeedLoad, began: float) -> None:
    load.finished_at, load.seconds = timezone.now(), round(time.monotonic() - began, 3)
    load.phase, load.percent = "", 100
    load.save(using="batch")


@contextmanager
def one_at_a_time(spec: Spec) -> Iterator[None]:
    """One load of a specification at a time, in whatever process; the lock goes with the connection."""
    with transaction.atomic(using="audit"):
        db.stay_idle("audit")
        db.hold_lock(f"feed:{spec.name}", using="audit")
        yield


def take(
    load: FeedLoad,
    spec: Spec,
    path: Path,
    as_of: date,
    member: str | None,
    control: Control | str | None,
    accept_shrink: bool,
    branch: Branch | None,
    tell: Progress,
) -> FeedLoad | None:
    """Read, check and merge; the load in force where this file is that one already."""
    check_date(spec, as_of)
    check_branch(spec)
    totals = Control.from_text(control) if isinstance(control, str) else control
    with transaction.atomic(using="batch"):
        ledger.refuse_while_running("nightly")  # asked again before the merge; here so that no work is for nothing
    tell("reading", 0.05)
    link = connect(os.cpu_count() or 1)
    try:
        with opened(spec, path, member, load.file_name) as source:
            load.sha256, load.size_bytes = source.sha256, source.size
            in_force = LOADS.filter(spec=spec.name, as_of=as_of, state__in=IN_FORCE).order_by("-pk").first()
            is_same = in_force is not None and in_force.sha256 == source.sha256
            if is_same and totals is None:
                return in_force
            tell("checking", 0.2)
            parsed = parse(link, spec, source, as_of, path.parent)
        if is_same and totals is not None:  # totals may come after their file
            check_control(load, spec, parsed, totals)
            return in_force
        load.rows_read = parsed.rows
        load.rows_rejected = value_of(link, "SELECT count(DISTINCT line) FROM bad WHERE NOT is_warning")
        load.save(using="batch")
        rejects.write(load, link)
        check_whole(load, spec, parsed, totals, accept_shrink)
        tell("comparing", 0.5)
        with transaction.atomic(using="batch"):
            ledger.refuse_while_running("nightly")
            merge_all(load, spec, parsed, branch, accept_shrink=accept_shrink)
            load.state = LoadState.PUBLISHED if spec.stands_at_once else LoadState.ACCEPTED
            load.save(using="batch")
        tell("accepted", 1.0)
    finally:
        link.close()
    return None


def refuse_future(as_of: date) -> None:
    """Raise FileStopped for a day that has not come yet in China: every other day would wait for its night."""
    today = timezone.localdate()
    if as_of > today:
        raise FileStopped(
            f"{as_of} 还没有到（今天是 {today}），请核对营业日期",
            f"{as_of} has not come yet (today is {today}); look at the business date again",
        )


def check_date(spec: Spec, as_of: date, using: str = "batch") -> None:
    """Raise FileStopped for a day that lies before the published one, or while files of another day wait; a file that
    no night publishes may come on any day."""
    if spec.stands_at_once:
        return
    published = ledger.published_date(using=using)
    if published is not None and as_of < published:
        raise FileStopped(
            f"{published} 已公布，不能再装载 {as_of} 的文件",
            f"{published} is published; a file of {as_of} comes too late",
        )
    other = FeedLoad.objects.using(using).filter(state=LoadState.ACCEPTED).exclude(as_of=as_of).first()
    if other is not None:
        raise FileStopped(
            f"{other.as_of} 的文件（{other.file_name}）还在等夜间批处理，"
            f"等其公布后再装载（nightly --as-of {other.as_of}）",
            f"{other.file_name} of {other.as_of} waits for its night; "
            f"load this one once that is published (nightly --as-of {other.as_of})",
        )


def check_branch(spec: Spec) -> None:
    """Raise FileStopped where customers would have no branch to belong to."""
    if spec.target in ("customers", "summary") and not Branch.objects.using("batch").exists():
        raise FileStopped(
            "还没有任何机构，请先在管理后台建立", "there is no branch yet; make one in the admin pages first"
        )


def check_whole(load: FeedLoad, spec: Spec, parsed: Parsed, control: Control | None, accept_shrink: bool) -> None:
    """Raise FileStopped when the file as a whole cannot be right: empty of good rows, too small, or off its totals."""
    good = value_of(parsed.link, "SELECT count(*) FROM good")
    if parsed.rows and not good:
        raise nothing_usable()
    if not parsed.rows and spec.mode == "full" and not accept_shrink:
        raise FileStopped(
            "文件没有数据行；确认无误后用 --accept-shrink 重新装载",
            "the file has no data rows; load with --accept-shrink if that is right",
        )
    if control is not None:
        check_control(load, spec, parsed, control)
    # Of an earlier day: several loads of one day must not shrink below the limit by and by.
    earlier = LOADS.filter(spec=spec.name, state__in=IN_FORCE, as_of__lt=load.as_of)
    before = earlier.order_by("-as_of", "-pk").first()
    if spec.mode == "full" and before is not None and not accept_shrink:
        least = before.rows_read * (1 - spec.shrink_share)
        if parsed.rows < least:
            raise FileStopped(
                f"只有{parsed.rows}行，上次（{before.as_of}）有{before.rows_read}行，减少超过{spec.shrink_share:.0%}；"
                "确认无误后，允许行数减少（--accept-shrink）再装载",
                f"{parsed.rows} rows after {before.rows_read} on {before.as_of}: "
                f"more than {spec.shrink_share:.0%} fewer; if that is right, load it with fewer rows accepted "
                "(--accept-shrink)",
            )


def check_control(load: FeedLoad, spec: Spec, parsed: Parsed, control: Control) -> None:
    if control.rows is not None and control.rows != parsed.rows:
        raise FileStopped(
            f"文件有{parsed.rows}行，控制总数为{control.rows}行",
            f"the file has {parsed.rows} rows, its control total is {control.rows}",
        )
    if control.total is None:
        return
    if not spec.control_column:
        raise FileStopped(f"{spec.name} 没有可核对的金额列", f"{spec.name} has no column to add up")
    row = parsed.link.execute(f'SELECT coalesce(sum("{spec.control_column}"), 0) FROM good').fetchone()
    total = Decimal(row[0]) if row else Decimal(0)
    load.control_difference = total - control.total
    if load.control_difference:
        raise FileStopped(
            f"可用行合计{total}，控制总数{control.total}，相差{load.control_difference}",
            f"the usable rows add up to {total}, the control total is {control.total}: "
            f"off by {load.control_difference}",
        )


def check_usable(load: FeedLoad, spec: Spec, rows: int, late: list[dict[str, Any]], accept_shrink: bool) -> None:
    """Raise TooFewUsable when the comparison refused all rows, or of a full file so many that it is not the whole.

    A missing file before it (customers, products) or a foreign key file looks like this: every row belongs to somebody
    unknown, and what is refused must not stand for a bank that has become empty.
    """
    usable = rows - load.rows_rejected
    if rows and not usable:
        raise nothing_usable(late)
    if spec.mode == "full" and not accept_shrink and usable < rows * (1 - spec.shrink_share):
        raise TooFewUsable(
            f"{rows}行中有{load.rows_rejected}行被拒绝，超过{spec.shrink_share:.0%}，详见拒绝文件；"
            "确认无误后，允许行数减少（--accept-shrink）再装载",
            f"{load.rows_rejected} of {rows} rows were refused, more than {spec.shrink_share:.0%}, "
            "see the reject file; if that is right, load it with fewer rows accepted (--accept-shrink)",
            late,
        )


def merge_all(load: FeedLoad, spec: Spec, parsed: Parsed, branch: Branch | None, *, accept_shrink: bool) -> None:
    """Compare with the published tables and write what differs; runs in one transaction."""
    link = parsed.link
    old = LOADS.filter(spec=spec.name, state=LoadState.ACCEPTED).exclude(pk=load.pk)
    old_ids = list(old.values_list("pk", flat=True))
    merge.begin()
    ragged = value_of(link, "SELECT count(*) FROM ragged")
    stage_refused_keys(spec, parsed)
    is_full = spec.mode == "full"
    delivery = Delivery(
        link=link, load_id=load.pk, as_of=load.as_of, is_full=is_full,
        # Of a line that cannot be split nobody knows whose it is: then nobody is taken for missing.
        closes_missing=is_full and ragged == 0,
        provided=provided_columns(spec, parsed), default_branch=branch.pk if branch else only_branch(),
    )  # fmt: skip
    if spec.target == "summary":
        load.rows_changed = merge_summary(delivery, old_ids)
    elif spec.target == "products":
        load.rows_changed = merge.products(delivery)
    elif spec.stands_at_once:
        load.rows_changed = SIGNED_UP[spec.target].merge(delivery, load)
    else:
        load.rows_changed = getattr(merge, spec.target)(delivery, old_ids)
    old.update(state=LoadState.SUPERSEDED)
    late = db.fetch_all("SELECT line, column_name, code FROM refused ORDER BY line")
    load.rows_rejected += len({row["line"] for row in late})
    check_usable(load, spec, parsed.rows, late, accept_shrink)
    rejects.append(load, late)
    if is_full and ragged:
        load.message = (
            f"有{ragged}行无法拆分，本次未做缺失销户处理 / {ragged} lines could not be split; nothing was closed"
        )


def provided_columns(spec: Spec, parsed: Parsed) -> frozenset[str]:
    """Columns that the file has; what it does not have stays as it is."""
    described = {row[0] for row in parsed.link.execute("DESCRIBE good").fetchall()}
    absent = {
        column.name
        for column in spec.columns
        if not column.expression and column.value is None and column.name not in parsed.columns
    }
    return frozenset(described - absent - {"line"})


def stage_refused_keys(spec: Spec, parsed: Parsed) -> None:
    """Whose rows were refused: they are not missing."""
    link, names = parsed.link, {column.name for column in spec.columns}
    customer = "customer_no" if "customer_no" in names else "NULL::VARCHAR"
    account = "account_no" if "account_no" in names else "NULL::VARCHAR"
    link.execute(
        f"CREATE TABLE refused_key AS SELECT {customer} AS key, {account} AS account_no FROM typed "
        "WHERE line IN (SELECT line FROM bad WHERE NOT is_warning)"
    )
    add_index(link, "refused_key", pii.ACCOUNT_NO, "account_no")
    stage(
        link,
        "SELECT key, '\\x' || account_no_index FROM refused_key",
        "refused_key",
        "key text, account_no_index bytea",
    )


def merge_summary(delivery: Delivery, old_ids: list[int]) -> int:
    """One amount for each customer: the customer, an account and a holding that stands for all their deposits."""
    Product.objects.using("batch").get_or_create(
        code=SUMMARY_PRODUCT, defaults={"name": "存款合计", "product_class": ProductClass.DEMAND}
    )
    delivery.link.execute(
        "ALTER TABLE good ADD COLUMN account_no VARCHAR; UPDATE good SET account_no = 'SUM-' || customer_no;"
        f"ALTER TABLE good ADD COLUMN product_code VARCHAR; UPDATE good SET product_code = '{SUMMARY_PRODUCT}';"
        "ALTER TABLE good ADD COLUMN sub_no VARCHAR"
    )
    return sum(part(delivery, old_ids) for part in (merge.customers, merge.accounts, merge.balances))


def only_branch() -> int | None:
    """The branch of a bank that has just one outlet, or one branch at all; None where a file must say the branch."""
    leaves = list(Branch.objects.using("batch").filter(children__isnull=True).values_list("pk", flat=True)[:2])
    return leaves[0] if len(leaves) == 1 else None
