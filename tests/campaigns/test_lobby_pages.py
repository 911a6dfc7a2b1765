"""The pages around the lobby: one tap calls a manager, a visitor is taken in once, the shift is handed over."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import ContactLog, RiskAssessment
from campaigns.prospects import shift
from campaigns.prospects.models import LobbyShift, Presence, Prospect, Referral
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer
from tests.pages import morning
from tests.pages.morning import IDENTITY, PHONE, Morning, identified
from tests.world import Bank, make_user

ClientOf = Callable[[User], Client]
VISITOR = "13912340000"


def call(client: Client, customer: Customer, **form: str) -> Any:
    return client.post(f"/customers/{customer.pk}/refer/", {"submission": str(uuid4())} | form)


def visit(client: Client, **form: Any) -> Any:
    fields = {"submission": str(uuid4()), "name": "李", "sex": "F", "mobile": VISITOR, "needs": ["deposit"],
              "source_layer": "5", "consent": "on"}  # fmt: skip
    return client.post("/prospects/new/", {key: value for key, value in (fields | form).items() if value is not None})


def act(client: Client, referral: Referral, verb: str, **form: str) -> Any:
    return client.post(f"/referrals/{referral.pk}/{verb}/", form)


@pytest.fixture
def day(bank: Bank) -> Morning:
    return morning.build(bank)


@pytest.fixture
def next_lobby(bank: Bank) -> User:
    return make_user("1013", "宋佳宁", Role.LOBBY_MANAGER, bank.south, Reach.BRANCH)


def test_the_card_says_who_is_there_and_whom_a_call_reaches(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    lobby, address = client_of(bank.zhao), f"/customers/{day.zhou.pk}/"
    card = lobby.get(address).context["card"]
    assert (card.is_manager_there, card.asked) == (False, [])
    assert bank.wang.name not in card.sentence
    client_of(bank.li)
    client_of(bank.wang)
    answer = lobby.get(address)
    card = answer.context["card"]
    assert card.is_manager_there
    assert [one.pk for one in card.asked] == [bank.wang.pk, bank.li.pk]
    assert bank.wang.name in card.sentence
    assert 'data-there="1"' in answer.content.decode()
    assert client_of(bank.wang).post("/presence/", {"there": "0"}).status_code == 303
    assert not lobby.get(address).context["card"].is_manager_there


def test_the_card_says_what_not_to_speak_of(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.zhao)

    def taboos() -> list[str]:
        return [one.icon for one in client.get(f"/customers/{day.zhou.pk}/").context["card"].taboos]

    assert taboos() == ["scale"]
    RiskAssessment.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, level=5, assessed_on=day.day, through="branch",
        valid_to=day.day + timedelta(days=300), questionnaire="1",
    )  # fmt: skip
    assert taboos() == []
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(do_not_contact=True, profiling_opt_out=True)
    assert taboos() == ["ban", "user-question"]
    card = client.get(f"/customers/{day.zhou.pk}/").context["card"]
    assert not any(fact.say and fact.say in card.sentence for fact in card.facts)


def test_nothing_of_the_lobby_is_unmasked_or_an_amount(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    identified(day.zhou, PHONE, IDENTITY)
    lobby = client_of(bank.zhao)
    client_of(bank.wang)
    call(lobby, day.zhou, need="wealth", summary=f"手机{PHONE}")
    visit(lobby, note=f"老公手机 {VISITOR}")
    answers = [
        lobby.get("/"), lobby.get(f"/customers/{day.zhou.pk}/"), lobby.post("/customers/search/", {"q": PHONE[-4:]}),
        lobby.get("/referrals/waiting/"), lobby.get("/referrals/"), lobby.get("/prospects/"),
        lobby.get("/lobby/handover/"), lobby.get(f"/prospects/{Prospect.objects.using('batch').get().pk}/"),
    ]  # fmt: skip
    hidden = [PHONE, VISITOR, IDENTITY, "周秀兰", "1968", "467600", "467,600", "46.76", "380000", "38.00"]
    for answer in answers:
        text = answer.content.decode()
        assert answer.status_code == 200
        assert [one for one in hidden if one in text] == []
        assert "money" not in re.findall(r'class="([^"]*)"', text)


def test_what_managers_write_to_each_other_stays_off_the_tablet(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    wang, lobby = client_of(bank.wang), client_of(bank.zhao)
    call(lobby, day.zhou)
    referral = Referral.objects.using("batch").get()
    act(wang, referral, "accept")
    act(wang, referral, "report", result="done", note="转存38.00万")
    form = {"submission": str(uuid4()), "to": str(bank.li.pk), "need": "payroll", "note": "余额46.76万"}
    wang.post(f"/customers/{day.zhou.pk}/refer/colleague/", form)
    across = Referral.objects.using("batch").get(kind="company")
    seen, own = (client.get("/referrals/").content.decode() for client in (lobby, wang))
    for words in ("38.00", "46.76"):
        assert (words in seen, words in own) == (False, True)
    assert f'id="referral-{referral.pk}"' in seen
    act(lobby, across, "withdraw")
    assert Referral.objects.using("batch").get(pk=across.pk).withdrawn_at is None


def test_a_call_is_on_the_managers_page_at_once(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    wang, li, lobby = client_of(bank.wang), client_of(bank.li), client_of(bank.zhao)
    answer = call(lobby, day.zhou, need="wealth", summary="想看三年期")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    referral = Referral.objects.using("batch").get()
    assert ContactLog.objects.using("batch").get().summary == "想看三年期"
    for path in ("/", "/referrals/waiting/"):
        assert f'data-call="{referral.pk}"' in wang.get(path).content.decode()
        assert f'data-call="{referral.pk}"' in lobby.get(path).content.decode()
        assert f'data-call="{referral.pk}"' not in li.get(path).content.decode()
    assert act(wang, referral, "accept", next="/").status_code == 303
    assert f'data-taken="{referral.pk}"' in wang.get("/").content.decode()
    act(li, referral, "accept")
    assert Referral.objects.using("batch").get().accepted_by_id == bank.wang.pk
    act(wang, referral, "report", result="done")
    assert f'data-taken="{referral.pk}"' not in wang.get("/").content.decode()
    tally = lobby.get("/").context["so_far"].tally
    assert (tally.served, tally.recognised, tally.referred, tally.succeeded) == (1, 1, 1, 1)


def test_the_second_of_two_calls_is_told(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client_of(bank.wang)
    lobby = client_of(bank.zhao)
    call(lobby, day.zhou)
    answer = call(lobby, day.zhou)
    assert answer["Location"] == f"/customers/{day.zhou.pk}/"
    assert 'data-level="warning"' in lobby.get(answer["Location"]).content.decode()
    assert Referral.objects.using("batch").count() == 1


def test_a_call_out_of_scope_is_not_found(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    wang, qian, lobby = client_of(bank.wang), client_of(bank.qian), client_of(bank.zhao)
    assert call(lobby, day.foreign).status_code == 404
    call(lobby, day.zhou)
    referral = Referral.objects.using("batch").get()
    assert act(qian, referral, "accept").status_code == 404
    assert act(wang, referral, "steal").status_code == 404


def test_nobody_on_duty_is_on_the_board(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    call(client_of(bank.zhao), day.zhou)
    referral, he = Referral.objects.using("batch").get(), client_of(bank.he)
    assert f'data-unanswered="{referral.pk}"' in he.get("/").content.decode()
    assert f'data-unanswered="{referral.pk}"' in client_of(bank.sun).get("/").content.decode()
    act(he, referral, "accept", next="/")
    assert f'data-unanswered="{referral.pk}"' not in he.get("/").content.decode()


def test_a_visitor_is_on_the_managers_page_at_once(bank: Bank, client_of: ClientOf) -> None:
    wang, lobby = client_of(bank.wang), client_of(bank.zhao)
    assert visit(lobby).status_code == 303
    prospect = Prospect.objects.using("batch").get()
    assert prospect.owner_id == bank.wang.pk
    link = f'href="/prospects/{prospect.pk}/"'
    assert link in wang.get("/").content.decode()
    assert link in wang.get("/prospects/").content.decode()
    assert link not in client_of(bank.li).get("/prospects/").content.decode()
    wang.post(f"/prospects/{prospect.pk}/stage/", {"stage": "contacted", "note": "已通话"})
    assert link not in wang.get("/").content.decode()
    page = wang.get(f"/prospects/{prospect.pk}/")
    assert [step.stage for step in page.context["steps"]] == ["contacted", "new"]


def test_a_visitor_and_a_call_in_one_tap(bank: Bank, client_of: ClientOf) -> None:
    wang, lobby = client_of(bank.wang), client_of(bank.zhao)
    visit(lobby, calls="on", needs=["loan", "card"])
    referral, prospect = Referral.objects.using("batch").get(), Prospect.objects.using("batch").get()
    assert (referral.prospect_id, referral.need, referral.customer_id) == (prospect.pk, "loan", None)
    act(wang, referral, "accept")
    prospect.refresh_from_db()
    assert (prospect.stage, prospect.owner_id) == ("contacted", bank.wang.pk)


@pytest.mark.parametrize(
    "form",
    [
        {"consent": None},
        {"mobile": "12345"},
        {"mobile": ""},
        {"needs": None},
        {"name": "李 139"},
        {"source_layer": "9"},
    ],
)
def test_what_is_missing_is_asked_for(form: dict[str, Any], bank: Bank, client_of: ClientOf) -> None:
    answer = visit(client_of(bank.zhao), **form)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == form.keys()
    assert not Prospect.objects.using("batch").exists()


def test_a_known_number_tells_no_more_than_it_may(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    identified(day.foreign, PHONE, IDENTITY)
    identified(day.lin, "13912345679", "110101199003074478")
    lobby = client_of(bank.zhao)
    answer = visit(lobby, mobile=PHONE)
    text = answer.content.decode()
    assert (answer.status_code, 'id="known"' in text) == (422, True)
    for told in (bank.north.name, bank.qian.name, day.foreign.name_mask, f"/customers/{day.foreign.pk}/"):
        assert told not in text
    assert f'href="/customers/{day.lin.pk}/"' in visit(lobby, mobile="13912345679").content.decode()
    far = make_user("2103", "温如玉", Role.LOBBY_MANAGER, bank.far, Reach.BRANCH)
    visit(client_of(far))
    unknown = re.sub(r'value="[^"]*"', "", visit(lobby).content.decode())
    assert str(Prospect.objects.using("batch").get().pk) not in re.findall(r"/prospects/(\d+)/", unknown)
    assert bank.far.name not in unknown


def test_the_number_is_shown_for_a_reason_and_counted(bank: Bank, client_of: ClientOf) -> None:
    wang, lobby = client_of(bank.wang), client_of(bank.zhao)
    visit(lobby)
    address = f"/prospects/{Prospect.objects.using('batch').get().pk}/reveal/"
    assert VISITOR not in wang.get(address).content.decode()
    assert wang.post(address, {}).status_code == 422
    assert VISITOR in wang.post(address, {"reason": "contact"}).content.decode()
    assert lobby.post(address, {"reason": "contact"}).status_code == 403
    entry = AuditEntry.objects.using("batch").get(action="customer.reveal")
    assert (entry.actor_id, entry.customer_id, entry.detail["reason"]) == (bank.wang.pk, None, "contact")
    assert entry.address == "127.0.0.1"
    # Of a customer the customer's page tells.
    opened = {"stage": "opened", "converted_on": timezone.localdate(), "mobile_cipher": None, "mobile_index": None}
    Prospect.objects.using("batch").update(**opened)
    assert wang.post(address, {"reason": "contact"}).status_code == 404


def test_the_lobby_is_handed_over_with_one_sentence(
    bank: Bank, day: Morning, client_of: ClientOf, next_lobby: User
) -> None:
    first, second = client_of(bank.zhao), client_of(next_lobby)
    lobby_note = {"submission": str(uuid4()), "summary": "想了解养老金理财", "is_need": "on"}
    first.post(f"/customers/{day.zhou.pk}/lobby-note/", lobby_note)
    visit(first)
    page = first.get("/lobby/handover/")
    assert (page.context["tally"].served, page.context["tally"].needs) == (2, 1)
    assert "想了解养老金理财" in page.content.decode()
    assert first.post("/lobby/handover/", {"submission": str(uuid4()), "sentence": ""}).status_code == 422
    first.post("/lobby/handover/", {"submission": str(uuid4()), "sentence": "周女士下午再来，已约王经理"})
    shift = LobbyShift.objects.using("batch").get()
    assert shift.tally["recognised"] == 1
    assert first.get("/").context["so_far"].left is None
    left = second.get("/").context["so_far"].left
    assert (left.pk, left.by, left.served, left.referred) == (shift.pk, bank.zhao.name, 2, 0)
    first.post(f"/lobby/handover/{shift.pk}/take/")
    assert LobbyShift.objects.using("batch").get().taken_by_id is None
    second.post(f"/lobby/handover/{shift.pk}/take/")
    assert LobbyShift.objects.using("batch").get().taken_by_id == next_lobby.pk
    assert second.get("/").context["so_far"].left is None
    entries = AuditEntry.objects.using("batch").filter(action__startswith="lobby.").order_by("pk")
    assert [one.action for one in entries] == ["lobby.hand", "lobby.take"]


def test_a_double_tap_hands_over_once(bank: Bank) -> None:
    now, same = timezone.now(), uuid4()

    def tapped(_number: int) -> int:
        try:
            with scoped(bank.zhao):
                return shift.hand_over(bank.zhao, now, timezone.localdate(), "一切正常", same).pk
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(tapped, range(4)))) == 1
    assert AuditEntry.objects.using("batch").filter(action="lobby.hand").count() == 1


def test_presence_is_one_tap(bank: Bank, client_of: ClientOf) -> None:
    wang = client_of(bank.wang)
    assert wang.get("/").context["so_far"].is_there
    wang.post("/presence/", {"there": "0"})
    assert not wang.get("/").context["so_far"].is_there
    wang.post("/presence/", {"there": "1"})
    assert Presence.objects.using("batch").get().is_present


def test_success_is_counted_of_what_had_its_time(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    he = client_of(bank.he)
    now = timezone.now()
    for number, (days_ago, after, result, waited) in enumerate(
        [(40, 10, "done", 2), (40, 31, "done", 9), (35, 3, "declined", 4), (50, None, "", 1), (5, 1, "done", 3)]
    ):
        made = now - timedelta(days=days_ago)
        Referral.objects.using("batch").create(
            branch_id=bank.south.pk, customer=bank.customer(f"66{number:08}"), need="loan", made_by_id=bank.zhao.pk,
            made_at=made, asked_until=made, accepted_by_id=bank.wang.pk, accepted_at=made + timedelta(minutes=waited),
            result=result, result_at=made + timedelta(days=after) if after else None, submission=uuid4(),
        )  # fmt: skip
    success = he.get("/referrals/").context["success"]
    assert (success.ripe, success.with_result, success.done, success.percent) == (4, 2, 1, 50)
    assert (success.made, success.answered) == (5, 4)
    assert client_of(bank.qian).get("/referrals/").context["success"].made == 0


@pytest.mark.parametrize(
    "query", ["", "?state=taken", "?state=waiting&need=loan", "?branch=1&after=x", "?state=nonsense"]
)
def test_the_lists_take_few_statements_and_bear_any_address(
    query: str, bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    client_of(bank.wang)
    call(client_of(bank.zhao), day.zhou)
    visit(client_of(bank.zhao))
    client = client_of(bank.he)
    for path in ("/referrals/", "/prospects/"):
        client.get(path + query)
        with CaptureQueriesContext(connections["default"]) as caught:
            assert client.get(path + query).status_code == 200
        assert len(caught) <= 10, [one["sql"][:80] for one in caught]


def test_prospects_are_narrowed(bank: Bank, client_of: ClientOf) -> None:
    lobby = client_of(bank.zhao)
    visit(lobby, needs=["loan"], source_layer="2")
    visit(lobby, mobile="13912340001", needs=["card"])
    for query, expected in (
        ("?need=loan", 1),
        ("?source=5", 1),
        ("?stage=new", 2),
        ("?stage=opened", 0),
        ("?manager=none", 2),
    ):
        assert lobby.get(f"/prospects/{query}").context["page"].count == expected


def test_a_colleague_is_asked_from_the_customers_page(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    wang, li = client_of(bank.wang), client_of(bank.li)
    address = f"/customers/{day.zhou.pk}/refer/colleague/"
    assert f'href="{address}"' in wang.get(f"/customers/{day.zhou.pk}/").content.decode()
    form = {"submission": str(uuid4()), "to": str(bank.li.pk), "need": "payroll", "note": "公司想代发"}
    assert wang.post(address, form | {"to": str(bank.wang.pk)}).status_code == 422
    assert wang.post(address, form)["Location"] == f"/customers/{day.zhou.pk}/"
    referral = Referral.objects.using("batch").get()
    text = li.get("/").content.decode()
    assert f'data-call="{referral.pk}"' in text
    assert f'href="/customers/{day.zhou.pk}/"' not in text
    assert li.get("/referrals/?kind=company").context["page"].count == 1
    assert li.get("/referrals/?kind=lobby").context["page"].count == 0


def test_whom_the_handover_names_is_in_the_trail(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    lobby = client_of(bank.zhao)
    call(lobby, day.zhou)
    assert day.zhou.name_mask[0] in lobby.get("/lobby/handover/").content.decode()
    entry = AuditEntry.objects.using("batch").filter(action="customer.list", detail__what="lobby handover").get()
    assert entry.detail["ids"] == [day.zhou.pk]
