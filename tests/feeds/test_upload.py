"""The upload page: a file is sent, looked at and confirmed; what is refused before, and who sees what."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crm import db
from crm.audit.models import AuditEntry
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.organization import access
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import LoadState, UploadState
from customers.feeds.messages import both, spoken
from customers.feeds.uploads import SealedReader, SealedUploadHandler
from customers.models import FeedLoad, FeedUpload, NightCustomer
from customers.tasks import load_upload
from tests.feeds.delivery import CUSTOMERS
from tests.feeds.uploading import ADDRESS, BAD, DAY, GOOD, MOBILE, NAME, ClientOf, confirmed, files, page_of, send, sent
from tests.world import Bank


def refusal(answer: Any, field: str = "file") -> str:
    """What the form says of a field; nothing was kept of the file."""
    assert answer.status_code == 422
    assert not FeedUpload.objects.using("batch").exists()
    return " ".join(answer.context["form"].errors.get(field, []))


def test_a_file_is_sent_looked_at_and_loaded(client: Client, bank: Bank) -> None:
    upload = sent(client)
    assert client.get("/feeds/").content.decode().count(f"/feeds/uploads/{upload.pk}/") == 1
    page = page_of(client, upload)
    assert "UTF-8" in page
    assert f"/feeds/uploads/{upload.pk}/load/" in page
    assert not FeedLoad.objects.using("batch").exists()  # nothing before the confirmation
    client.post(f"/feeds/uploads/{upload.pk}/load/")
    assert load_upload(upload.pk) == UploadState.OVER
    load = FeedLoad.objects.using("batch").get()
    assert (load.state, load.rows_read, load.file_name) == (LoadState.ACCEPTED, 2, "eod_customers.csv")
    assert load.uploaded_by_id == bank.lu.pk
    assert NightCustomer.objects.using("batch").count() == 2
    assert files() == []
    assert "circle-check" in page_of(client, upload)
    # Above, on paper, and beside the load.
    assert client.get("/feeds/").content.decode().count(bank.lu.name) == 3
    actions = AuditEntry.objects.using("batch").filter(action__startswith="feed.").order_by("pk")
    told = list(actions.values_list("action", "actor_no"))
    assert told == [(action, bank.lu.staff_no) for action in ("feed.upload", "feed.load", "feed.accepted")]


def test_what_is_sent_lies_sealed_on_disk(client: Client) -> None:
    sent(client)
    (path,) = files()
    assert MOBILE.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_a_preview_masks(client: Client) -> None:
    page = page_of(
        client, sent(client, "\n".join(f"{line},42" for line in BAD.splitlines()).replace("date,42", "date,shoe_size"))
    )
    for value in (NAME, "海湾公司", MOBILE, ADDRESS):
        assert value not in page
    assert "139****0001" in page
    assert "shoe_size" in page


def uploaded_preview(client: Client, upload: FeedUpload) -> Any:
    client.cookies["django_language"] = "en"
    return client.get(f"/feeds/uploads/{upload.pk}/").context["preview"]


def test_counts_and_reasons_of_the_sample(client: Client) -> None:
    found = uploaded_preview(client, sent(client, BAD))
    assert (found.rows_seen, found.rows_refused, found.is_whole) == (6, 3, True)
    assert {(one.label, one.rows, one.first_line, one.is_warning) for one in found.refusals} == {
        ("open date", 1, 4, False), ("name", 1, 5, False), ("customer no", 1, 6, False),
    }  # fmt: skip
    assert [row.line for row in found.rows] == [2, 3, 4, 5, 6, 7]
    assert "birth date" in found.missing


def test_a_file_without_a_header_shows_nothing_of_its_rows(client: Client) -> None:
    upload = sent(client, GOOD.split("\n", 1)[1])
    page = page_of(client, upload)
    assert NAME not in page
    assert MOBILE not in page
    assert "/load/" not in page
    assert "/discard/" in page


def test_values_in_the_wrong_column_are_masked(client: Client) -> None:
    page = page_of(
        client, sent(client, CUSTOMERS + f"{MOBILE},单雪,{ADDRESS},,,,,\n6222021234500000012,胡一,刘,,,,,\n")
    )
    for value in (MOBILE, ADDRESS, "6222021234500000012", "刘<"):
        assert value not in page


def test_a_missing_required_column_is_named_and_cannot_be_loaded(client: Client) -> None:
    found = uploaded_preview(client, sent(client, "customer_no,name\nC1,单雪\n"))
    assert "branch_code" in found.problem
    assert "branch code" in found.missing
    assert [heading.label for heading in found.headings] == ["customer no", "name"]


def test_a_header_of_very_many_columns_is_told_off_at_once(client: Client) -> None:
    names = ",".join(f"c{number}" for number in range(50_000))
    found = uploaded_preview(client, sent(client, f"customer_no,{names}\n"))
    assert "at most 1000" in found.problem


def test_a_column_name_without_end_is_told_and_can_be_discarded(client: Client) -> None:
    upload = sent(client, f'"{"x" * 140_000}",{GOOD}')
    assert "longer than 131072 characters" in uploaded_preview(client, upload).problem
    page = page_of(client, upload)
    assert "/load/" not in page
    assert "/discard/" in page


def test_a_stored_message_is_read_in_one_language() -> None:
    stored = both("a / b 已损坏", "a / b is damaged")
    assert (spoken(stored, "zh-hans"), spoken(stored, "en")) == ("a / b 已损坏", "a / b is damaged")
    assert spoken("OperationalError", "en") == "OperationalError"


def test_gb18030_and_zip_are_read(client: Client) -> None:
    text = "客户号,姓名,机构号\nG1,龘龖,111\n".encode("gb18030")
    assert uploaded_preview(client, sent(client, text)).encoding == "GB18030"
    upload = confirmed(client, zipped({"a.csv": text}), name="客户.zip")
    assert uploaded_preview(client, sent(client, zipped({"a.csv": text}), name="x.zip")).rows_seen == 1
    assert load_upload(upload.pk) == UploadState.OVER
    assert NightCustomer.objects.using("batch").get().customer_no == "G1"


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "空"),
        ("folder", b"", "空"),
        ("customers.xlsx", b"PK\x03\x04 not text", "损坏"),
        ("customers.pHp", GOOD.encode(), "CSV"),
        ("no-suffix", GOOD.encode(), "CSV"),
        ("utf16.csv", GOOD.encode("utf-16"), "UTF-16"),
        ("nul.csv", b"customer_no,name\n\x00\n", "NUL"),
        ("cr.csv", GOOD.replace("\n", "\r").encode(), "回车符"),
        ("latin.csv", b"customer_no,name\nC1,\xff\xff\xff\n", "第2行"),
        ("bomb.zip", zipped({"a.csv": b"0" * (64 << 20)}), "压缩炸弹"),
        ("two.zip", zipped({"a.csv": b"x", "b.csv": b"y"}), "a.csv, b.csv"),
        ("damaged.zip", zipped({"a.csv": GOOD.encode() * 9})[:-30], "损坏"),
        ("hollow.zip", zipped({"a.csv": b""}), "空文件"),
    ],
)
def test_a_file_that_is_no_file_of_rows_is_refused_at_the_form(
    client: Client, name: str, content: bytes, said: str
) -> None:
    answer = send(client, content, name=name, control_rows="17")
    # The project's own words come from gettext; before they are translated they stand in English.
    translated = {"空": ("空", "empty"), "CSV": ("CSV",)}.get(said, (said,))
    assert any(word in refusal(answer) for word in translated), refusal(answer)
    assert 'value="17"' in answer.content.decode()  # what was typed is still there
    assert files() == []


def test_no_file_at_all(client: Client) -> None:
    assert refusal(send(client, file=None))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec", "nonsense"),
        ("spec", "berka_accounts"),  # needs a second file beside it
        ("as_of", "2999-01-01"),
        ("as_of", "tomorrow"),
        ("as_of", ""),
        ("control_rows", "-1"),
        ("control_rows", "many"),
        ("control_rows", "9" * 100),
        ("control_total", "9" * 100),
        ("control_total", "12.345"),
        ("control_total", "1.00"),  # customers have no amount to add up
    ],
)
def test_an_answer_that_is_wrong_is_named_and_the_file_is_kept(client: Client, field: str, value: str) -> None:
    answer = send(client, **{field: value})
    assert refusal(answer, field)
    kept = answer.context["kept"]
    assert len(files()) == 1
    upload = sent(client, file=None, kept=kept)  # the same form again, mended, without sending the file again
    assert upload.file_name == "eod_customers.csv"
    client.post(f"/feeds/uploads/{upload.pk}/load/")
    assert load_upload(upload.pk) == UploadState.OVER
    answer = send(client, file=None, kept=kept)
    assert answer.context["form"].errors["file"]  # once only


def test_a_kept_file_is_its_sender_s_alone(bank: Bank, client: Client, client_of: ClientOf) -> None:
    kept = send(client, as_of="2999-01-01").context["kept"]
    User.objects.using("batch").filter(pk=bank.wu.pk).update(role=Role.ADMIN)
    assert refusal(send(client_of(User.objects.using("batch").get(pk=bank.wu.pk)), file=None, kept=kept))
    assert refusal(send(client, file=None, kept=kept + "x"))


def test_another_file_replaces_a_kept_one(client: Client) -> None:
    kept = send(client, as_of="2999-01-01").context["kept"]
    sent(client, kept=kept)
    assert len(files()) == 1


def test_a_day_before_the_published_one_is_refused(client: Client) -> None:
    now = timezone.now()
    JobRun.objects.using("batch").create(
        job="nightly", business_date=DAY, state=RunState.PUBLISHED, started_at=now, published_at=now
    )
    said = refusal(send(client, as_of=(DAY - timedelta(days=1)).isoformat()), "as_of")
    assert "已公布" in said
    assert " / " not in said  # one language


def test_a_file_over_the_limit_is_told_so_and_nothing_is_kept(client: Client, settings: Settings) -> None:
    settings.FEED_UPLOAD_MAX_BYTES = 3 << 20
    assert "3.0" in refusal(send(client, GOOD + "x" * (4 << 20)))
    assert files() == []
    sent(client)


def test_the_disk_is_full(bank: Bank) -> None:
    """/dev/full answers every write as a full disk does."""
    handler = SealedUploadHandler()
    handler.new_file("file", "a.csv", "text/csv", None)
    assert handler.output is not None
    handler.output.close()
    with Path("/dev/full").open("wb", buffering=0) as handler.output:
        handler.receive_data_chunk(b"x" * 1000, 0)
        handler.receive_data_chunk(b"x" * 1000, 1000)
        assert handler.file_complete(2000).problem == "no_room"
    assert files() == []


def test_more_files_than_one_leave_nothing_behind(client: Client) -> None:
    client.post(
        "/feeds/upload/",
        {"spec": "eod_customers", "as_of": DAY.isoformat(), "file": SimpleUploadedFile("a.csv", GOOD.encode()),
         "other": SimpleUploadedFile("b.csv", GOOD.encode())},
    )  # fmt: skip
    assert len(files()) == 1


def test_a_request_without_its_token_leaves_nothing_behind(bank: Bank) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bank.lu, backend="crm.organization.backends.RoleBackend")
    assert send(client).status_code == 403
    assert files() == []
    client.get("/feeds/upload/")
    token = client.cookies["csrftoken"].value
    assert send(client, csrfmiddlewaretoken=token).status_code == 302


def test_other_roles_and_other_administrators(bank: Bank, client: Client, client_of: ClientOf) -> None:
    upload = sent(client)
    for user in (bank.wang, bank.he, bank.wu):
        other = client_of(user)
        assert other.get("/feeds/").status_code == 403
        assert send(other).status_code == 403
        assert other.get(f"/feeds/uploads/{upload.pk}/").status_code == 403
        assert other.post(f"/feeds/uploads/{upload.pk}/load/").status_code == 403
    User.objects.using("batch").filter(pk=bank.wu.pk).update(role=Role.ADMIN)
    second = client_of(User.objects.using("batch").get(pk=bank.wu.pk))
    for action in ("load", "discard"):
        assert second.post(f"/feeds/uploads/{upload.pk}/{action}/").status_code == 404
    assert second.get(f"/feeds/uploads/{upload.pk}/").status_code == 404
    assert f"/feeds/uploads/{upload.pk}/" not in second.get("/feeds/").content.decode()
    assert len(files()) == 1


def test_the_database_itself_keeps_an_upload_to_its_sender(bank: Bank, client: Client) -> None:
    sent(client)
    count = "SELECT count(*) FROM customers_feedupload"
    assert db.fetch_value(count, using="default") == 0
    for user, seen in ((bank.lu, 1), (bank.wu, 0), (bank.he, 0)):
        with access.scoped(user):
            assert db.fetch_value(count, using="default") == seen
    rights = db.fetch_all(
        "SELECT r AS role, t AS name, p AS right FROM unnest(ARRAY['crm_app', 'crm_hq']) r, "
        "unnest(ARRAY['customers_feedupload', 'customers_feedload', 'customers_feedreject']) t, "
        "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p WHERE has_table_privilege(r, t, p)"
    )
    assert {tuple(row.values()) for row in rights} == {
        *(("crm_app", "customers_feedupload", right) for right in ("SELECT", "INSERT", "UPDATE")),
        *((role, table, "SELECT") for role in ("crm_app", "crm_hq")
          for table in ("customers_feedload", "customers_feedreject")),
    }  # fmt: skip


def test_a_large_file_is_previewed_from_its_beginning(client: Client) -> None:
    rows = "".join(f"C{n},胡一,111,,,,,\n" for n in range(150_000))
    found = uploaded_preview(client, sent(client, CUSTOMERS + rows))
    assert not found.is_whole
    assert 10_000 < found.rows_seen < 150_000
    assert found.rows_refused == 0
    packed = uploaded_preview(client, sent(client, zipped({"a.csv": (CUSTOMERS + rows).encode()}), name="a.zip"))
    assert (packed.is_whole, packed.rows_refused) == (False, 0)


def test_an_upload_is_read_anywhere_as_it_was_sent(bank: Bank) -> None:
    handler = SealedUploadHandler()
    handler.new_file("file", "a.csv", "text/csv", None)
    parts = [bytes([number]) * (1000 + number) for number in range(1, 9)]
    for part in parts:
        handler.receive_data_chunk(part, 0)
    sealed = handler.file_complete(sum(map(len, parts)))
    whole = b"".join(parts)
    with io.BufferedReader(SealedReader(sealed.token)) as reader:
        for place in (0, 999, 1001, 5000, len(whole) - 1, len(whole), 17):
            reader.seek(place)
            assert reader.read(3000) == whole[place : place + 3000]
        reader.seek(-5, io.SEEK_END)
        assert reader.read() == whole[-5:]


def test_older_loads_come_by_page(client: Client) -> None:
    FeedLoad.objects.using("batch").bulk_create(
        FeedLoad(spec="eod_customers", as_of=DAY, file_name=f"f{number:02}.csv", state=LoadState.SUPERSEDED)
        for number in range(40)
    )
    first = client.get("/feeds/")
    assert first.content.decode().count("data-row") == 30
    rest = client.get(f"/feeds/?before={first.context['next_place']}").content.decode()
    assert rest.count("data-row") == 10
    assert client.get("/feeds/?before=x%00").status_code == 200


def test_statements_of_the_list_do_not_grow_with_loads(
    client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    load_upload(confirmed(client, BAD).pk)
    sent(client)
    client.get("/feeds/")
    with django_assert_max_num_queries(20):
        client.get("/feeds/")


def test_an_empty_file_of_each_kind_has_the_columns_that_its_rows_need(client: Client) -> None:
    for language, header in (("zh-hans", "来源编号"), ("en", "source_no")):
        client.cookies["django_language"] = language
        answer = client.get("/feeds/templates/contact_history.csv")
        text = answer.content.decode("utf-8-sig")
        assert header in text.split(",") and text.endswith("\r\n")
        # Sent back as it came, every column is recognised.
        found = uploaded_preview(client, sent(client, answer.content, spec="contact_history"))
        assert (found.missing, found.unknown) == ([], [])
    form = client.get("/feeds/upload/").content.decode()
    assert all(f"/feeds/templates/{name}.csv" in form for name in ("eod_customers", "contact_history"))
    assert client.get("/feeds/templates/nonsense.csv").status_code == 404
