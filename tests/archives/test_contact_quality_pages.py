"""维护质量, as people see it: who sees whose score and findings, and what may be said of a finding."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction
from django.db.models import Value
from django.db.models.functions import Replace
from django.test import Client
from django.utils import timezone

from archives.models import ContactFinding, ContactLog, ContactVerdict
from archives.quality import judge
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Ownership
from customers.nightly.night import Night
from tests.archives.test_contact_quality import HONEST, PASTED, enter, people
from tests.world import Bank, rewrite_contacts

ClientOf = Callable[[User], Client]


def pasted(bank: Bank, author: User, start: int = 0, contacts: int = 6) -> ContactFinding:
    """What the night finds of an author who pasted some contacts yesterday."""
    day = timezone.localdate() - timedelta(days=1)
    morning = timezone.localtime().replace(year=day.year, month=day.month, day=day.day, hour=9, minute=0)
    customers = people(bank, contacts, author, start)
    enter(customers, author, [PASTED.format("", 1)] * contacts, start=morning)
    judge.publish(Night(as_of=day, previous=day, full=False))
    return ContactFinding.objects.using("batch").get(staff_id=author.pk)


def month_of(finding: ContactFinding) -> str:
    return finding.day.replace(day=1).isoformat()


def say(client: Client, finding: ContactFinding, verdict: str, seen: int = 0, remark: str = "看过了") -> Any:
    return client.post(f"/quality/{finding.pk}/judge/", {"verdict": verdict, "seen": seen, "remark": remark})


def kinds(finding: ContactFinding) -> list[str]:
    rows = ContactVerdict.objects.using("batch").filter(finding=finding).order_by("number")
    return list(rows.values_list("kind", flat=True))


def test_authors_see_their_own_score_and_nobody_else_s(bank: Bank, client_of: ClientOf) -> None:
    one, other = pasted(bank, bank.wang), pasted(bank, bank.li, 50)
    answer = client_of(bank.wang).get(f"/quality/?month={month_of(one)}")
    page = answer.content.decode()
    assert answer.context["person"].now.score == 0 and answer.context["chart"] is None
    assert page.index('id="person"') < page.index('id="rows"')
    assert f"/quality/{one.pk}/" in page and f"/quality/{other.pk}/" not in page and bank.li.name not in page
    assert client_of(bank.wang).get(f"/quality/{other.pk}/").status_code == 404
    named = client_of(bank.wang).get(f"/quality/?month={month_of(one)}&manager={bank.li.pk}")
    assert named.context["person"].user == bank.wang and not named.context["rows"]


def test_a_manager_sees_the_branch_as_dots_and_a_person_on_demand(bank: Bank, client_of: ClientOf) -> None:
    one, far = pasted(bank, bank.wang), pasted(bank, bank.feng, 70)
    enter(people(bank, 12, bank.li, 50), bank.li, HONEST, every=900, start=one.began_at)
    judge.publish(Night(as_of=one.day, previous=one.day, full=False))
    client = client_of(bank.he)
    answer = client.get(f"/quality/?month={month_of(one)}")
    scores = {line.staff_id: (line.contacts, line.score) for line in answer.context["lines"]}
    assert scores == {bank.wang.pk: (6, 0), bank.li.pk: (12, 100)}
    page = answer.content.decode()
    assert page.count("<circle") == 2 and answer.context["person"] is None
    assert f"/quality/{one.pk}/" in page and f"/quality/{far.pk}/" not in page
    person = client.get(f"/quality/?month={month_of(one)}&manager={bank.li.pk}").context["person"]
    assert person.now.score == 100
    assert client.get(f"/quality/?month={month_of(one)}&manager={bank.feng.pk}").context["person"] is None
    zhou = client_of(bank.zhou).get(f"/quality/?month={month_of(one)}&branch={bank.far.pk}")
    assert [line.staff_id for line in zhou.context["lines"]] == [bank.feng.pk]


def test_texts_stand_side_by_side_with_what_differs_marked(bank: Bank, client_of: ClientOf) -> None:
    one = pasted(bank, bank.wang)
    changed = Replace("summary", Value("有1万"), Value("有27万"))
    rewrite_contacts(ContactLog.objects.filter(pk=one.leader_id + 1), summary=changed)
    page = client_of(bank.he).get(f"/quality/{one.pk}/").content.decode()
    assert page.count("<tr data-row") == 6 and page.count("<mark>") == 1 and "<mark>27</mark>" in page
    assert "客户甲" not in page  # the name in plain; its mask stands there
    entry = AuditEntry.objects.using("batch").filter(action="customer.list").latest("pk")
    assert entry.detail["count"] == 6


def test_whoever_lost_the_customers_does_not_read_them(bank: Bank, client_of: ClientOf) -> None:
    one = pasted(bank, bank.wang)
    Ownership.objects.using("batch").update(owner=bank.li.pk)
    answer = client_of(bank.wang).get(f"/quality/{one.pk}/")
    assert answer.status_code == 200 and not answer.context["logs"] and answer.context["leader"] is None


def test_a_reasonable_finding_takes_nothing_off(bank: Bank, client_of: ClientOf) -> None:
    one, he = pasted(bank, bank.wang), client_of(bank.he)

    def score() -> int:
        answer = client_of(bank.wang).get(f"/quality/?month={month_of(one)}")
        return int(answer.context["person"].now.score)

    assert score() == 0
    assert say(he, one, "talk").status_code == 302 and score() == 0
    assert say(he, one, "reasonable", seen=1).status_code == 302 and score() == 100
    assert kinds(one) == ["talk", "reasonable"]
    say(he, one, "talk", seen=2)  # reasonable is the last word
    assert kinds(one) == ["talk", "reasonable"]
    actions = AuditEntry.objects.using("batch").filter(action__startswith="quality.").order_by("pk")
    assert list(actions.values_list("action", "actor_id")) == [
        ("quality.talk", bank.he.pk), ("quality.reasonable", bank.he.pk),
    ]  # fmt: skip
    assert "看过了" in client_of(bank.wang).get(f"/quality/{one.pk}/").content.decode()


def test_nobody_judges_the_own_contacts(bank: Bank, client_of: ClientOf) -> None:
    one = pasted(bank, bank.he)
    assert f"/quality/{one.pk}/judge/" not in client_of(bank.he).get(f"/quality/{one.pk}/").content.decode()
    assert say(client_of(bank.he), one, "reasonable").status_code == 302 and not kinds(one)
    with scoped(bank.he), pytest.raises(IntegrityError), transaction.atomic():
        verdict(one, bank.he, 1, "reasonable")
    assert say(client_of(bank.wang), one, "reasonable").status_code == 403
    assert say(client_of(bank.sun), one, "talk").status_code == 302 and kinds(one) == ["talk"]


def verdict(finding: ContactFinding, actor: User, number: int, kind: str, **fields: Any) -> ContactVerdict:
    values = {"branch_id": finding.branch_id, "remark": "x", **fields}
    return ContactVerdict.objects.create(
        finding_id=finding.pk, number=number, kind=kind, actor_id=actor.pk, at=timezone.now(), **values
    )


def test_the_database_keeps_the_order_and_lets_no_verdict_be_changed(bank: Bank) -> None:
    one = pasted(bank, bank.wang)
    for number, kind, fields in (
        (2, "reasonable", {}), (1, "open", {}), (1, "talk", {"remark": ""}), (1, "talk", {"branch_id": bank.far.pk}),
    ):  # fmt: skip
        with scoped(bank.zhou), pytest.raises(IntegrityError), transaction.atomic():
            verdict(one, bank.zhou, number, kind, **fields)
    with scoped(bank.he):
        verdict(one, bank.he, 1, "talk")
    with scoped(bank.he), pytest.raises(IntegrityError), transaction.atomic():
        verdict(one, bank.he, 2, "talk")
    for statement in (
        "UPDATE archives_contactverdict SET kind = 'reasonable'",
        "DELETE FROM archives_contactverdict",
        "UPDATE archives_contactfinding SET contacts = 0",
        "DELETE FROM archives_contactmark",
    ):
        with scoped(bank.he), pytest.raises(ProgrammingError), transaction.atomic():
            db.execute(statement, using="default")
    with pytest.raises(IntegrityError):
        db.execute("UPDATE archives_contactverdict SET kind = 'reasonable'")


def test_row_security_alone_hides_other_branches(bank: Bank) -> None:
    one, _far = pasted(bank, bank.wang), pasted(bank, bank.feng, 70)
    for table in ("archives_contactfinding", "archives_contactmark", "archives_contactday"):
        with scoped(bank.he):
            rows = db.fetch_all(f"SELECT DISTINCT branch_id FROM {table}", using="default")
        assert [row["branch_id"] for row in rows] == [bank.south.pk], table
    with scoped(bank.he):
        verdict(one, bank.he, 1, "talk")
    with scoped(bank.feng):
        assert not ContactVerdict.objects.exists()


def test_of_two_who_judge_at_once_one_comes_first(bank: Bank, client_of: ClientOf) -> None:
    one = pasted(bank, bank.wang)

    def send(client: Client, kind: str) -> None:
        say(client, one, kind)
        connections.close_all()

    both = ((bank.he, "talk"), (bank.sun, "reasonable"))
    threads = [threading.Thread(target=partial(send, client_of(user), kind)) for user, kind in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kinds(one)) == 1
    say(client_of(bank.zhou), one, "reasonable")  # from a page without the verdict
    assert len(kinds(one)) == 1


@pytest.mark.parametrize("wrong", [{"remark": ""}, {"verdict": "open"}, {"verdict": ""}, {"seen": ""}])
def test_a_form_that_lacks_something_writes_nothing(bank: Bank, client_of: ClientOf, wrong: dict[str, str]) -> None:
    one = pasted(bank, bank.wang)
    form = {"verdict": "talk", "seen": "0", "remark": "x"} | wrong
    assert client_of(bank.he).post(f"/quality/{one.pk}/judge/", form).status_code == 422
    assert not kinds(one)


@pytest.mark.parametrize(("who", "status"), [("zhao", 403), ("lu", 403), ("wu", 403), ("qian", 404), ("feng", 404)])
def test_whom_it_does_not_concern(bank: Bank, client_of: ClientOf, who: str, status: int) -> None:
    one = pasted(bank, bank.wang)
    assert client_of(getattr(bank, who)).get(f"/quality/{one.pk}/").status_code == status


def test_few_statements(bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Callable[..., Any]) -> None:
    one = pasted(bank, bank.wang, contacts=30)
    wang, he = client_of(bank.wang), client_of(bank.he)
    for client, address in (
        (wang, "/quality/"),
        (he, f"/quality/?manager={bank.wang.pk}"),
        (he, f"/quality/{one.pk}/"),
    ):
        client.get(address)
        with django_assert_max_num_queries(17):
            client.get(address)
