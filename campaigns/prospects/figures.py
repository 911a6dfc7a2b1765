"""转介成功率 (DOMAIN §6) of the referrals whose time is over, and how fast they were answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from campaigns.prospects import presence
from campaigns.prospects.choices import Result
from campaigns.prospects.models import Referral
from crm.organization.models import User

DAYS = 90


@dataclass(frozen=True)
class Success:
    """Referrals made in the last ninety days; `ripe` are those whose days to succeed are over.

    `answered` were taken while the first one asked had the turn. A result counts within `days` of the call.
    """

    days: int
    made: int
    answered: int
    ripe: int
    with_result: int
    done: int

    @property
    def percent(self) -> float | None:
        """With a result in time ÷ referrals, of those whose time is over."""
        return 100 * self.with_result / self.ripe if self.ripe else None

    @property
    def answered_percent(self) -> float | None:
        return 100 * self.answered / self.made if self.made else None


def success(user: User, now: datetime) -> Success:
    """Of the lobby's referrals that this user sees; withdrawn ones are no referrals any more. Two statements."""
    rule = presence.rule_on(timezone.localtime(now).date())
    within = timedelta(days=rule.success_days)
    rows: QuerySet[Any] = (
        Referral.objects.of_lobby().visible_to(user).filter(withdrawn_at=None, made_at__gte=now - timedelta(days=DAYS))
    )
    ripe = Q(made_at__lte=now - within)
    in_time = ~Q(result="") & Q(result_at__lte=F("made_at") + within)
    fast = Q(accepted_at__lte=F("made_at") + timedelta(minutes=rule.answer_minutes))
    return Success(
        days=rule.success_days,
        **rows.aggregate(
            made=Count("pk"),
            answered=Count("pk", filter=fast),
            ripe=Count("pk", filter=ripe),
            with_result=Count("pk", filter=ripe & in_time),
            done=Count("pk", filter=ripe & in_time & Q(result=Result.DONE)),
        ),
    )
