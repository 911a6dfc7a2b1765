"""The trust strip: how fresh and how whole the data are that every page shows (DESIGN §4, one query a page)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import db
from crm.jobs.choices import RunState
from crm.workbench.templatetags.screen import count, short_day

# After its hour a night has this long before the strip says that it is late.
PATIENCE = timedelta(hours=2)


@dataclass(frozen=True)
class Trust:
    """One level (ok, warn, crit) and the facts behind it, in plain words."""

    level: str
    parts: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True)
class Facts:
    """What the ledger and the feed loads say of the newest published night, and of the newest run at all."""

    published: date | None
    published_at: datetime | None
    seconds: float
    latest: date | None
    latest_state: str
    set_aside: tuple[str, ...]
    tiers_stamp: str
    files: int
    stopped_files: int
    rejected_rows: int
    control_difference: Any


def facts(using: str = "default") -> Facts:
    """One statement over the ledger's newest rows, a fraction of a millisecond."""
    row = db.fetch_sql("crm.workbench", "trust", using)[0]
    return Facts(**{**row, "set_aside": tuple(row["set_aside"] or ()), "tiers_stamp": row["tiers_stamp"] or ""})


def facts_of(request: HttpRequest) -> Facts:
    """The facts for this request, read when a page first asks."""
    known: Facts | None = request.__dict__.get("_trust_facts")
    if known is None:
        known = request.__dict__["_trust_facts"] = facts()
    return known


def trust_strip(request: HttpRequest) -> Trust:
    """The strip as of now."""
    return judge(facts_of(request), timezone.localtime(), url_of_jobs())


def judge(known: Facts, now: datetime, url: str = "") -> Trust:
    """The level and the words: crit when the day before yesterday is not there, warn when a part is late or missing."""
    if known.published is None or known.published_at is None:
        return Trust("warn", (_("No night has been published yet."),), url)
    troubles = (*lateness(known, now), *gaps(known))
    level = "crit" if (now.date() - known.published).days > 2 else "warn" if troubles else "ok"
    parts = (
        _("Core data of %(date)s") % {"date": short_day(known.published, now.date())},
        _("published %(time)s, took %(seconds)s s")
        % {"time": timezone.localtime(known.published_at).strftime("%H:%M"), "seconds": f"{known.seconds:,.1f}"},
        *([files_part(known)] if known.files else []),
        *troubles,
    )
    return Trust(level, parts, url)


def files_part(known: Facts) -> str:
    """Accepted files and refused rows of the published day."""
    files = ngettext("%(files)d file", "%(files)d files", known.files) % {"files": known.files}
    if not known.rejected_rows:
        return files
    rows = ngettext("%(rows)s row refused", "%(rows)s rows refused", known.rejected_rows)
    return files + _(", ") + rows % {"rows": count(known.rejected_rows)}


def lateness(known: Facts, now: datetime) -> list[str]:
    """What is wrong with the newest night: late, under way, failed."""
    assert known.published is not None
    newer = known.latest is not None and known.latest > known.published
    if newer and known.latest_state == RunState.FAILED:
        return [_("the night of %(date)s failed") % {"date": short_day(known.latest, now.date())}]
    if newer and known.latest_state == RunState.RUNNING:
        return [_("the night of %(date)s is computing") % {"date": short_day(known.latest, now.date())}]
    hour, minute = map(int, settings.NIGHTLY_AT.split(":"))
    due = datetime.combine(known.published + timedelta(days=2), time(hour, minute), now.tzinfo)
    if now > due + PATIENCE:
        return [
            _("the night of %(date)s has not run")
            % {"date": short_day(known.published + timedelta(days=1), now.date())}
        ]
    return []


def gaps(known: Facts) -> list[str]:
    """What the published night lacks."""
    found = []
    if "alerts" in known.set_aside:
        found.append(_("some alerts were not computed"))
    if known.stopped_files:
        stopped = ngettext("%(files)d file was stopped", "%(files)d files were stopped", known.stopped_files)
        found.append(stopped % {"files": known.stopped_files})
    if known.control_difference:
        found.append(_("control difference %(amount)s") % {"amount": f"{known.control_difference:,.2f}"})
    return found


def url_of_jobs() -> str:
    try:
        return reverse("jobs:list")
    except NoReverseMatch:
        return ""
