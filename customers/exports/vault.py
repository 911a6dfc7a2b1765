"""Files of exports between making and fetching: sealed on disk with the keys of field encryption, never plain."""

import os
import time
from collections.abc import Collection
from pathlib import Path

from django.conf import settings

from crm.audit import pii

SETTLE_SECONDS = 600


class FileGone(Exception):
    """There is no such file any more, or it is damaged or another's."""


def folder() -> Path:
    path = Path(settings.CRM_HOME) / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(token: str) -> Path:
    return folder() / f"{token}.sealed"


def associated(token: str) -> bytes:
    return f"export.{token}".encode()


def put_in(token: str, content: bytes) -> None:
    """Keep a content under its token; one that an interrupted attempt left there is replaced."""
    unfinished = folder() / f"{token}.part"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(pii.seal_bytes(content, associated(token)))
    unfinished.replace(path_of(token))


def take_out(token: str) -> bytes:
    """The plain content; raises FileGone. The file stays until `discard`."""
    try:
        return pii.unseal_bytes(path_of(token).read_bytes(), associated(token))
    except (FileNotFoundError, pii.DecryptionError) as error:
        raise FileGone(str(error)) from error


def discard(token: str) -> None:
    path_of(token).unlink(missing_ok=True)


def discard_others(tokens: Collection[str]) -> None:
    """Remove every file but those of these tokens, once it is older than a worker needs to tell of it."""
    oldest = time.time() - SETTLE_SECONDS
    for path in folder().iterdir():
        if path.stem not in tokens and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
