"""A confirmed upload is loaded by the task as a worker runs it; and all that may go wrong on the way."""

import os
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from crm.audit.models import AuditEntry
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import UploadState
from customers.feeds import uploaded, uploads
from customers.models import FeedLoad, FeedUpload
from customers.tasks import load_upload, sweep_uploads
from tests.feeds.uploading import BAD, DAY, GOOD, confirmed, files, page_of, sent
from tests.world import Bank


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.AUDITOR}])
def test_a_right_revoked_between_queueing_and_running(client: Client, bank: Bank, change: dict[str, Any]) -> None:
    upload = confirmed(client)
    User.objects.using("batch").filter(pk=bank.lu.pk).update(**change)
    assert load_upload(upload.pk) == UploadState.REFUSED
    assert not FeedLoad.objects.using("batch").exists()
    assert files() == []
    denied = AuditEntry.objects.using("batch").get(action="feed.load_denied")
    assert (denied.actor_id, denied.object_id) == (bank.lu.pk, str(upload.pk))


def test_a_discarded_file_is_gone_and_is_not_loaded(client: Client, bank: Bank) -> None:
    upload = sent(client)
    assert client.post(f"/feeds/uploads/{upload.pk}/discard/").status_code == 302
    assert files() == []
    client.post(f"/feeds/uploads/{upload.pk}/load/")
    assert load_upload(upload.pk) == "over"
    assert not FeedLoad.objects.using("batch").exists()
    queued = confirmed(client)
    client.post(f"/feeds/uploads/{queued.pk}/discard/")
    assert load_upload(queued.pk) == "over"
    assert AuditEntry.objects.using("batch").filter(action="feed.discard").count() == 2


def test_too_late_to_discard(client: Client) -> None:
    upload = confirmed(client)
    FeedUpload.objects.using("batch").filter(pk=upload.pk).update(state=UploadState.LOADING)
    client.post(f"/feeds/uploads/{upload.pk}/discard/")
    assert len(files()) == 1
    assert load_upload(upload.pk) == UploadState.OVER


def test_a_dead_worker_s_upload_is_taken_up_again(client: Client) -> None:
    """What is left of a killed worker: the state `loading`, and no lock, since that died with its connection."""
    upload = confirmed(client)
    FeedUpload.objects.using("batch").filter(pk=upload.pk).update(state=UploadState.LOADING, percent=50, attempts=1)
    assert sweep_uploads() == 1
    assert load_upload(upload.pk) == UploadState.OVER
    assert sweep_uploads() == 0


def test_an_upload_that_kills_workers_is_given_up(client: Client) -> None:
    upload = confirmed(client)
    FeedUpload.objects.using("batch").filter(pk=upload.pk).update(
        state=UploadState.LOADING, attempts=uploaded.MAX_ATTEMPTS
    )
    assert load_upload(upload.pk) == UploadState.REFUSED
    assert files() == []
    assert not FeedLoad.objects.using("batch").exists()


def test_two_workers_do_not_load_at_once(client: Client) -> None:
    upload = confirmed(client)
    with psycopg.connect(os.environ["DATABASE_BATCH_URL"]) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"upload:{upload.pk}"])
        assert load_upload(upload.pk) == "busy"
    assert load_upload(upload.pk) == UploadState.OVER
    assert load_upload(upload.pk) == "over"
    assert FeedLoad.objects.using("batch").count() == 1


def test_the_same_file_again_changes_nothing_and_says_so(client: Client) -> None:
    load_upload(confirmed(client).pk)
    again = confirmed(client)
    assert load_upload(again.pk) == UploadState.OVER
    again.refresh_from_db(using="batch")
    assert again.message == uploaded.SAME_FILE
    assert FeedLoad.objects.using("batch").count() == 1


def test_a_night_under_way_is_waited_for(client: Client) -> None:
    upload = confirmed(client)
    run = JobRun.objects.using("batch").create(
        job="nightly", business_date=DAY, state=RunState.RUNNING, started_at=timezone.now()
    )
    for _attempt in range(uploaded.MAX_ATTEMPTS + 1):
        assert load_upload(upload.pk) == UploadState.QUEUED
    assert len(files()) == 1
    page = client.get(f"/feeds/uploads/{upload.pk}/progress/")
    assert "夜间批处理正在计算" in page.content.decode()
    JobRun.objects.using("batch").filter(pk=run.pk).delete()
    assert sweep_uploads() == 1
    assert load_upload(upload.pk) == UploadState.OVER


def test_a_file_that_stops_says_why(client: Client) -> None:
    upload = confirmed(client, control_rows="3")
    assert load_upload(upload.pk) == UploadState.REFUSED
    page = page_of(client, upload)
    assert "控制总数为3行" in page
    assert files() == []


def test_a_smaller_file_is_loaded_when_that_was_accepted(client: Client) -> None:
    load_upload(confirmed(client, GOOD + "".join(f"D{n},胡一,111,,,,,\n" for n in range(8))).pk)
    # What a day's file is compared with is that of an earlier day.
    FeedLoad.objects.using("batch").update(state="published", as_of=DAY - timedelta(days=1))
    assert load_upload(confirmed(client).pk) == UploadState.REFUSED
    assert load_upload(confirmed(client, accept_shrink="on").pk) == UploadState.OVER


def test_a_damaged_or_missing_file_ends_the_upload(client: Client) -> None:
    for is_there in (True, False):
        upload = confirmed(client)
        path = uploads.sealed_path(upload.token)
        content = path.read_bytes()
        path.unlink()
        if is_there:
            path.write_bytes(content[:-5])
        assert load_upload(upload.pk) == UploadState.REFUSED
        upload.refresh_from_db(using="batch")
        assert "重新上传" in upload.message


def test_progress_is_polled_until_the_end(client: Client) -> None:
    upload = confirmed(client)
    FeedUpload.objects.using("batch").filter(pk=upload.pk).update(state="loading", phase="comparing", percent=50)
    page = page_of(client, upload)
    assert 'value="50"' in page
    assert "every 2s" in page
    assert "X-Poll" in page
    assert f'href="/feeds/uploads/{upload.pk}/"' in page  # without JavaScript: look again
    address = f"/feeds/uploads/{upload.pk}/progress/"
    assert "HX-Refresh" not in client.get(address, headers={"X-Poll": "1"})
    load_upload(upload.pk)
    assert client.get(address)["HX-Refresh"] == "true"


def test_the_reject_file_is_downloaded_without_values_and_recorded(bank: Bank, client: Client) -> None:
    upload = confirmed(client, BAD)
    load_upload(upload.pk)
    load = FeedLoad.objects.using("batch").get()
    assert (load.rows_read, load.rows_rejected) == (6, 4)
    assert f"/feeds/loads/{load.pk}/rejects/" in page_of(client, upload)
    assert f"/feeds/loads/{load.pk}/rejects/" in client.get("/feeds/").content.decode()
    answer = client.get(f"/feeds/loads/{load.pk}/rejects/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["4", "5", "6", "7"]
    assert not any(value in text for value in ("海湾公司", "2020-02-30", "胡一", "999"))
    entry = AuditEntry.objects.using("batch").get(action="feed.rejects_download")
    assert (entry.actor_id, entry.object_id) == (bank.lu.pk, str(load.pk))
    FeedLoad.objects.using("batch").update(reject_file="")
    assert client.get(f"/feeds/loads/{load.pk}/rejects/").status_code == 404


def test_what_nobody_comes_back_to_is_removed_after_a_day(client: Client) -> None:
    old, new = sent(client), sent(client)
    long_ago = timezone.now() - timedelta(hours=25)
    FeedUpload.objects.using("batch").filter(pk=old.pk).update(uploaded_at=long_ago)
    os.utime(uploads.sealed_path(old.token), (long_ago.timestamp(), long_ago.timestamp()))
    sweep_uploads()
    states = dict(FeedUpload.objects.using("batch").values_list("pk", "state"))
    assert states == {old.pk: UploadState.DISCARDED, new.pk: UploadState.PREVIEW}
    assert files() == [uploads.sealed_path(new.token)]
