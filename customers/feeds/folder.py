"""Files that the core bank leaves in `$CRM_FEED_FOLDER/<business date>/`: `<spec>[.-_anything].csv|.txt|.xlsx|.zip`.

What no night publishes is not taken from there: it is sent by a person, who looks at what was refused.
A file with a companion `<name>.ctl` (`rows=N,sum=AMOUNT`) must meet those totals. Files still being written carry
another suffix (`.part`) and are renamed when complete.
"""

from contextlib import suppress
from datetime import date
from pathlib import Path

import structlog
from django.conf import settings

from customers.feeds.load import load_file
from customers.feeds.spec import spec_named, spec_names
from customers.models import FeedLoad

log = structlog.get_logger()
SUFFIXES = {".csv", ".txt", ".xlsx", ".zip"}


def spec_of(path: Path) -> str | None:
    """The specification whose name the file's name begins with, the longest one that fits."""
    fits = [
        name for name in spec_names()
        if path.name.startswith(name) and not path.name[len(name) : len(name) + 1].isalnum()
        and not spec_named(name).stands_at_once
    ]  # fmt: skip
    return max(fits, key=len, default=None)


def waiting_files(as_of: date) -> list[tuple[str, Path]]:
    """Specification and path of this day's files, in the order in which they refer to each other."""
    folder = Path(settings.CRM_FEED_FOLDER) / as_of.isoformat()
    if not folder.is_dir():
        return []
    order = {name: number for number, name in enumerate(spec_names())}
    found = [
        (name, path)
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and (name := spec_of(path)) is not None
    ]
    return sorted(found, key=lambda pair: (order[pair[0]], pair[1].name))


def companion_of(path: Path) -> Path:
    """Where the control totals of a file lie, if there are any."""
    return path.with_name(path.name + ".ctl")


def delivered_at(path: Path) -> float:
    """When a file or its control totals last came, in seconds of the epoch."""
    return max(one.stat().st_mtime for one in (path, companion_of(path)) if one.exists())


def strangers(as_of: date) -> list[Path]:
    """Files of this day whose name begins with no specification's: nobody will load them."""
    folder = Path(settings.CRM_FEED_FOLDER) / as_of.isoformat()
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and spec_of(path) is None]


def delivered_dates() -> list[date]:
    """The days for which the core bank has left files, the oldest first."""
    root = Path(settings.CRM_FEED_FOLDER)
    names = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    days = []
    for name in names:
        with suppress(ValueError):
            days.append(date.fromisoformat(name))
    return sorted(day for day in days if waiting_files(day))


def control_of(path: Path) -> str | None:
    """The text of the companion file; what is wrong with it is said with the file that it belongs to."""
    companion = companion_of(path)
    return companion.read_text(encoding="utf-8-sig", errors="replace") if companion.is_file() else None


def load_waiting(as_of: date) -> list[FeedLoad]:
    """Load the files of this day; those in force already are skipped, and the first that stops ends it."""
    for path in strangers(as_of):
        log.warning("file of no known specification", file=path.name, as_of=str(as_of))
    loads = []
    for name, path in waiting_files(as_of):
        load = load_file(name, path, as_of=as_of, control=control_of(path))
        loads.append(load)
        if load.state == "stopped":
            break
    return loads
