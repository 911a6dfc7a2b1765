"""The customers behind a figure of the board: the filters of the customer list, and one for each figure."""

from collections.abc import Mapping
from datetime import date, timedelta

import django_filters
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from archives.choices import REACHED, Channel
from archives.coverage import CYCLE_DAYS, TOP_CYCLE_DAYS, TOP_TIER, UPPER_TIER
from archives.models import ContactLog
from crm.organization.access import scope_of
from crm.organization.models import Branch, User
from crm.workbench import ranking
from crm.workbench.board import urgent
from crm.workbench.board_lines import NOBODY, Moments
from customers.averages import month_start
from customers.choices import HoldingStatus, Severity
from customers.filters import CustomerFilter, day_filter
from customers.models import Alert, Customer, Holding
from segments.models import TierChange, TierScheme

EFFECTIVE = Q(outcome__in=REACHED) & ~Q(channel=Channel.SMS)
# Named as in board_lines.Figures; contacts belong to who made them, plans have a list, all others to the main owner.
FIGURES = {
    "customers": _("Customers"),
    "waiting": _("Customers with an alert that waits"),
    "red": _("Customers with a red alert"),
    "untouched": _("Red alerts that nobody has touched for 24 hours"),
    "urgent": _("Red alerts that want you"),
    "due_today": _("Money that matures today"),
    "due_week": _("Money that matures within 7 days"),
    "contacts_before": _("Contacted yesterday"),
    "reached_before": _("Reached yesterday"),
    "contacts_today": _("Contacted today"),
    "reached_today": _("Reached today"),
    "contacts_month": _("Contacted this month"),
    "reached_month": _("Reached this month"),
    "uncovered": _("Upper tiers without an effective contact in their cycle"),
    "covered": _("Upper tiers with an effective contact in their cycle"),
    "up": _("Moved up in the month"),
    "down": _("Moved down in the month"),
}
OF_STAFF = frozenset(
    {"contacts_before", "reached_before", "contacts_today", "reached_today", "contacts_month", "reached_month"}
)


class BoardCustomers(CustomerFilter):
    """`figure` names what to show, `month` (2026-11-01) the month of moves."""

    figure = django_filters.ChoiceFilter(method="behind", choices=list(FIGURES.items()))
    month = day_filter(method="as_it_is")

    def __init__(self, data: Mapping[str, str], *, user: User, moments: Moments) -> None:
        self.moments = moments
        super().__init__(data, user=user, day=moments.today)

    def of_manager(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """The main owner, but for figures that belong to who made the contact."""
        if self.data.get("figure") in OF_STAFF and value.isdecimal():
            return rows
        return super().of_manager(rows, name, value)

    def as_it_is(self, rows: QuerySet[Customer], name: str, value: date) -> QuerySet[Customer]:
        return rows

    def behind(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        if value in OF_STAFF:
            return rows.filter(Exists(self.contacts(value).filter(customer=OuterRef("pk"))))
        match value:
            case "waiting" | "red" | "untouched" | "urgent":
                return rows.filter(Exists(self.alerts(value).filter(customer=OuterRef("pk"))))
            case "due_today" | "due_week":
                return rows.filter(Exists(self.maturing(value).filter(customer=OuterRef("pk"))))
            case "covered" | "uncovered":
                upper = rows.filter(metrics__tier__gte=UPPER_TIER)
                return upper.filter(self.covered() if value == "covered" else ~self.covered())
            case "up" | "down":
                return rows.filter(pk__in=self.moved(value).values("customer"))
        return rows

    def alerts(self, figure: str) -> QuerySet[Alert]:
        waiting = ranking.waiting(self.user, self.moments.today)
        if figure in ("urgent", "untouched"):
            wanted = urgent(waiting, self.moments)
            return wanted if figure == "urgent" else wanted.filter(raised_on__lte=self.moments.late_day)
        return waiting.filter(severity=Severity.RED) if figure == "red" else waiting

    def maturing(self, figure: str) -> QuerySet[Holding]:
        last = self.moments.today if figure == "due_today" else self.moments.last_due
        days = (self.moments.today, last)
        return Holding.objects.filter(status=HoldingStatus.OPEN, balance__gt=0, maturity_date__range=days)

    def contacts(self, figure: str) -> QuerySet[ContactLog]:
        """The contacts of a figure, of one member of staff where one is named."""
        staff = self.data.get("manager", "")
        logs = ContactLog.objects.visible_to(self.user).filter(replaced_at=None)
        made = logs.filter(staff_id=int(staff)) if staff.isdecimal() and len(staff) < 19 else logs
        what, _underscore, when = figure.partition("_")
        start = self.moments.start_of(self.moments.today)
        if when == "before":
            made = made.filter(contacted_at__gte=self.moments.start_of(self.moments.before), contacted_at__lt=start)
        else:
            day = self.moments.today if when == "today" else month_start(self.moments.today)
            made = made.filter(contacted_at__gte=self.moments.start_of(day))
        return made.filter(EFFECTIVE) if what == "reached" else made

    def covered(self) -> Q:
        """An effective contact within the tier's cycle, as of the last night (segments/figures/tiers.sql)."""
        morning = self.moments.start_of(self.moments.as_of + timedelta(days=1))
        reached = ContactLog.objects.filter(
            EFFECTIVE, replaced_at=None, customer=OuterRef("pk"), contacted_at__lt=morning
        )
        in_cycle, lately = (
            Exists(reached.filter(contacted_at__gte=morning - timedelta(days=days)))
            for days in (CYCLE_DAYS, TOP_CYCLE_DAYS)
        )
        return Q(in_cycle, metrics__tier__lt=TOP_TIER) | Q(lately, metrics__tier__gte=TOP_TIER)

    def moved(self, figure: str) -> QuerySet[TierChange]:
        """Moves of the month in the primary scheme, whatever version of it judged."""
        month = self.form.cleaned_data.get("month") or month_start(self.moments.as_of)
        first = month_start(month)
        of_month = TierChange.objects.visible_to(self.user).filter(
            scheme__code__in=TierScheme.objects.filter(is_primary=True).values("code"),
            as_of__gte=first,
            as_of__lt=month_start(first + timedelta(days=31)),
        )
        return of_month.filter(**{"new_rank__gt" if figure == "up" else "new_rank__lt": F("old_rank")})

    @property
    def title(self) -> str:
        """What the figure counts, in words."""
        return str(FIGURES.get(self.data.get("figure", ""), FIGURES["customers"]))

    @property
    def of(self) -> str:
        """Whose customers: the manager or the branch by name, as far as this user may know it."""
        manager, place = self.data.get("manager", ""), self.data.get("place", "") or self.data.get("branch", "")
        scope = scope_of(self.user)
        branches = Branch.objects.all()
        within = (
            branches if scope and scope.is_head_office else branches.filter(pk__in=scope.branch_ids if scope else ())
        )
        names: list[str] = []
        if place.isdecimal() and len(place) < 19:
            names += within.filter(pk=int(place)).values_list("name", flat=True)
        if manager == NOBODY:
            names.append(str(_("without a manager")))
        elif manager.isdecimal() and len(manager) < 19:
            names += User.objects.filter(pk=int(manager), branch__in=within).values_list("name", flat=True)
        return " ".join(names)
