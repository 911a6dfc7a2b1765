"""Pages and the search: server time beside a bare page of the same bytes, and beside the same page of a small bank."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from crm import db
from crm.demo.bench import bare
from crm.demo.bench.measure import Goal, Report, p50_p95, seconds_of
from crm.demo.bench.place import bench_database
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from customers.search import find

SMALL = 10_000
REQUESTS = 60
WARM_UP = 5
HOST = "127.0.0.1"
ABOVE_BARE_MS = 5.0
P95_GROWTH = 1.2
STATEMENTS = 8
WITHOUT_END = 1_000_000

# Any: the stubs give the test client a response class of their own.
Ask = Callable[[Client], Any]


@dataclass(frozen=True)
class Page:
    """One page, and the staff number of who asks for it."""

    name: str
    staff_no: str
    ask: Ask


def pages() -> list[Page]:
    """The pages of a working day, for a manager of customers, a branch of most customers, and the head office."""
    chance = random.Random(5)  # noqa: S311 - the same customers in every run
    owned = list(
        Customer.objects.using("batch")
        .filter(ownerships__owner__staff_no="1001", ownerships__until__isnull=True)
        .order_by("pk")
        .values_list("pk", flat=True)[:500]
    )
    depth = deep_place()

    def get(path: str) -> Ask:
        return lambda client: client.get(path)

    def search(*texts: str) -> Ask:
        return lambda client: client.post("/customers/search/", {"q": chance.choice(texts)})

    return [
        Page("today, manager", "1001", get("/")),
        Page("board, branch", "1100", get("/")),
        Page("board, head office", "0001", get("/")),
        Page("list, manager", "1001", get("/customers/")),
        Page("list, branch", "1100", get("/customers/")),
        Page("list, branch, tier 3", "1100", get("/customers/?tier=3")),
        Page("list, branch, deep", "1100", get(f"/customers/?after={depth}")),
        Page("list, head office", "0001", get("/customers/")),
        Page("list, head office, tier 5", "0001", get("/customers/?tier=5")),
        Page("customer", "1001", lambda client: client.get(f"/customers/{chance.choice(owned)}/")),
        Page("search, two characters", "1100", search("王伟", "李娜", "张敏", "刘军")),
        Page("search, initials", "1100", search("wjy", "lxm", "zyt")),
        Page("search, phone tail", "1100", search("0271", "4826", "9113")),
        Page("lobby, phone tail", "1101", search("0271", "4826", "9113")),
        Page("lobby, card", "1101", lambda client: client.get(f"/customers/{chance.choice(owned)}/")),
    ]


def deep_place() -> str:
    """The place in the list of the main outlet behind half of its customers."""
    row = db.fetch_all(
        "SELECT m.aum, m.customer_id FROM customers_metrics m JOIN organization_branch b ON b.id = m.branch_id "
        "WHERE b.code = '111' ORDER BY m.aum DESC, m.customer_id DESC "
        "OFFSET (SELECT count(*) / 2 FROM customers_metrics) LIMIT 1"
    )[0]
    return f"{row['aum']}~{row['customer_id']}"


def client_for(staff_no: str) -> Client:
    """A signed-in client of this member of staff."""
    client = Client(SERVER_NAME=HOST)
    user = User.objects.get(staff_no=staff_no)
    client.force_login(user, backend="crm.organization.backends.RoleBackend")
    return client


@contextmanager
def bare_pages(content: bytes) -> Iterator[None]:
    """Inside, /bare/ answers with these bytes and no other address is known."""
    bare.content = content
    with override_settings(ROOT_URLCONF="crm.demo.bench.bare"):
        yield


def timed(client: Client, ask: Ask) -> tuple[list[float], Any]:
    """Seconds of each request, and the last response."""
    for _time in range(WARM_UP):
        response = ask(client)
    samples = [seconds_of(lambda: ask(client)) for _time in range(REQUESTS)]
    assert response.status_code == 200, response.status_code
    return samples, response


def measure_page(page: Page) -> dict[str, Any]:
    """Milliseconds of a page and of a bare one of the same bytes, and its SQL statements."""
    client = client_for(page.staff_no)
    samples, response = timed(client, page.ask)
    with CaptureQueriesContext(connections["default"]) as captured:
        page.ask(client)
    # Counted here: the next request empties the log.
    statements = sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries)
    content = bytes(response.content)
    with bare_pages(content):
        bare_samples, _response = timed(client, lambda one: one.get("/bare/"))
    (p50, p95), (bare_p50, _bare_p95) = p50_p95(samples), p50_p95(bare_samples)
    return {
        "p50 ms": round(p50 * 1000, 2),
        "p95 ms": round(p95 * 1000, 2),
        "bare p50 ms": round(bare_p50 * 1000, 2),
        "statements": statements,
        "bytes": len(content),
    }


def measure_all(customers: int, *, keep: bool) -> dict[str, dict[str, Any]]:
    """Every page in a bank of this size; nobody searches as often as a measurement."""
    unbound = override_settings(SEARCHES_A_MINUTE=WITHOUT_END, SEARCHES_A_DAY=WITHOUT_END)
    with bench_database(customers, keep=keep), unbound:
        return {page.name: measure_page(page) for page in pages()}


def bench_pages(customers: int, *, keep: bool) -> Report:
    """Every page in a small and in a large bank."""
    report = Report("pages", customers)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    small = measure_all(SMALL, keep=keep)
    large = measure_all(customers, keep=keep)
    for name, figures in large.items():
        report.figures[name] = {**figures, f"p95 ms at {SMALL}": small[name]["p95 ms"]}
        above = max(figures["p50 ms"] - figures["bare p50 ms"], 0.0)
        report.goals.append(Goal(f"{name}: ms above a bare page", above, 1.0, ABOVE_BARE_MS))
        report.goals.append(Goal(f"{name}: p95 large / small", figures["p95 ms"], small[name]["p95 ms"], P95_GROWTH))
        report.goals.append(Goal(f"{name}: statements", figures["statements"], 1.0, STATEMENTS))
    return report


# What is typed, and the bare look-up in the index that answers it.
SEARCHES = {
    "two characters": ("王伟", "name_bigrams @> ARRAY['王伟']::varchar[] AND name LIKE '%%王伟%%'"),
    "three characters": ("王晓丽", "name_bigrams @> ARRAY['王晓','晓丽']::varchar[] AND name LIKE '%%王晓丽%%'"),
    "rare name": ("上官晓", "name_bigrams @> ARRAY['上官','官晓']::varchar[] AND name LIKE '%%上官晓%%'"),
    "initials": ("wxl", "branch_id = %(branch)s AND name_initials LIKE 'wxl%%'"),
    "pinyin": ("wangxiaoli", "branch_id = %(branch)s AND name_pinyin LIKE 'wangxiaoli%%'"),
    "phone tail": ("4826", "branch_id = %(branch)s AND right(mobile_mask, 4) = '4826'"),
    "customer number": ("C000000271", "customer_no LIKE 'C000000271%%'"),
}


def bench_search(customers: int, *, keep: bool) -> Report:
    """The search of a branch manager and of the head office, beside the bare look-up in the index that it needs."""
    report = Report("search", customers)
    with bench_database(customers, keep=keep):
        branch = User.objects.get(staff_no="1100")
        head = User.objects.get(staff_no="0001")
        for name, (text, condition) in SEARCHES.items():
            floor = p50_p95([seconds_of(lambda c=condition: look_up(c, branch)) for _time in range(REQUESTS)])[0]  # type: ignore[misc]
            found: dict[str, Any] = {"bare look-up ms": round(floor * 1000, 3)}
            for who, user in (("branch", branch), ("head office", head)):
                p50, p95 = p50_p95([seconds_of(lambda t=text, u=user: search(t, u)) for _time in range(REQUESTS)])  # type: ignore[misc]
                found |= {f"{who} p50 ms": round(p50 * 1000, 2), f"{who} p95 ms": round(p95 * 1000, 2)}
                above = max(p50 - floor, 0.0) * 1000
                report.goals.append(Goal(f"{name}, {who}: ms above the look-up", above, 1.0, ABOVE_BARE_MS))
            report.figures[name] = found
    return report


def look_up(condition: str, user: User) -> None:
    statement = f"SELECT id, name_mask FROM customers_customer WHERE {condition} LIMIT 21"  # noqa: S608 - ours
    db.fetch_all(statement, {"branch": user.branch_id})


def search(text: str, user: User) -> None:
    with scoped(user):
        find(user, text)
