"""A crowd with balances, a segment that has them all, and campaigns for it. Written set-based: groups need thousands."""

from datetime import UTC, date, datetime
from typing import Any

from campaigns import launching
from campaigns.models import Campaign, CampaignScript
from crm import db
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import Branch, User
from segments.models import Segment
from tests.world import Bank

AS_OF = date(2026, 2, 28)
CROWD = """
WITH made AS (
    INSERT INTO customers_customer (customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin,
        name_initials, name_bigrams, sex, id_type, id_no_mask, mobile_mask, address_mask, occupation, employer, status,
        has_payroll, has_pension, is_merchant, do_not_contact, open_date)
    SELECT %(prefix)s || n, 'person', '', %(branch)s, '客户' || n, '客*' || n, '', '', '{}', '', '', '', '', '', '', '',
           'active', false, false, false, false, '2020-01-01'
    FROM generate_series(1, %(number)s) n
    RETURNING id, branch_id, substr(customer_no, length(%(prefix)s) + 1)::int AS n
), numbers AS (
    INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                                   quarter_days, last_month_days, tier)
    SELECT id, branch_id, 10000 + (n * 37 %% 400) * 100, 10000, 0, 1, '2025-12-01', 0, 0, 0, 1 + n / 2 %% 2 FROM made
), owned AS (
    INSERT INTO customers_ownership (customer_id, branch_id, owner_id, role, since, reason)
    SELECT id, branch_id, (%(owners)s::bigint[])[1 + n %% cardinality(%(owners)s::bigint[])], 'main', '2020-01-01', ''
    FROM made
)
INSERT INTO segments_segmentmember (segment_id, customer_id, branch_id, since, cause, conditions, version)
SELECT %(segment)s, id, branch_id, '2026-01-01', 'chosen', 0, 0 FROM made
"""


def segment(bank: Bank, code: str = "spring") -> Segment:
    return Segment.objects.using("batch").create(
        code=code, kind="static", name_zh_hans="春季名单", created_by_id=bank.he.pk
    )


def crowd(
    bank: Bank, group: Segment, number: int, *, branch: Branch | None = None, owners: list[User] | None = None
) -> None:
    """Members of the segment with AUM from 10,000 to 49,900 that has stood since December, in turn of these owners."""
    place = branch or bank.south
    people = [one.pk for one in owners or [bank.wang, bank.li]]
    db.execute(
        CROWD,
        {"prefix": f"{place.code}-", "branch": place.pk, "number": number, "owners": people, "segment": group.pk},
    )


def published(day: date = AS_OF) -> None:
    """A night was published for this business date."""
    at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    JobRun.objects.using("batch").create(
        job="nightly", business_date=day, state="done", started_at=at, finished_at=at, published_at=at
    )


def campaign(bank: Bank, group: Segment, **fields: Any) -> Campaign:
    """5万达标 for March to May of the sub-branch, with a script that its author wrote."""
    values: dict[str, Any] = {
        "name": "5万达标", "kind": "qualify", "owner_branch_id": bank.sub.pk, "segment_id": group.pk,
        "starts_on": date(2026, 3, 1), "ends_on": date(2026, 5, 31),
        "baseline_from": date(2026, 2, 1), "baseline_to": date(2026, 2, 28),
        "base_from": 10_000, "base_below": 50_000, "success_amount": 50_000, "kept_amount": 50_000,
        "bands": [20_000, 30_000, 40_000], "stratify_by": ["tier", "band", "owner"], "created_by_id": bank.sun.pk,
        **fields,
    }  # fmt: skip
    one = Campaign.objects.using("batch").create(**values)
    CampaignScript.objects.using("batch").create(
        campaign_id=one.pk, number=1, text="您好", written_by_id=one.created_by_id
    )
    return one


def asked(bank: Bank, one: Campaign) -> str:
    """sun looks at the campaign and asks for it; the hash that they saw."""
    with scoped(bank.sun):
        seen = launching.look(bank.sun, one).figures_hash
        launching.ask(bank.sun, one, seen)
    return seen


def launched(bank: Bank, one: Campaign) -> Campaign:
    """The same approved by zhou and launched."""
    seen = asked(bank, one)
    with scoped(bank.zhou):
        launching.approve(bank.zhou, one, seen)
    assert launching.run(one.pk) == "running"
    return Campaign.objects.using("batch").get(pk=one.pk)
