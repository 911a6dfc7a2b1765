"""The life of an upload: kept, confirmed or discarded by whoever sent it, loaded by a worker.

PostgreSQL says what is to be done; a message only wakes a worker (customers.tasks). A worker holds the upload's lock
for as long as it lives, so a second message finds it busy, and a dead worker's upload is free at once.
"""

from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from crm import db
from crm.audit import trail
from crm.jobs.ledger import RunRefused
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import UploadState
from customers.feeds import uploads
from customers.feeds.load import IN_FORCE, Control, load_file
from customers.feeds.messages import FileStopped, both
from customers.feeds.uploads import SealedFile
from customers.models import FeedUpload

UPLOADS = FeedUpload.objects.using("batch")
UNDER_WAY = (UploadState.QUEUED, UploadState.LOADING)
MAX_ATTEMPTS = 3
UPLOADED, CONFIRMED, DISCARDED, DENIED = "feed.upload", "feed.load", "feed.discard", "feed.load_denied"
NIGHT_FIRST = both("夜间批处理正在计算，结束后自动装载", "the night is computing; the file is loaded when it has ended")
SAME_FILE = both("该文件当日已装载，未作任何改动", "this file is loaded for that day already; nothing was changed")
NO_RIGHT = both(
    "上传人已停用或不再是管理员，未装载", "whoever uploaded it is no administrator any more; nothing was loaded"
)
NOBODY_CAME = both("24小时内未确认，文件已删除", "not confirmed within 24 hours; the file was deleted")
WORKERS_DIED = both(
    f"装载进程{MAX_ATTEMPTS}次意外中断，未装载；请联系运维查看内存与磁盘",
    f"{MAX_ATTEMPTS} workers died while loading it; nothing was loaded: look at memory and disk",
)


def of_user(user: User) -> QuerySet[FeedUpload]:
    """The uploads that this user may see and decide upon: their own."""
    return FeedUpload.objects.filter(uploaded_by=user).select_related("load")


def keep(user: User, sealed: SealedFile, values: dict[str, Any], address: str | None) -> FeedUpload:
    """An upload that waits for confirmation."""
    upload = FeedUpload(
        token=sealed.token, file_name=sealed.name or "", size_bytes=sealed.size or 0, uploaded_by=user,
        spec=values["spec"], as_of=values["as_of"], control=values["control"], accept_shrink=values["accept_shrink"],
    )  # fmt: skip
    trail.record(user, UPLOADED, detail=facts(upload), address=address)
    upload.save()
    return upload


def facts(upload: FeedUpload) -> dict[str, Any]:
    """What the audit trail keeps of an upload."""
    return {
        "spec": upload.spec, "as_of": upload.as_of, "file": upload.file_name, "bytes": upload.size_bytes,
        "control": upload.control, "accept_shrink": upload.accept_shrink,
    }  # fmt: skip


def confirm(upload: FeedUpload, user: User, address: str | None) -> bool:
    """Have a worker load it; False when that was decided already."""
    trail.record(user, CONFIRMED, target=upload, detail=facts(upload), address=address)
    waiting = of_user(user).filter(pk=upload.pk, state=UploadState.PREVIEW)
    return bool(waiting.update(state=UploadState.QUEUED))


def throw_away(upload: FeedUpload, user: User, address: str | None) -> bool:
    """Give it up before a worker has begun; the file is gone once this is committed."""
    trail.record(user, DISCARDED, target=upload, detail=facts(upload), address=address)
    waiting = of_user(user).filter(pk=upload.pk, state__in=(UploadState.PREVIEW, UploadState.QUEUED))
    if not waiting.update(state=UploadState.DISCARDED):
        return False
    transaction.on_commit(lambda: uploads.discard(upload.token))
    return True


def load(upload_id: int) -> str:
    """Load a confirmed upload as its sender; returns what became of it in one word.

    Of two workers the second finds it `busy`; of an upload that is `over` nothing is done.
    """
    with transaction.atomic(using="audit"):
        db.stay_idle("audit")
        if not db.try_lock(f"upload:{upload_id}", using="audit"):
            return "busy"
        upload = claimed(upload_id)
        if upload is None:
            return "over"
        is_denied = not may_load(upload.uploaded_by)
        if upload.attempts > MAX_ATTEMPTS:
            finish(upload, UploadState.REFUSED, WORKERS_DIED)
        elif is_denied:
            finish(upload, UploadState.REFUSED, NO_RIGHT)
        else:
            load_claimed(upload)
    if is_denied:
        trail.record(upload.uploaded_by, DENIED, target=upload, detail=facts(upload))
    return upload.state


def claimed(upload_id: int) -> FeedUpload | None:
    """The upload as this worker's, or None when it is over or was discarded in the meantime."""
    mine = UPLOADS.filter(pk=upload_id, state__in=UNDER_WAY)
    if not mine.update(state=UploadState.LOADING, attempts=F("attempts") + 1, message=""):
        return None
    return UPLOADS.select_related("uploaded_by").get(pk=upload_id)


def may_load(user: User) -> bool:
    """The right of this moment, not of the moment of the upload (SECURITY A5)."""
    return user.is_active and user.role == Role.ADMIN


def load_claimed(upload: FeedUpload) -> None:
    """Through the same door as `manage.py feed load`.

    Without the database nothing can be noted: the upload stays as it is, and the sweep sends another worker.
    """

    def tell(phase: str, share: float) -> None:
        UPLOADS.filter(pk=upload.pk).update(phase=phase, percent=round(100 * share))

    try:
        with uploads.unsealed(upload.token) as path:
            loaded = load_file(
                upload.spec, path, as_of=upload.as_of, uploaded_by=upload.uploaded_by,
                control=Control.from_text(upload.control) if upload.control else None,
                accept_shrink=upload.accept_shrink, display_name=upload.file_name, progress=tell,
            )  # fmt: skip
    except RunRefused:
        UPLOADS.filter(pk=upload.pk).update(
            state=UploadState.QUEUED, attempts=F("attempts") - 1, message=NIGHT_FIRST, phase="", percent=0
        )
        upload.state = UploadState.QUEUED
    except FileStopped as stop:
        finish(upload, UploadState.REFUSED, str(stop))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        kind = type(error).__name__  # the error's own text may quote a row
        finish(upload, UploadState.REFUSED, both(f"装载出错，未装载：{kind}", f"loading failed, nothing kept: {kind}"))
        raise
    else:
        upload.load = loaded
        is_same = loaded.received_at < upload.uploaded_at
        is_loaded = loaded.state in IN_FORCE
        finish(upload, UploadState.OVER if is_loaded else UploadState.REFUSED, SAME_FILE if is_same else loaded.message)


def finish(upload: FeedUpload, state: UploadState, message: str) -> None:
    """It is over: said first, then the file is removed."""
    upload.state, upload.message, upload.phase = state, message, ""
    upload.save(using="batch", update_fields=["state", "message", "phase", "load"])
    uploads.discard(upload.token)


def sweep() -> list[int]:
    """Give up what nobody came back to within a day; returns the uploads that a worker must be woken for."""
    oldest = timezone.now() - timedelta(seconds=uploads.KEEP_SECONDS)
    UPLOADS.filter(state=UploadState.PREVIEW, uploaded_at__lt=oldest).update(
        state=UploadState.DISCARDED, message=NOBODY_CAME
    )
    uploads.discard_stale()
    return list(UPLOADS.filter(state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True))
