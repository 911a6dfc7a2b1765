"""Static segments: many customers join and leave at once, an audience is frozen, refusing profiling empties all."""

import hashlib
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from customers.models import Customer
from segments.membership import SegmentRefused, add_to_static, freeze, remove_from_static, set_opt_out
from segments.models import Segment, SegmentChange, SegmentMember
from tests.world import Bank


def static(bank: Bank, code: str = "spring", **fields: object) -> Segment:
    return Segment.objects.using("batch").create(
        code=code, kind="static", name_zh_hans="春季名单", created_by_id=bank.he.pk, **fields
    )


def members(segment: Segment) -> set[int]:
    return set(SegmentMember.objects.using("batch").filter(segment=segment.pk).values_list("customer_id", flat=True))


def test_many_join_and_leave_within_the_scope(bank: Bank) -> None:
    segment = static(bank)
    own = [bank.customer(f"S{number}", owner=bank.wang) for number in range(3)]
    closed = bank.customer("C1", owner=bank.wang, status="closed")
    refuses = bank.customer("R1", owner=bank.wang, profiling_opt_out=True)
    foreign = bank.customer("F1", branch=bank.far, owner=bank.feng)
    everybody = [one.pk for one in (*own, closed, refuses, foreign)]
    with scoped(bank.wang):
        chosen = Customer.objects.visible_to(bank.wang).filter(pk__in=everybody)
        assert add_to_static(segment, chosen, bank.wang) == [one.pk for one in own]
        assert add_to_static(segment, chosen, bank.wang) == []
    assert members(segment) == {one.pk for one in own}
    with scoped(bank.wang):
        first = Customer.objects.visible_to(bank.wang).filter(pk=own[0].pk)
        assert remove_from_static(segment, first, bank.wang) == [own[0].pk]
        assert remove_from_static(segment, first, bank.wang) == []
    history = SegmentChange.objects.using("batch").filter(segment=segment.pk).order_by("pk")
    assert [(one.customer_id, one.is_in, one.staff_id) for one in history] == [
        *((one.pk, True, bank.wang.pk) for one in own), (own[0].pk, False, bank.wang.pk),
    ]  # fmt: skip
    assert {one.as_of for one in history} == {timezone.localdate()}
    entry = AuditEntry.objects.using("batch").filter(action="segment.add").earliest("pk")
    assert entry.detail == {"count": 3, "ids": [one.pk for one in own]}


def test_a_segment_takes_only_customers_of_its_branches(bank: Bank) -> None:
    segment = static(bank, owner_branch_id=bank.sub.pk)
    south, far = bank.customer("S1"), bank.customer("F1", branch=bank.far)
    with scoped(bank.zhou):
        assert add_to_static(segment, Customer.objects.visible_to(bank.zhou), bank.zhou) == [south.pk]
    assert far.pk not in members(segment)


def test_who_refuses_profiling_leaves_every_segment_at_once(bank: Bank) -> None:
    one, other = static(bank), static(bank, "autumn")
    leaves, stays = bank.customer("S1", owner=bank.wang), bank.customer("S2", owner=bank.wang)
    with scoped(bank.wang):
        for segment in (one, other):
            add_to_static(segment, Customer.objects.visible_to(bank.wang), bank.wang)
        set_opt_out(leaves, bank.wang, refuses=True)
        assert set(SegmentMember.objects.values_list("customer_id", flat=True)) == {stays.pk}
        assert add_to_static(one, Customer.objects.visible_to(bank.wang), bank.wang) == []
    left = SegmentChange.objects.using("batch").filter(is_in=False)
    assert {(row.segment_id, row.customer_id, row.cause) for row in left} == {
        (segment.pk, leaves.pk, "opted_out") for segment in (one, other)
    }
    said = Customer.objects.using("batch").get(pk=leaves.pk)
    assert said.profiling_opt_out and said.profiling_opt_out_by_id == bank.wang.pk
    assert said.profiling_opt_out_at is not None
    assert timezone.now() - said.profiling_opt_out_at < timedelta(minutes=1)


def test_a_frozen_audience_keeps_its_hash(bank: Bank) -> None:
    segment = static(bank, owner_branch_id=bank.south.pk)
    ids = [bank.customer(f"S{number}", owner=bank.wang).pk for number in range(3)]
    with scoped(bank.he):
        customers = Customer.objects.visible_to(bank.he)
        with pytest.raises(SegmentRefused):
            freeze(segment, bank.he)
        add_to_static(segment, customers, bank.he)
        frozen = freeze(segment, bank.he)
        assert frozen.audience_hash == hashlib.sha256(",".join(map(str, sorted(ids))).encode()).hexdigest()
        assert frozen.audience_count == 3
        for change in (add_to_static, remove_from_static):
            with pytest.raises(SegmentRefused):
                change(segment, customers, bank.he)
        with pytest.raises(SegmentRefused):
            freeze(segment, bank.he)


def test_only_who_sees_every_member_freezes(bank: Bank) -> None:
    segment, own = static(bank), bank.customer("S1", owner=bank.wang)
    bank.customer("F1", branch=bank.far, owner=bank.feng)
    with scoped(bank.zhou):
        add_to_static(segment, Customer.objects.visible_to(bank.zhou), bank.zhou)
    for user in (bank.wang, bank.he, bank.sun):
        with pytest.raises(SegmentRefused), scoped(user):
            freeze(segment, user)
    with scoped(bank.zhou):
        assert freeze(segment, bank.zhou).audience_count == 2
    local = static(bank, "south", owner_branch_id=bank.south.pk)
    with scoped(bank.wang):
        add_to_static(local, Customer.objects.visible_to(bank.wang), bank.wang)
        assert freeze(local, bank.wang).audience_count == 1
    assert members(local) == {own.pk}


def test_the_members_of_a_rule_are_nobody_s_to_add(bank: Bank) -> None:
    by_rule = Segment.objects.using("batch").create(code="rule", kind="rule", name_zh_hans="规则")
    bank.customer("S1", owner=bank.wang)
    with scoped(bank.wang), pytest.raises(SegmentRefused):
        add_to_static(by_rule, Customer.objects.visible_to(bank.wang), bank.wang)


def test_history_cannot_be_rewritten_from_the_web(bank: Bank) -> None:
    for statement in (
        "UPDATE segments_segmentchange SET cause = 'x'", "DELETE FROM segments_segmentchange",
        "UPDATE segments_segmentmember SET since = now()", "DELETE FROM segments_segment",
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="permission denied"), scoped(bank.zhou):
            db.execute(statement, using="default")


def test_segments_of_other_branches_are_not_shown(bank: Bank) -> None:
    static(bank, "bank")
    static(bank, "south", owner_branch_id=bank.south.pk)
    static(bank, "region", owner_branch_id=bank.region.pk)
    static(bank, "far", owner_branch_id=bank.far.pk)
    seen = {
        name: set(
            Segment.objects.using("batch").filter(kind="static").visible_to(getattr(bank, name))
            .values_list("code", flat=True)
        )
        for name in ("wang", "qian", "sun", "zhou")
    }  # fmt: skip
    assert seen == {
        "wang": {"bank", "south", "region"}, "qian": {"bank", "region"}, "sun": {"bank", "south", "region"},
        "zhou": {"bank", "south", "region", "far"},
    }  # fmt: skip
