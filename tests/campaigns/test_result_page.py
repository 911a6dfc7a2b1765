"""The page of a result: its figures against those worked out by hand, who sees which part, what goes into the file."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.choices import Arm, Stratifier
from campaigns.models import Campaign, CampaignCell, CampaignDay, CampaignStratum
from campaigns.uplift import Verdict
from crm.audit.models import AuditEntry
from crm.jobs.models import JobRun
from crm.organization.models import Branch, User
from tests.campaigns.driving import campaign
from tests.world import Bank

STARTS, ENDS, KEPT = date(2026, 7, 1), date(2026, 9, 30), date(2026, 12, 31)
BASELINE = (date(2026, 6, 1), date(2026, 6, 30))
LOOKS = (date(2026, 7, 31), date(2026, 8, 31), ENDS)
# Band → (qualified, members) of the campaign group, of the control group; together 434 / 2,911 and 20 / 323.
BANDS = {0: ((54, 1151), (4, 128)), 1: ((98, 822), (4, 91)), 2: ((122, 541), (5, 60)), 3: ((160, 397), (7, 44))}
ClientOf = Callable[[User], Client]


def published(day: date) -> None:
    now = timezone.now()
    JobRun.objects.using("batch").create(
        job="nightly", business_date=day, state="published", started_at=now, finished_at=now, published_at=now
    )


@pytest.fixture
def measured(bank: Bank) -> Campaign:
    """A campaign of the sub-branch: the figures of the outlet in the south at its end, and one stratum in the north."""
    of = campaign(
        bank, starts_on=STARTS, ends_on=ENDS, baseline=BASELINE, stratify_by=[Stratifier.BAND],
        bands=[20_000, 30_000, 40_000], owner_branch_id=bank.sub.pk, controls=363,
    )  # fmt: skip
    for band in (*BANDS, 4):
        CampaignStratum.objects.using("batch").create(
            campaign=of, number=band, band=min(band, 3), members=1, controls=0
        )
    for day in (STARTS, LOOKS[0], ENDS):
        cells(of, bank.south, day, BANDS if day == ENDS else {0: ((10, 2911), (1, 323))})
        cells(of, bank.north, day, {4: ((90, 360), (4, 40))})
    published(date(2026, 10, 1))
    return of


def cells(of: Campaign, branch: Branch, day: date, bands: dict[int, Any]) -> None:
    """Of every customer who qualified the assets rose by 10,000 yuan, of the others they stood."""
    totals: dict[str, list[int]] = {}
    for band, arms in bands.items():
        for arm, (qualified, members) in zip((Arm.TREAT, Arm.CONTROL), arms, strict=True):
            if day != STARTS:
                CampaignCell.objects.using("batch").create(
                    campaign=of, branch_id=branch.pk, as_of=day, stratum=band, arm=arm, members=members,
                    qualified=qualified, change=qualified * 10_000, squares=qualified * 10_000**2,
                )  # fmt: skip
            sums = totals.setdefault(arm, [0, 0])
            sums[0], sums[1] = sums[0] + members, sums[1] + qualified
    for group, (members, qualified) in totals.items():
        CampaignDay.objects.using("batch").create(
            campaign=of, branch_id=branch.pk, as_of=day, arm=group, members=members, qualified=qualified,
            change=qualified * 10_000,
        )  # fmt: skip


def page(client: Client, of: Campaign, **query: str) -> Any:
    answer = client.get(f"/campaigns/{of.pk}/result/", query)
    assert answer.status_code == 200
    return answer.context["result"]


def test_figures_are_those_worked_out_by_hand(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    seen = page(client_of(bank.he), measured)
    both = seen.found.all
    assert (both.treated_qualified, both.treated.members) == (434, 2911)
    assert (both.control_qualified, both.control.members) == (20, 323)
    # Each stratum by its share of the treated: Σ n_T·(r_T − r_C) ÷ Σ n_T.
    by_hand = sum(
        treated[0] - Decimal(treated[1]) * control[0] / control[1] for treated, control in BANDS.values()
    )  # fmt: skip
    assert abs(seen.found.net_customers.value - by_hand) < Decimal("0.000001")
    assert abs(seen.found.net_aum.value - 10_000 * by_hand) < Decimal("0.01")
    # What the campaign cost is that of all branches: only who sees them all reads it by net customer.
    assert not seen.is_whole
    whole = page(client_of(bank.sun), measured)
    assert whole.is_whole
    assert abs(whole.cost - Decimal(91_400) / (by_hand + 90 - 360 * Decimal(4) / 40)) < Decimal("0.01")
    assert (seen.verdict, seen.now.day, seen.now.is_last) == (Verdict.FINAL, ENDS, True)
    assert [one.verdict for one in seen.looks] == [Verdict.TOO_FEW, None, Verdict.FINAL]
    assert [line.label for line in seen.lines][:2] == [(Decimal(10_000), 20_000), (20_000, 30_000)]
    assert [line.found.all.treated_qualified for line in seen.lines] == [54, 98, 122, 160, 434]
    assert (seen.treated, seen.controls, seen.by) == (2911, 323, "band")
    assert [(one.qualified, one.kept) for one in seen.kept] == [(434, None), (20, None)]


def test_money_that_may_be_nothing_is_called_so(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    address, client = f"/campaigns/{measured.pk}/result/", client_of(bank.sun)
    shown = client.get(address).content.decode()
    assert 'id="cost"' in shown and 'id="money-verdict"' not in shown
    CampaignCell.objects.using("batch").filter(campaign=measured).update(squares=10**15)
    shown = client.get(address).content.decode()
    assert 'id="money-verdict"' in shown and f'id="result" data-verdict="{Verdict.FINAL}"' in shown
    assert 'id="cost"' not in client_of(bank.he).get(address).content.decode()


def test_kept_is_shown_once_it_is_known(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    for band, kept in {0: 50, 1: 90, 2: 100, 3: 144}.items():
        last = CampaignCell.objects.using("batch").filter(campaign=measured, as_of=ENDS, stratum=band)
        last.filter(arm=Arm.TREAT).update(kept=kept)
        last.filter(arm=Arm.CONTROL).update(kept=4)
    seen = page(client_of(bank.he), measured)
    assert [(one.qualified, one.kept, one.share) for one in seen.kept] == [
        (434, 384, pytest.approx(88.48, abs=0.01)), (20, 16, 80.0),
    ]  # fmt: skip
    assert seen.kept_on == KEPT


def test_each_reads_the_own_branches(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    assert page(client_of(bank.wang), measured).treated == 2911
    assert page(client_of(bank.qian), measured).treated == 360
    whole = page(client_of(bank.sun), measured, by="branch")
    assert (whole.treated, whole.by) == (3271, "branch")
    assert [line.found.all.treated.members for line in whole.lines] == [2911, 360, 3271]
    assert [line.label for line in whole.lines] == ["城南网点", "城北网点", None]
    assert page(client_of(bank.zhou), measured).treated == 3271
    # The row-level floor: without any filter of the page.
    for user in (bank.feng, bank.lu, bank.wu):
        assert client_of(user).get(f"/campaigns/{measured.pk}/result/").status_code in (403, 404)
    assert client_of(bank.zhao).get(f"/campaigns/{measured.pk}/result/").status_code == 403
    # Of single managers only their leader reads.
    Campaign.objects.using("batch").filter(pk=measured.pk).update(stratify_by=[Stratifier.BAND, Stratifier.OWNER])
    assert "owner" in page(client_of(bank.he), measured).parts
    assert "owner" not in page(client_of(bank.wang), measured, by="owner").parts


def test_nothing_net_before_the_first_look(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    CampaignCell.objects.using("batch").filter(campaign=measured).delete()
    CampaignDay.objects.using("batch").filter(campaign=measured, as_of__gt=STARTS).delete()
    JobRun.objects.using("batch").all().delete()
    published(STARTS)
    seen = page(client_of(bank.he), measured)
    assert (seen.now, seen.found, seen.verdict, seen.lines, seen.cost) == (None, None, Verdict.TOO_EARLY, [], None)
    assert "2026-07-31" in seen.reason and seen.chart is None
    Campaign.objects.using("batch").filter(pk=measured.pk).update(controls=0)
    assert page(client_of(bank.he), measured).verdict == Verdict.NO_CONTROL


def test_without_a_control_group_the_page_stands(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    CampaignCell.objects.using("batch").filter(campaign=measured, arm=Arm.CONTROL).delete()
    CampaignDay.objects.using("batch").filter(campaign=measured, arm=Arm.CONTROL).delete()
    Campaign.objects.using("batch").filter(pk=measured.pk).update(controls=0)
    answer = client_of(bank.he).get(f"/campaigns/{measured.pk}/result/")
    assert answer.status_code == 200
    assert answer.context["result"].verdict == Verdict.NO_CONTROL


def test_statements_do_not_follow_the_members(
    bank: Bank, client_of: ClientOf, measured: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(bank.sun)
    page(client, measured)
    with django_assert_max_num_queries(16):
        page(client, measured)


def test_the_file_has_the_lines_of_the_page(bank: Bank, client_of: ClientOf, measured: Campaign) -> None:
    client = client_of(bank.he)
    answer = client.post(f"/campaigns/{measured.pk}/result/file/", {"file_format": "csv", "by": "band"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert bank.he.staff_no in rows[0][0] and measured.name in rows[0][0]
    assert [row[1:5] for row in rows[2:]] == [
        *([str(t[1]), str(t[0]), str(c[1]), str(c[0])] for t, c in BANDS.values()), ["2911", "434", "323", "20"],
    ]  # fmt: skip
    assert AuditEntry.objects.using("batch").filter(action="campaign.result_export").count() == 1
    # Whom no manager has are a part, not the whole.
    Campaign.objects.using("batch").filter(pk=measured.pk).update(stratify_by=[Stratifier.OWNER])
    answer = client.post(f"/campaigns/{measured.pk}/result/file/", {"file_format": "csv", "by": "owner"})
    parts = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[2:]
    assert [row[1] for row in parts] == ["2911", "2911"]
    assert parts[0][0] != parts[1][0] == rows[-1][0]
    book = client.post(f"/campaigns/{measured.pk}/result/file/", {"file_format": "xlsx"})
    assert book.content[:2] == b"PK"
    for data in ({"file_format": "docx"}, {}):
        assert client.post(f"/campaigns/{measured.pk}/result/file/", data).status_code == 400
    assert client_of(bank.wang).post(f"/campaigns/{measured.pk}/result/file/").status_code == 403
    assert client_of(bank.feng).get(f"/campaigns/{measured.pk}/result/").status_code == 404
