"""How often one person may look for customers: more than a busy lobby needs, too little to try out what masks hide.

Each look is an entry of the audit trail, found or not, and the entries are what is counted.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.audit.models import AuditEntry
from crm.organization.models import User

WHAT = "search"
REFUSED = "customer.search_refused"


class TooManySearches(Exception):
    """The user has used up the searches of a minute or of 24 hours; the message says what to do."""


def expect_room(user: User, address: str | None = None) -> None:
    """Raise TooManySearches, which is on record then, where the user may not search now.

    Nothing is locked: requests at the same moment may pass the bound by as many as the server serves at once.
    """
    now = timezone.now()
    of_day = AuditEntry.objects.filter(
        actor_id=user.pk, action=trail.LIST, detail__what=WHAT, at__gt=now - timedelta(days=1)
    )
    made = of_day.aggregate(day=Count("pk"), minute=Count("pk", filter=Q(at__gt=now - timedelta(minutes=1))))
    if made["day"] >= settings.SEARCHES_A_DAY:
        within, words = "day", _("You have searched too often today. Go on tomorrow, or ask your manager.")
    elif made["minute"] >= settings.SEARCHES_A_MINUTE:
        within, words = "minute", _("These were too many searches within a minute. Wait a moment, then go on.")
    else:
        return
    trail.append(chain=user.branch_id, actor=user, action=REFUSED, detail={"within": within}, address=address)
    raise TooManySearches(words)


def note(user: User, customer_ids: Sequence[int], address: str | None = None) -> None:
    """One search, with whom it found."""
    trail.listed_to(user, WHAT, customer_ids, address)
