"""What every page carries (context processor): navigation by role, the trust strip, the names of the tiers."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.display import Display
from crm.workbench.trust import facts_of, trust_strip
from segments.models import Tier
from segments.tiers import tiers_as_of

# Readers of 任务中心, to which the trust strip leads too.
NIGHT_READERS = frozenset({Role.ADMIN, Role.BRANCH_MANAGER, Role.AUDITOR})


@dataclass(frozen=True)
class Entry:
    """One line of the navigation; it is current on its own pages and on those that belong to it (`also`)."""

    url_name: str
    icon: str
    label: str | Promise
    roles: frozenset[str]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """An entry as this page shows it."""

    url: str
    icon: str
    label: str | Promise
    is_current: bool


NAVIGATION = (
    Entry("workbench:today", "calendar-check", gettext_lazy("Today"), frozenset(CUSTOMER_ROLES)),
    Entry("customers:list", "users", gettext_lazy("Customers"), frozenset(BALANCE_ROLES)),
    Entry("tiers:index", "stack-2", pgettext_lazy("navigation", "Tiers"), frozenset(BALANCE_ROLES | {Role.ADMIN})),
    Entry("segments:list", "users-group", gettext_lazy("Segments"), frozenset(BALANCE_ROLES | {Role.ADMIN})),
    Entry(
        "campaigns:list",
        "speakerphone",
        pgettext_lazy("short", "Campaigns"),
        frozenset(BALANCE_ROLES),
        ("campaigns:ledger",),
    ),
    Entry("workbench:alerts", "bell", gettext_lazy("Alerts"), frozenset(BALANCE_ROLES)),
    Entry("workbench:contacts", "note", gettext_lazy("Contacts"), frozenset(BALANCE_ROLES)),
    Entry("workbench:plans", "calendar-event", gettext_lazy("Plans"), frozenset(BALANCE_ROLES)),
    Entry("campaigns:retention", "pig-money", pgettext_lazy("navigation", "Retention"), frozenset(BALANCE_ROLES)),
    Entry("workbench:pool", "user-plus", pgettext_lazy("navigation", "Pool"), frozenset(BALANCE_ROLES)),
    Entry(
        "workbench:handovers", "user-share", pgettext_lazy("navigation", "Handover"), frozenset({Role.BRANCH_MANAGER})
    ),
    Entry("campaigns:prospects", "user-question", pgettext_lazy("navigation", "Prospects"), frozenset(CUSTOMER_ROLES)),
    Entry("campaigns:referrals", "user-share", pgettext_lazy("navigation", "Referrals"), frozenset(CUSTOMER_ROLES)),
    Entry("archives:complaints", "message-report", gettext_lazy("Complaints"), frozenset(CUSTOMER_ROLES)),
    Entry("archives:surveys", "star", gettext_lazy("Surveys"), frozenset(BALANCE_ROLES)),
    Entry(
        "archives:inspection_list",
        "archive",
        pgettext_lazy("navigation", "Inspections"),
        frozenset(BALANCE_ROLES),
        ("workbench:archive_quality", "archives:register", "archives:gift_list"),
    ),
    Entry("archives:quality", "activity", pgettext_lazy("navigation", "Quality"), frozenset(BALANCE_ROLES)),
    Entry("campaigns:propensity", "phone-check", pgettext_lazy("navigation", "Propensity"), NIGHT_READERS),
    Entry("exports:list", "file-export", gettext_lazy("Exports"), frozenset(BALANCE_ROLES)),
    Entry("feeds:list", "file-import", gettext_lazy("Files"), frozenset({Role.ADMIN})),
    Entry(
        "jobs:list",
        "list-check",
        pgettext_lazy("navigation", "Jobs"),
        NIGHT_READERS,
    ),
    Entry(
        "admin:index",
        "settings",
        gettext_lazy("Settings"),
        frozenset({Role.ADMIN, Role.AUDITOR}),
        ("archives:templates",),
    ),
)


def url_of(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def is_current(path: str, url: str, home: str, also: tuple[str, ...]) -> bool:
    """Is this page one of an entry's? All addresses begin with that of the home page, which is current alone."""
    begins = tuple(one for one in (url, *map(url_of, also)) if one and one != home)
    return path == home if url == home else path.startswith(begins)


def shell(request: HttpRequest) -> dict[str, object]:
    """Names for templates/base.html; the two that read the database do so when a page first uses them."""
    display = Display.of(request)
    if not isinstance(request.user, User):
        return {"display": display}
    home = reverse("workbench:today")
    links = [
        Link(url, entry.icon, entry.label, is_current(request.path, url, home, entry.also))
        for entry in NAVIGATION
        if request.user.role in entry.roles and (url := url_of(entry.url_name))
    ]
    return {
        "display": display,
        "navigation": links,
        "home_url": home,
        "reads_nights": request.user.role in NIGHT_READERS,
        "search_url": url_of("customers:search") if request.user.role in CUSTOMER_ROLES else "",
        "trust": SimpleLazyObject(lambda: trust_strip(request)),
        "tiers": SimpleLazyObject(lambda: tiers_of(request)),
    }


def tiers_of(request: HttpRequest) -> dict[int, Tier]:
    """The tiers of the primary scheme as they stand at this request."""
    return tiers_as_of(facts_of(request).tiers_stamp)
