"""Campaigns with members of chosen groups, without the launch: what the measurement is told by its tests."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from campaigns.choices import Arm, Basis, CampaignKind, CampaignState
from campaigns.models import Campaign, CampaignMember, CampaignStratum
from customers.models import Customer
from segments.models import Segment
from tests.world import Bank

# (customer, group, stratum, base)
Row = tuple[Customer, Arm, int, Decimal | int]


def campaign(bank: Bank, *, starts_on: date, ends_on: date, baseline: tuple[date, date], **fields: Any) -> Campaign:
    """A running campaign of the outlet in the south, without members."""
    defaults = {
        "basis": Basis.AVERAGE, "base_from": 10_000, "base_below": 50_000, "success_amount": 50_000,
        "kept_amount": 50_000, "budget": 120_000, "cost": 91_400, "owner_branch_id": bank.south.pk,
    }  # fmt: skip
    return Campaign.objects.using("batch").create(
        name="5万达标", kind=CampaignKind.QUALIFY,
        segment=Segment.objects.using("batch").earliest("pk"), starts_on=starts_on, ends_on=ends_on,
        baseline_from=baseline[0], baseline_to=baseline[1], state=CampaignState.RUNNING, created_by_id=bank.he.pk,
        asked_by_id=bank.he.pk, asked_at=timezone.now(), decided_by_id=bank.sun.pk, decided_at=timezone.now(),
        figures_hash="0" * 64, audience_hash="0" * 64, launched_at=timezone.now(), as_of=baseline[1],
        members_count=1, **{**defaults, **fields},
    )  # fmt: skip


def enlist(of: Campaign, rows: Iterable[Row], **fields: Any) -> None:
    """Members as the launch leaves them, and the strata that they make up."""
    members = [
        CampaignMember(
            campaign=of, customer_id=customer.pk, branch_id=customer.branch_id, arm=arm, stratum=stratum,
            draw=customer.pk, band=stratum, base_average=base, base_aum=base, launch_aum=base, **fields,
        )
        for customer, arm, stratum, base in rows
    ]  # fmt: skip
    CampaignMember.objects.using("batch").bulk_create(members)
    for number in sorted({one.stratum for one in members}):
        inside = [one for one in members if one.stratum == number]
        controls = sum(one.arm == Arm.CONTROL for one in inside)
        CampaignStratum.objects.using("batch").create(
            campaign=of, number=number, band=number, members=len(inside), controls=controls
        )
    controls = sum(one.arm == Arm.CONTROL for one in members)
    Campaign.objects.using("batch").filter(pk=of.pk).update(members_count=len(members), controls=controls)
