"""Which operating-system account the servers run as.

PostgreSQL refuses to run as root, and initdb needs an account that has a passwd entry, so root hands the servers to
an existing unprivileged one. A plain user simply runs them.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.embedded.messages import EmbeddedError

CANDIDATES = ("dangan", "nobody")


@dataclass(frozen=True)
class Account:
    """An unprivileged account that root switches to."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments with which `subprocess` starts a program as this account, without any further group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _from_entry(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _owner(path: Path) -> Account | None:
    try:
        return _from_entry(pwd.getpwuid(path.stat().st_uid))
    except (FileNotFoundError, KeyError):
        return None


def service_account(home: Path | None = None) -> Account | None:
    """The account of the servers, or None for a plain user, who is that account already.

    Root takes CRM_SERVICE_USER, else whoever owns the data of an earlier start, else `dangan`, else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    wanted = os.environ.get("CRM_SERVICE_USER", "")
    if not wanted and home is not None:
        owner = _owner(home / "postgres")
        if owner and owner.uid != 0:
            return owner
    for name in (wanted,) if wanted else CANDIDATES:
        try:
            account = _from_entry(pwd.getpwnam(name))
        except KeyError:
            continue
        if account.uid != 0:
            return account
    raise EmbeddedError(
        "以 root 启动需要一个非特权系统账号，请用 CRM_SERVICE_USER 指定",
        "started as root: name an existing unprivileged account in CRM_SERVICE_USER",
    )


def blocking_folder(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` (itself included) that the account may not enter, or None.

    Folders that do not exist yet do not count: they will be ours.
    """
    for folder in (*reversed(path.parents), path):
        try:
            status = folder.stat()
        except FileNotFoundError:
            return None
        except PermissionError:
            return folder
        if status.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif status.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not status.st_mode & bit:
            return folder
    return None
