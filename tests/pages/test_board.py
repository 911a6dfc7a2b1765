"""晨会: every figure of the board against an independent count, who sees it, what its buttons do, and what it costs."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import ContactLog, MaintenancePlan
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.models import User
from crm.workbench.board_lines import Figures, Line
from customers.models import Alert, Customer, Nudge
from segments import figures
from segments.models import DayFigure, MonthMoves, TierChange, TierScheme
from tests.pages.morning import Morning, raise_alert
from tests.world import Bank

ClientOf = Callable[[User], Client]
# What a branch manager's page asks for, with session, user, scope and the transaction's own two.
STATEMENTS = 13

WAITS = "(state IN ('new', 'read', 'following') OR (state = 'snoozed' AND snoozed_until <= %(today)s))"
REACHED = "outcome IN ('interested', 'not_interested', 'booked', 'sold', 'refused') AND channel <> 'sms'"
OWNED = """(SELECT o.owner_id FROM customers_ownership o
            WHERE o.customer_id = t.customer_id AND o.role = 'main' AND o.until IS NULL)"""
# Each figure counted from the rows themselves, the plainest way; {who} is the manager's condition.
TRUTH = {
    "waiting": f"SELECT count(DISTINCT t.customer_id) FROM customers_alert t WHERE {WAITS} AND {{who}}",
    "alerts": f"SELECT count(*) FROM customers_alert t WHERE {WAITS} AND {{who}}",
    "red": f"SELECT count(*) FROM customers_alert t WHERE {WAITS} AND severity = 1 AND {{who}}",
    "untouched": """SELECT count(*) FROM customers_alert t WHERE severity = 1 AND state = 'new' AND {who}
        AND (raised_on + 1 + time '08:00') AT TIME ZONE 'Asia/Shanghai' <= %(now)s - interval '24 hours'""",
    "due_today": """SELECT count(*) FROM customers_holding t
        WHERE status = 'open' AND balance > 0 AND maturity_date = %(today)s AND {who}""",
    "due_week_amount": """SELECT coalesce(sum(balance), 0) FROM customers_holding t
        WHERE status = 'open' AND balance > 0 AND maturity_date BETWEEN %(today)s AND %(today)s + 7 AND {who}""",
    "contacts_before": """SELECT count(*) FROM archives_contactlog t
        WHERE (contacted_at AT TIME ZONE 'Asia/Shanghai')::date = %(today)s - 1 AND {staff}""",
    "reached_before": f"""SELECT count(*) FROM archives_contactlog t
        WHERE (contacted_at AT TIME ZONE 'Asia/Shanghai')::date = %(today)s - 1 AND {REACHED} AND {{staff}}""",
    "contacts_today": """SELECT count(*) FROM archives_contactlog t
        WHERE (contacted_at AT TIME ZONE 'Asia/Shanghai')::date = %(today)s AND {staff}""",
    "contacts_month": """SELECT count(*) FROM archives_contactlog t
        WHERE date_trunc('month', contacted_at AT TIME ZONE 'Asia/Shanghai') = date_trunc('month', %(today)s::timestamp)
        AND {staff}""",
    "appointments": """SELECT count(*) FROM archives_maintenanceplan t
        WHERE state = 'planned' AND due_date = %(today)s AND {planner}""",
    "overdue": """SELECT count(*) FROM archives_maintenanceplan t
        WHERE state = 'planned' AND due_date < %(today)s AND {planner}""",
}
# Money and coverage stay as the night published them until the next one.
OF_NIGHT = {
    "customers": "SELECT count(*) FROM customers_metrics t WHERE {who}",
    "aum": "SELECT coalesce(sum(aum), 0) FROM customers_metrics t WHERE {who}",
    "upper": "SELECT count(*) FROM customers_metrics t WHERE tier >= 3 AND {who}",
    "covered": f"""SELECT count(*) FROM customers_metrics t WHERE tier >= 3 AND {{who}} AND EXISTS (
        SELECT FROM archives_contactlog l WHERE l.customer_id = t.customer_id AND {REACHED}
        AND (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date
            BETWEEN %(today)s - CASE WHEN tier >= 4 THEN 30 ELSE 90 END AND %(today)s - 1)""",
}


@dataclass
class Town:
    """Forty customers of south and ten of north with alerts, deposits and contacts of all kinds; data of yesterday."""

    bank: Bank
    day: date
    customers: list[Customer]

    @property
    def as_of(self) -> date:
        return self.day - timedelta(days=1)


def local(day: date, hour: int = 10) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def log(customer: Customer, staff: User, at: datetime, outcome: str, channel: str = "phone", **fields: Any) -> None:
    ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, contacted_at=at, channel=channel,
        purpose="care", outcome=outcome, **fields,
    )  # fmt: skip
    if "next_date" in fields:  # as a contact of the page makes one
        MaintenancePlan.objects.using("batch").create(
            branch_id=customer.branch_id, customer_id=customer.pk, owner_id=staff.pk, created_by_id=staff.pk,
            due_date=fields["next_date"], submission=uuid4(),
        )  # fmt: skip


@pytest.fixture
def town(bank: Bank, day: Morning) -> Town:
    chance = random.Random(3)
    today = timezone.localdate()
    made = []
    for number in range(50):
        is_north = number >= 40
        owner = bank.qian if is_north else chance.choice([bank.wang, bank.li, None])
        place = bank.north if is_north else bank.south
        customer = bank.customer(f"66000000{number:02d}", branch=place, owner=owner, name_mask=f"客*{number}")
        bank.metrics(customer, Decimal(chance.randrange(1000, 9_000_000)), since=today, tier=chance.randrange(1, 6))
        for kind in chance.sample(["maturity", "large_out", "large_in", "downgrade_critical"], chance.randrange(3)):
            raised = today - timedelta(days=chance.choice([1, 2, 3, 9]))
            raise_alert(
                customer, kind, chance.choice([1, 1, 2, 3]), "50000.00", today + timedelta(days=3),
                state=chance.choice(["new", "new", "following"]), raised_on=raised, evidence=EVIDENCE[kind],
            )  # fmt: skip
        for days in chance.sample([0, 1, 5, 7, 8, 40], 2):
            bank.holding(customer, 10_000 + number, product="TIME1Y", maturity_date=today + timedelta(days=days))
        for days in chance.sample([0, 1, 1, 20, 29, 30, 31, 89, 90, 91], 3):
            outcome = chance.choice(["interested", "not_reached", "sold"])
            staff = chance.choice([bank.wang, bank.li, bank.zhao])
            channel = chance.choice(["phone", "sms"])
            ahead = today + timedelta(days=chance.choice([0, 0, 3]))
            log(customer, staff, local(today - timedelta(days=days), 0), outcome, channel, next_date=ahead)
        made.append(customer)
    figures.count(today - timedelta(days=1))
    return Town(bank, today, made)


EVIDENCE: dict[str, dict[str, Any]] = {
    "maturity": {"product": "定期", "balance": "50000.00", "maturity_date": "2030-01-01"},
    "large_out": {
        "before": "100000.00", "after": "50000.00", "net": "-50000.00", "moved_on": "2026-01-01", "share": "0.5",
        "tier": 3, "threshold": "50000",
    },
    "large_in": {
        "before": "50000.00", "after": "100000.00", "net": "50000.00", "moved_on": "2026-01-01", "share": "0.5",
        "tier": 3, "threshold": "50000",
    },
    "downgrade_critical": {
        "scheme": "five", "scheme_version": 1, "value": "480000.00", "aum": "480000.00", "threshold": "500000.00",
        "rank": 4, "months_below": 1, "patience": 3,
    },
}  # fmt: skip


def lines_of(client: Client, address: str = "/") -> dict[str, Line]:
    """The lines of the board by name, "none" for customers without a manager, "" for the total."""
    answer = client.get(address)
    assert answer.status_code == 200
    board = answer.context["board"]
    found = {line.name: line for line in board.lines} | {"": board.total}
    return found | ({"none": board.unowned} if board.unowned else {})


def counted(figure: str, statement: str, town: Town, manager: User | None, branches: list[int]) -> Any:
    """The same figure, counted from the rows: of a manager, of nobody for None."""
    who = f"{OWNED} = {manager.pk}" if manager else f"{OWNED} IS NULL"
    staff = f"staff_id = {manager.pk}" if manager else "false"
    text = (
        statement.format(who=who, staff=staff, planner=staff.replace("staff_id", "owner_id"))
        + " AND t.branch_id = ANY (%(branches)s)"
    )
    return db.fetch_value(text, {"today": town.day, "now": timezone.now(), "branches": branches})


def assert_figures(town: Town, client: Client, wanted: dict[str, str]) -> None:
    lines = lines_of(client)
    south = [town.bank.south.pk]
    for manager in (town.bank.wang, town.bank.li, None):
        line = lines[manager.name if manager else "none"]
        for figure, statement in wanted.items():
            truth = counted(figure, statement, town, manager, south)
            assert getattr(line.figures, figure) == truth, (figure, manager)
    assert sum(getattr(lines[""].figures, name) for name in ("waiting", "contacts_before", "due_week")) > 20


def act(town: Town, client_of: ClientOf) -> None:
    """What a day does: answers, snoozes, contacts, customers who change hands, and back, and to nobody."""
    alerts = list(Alert.objects.using("batch").filter(branch=town.bank.south, state="new").order_by("pk"))
    he = client_of(town.bank.he)
    for number, alert in enumerate(alerts[:18]):
        base = f"/customers/alerts/{alert.pk}"
        match number % 3:
            case 0:
                he.post(f"{base}/not-applicable/", {"note": "误报"})
            case 1:
                he.post(f"{base}/snooze/", {"until": town.day + timedelta(days=1 + number)})
            case 2:
                assert give(he, alert.customer_id, town.bank.li).status_code == 303
    for number, customer in enumerate(town.customers[:12]):
        give(he, customer.pk, [town.bank.wang, town.bank.li, None][number % 3])
        if number % 4 == 0:
            give(he, customer.pk, town.bank.wang)
    log(town.customers[0], town.bank.wang, timezone.now(), "interested", next_date=town.day)
    # A snooze whose day has come is waiting again, before the night says so.
    back = alerts[1]
    Alert.objects.using("batch").filter(pk=back.pk).update(state="snoozed", snoozed_until=town.day)


def give(client: Client, customer_id: int, owner: User | None) -> Any:
    form = {"owner": owner.pk if owner else "", "reason": "晨会改派", "next": "/"}
    return client.post(f"/customers/{customer_id}/owner/", form)


def test_the_figures_are_those_of_the_rows(town: Town, client_of: ClientOf) -> None:
    assert_figures(town, client_of(town.bank.he), TRUTH | OF_NIGHT)


def test_and_stay_so_while_people_work(town: Town, client_of: ClientOf) -> None:
    act(town, client_of)
    assert_figures(town, client_of(town.bank.he), TRUTH)


def test_whenever_the_night_was_published(town: Town, client_of: ClientOf) -> None:
    """A night that runs in the middle of the day, or again, counts what people have done already only once."""
    act(town, client_of)
    figures.count(town.as_of)
    assert_figures(town, client_of(town.bank.he), TRUTH | OF_NIGHT)
    figures.count(town.as_of - timedelta(days=2))
    assert_figures(town, client_of(town.bank.he), TRUTH)


def test_a_region_sees_its_branches_and_nobody_sees_another(town: Town, client_of: ClientOf) -> None:
    bank = town.bank
    client = client_of(bank.sun)
    whole = lines_of(client)
    assert list(whole) == ["城区支行", ""]
    below = lines_of(client, f"/?branch={bank.sub.pk}")
    assert list(below) == ["城南网点", "城北网点", ""]
    south, north = below["城南网点"].figures, below["城北网点"].figures
    own = lines_of(client_of(bank.he))[""].figures
    for name in ("customers", "aum", "waiting", "red", "untouched", "due_today", "contacts_before", "covered"):
        assert getattr(south, name) == getattr(own, name), name
        assert getattr(whole[""].figures, name) == getattr(south + north, name), name
        assert getattr(north, name) > 0, name
    assert lines_of(client, f"/?branch={bank.north.pk}").keys() == {"钱思琪", "王静怡", "李明轩", "赵雨桐", ""}
    assert {"滨江分行", "临海分行"} <= set(lines_of(client_of(bank.zhou)))
    for leader, place in ((bank.he, bank.north), (bank.sun, bank.far), (bank.sun, bank.head)):
        assert client_of(leader).get(f"/?branch={place.pk}").status_code == 404
    assert client_of(bank.he).get("/?branch=x").status_code == 404
    assert client_of(bank.sun).get("/?branch=x").status_code == 404


def test_each_figure_leads_to_its_customers(town: Town, client_of: ClientOf) -> None:
    act(town, client_of)
    figures.count(town.as_of)
    client = client_of(town.bank.he)
    text = client.get("/").content.decode()
    south = town.bank.south.pk
    for figure, statement in (TRUTH | OF_NIGHT).items():
        if figure in ("alerts", "aum", "upper", "appointments", "overdue"):  # plans lead to plans, not to customers
            continue
        name = figure.removesuffix("_amount")
        distinct = re.sub(
            r"SELECT (count\(.*?\)|coalesce\(sum\(\w+\), 0\)) FROM",
            "SELECT count(DISTINCT t.customer_id) FROM",
            statement,
            count=1,
        )
        for manager in (town.bank.wang, town.bank.li):
            address = f"/board/customers/?figure={name}&place={south}&manager={manager.pk}"
            wanted = counted(figure, distinct, town, manager, [south])
            assert client.get(address).context["page"].count == wanted, (figure, manager)
            if name not in ("covered", "due_week"):  # told of the whole branch alone
                assert (address.replace("&", "&amp;") in text) == (wanted > 0), figure


def test_every_coverage_leads_to_those_who_wait_for_a_contact(town: Town, client_of: ClientOf) -> None:
    text = client_of(town.bank.he).get("/").content.decode()
    titled = re.findall('title="查看周期内尚无有效联系的客户"', text)
    assert "figure=covered" not in text
    assert "figure=uncovered" in text
    cells = re.findall(r'<a class="link-row" href="[^"]*"[^>]*>[\d.]+%</a>', text)
    assert len(cells) == len(titled) > 2
    assert all("figure=uncovered" in cell for cell in cells)


def test_customers_behind_a_figure_keep_to_the_scope(town: Town, client_of: ClientOf) -> None:
    bank = town.bank
    foreign = f"/board/customers/?figure=waiting&place={bank.north.pk}"
    assert client_of(bank.he).get(foreign).context["page"].count == 0
    assert client_of(bank.sun).get(foreign).context["page"].count > 0
    nobody = client_of(bank.he).get("/board/customers/?figure=waiting&manager=none")
    assert nobody.context["page"].count == lines_of(client_of(bank.he))["none"].figures.waiting > 0
    named = client_of(bank.he).get(f"/board/customers/?manager={bank.qian.pk}&place={bank.north.pk}").content.decode()
    assert "钱思琪" not in named.split("<main")[1]
    assert "城北网点" not in named.split("<main")[1]
    for odd in (
        "figure=nonsense",
        "figure=up&month=x",
        "place=x",
        "manager=x",
        "place=" + "9" * 30,
        "manager=" + "9" * 30,
    ):
        assert client_of(bank.he).get(f"/board/customers/?{odd}").status_code == 200


def test_tiers_and_moves_by_month(town: Town, client_of: ClientOf) -> None:
    bank, as_of = town.bank, town.as_of
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    this = as_of.replace(day=1)
    last = this - timedelta(days=1)
    for day, rank, customers in ((as_of, 3, 12), (as_of, 4, 5), (last, 3, 10), (last, 4, 6)):
        DayFigure.objects.using("batch").create(
            as_of=day, branch_id=bank.south.pk, scheme=scheme, rank=rank, customers=customers, aum=1
        )
    moves = [
        (0, this, 2, 3),
        (0, as_of, 3, 2),
        (1, as_of, 2, 3),
        (2, last, 4, 3),
        (45, as_of, 2, 3),
        (3, as_of, None, 2),
    ]
    for number, (who, day, old, new) in enumerate(moves):
        customer = town.customers[who]
        TierChange.objects.using("batch").update_or_create(
            scheme=scheme, customer=customer, as_of=day,
            defaults={
                "branch_id": customer.branch_id, "scheme_version": 1, "old_rank": old, "new_rank": new,
                "metric_value": number, "cause": "promoted",
            },
        )  # fmt: skip
    figures.count(as_of)
    figures.count(as_of)
    up = 2 if as_of != this else 1
    assert list(
        MonthMoves.objects.using("batch").filter(branch=bank.south).order_by("month").values_list("up", "down")
    )[-1] == (up, 1)
    board = client_of(bank.he).get("/").context["board"]
    rows = {row.tier.rank: row for row in board.tiers}
    assert (rows[3].customers, rows[3].change) == (12, 2)
    assert (rows[4].customers, rows[4].change) == (5, -1)
    assert [(row.month, row.up, row.down) for row in board.months[:2]] == [
        (this, up, 1),
        (last.replace(day=1), 0, 1),
    ]
    behind = client_of(bank.he).get(f"/board/customers/?figure=up&month={this}").context["page"]
    assert behind.count == up
    assert client_of(bank.he).get(f"/board/customers/?figure=down&month={last}").context["page"].count == 1


def untouched(client: Client) -> list[Any]:
    found: list[Any] = client.get("/?more=1").context["board"].exceptions
    return found


def test_a_nudge_is_stored_once_a_day_audited_and_seen(town: Town, client_of: ClientOf) -> None:
    bank = town.bank
    he, wang = client_of(bank.he), client_of(bank.wang)
    row = next(one for one in untouched(he) if one.owner_name == "王静怡")
    assert "asks you to see to" not in wang.get("/").content.decode()
    answer = he.post(f"/board/alerts/{row.alert.pk}/nudge/", {"next": "/"})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    he.get("/")  # shows what was said
    he.post(f"/board/alerts/{row.alert.pk}/nudge/", {"next": "/"})
    assert 'data-level="warning"' in he.get("/").content.decode()
    nudge = Nudge.objects.using("batch").get()
    assert (nudge.alert_id, nudge.owner_id, nudge.nudged_by_id, nudge.nudged_on) == (
        row.alert.pk, bank.wang.pk, bank.he.pk, town.day,
    )  # fmt: skip
    entry = AuditEntry.objects.using("batch").filter(action="alert.nudge").get()
    assert (entry.customer_id, entry.object_id) == (row.customer.pk, str(row.alert.pk))
    assert next(one for one in untouched(he) if one.alert.pk == row.alert.pk).nudged_at is not None
    for user, sees in ((bank.wang, True), (bank.li, False), (bank.qian, False)):
        text = client_of(user).get("/").content.decode()
        assert (f'href="/?open={row.alert.pk}#alert-{row.alert.pk}">' in text) == sees
    wang.post(f"/customers/alerts/{row.alert.pk}/not-applicable/", {"note": "已处理"})
    assert f'href="/?open={row.alert.pk}#alert-{row.alert.pk}">' not in wang.get("/").content.decode()
    he.post(f"/board/alerts/{row.alert.pk}/nudge/", {"next": "/"})
    assert 'data-level="warning"' in he.get("/").content.decode()
    assert Nudge.objects.using("batch").count() == 1


def test_nobody_is_nudged_for_what_nobody_owns_or_another_branch(town: Town, client_of: ClientOf) -> None:
    he = client_of(town.bank.he)
    row = next(one for one in untouched(he) if not one.owner_name)
    he.post(f"/board/alerts/{row.alert.pk}/nudge/", {"next": "/"})
    assert 'data-level="warning"' in he.get("/").content.decode()
    foreign = Alert.objects.using("batch").filter(branch=town.bank.north).first()
    assert foreign is not None
    assert he.post(f"/board/alerts/{foreign.pk}/nudge/").status_code == 404
    for user in (town.bank.wang, town.bank.zhao, town.bank.wu):
        assert client_of(user).post(f"/board/alerts/{row.alert.pk}/nudge/").status_code == 403
    assert he.get(f"/board/alerts/{row.alert.pk}/nudge/").status_code == 405
    assert not Nudge.objects.using("batch").exists()


def test_a_customer_is_given_to_somebody_with_less_to_do(town: Town, client_of: ClientOf) -> None:
    he = client_of(town.bank.he)
    row = next(one for one in untouched(he) if one.owner_name == "王静怡")
    opened = he.get(f"/?reassign={row.customer.pk}&more=1")
    board = opened.context["board"]
    assert {one.user.name for one in board.candidates} == {"王静怡", "李明轩"}
    waits = {line.name: line.figures.waiting for line in board.lines}
    assert [one.waiting for one in board.candidates] == sorted(waits[one.user.name] for one in board.candidates)
    assert f'action="/customers/{row.customer.pk}/owner/"' in opened.content.decode()
    assert give(he, row.customer.pk, town.bank.li)["Location"] == "/"
    after = next(one for one in untouched(he) if one.alert.pk == row.alert.pk)
    assert after.owner_name == "李明轩"


def test_exceptions_are_the_large_outflows_first_then_the_longest_wait(town: Town, client_of: ClientOf) -> None:
    he = client_of(town.bank.he)
    rows = untouched(he)
    wanted = db.fetch_value(
        "SELECT count(*) FROM customers_alert WHERE branch_id = %(south)s AND severity = 1 AND state = 'new' AND "
        "(kind = 'large_out' OR "
        "(raised_on + 1 + time '08:00') AT TIME ZONE 'Asia/Shanghai' <= now() - interval '24 hours')",
        {"south": town.bank.south.pk},
    )
    assert len(rows) == wanted == lines_of(he)[""].figures.urgent
    kinds = [row.alert.kind == "large_out" for row in rows]
    assert kinds == sorted(kinds, reverse=True)
    rest = [row.alert.raised_on for row in rows if row.alert.kind != "large_out"]
    assert rest == sorted(rest)
    short = he.get("/").context["board"]
    assert len(short.exceptions) == min(8, wanted)
    assert short.more == max(0, wanted - 8)


def test_what_the_board_costs_does_not_grow(town: Town, client_of: ClientOf) -> None:
    for user in (town.bank.he, town.bank.zhou):
        client = client_of(user)
        client.get("/")
        with CaptureQueriesContext(connections["default"]) as asked:
            client.get("/")
        assert len(asked) <= STATEMENTS, [one["sql"][:80] for one in asked]


def test_before_the_first_night_the_board_says_so(bank: Bank, client_of: ClientOf) -> None:
    answer = client_of(bank.he).get("/")
    assert answer.context["board"].total.figures == Figures()
    assert "They come with the next night run." in answer.content.decode() or "下一次" in answer.content.decode()


def test_names_are_masked_and_the_look_is_recorded(town: Town, client_of: ClientOf) -> None:
    answer = client_of(town.bank.he).get("/")
    shown = answer.context["board"].customer_ids
    assert shown
    entry = AuditEntry.objects.using("batch").filter(action="customer.list").order_by("-pk")[0]
    assert (entry.detail["what"], entry.detail["ids"]) == ("board", shown)
    assert "客户66" not in answer.content.decode()
