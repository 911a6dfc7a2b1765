"""The pages of segments: scope, proposals by two people, suggestions, and figures that open their customers."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives import complaints
from archives.complaints import Registration
from crm.audit.models import AuditEntry
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from segments import refresh
from segments.membership import add_to_static, remove_from_static
from segments.models import Playbook, Segment, SegmentChange, SegmentMember, SegmentVersion
from segments.rules.parse import parse
from tests.world import Bank

ClientOf = Callable[[User], Client]
CHOSEN = ("women", "life-middle", "payroll")
WOMEN = {"all": [{"field": "sex", "op": "in", "value": ["F"]}]}


@pytest.fixture
def town(bank: Bank) -> dict[str, Any]:
    """A published day, three women and a man in two branches, judged."""
    day = timezone.localdate() - timedelta(days=1)
    JobRun.objects.using("batch").create(
        job="nightly", business_date=day, state="published", started_at=timezone.now(), finished_at=timezone.now(),
        published_at=timezone.now(), message="",
    )  # fmt: skip
    found: dict[str, Any] = {"bank": bank, "day": day}
    for name, branch, owner, sex, aum in (
        ("anna", bank.south, bank.wang, "F", 60_000), ("bea", bank.south, bank.li, "F", 20_000),
        ("carl", bank.south, bank.wang, "M", 30_000), ("dora", bank.far, bank.feng, "F", 90_000),
    ):  # fmt: skip
        customer = bank.customer(
            f"P-{name}",
            branch=branch,
            owner=owner,
            sex=sex,
            name_mask=f"记{name}",
            birth_date=day.replace(year=1990, day=1),
        )
        bank.metrics(customer, aum, tier=2)
        found[name] = customer
    found["women"] = Segment.objects.using("batch").get(code="women")
    for one in refresh.in_order():
        refresh.refresh_now(one)
    return found


def page(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.content[:500]
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("who", "members"), [("wang", 1), ("li", 1), ("he", 2), ("sun", 2), ("zhou", 3), ("feng", 1), ("qian", 0)]
)
def test_figures_are_those_of_the_reader_s_scope(
    town: dict[str, Any], client_of: ClientOf, who: str, members: int
) -> None:
    client = client_of(getattr(town["bank"], who))
    answer = client.get("/segments/")
    figures = {segment.code: figures for segment, figures, _rule in answer.context["lines"]}
    assert getattr(figures.get("women"), "members", 0) == members
    listed = client.get(f"/customers/?segment={town['women'].pk}")
    assert listed.context["page"].count == members
    shown = page(client, f"/segments/{town['women'].pk}/")
    for name in ("anna", "bea", "carl", "dora"):
        is_seen = name in listed.content.decode()
        assert (f"记{name}" in shown) == is_seen


def test_a_customer_list_of_several_segments(town: dict[str, Any], client_of: ClientOf) -> None:
    client = client_of(town["bank"].zhou)
    women, middle = town["women"].pk, Segment.objects.using("batch").get(code="life-middle").pk
    both = client.get(f"/customers/?segment={women},{middle}").context["page"]
    assert {row.customer.pk for row in both.rows} == {town[name].pk for name in ("anna", "bea", "dora")}
    assert client.get(f"/customers/?segment={middle},-{women}").context["page"].count == 1
    for odd in ("0", "x", "1,2,3,4", "--1", "1;2", "9" * 19, "-", "²"):
        assert client.get(f"/customers/?segment={odd}").context["page"].count == 0
    assert "女性客户" in page(client, f"/customers/?segment={women},-{middle}")


def test_the_overlap_counts_each_part_once(town: dict[str, Any], client_of: ClientOf) -> None:
    answer = client_of(town["bank"].zhou).get("/segments/overlap/?s=women&s=life-middle&s=payroll")
    women, middle, payroll = (Segment.objects.using("batch").get(code=code).pk for code in CHOSEN)
    parts = {part.query: (part.members, part.aum) for part in answer.context["parts"]}
    assert parts[f"{women},{middle},-{payroll}"] == (3, 170_000)
    assert parts[f"{middle},-{women},-{payroll}"] == (1, 30_000)
    assert sum(members for members, _aum in parts.values()) == 4
    for query, (members, _aum) in parts.items():
        assert client_of(town["bank"].zhou).get(f"/customers/?segment={query}").context["page"].count == members


def test_the_comparison_with_everybody(town: dict[str, Any], client_of: ClientOf) -> None:
    answer = client_of(town["bank"].zhou).get(f"/segments/{town['women'].pk}/compare/")
    average = answer.context["lines"][0]
    assert round(average.own) == 56_667
    assert round(average.all) == 50_000
    assert str(average.times) == "1.1"


def test_the_builder_counts_without_javascript(town: dict[str, Any], client_of: ClientOf) -> None:
    client, pk = client_of(town["bank"].zhou), town["women"].pk
    address = f"/segments/{pk}/rule/?join=all&b0=1&n0=0&f0=sex&o0=in&v0=F&b1=2&n1=0&f1=aum&o1=ge&v1=5"
    answer = client.get(address)
    assert answer.context["preview"].count == 2
    assert {one.pk for one in answer.context["preview"].sample} == {town["anna"].pk, town["dora"].pk}
    assert answer.context["form"].rule.as_data() == {
        "all": [{"field": "sex", "op": "in", "value": ["F"]}, {"field": "aum", "op": "ge", "value": "50000.00"}]
    }
    either = client.get(address.replace("b1=2", "b1=1")).context
    assert either["preview"].count == 3
    assert len(client.get(f"{address}&add=new").context["form"].rows) == 3
    assert len(client.get(f"{address}&drop=0").context["form"].rows) == 1
    assert not AuditEntry.objects.using("batch").filter(action="segment.propose").exists()
    assert not SegmentVersion.objects.using("batch").filter(state="draft").exists()


@pytest.mark.parametrize(
    "query",
    [
        "rule=" + "[" * 3000, "rule={}", "join=all&f0=owner__password__startswith&o0=ge&v0=x",
        "join=all&f0=age&o0=ge&v0=1;drop", "join=all&f0=sex&o0=in&v0=%27 OR 1=1", "join=x&b0=999&f0=age&o0=__gt&v0=9",
        "join=all&f0=aum&o0=ge&v0=NaN", "join=all&f0=aum&o0=ge&v0=1e99999", "version=99999999999",
        "join=all&f0=aum&o0=ge&v0=1e999999", "rule=%7B%22field%22:%22%5Cud800%22,%22op%22:%22ge%22,%22value%22:1%7D",
        "rule=%7B%22field%22:%22occupation%22,%22op%22:%22contains%22,%22value%22:%22%5Cud800%22%7D",
    ],
)  # fmt: skip
def test_a_hostile_address_gets_a_page(town: dict[str, Any], client_of: ClientOf, query: str) -> None:
    page(client_of(town["bank"].zhou), f"/segments/{town['women'].pk}/rule/?{query}")


def test_a_rule_changes_by_two_people(
    town: dict[str, Any], client_of: ClientOf, django_capture_on_commit_callbacks: Any
) -> None:
    bank, women = town["bank"], town["women"]
    author, second = client_of(bank.zhou), client_of(bank.lu)
    new = {"all": [{"field": "sex", "op": "in", "value": ["F"]}, {"field": "aum", "op": "lt", "value": "80000.00"}]}
    address = f"/segments/{women.pk}/rule/"
    assert author.post(address, {"rule": json.dumps(new), "note": "只看八万以下"}).status_code == 302
    draft = SegmentVersion.objects.using("batch").get(segment=women.pk, state="draft")
    ran = {key: draft.dry_run[key] for key in ("members", "joining", "leaving", "aum")}
    assert ran == {"members": 2, "joining": 0, "leaving": 1, "aum": "80000.00"}
    decide = f"/segments/{women.pk}/versions/{draft.number}/"
    author.post(decide, {"do": "approve"})
    draft.refresh_from_db(using="batch")
    assert draft.state == "draft"  # not by the author
    for stranger in (bank.he, bank.sun):
        client_of(stranger).post(decide, {"do": "approve"})
    draft.refresh_from_db(using="batch")
    assert draft.state == "draft"  # nor by who leads only a part of the bank
    assert "只看八万以下" in page(second, "/segments/")
    second.post(decide, {"do": "approve"})
    draft.refresh_from_db(using="batch")
    assert (draft.state, draft.decided_by_id) == ("in_force", bank.lu.pk)
    women.refresh_from_db(using="batch")
    assert (women.version, women.rule) == (draft.number, new)
    refresh.refresh_now(women)
    members = set(SegmentMember.objects.using("batch").filter(segment=women.pk).values_list("customer_id", flat=True))
    assert len(members) == ran["members"]
    assert town["dora"].pk not in members
    # The first rule comes back the same way.
    form = author.get(f"{address}?version=1").context["form"]
    first = SegmentVersion.objects.using("batch").get(segment=women.pk, number=1)
    assert first.state == "replaced"
    assert form.rule.as_data() == first.rule
    actions = AuditEntry.objects.using("batch").filter(action__startswith="segment.").values_list("action", flat=True)
    assert {"segment.propose", "segment.approve"} <= set(actions)


def test_every_shipped_rule_is_shown_counted_and_proposed(town: dict[str, Any], client_of: ClientOf) -> None:
    client = client_of(town["bank"].zhou)
    for segment in Segment.objects.using("batch").exclude(preset=""):
        address = f"/segments/{segment.pk}/rule/"
        found = client.get(address).context
        assert found["form"].blocks and not found["form"].text, segment.code
        assert found["form"].rule.as_data() == segment.rule, segment.code
        assert client.post(address, {"rule": found["form"].json}).status_code == 302, segment.code
        ran = SegmentVersion.objects.using("batch").get(segment=segment, state="draft").dry_run
        members = SegmentMember.objects.using("batch").filter(segment=segment).count()
        assert (ran["members"], ran["joining"], ran["leaving"]) == (members, 0, 0), segment.code
        assert found["preview"].count == members, segment.code


def test_refusing_and_taking_back_leave_the_rule(town: dict[str, Any], client_of: ClientOf) -> None:
    bank, women = town["bank"], town["women"]
    before = women.rule
    for who, do, state in ((bank.lu, "refuse", "refused"), (bank.zhou, "withdraw", "withdrawn")):
        client_of(bank.zhou).post(f"/segments/{women.pk}/rule/", {"rule": json.dumps(WOMEN)})
        draft = SegmentVersion.objects.using("batch").get(segment=women.pk, state="draft")
        client_of(who).post(f"/segments/{women.pk}/versions/{draft.number}/", {"do": do})
        draft.refresh_from_db(using="batch")
        assert draft.state == state
    women.refresh_from_db(using="batch")
    assert (women.version, women.rule) == (1, before)


def test_a_rule_of_one_s_own_branch(town: dict[str, Any], client_of: ClientOf) -> None:
    bank = town["bank"]
    client = client_of(bank.he)
    made = client.post("/segments/new/", {"name_zh_hans": "城南女士", "kind": "rule"})
    segment = Segment.objects.using("batch").get(name_zh_hans="城南女士")
    assert made["Location"] == f"/segments/{segment.pk}/rule/"
    assert segment.owner_branch_id == bank.south.pk
    client.post(f"/segments/{segment.pk}/rule/", {"rule": json.dumps(WOMEN)})
    assert client_of(bank.qian).get(f"/segments/{segment.pk}/").status_code == 404
    assert client_of(bank.sun).post(f"/segments/{segment.pk}/versions/1/", {"do": "approve"}).status_code == 302
    segment.refresh_from_db(using="batch")
    refresh.refresh_now(segment)
    members = SegmentMember.objects.using("batch").filter(segment=segment.pk).values_list("customer_id", flat=True)
    assert set(members) == {town["anna"].pk, town["bea"].pk}
    assert client_of(bank.wang).post("/segments/new/", {"name_zh_hans": "规则", "kind": "rule"}).status_code == 200
    assert client_of(bank.wang).post("/segments/new/", {"name_zh_hans": "名单", "kind": "static"}).status_code == 302


def test_the_customer_page_shows_segments_and_suggestions(town: dict[str, Any], client_of: ClientOf) -> None:
    bank, anna = town["bank"], town["anna"]
    risky = bank.products["WEALTH"]
    risky.risk = 3
    risky.save(using="batch")
    Product = type(risky)
    for code, kind in (("INS", "insurance"), ("FUND", "fund"), ("GOLD", "metal"), ("BOND", "treasury")):
        Product.objects.using("batch").create(code=code, name=f"产品{code}", product_class=kind, risk=1)
    bank.holding(anna, 10, product="TIME1Y")
    client = client_of(bank.wang)
    answer = client.get(f"/customers/{anna.pk}/")
    groups = answer.context["page"].groups
    assert {one.segment.code for one in groups.memberships} >= {"women", "life-middle"}
    suggested = [one.product.code for one in groups.suggestions]
    assert suggested == ["INS", "FUND", "GOLD"]  # not WEALTH: above the lowest risk; no more than three
    script = Playbook.objects.using("batch").get(segment__code="women", language="zh-hans").script
    assert script in answer.content.decode()
    with scoped(bank.he):
        told = Registration("lobby", timezone.localdate(), "waiting", "排队两小时", bank.he)
        complaints.register(Customer.objects.get(pk=anna.pk), bank.he, told, uuid4())
    waits = client.get(f"/customers/{anna.pk}/")
    assert waits.context["page"].groups.memberships and not waits.context["page"].groups.suggestions
    assert 'data-why="complaint"' in waits.content.decode()
    assert client.post(f"/segments/customers/{anna.pk}/profiling/", {"refuses": "1"}).status_code == 302
    assert not SegmentMember.objects.using("batch").filter(customer=anna).exists()
    after = client.get(f"/customers/{anna.pk}/")
    assert not after.context["page"].groups.memberships
    assert not after.context["page"].groups.suggestions
    assert client.get(f"/customers/?segment={town['women'].pk}").context["page"].count == 0
    assert client_of(bank.li).post(f"/segments/customers/{anna.pk}/profiling/", {"refuses": "0"}).status_code == 404
    Customer.objects.using("batch").get(pk=anna.pk, profiling_opt_out=True)


def test_a_playbook_is_edited_by_who_leads(town: dict[str, Any], client_of: ClientOf) -> None:
    bank, women = town["bank"], town["women"]
    address = f"/segments/{women.pk}/playbook/"
    assert client_of(bank.he).get(address).status_code == 404
    fields = {
        "language": "en", "needs": "a", "operation": "b", "acquisition": "c", "script": "Good morning",
        "name_zh_hans": "女性", "name_en": "Ladies", "product_0": "fund", "product_1": "", "product_2": "insurance",
    }  # fmt: skip
    assert client_of(bank.lu).post(address, {**fields, "script": "x" * 1001}).status_code == 200
    assert client_of(bank.lu).post(address, {**fields, "product_0": "none"}).status_code == 200
    women.refresh_from_db(using="batch")
    assert women.name_en != "Ladies"
    assert client_of(bank.lu).post(address, fields).status_code == 302
    assert Playbook.objects.using("batch").get(segment=women.pk, language="en").script == "Good morning"
    women.refresh_from_db(using="batch")
    assert (women.name_zh_hans, women.name_en, women.products) == ("女性", "Ladies", ["fund", "insurance"])
    entry = AuditEntry.objects.using("batch").get(action="segment.edit")
    assert entry.detail["before"]["name"] == "女性客户" and entry.detail["products"] == ["fund", "insurance"]
    with_initial = client_of(bank.lu).get(address).context["about"]
    assert [with_initial[f"product_{number}"].value() for number in range(3)] == ["fund", "insurance", ""]


def test_a_list_filled_today_shows_and_opens_its_members(town: dict[str, Any], client_of: ClientOf) -> None:
    bank = town["bank"]
    segment = Segment.objects.using("batch").create(
        code="today", kind="static", name_zh_hans="今日", owner_branch_id=bank.south.pk
    )
    with scoped(bank.he):
        add_to_static(segment, Customer.objects.visible_to(bank.he), bank.he)
    for who, members, aum in ((bank.he, 3, 110_000), (bank.wang, 2, 90_000), (bank.zhou, 3, 110_000)):
        answer = client_of(who).get(f"/segments/{segment.pk}/")
        assert (answer.context["figures"].members, answer.context["figures"].aum) == (members, aum)
        listed = client_of(who).get(f"/customers/?segment={segment.pk}").context["page"].count
        assert listed == members
        assert f"/customers/?segment={segment.pk}" in answer.content.decode()
    assert f"/segments/{segment.pk}/freeze/" in page(client_of(bank.he), f"/segments/{segment.pk}/")
    with scoped(bank.he):
        remove_from_static(segment, Customer.objects.visible_to(bank.he), bank.he)
    shown = page(client_of(bank.he), f"/segments/{segment.pk}/")
    assert f"/segments/{segment.pk}/freeze/" not in shown


def test_segments_of_other_branches_are_not_offered(town: dict[str, Any], client_of: ClientOf) -> None:
    bank = town["bank"]
    for code, branch in (("secret", bank.far), ("own", bank.south)):
        Segment.objects.using("batch").create(
            code=code, kind="static", name_zh_hans=f"名单{code}", owner_branch_id=branch.pk
        )
    made = client_of(bank.he).post("/segments/new/", {"name_zh_hans": "城南女士", "kind": "rule"})
    address, client = made["Location"], client_of(bank.he)
    shown = page(client, f"{address}?join=all&f0=segment&o0=in&b0=1&v0=own")
    assert "名单own" in shown and "名单secret" not in shown
    asked = client.get(f"{address}?join=all&f0=segment&o0=in&b0=1&v0=secret")
    assert asked.context["form"].rule is None and "名单secret" not in asked.content.decode()
    rule = {"field": "segment", "op": "in", "value": ["secret"]}
    assert client.post(address, {"rule": json.dumps(rule)}).status_code == 200
    assert not SegmentVersion.objects.using("batch").filter(segment__name_zh_hans="城南女士").exists()
    parse(rule)  # the night reads what is in force


def test_a_long_form_is_counted_by_post(town: dict[str, Any], client_of: ClientOf) -> None:
    client, address = client_of(town["bank"].zhou), f"/segments/{town['women'].pk}/rule/"
    asked = {"join": "any", "count": "1"}
    for number in range(12):
        asked |= {
            f"f{number}": "occupation", f"o{number}": "contains", f"b{number}": str(number + 1),
            f"v{number}": " ".join(f"职业{word}号" for word in range(20)),
        }  # fmt: skip
    answer = client.post(address, {**asked, "add": "new"})
    form = answer.context["form"]
    assert form.is_long and len(form.rows) == 13 and answer.context["preview"].count == 0
    assert 'method="post"' in answer.content.decode() and 'name="count"' in answer.content.decode()
    assert not SegmentVersion.objects.using("batch").filter(state="draft").exists()
    assert not client.get(address).context["form"].is_long


def test_a_note_too_long_is_told(town: dict[str, Any], client_of: ClientOf) -> None:
    client, address = client_of(town["bank"].zhou), f"/segments/{town['women'].pk}/rule/"
    answer = client.post(address, {"rule": json.dumps(WOMEN), "note": "长" * 201})
    assert answer.status_code == 200
    assert answer.context["note_form"].errors["note"]
    assert "长" * 201 in answer.content.decode()
    assert not SegmentVersion.objects.using("batch").filter(state="draft").exists()


def test_a_segment_sent_twice_is_one(town: dict[str, Any], client_of: ClientOf) -> None:
    client = client_of(town["bank"].wang)
    submission = client.get("/segments/new/").context["form"]["submission"].value()
    fields = {"name_zh_hans": "名单", "kind": "static", "submission": str(submission)}
    assert client.post("/segments/new/", fields)["Location"] == client.post("/segments/new/", fields)["Location"]
    assert Segment.objects.using("batch").filter(name_zh_hans="名单").count() == 1
    client_of(town["bank"].li).post("/segments/new/", fields)
    assert Segment.objects.using("batch").filter(name_zh_hans="名单").count() == 2


def test_reasons_are_read_without_pointing(town: dict[str, Any], client_of: ClientOf) -> None:
    answer = client_of(town["bank"].zhou).get(f"/segments/{town['women'].pk}/")
    reasons = [reason for one in answer.context["told"] for reason in one.came]
    assert [reason.number for reason in reasons] == [3]
    assert f"+3 {reasons[0].text}" in answer.content.decode()
    source = "五大客群营销课件"
    assert source in answer.content.decode()
    assert source not in page(
        client_of(town["bank"].zhou), f"/segments/{town['women'].pk}/", **{"Accept-Language": "en"}
    )


def test_a_withdrawn_segment_is_off_the_list(town: dict[str, Any], client_of: ClientOf) -> None:
    bank, women = town["bank"], town["women"]
    assert client_of(bank.he).post(f"/segments/{women.pk}/active/", {"active": "0"}).status_code == 302
    women.refresh_from_db(using="batch")
    assert women.is_active
    client_of(bank.zhou).post(f"/segments/{women.pk}/active/", {"active": "0"})
    refresh.refresh_now(women)
    assert not SegmentMember.objects.using("batch").filter(segment=women.pk).exists()
    assert SegmentChange.objects.using("batch").filter(segment=women.pk, cause="withdrawn").count() == 3
    assert "女性客户" not in page(client_of(bank.zhou), "/segments/")
    assert "女性客户" in page(client_of(bank.zhou), "/segments/?withdrawn=1")


@pytest.mark.parametrize("who", ["wang", "he", "zhou"])
def test_pages_ask_few_statements(town: dict[str, Any], client_of: ClientOf, who: str) -> None:
    client, pk = client_of(getattr(town["bank"], who)), town["women"].pk
    page(client, "/segments/")
    most = {"/segments/": 10, f"/segments/{pk}/": 15, "/segments/overlap/?s=women&s=senior": 8}
    for address, number in most.items():
        with CaptureQueriesContext(connections["default"]) as queries:
            page(client, address)
        told = [query["sql"][:150] for query in queries if not query["sql"].startswith(("SET", "SELECT set_config"))]
        assert len(told) <= number, told
