"""The archive: what is kept of a value, what two people at once may do to each other, what a past day showed."""

import json
import os
import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archives import records
from archives.models import Archive, ArchiveField, ArchiveValue
from archives.record_forms import SectionForm
from archives.record_kinds import BadValue, Typed, read
from archives.records import Edit
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from tests.archives.saying import a_field, current, say, sent
from tests.world import Bank

ClientOf = Callable[[User], Client]
ROUNDS = int(os.environ.get("ARCHIVE_SAVES", "100"))


def test_a_value_keeps_its_source_recorder_and_day_and_every_version(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    first = say(bank.wang, customer, "pay_day", "15").written[0]
    second = say(bank.he, customer, "pay_day", "10", base=first.pk).written[0]
    rows = list(ArchiveValue.objects.using("batch").filter(customer=customer).order_by("pk"))
    assert [(one.text, one.source, one.recorder_id) for one in rows] == [
        ("15", "said", bank.wang.pk), ("10", "said", bank.he.pk),
    ]  # fmt: skip
    assert rows[0].replaced_at == rows[1].recorded_at and rows[1].replaced_at is None
    assert second.known_on == timezone.localdate() and rows[1].number == 10
    assert Archive.objects.using("batch").get(customer=customer).version == 2


def test_what_is_written_can_not_be_changed_nor_taken_away(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    say(bank.wang, customer, "pay_day", "15")
    for statement in ("UPDATE archives_archivevalue SET text = '1'", "DELETE FROM archives_archivevalue"):
        with pytest.raises(ProgrammingError), scoped(bank.wang):
            db.execute(statement, using="default")


def test_disjoint_edits_merge(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    nothing: dict[str, int | None] = {}
    assert sent(client_of(bank.wang), customer, "work", nothing, pay_day="15", business_note="").status_code == 302
    # The manager read the page before that save, and changes another box.
    answer = sent(client_of(bank.he), customer, "work", nothing, pay_day="", business_note="开两家面馆")
    assert answer.status_code == 302
    assert current(bank.he, customer) == {"pay_day": "15", "business_note": "开两家面馆"}


def test_a_clash_shows_both_and_loses_nothing(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    say(bank.wang, customer, "business_note", "开面馆")
    answer = sent(client_of(bank.he), customer, "work", {}, business_note="做茶叶", pay_day="8")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "开面馆" in page and "做茶叶" in page and "王静怡" in page
    assert current(bank.he, customer) == {"business_note": "开面馆"}
    form = page[page.index('class="panel clash"') :].partition("</form>")[0]
    data = {"source": "said"} | dict(re.findall(r'name="([bv]-\d+-0)" value="([^"]*)"', form))
    assert client_of(bank.he).post(f"/customers/{customer.pk}/archive/work/", data).status_code == 302
    assert current(bank.he, customer) == {"business_note": "做茶叶", "pay_day": "8"}  # mine is the last radio
    assert ArchiveValue.objects.using("batch").filter(customer=customer, text="开面馆").exists()


def test_an_option_that_is_offered_no_more_stays_chosen(bank: Bank, client_of: ClientOf) -> None:
    """The administrator takes options off two lists; somebody then saves the section for another box."""
    customer = bank.customer("A1", owner=bank.wang)
    values: dict[str, int | None] = {
        key: say(bank.wang, customer, key, text).written[0].pk
        for key, text in (("hobbies", "sports,tea"), ("call_time", "evening"))
    }
    for key, gone in (("hobbies", "sports"), ("call_time", "evening")):
        of = a_field(key)
        left = [one for one in of.options if one["key"] != gone]
        assert len(left) == len(of.options) - 1
        ArchiveField.objects.using("batch").filter(pk=of.pk).update(options=left)
    client = client_of(bank.wang)
    page = client.get(f"/customers/{customer.pk}/archive/").content.decode()
    assert 'value="sports" checked' in page and 'value="evening" selected' in page
    answer = sent(
        client, customer, "preferences", values, hobbies=["sports", "tea"], call_time="evening", habit="price"
    )
    assert answer.status_code == 302
    assert ArchiveValue.objects.using("batch").filter(customer=customer).count() == 3
    assert set(current(bank.wang, customer)) == {"hobbies", "call_time", "habit"}
    other = bank.customer("A2", owner=bank.wang)
    assert sent(client, other, "preferences", {}, call_time="evening").status_code == 422


def test_a_field_of_ones_own_can_be_filled(bank: Bank, client_of: ClientOf) -> None:
    """What nobody could fill, and options that no value could hold, are refused when the field is made."""
    admin, address = client_of(bank.lu), reverse("admin:archives_archivefield_add")
    about = {
        "key": "pet", "section": "preferences", "place": "100", "kind": "multi", "label_zh_hans": "宠物", "weight": "1",
        "sensitivity": "C1", "applies_to": "all", "is_active": "on",
    }  # fmt: skip

    def faults(keys: list[str], **more: str) -> set[str]:
        options = json.dumps([{"key": key, "zh_hans": key[:9]} for key in keys])
        answer = admin.post(address, about | {"options": options} | more)
        return set(answer.context["adminform"].form.errors) if answer.status_code == 200 else set()

    assert faults(["cat"], section="holdings") == {"section"}
    assert faults([], kind="system") == {"kind"}
    assert faults(["c" * 41]) == faults([f"{number:040}" for number in range(40)]) == {"options"}
    assert faults(["cat", "dog"]) == set()


def test_the_same_form_sent_twice_writes_once(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    for _time in range(2):
        answer = sent(client_of(bank.wang), customer, "work", {}, pay_day="15", income_band="to_200k")
        assert answer.status_code == 302
    assert ArchiveValue.objects.using("batch").filter(customer=customer).count() == 2


def test_two_who_each_add_a_row_add_two(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    with scoped(bank.wang):
        forms = [SectionForm("other_banks", records.active_fields(), []) for _who in range(2)]
    rows = [form.rows[-1][0].row for form in forms]
    assert rows[0] != rows[1]
    for row, name in zip(rows, ("工行", "农行"), strict=True):
        say(bank.wang, customer, "other_bank", name, row=row)
    texts = (
        ArchiveValue.objects.using("batch").filter(customer=customer, replaced_at=None).values_list("text", flat=True)
    )
    assert sorted(texts) == sorted(["工行", "农行"])


def test_a_section_of_rows_has_an_end(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    for row in range(1, records.MOST_ROWS + 1):
        say(bank.wang, customer, "other_bank", "工行", row=row)
    with pytest.raises(records.TooManyRows):
        say(bank.wang, customer, "other_bank", "农行", row=99)


def test_two_editors_save_as_fast_as_they_can_and_no_word_is_lost(bank: Bank) -> None:
    """Each appends words to one shared note, reading it afresh after a clash, and writes a box of their own.

    A hundred saves each here; a thousand each take about two minutes on two cores, which is too long for every run:
    `make chaos` has them (`ARCHIVE_SAVES=1000`).
    """
    customer = bank.customer("A1", owner=bank.wang)
    shared, own = a_field("business_note"), {bank.wang.pk: a_field("pay_day"), bank.he.pk: a_field("position")}
    faults: list[BaseException] = []
    clashes = {bank.wang.pk: 0, bank.he.pk: 0}

    def edit_all(actor: User) -> None:
        try:
            for number in range(ROUNDS):
                edit_once(actor, number)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    def edit_once(actor: User, number: int) -> None:
        word = f"{actor.pk}.{number}"
        mine = str(number % 28 + 1) if actor == bank.wang else ("owner", "staff")[number % 2]
        while True:
            with scoped(actor):
                known = {one.field_id: one for one in records.values_of(actor, customer)}
            base, of = known.get(shared.pk), own[actor.pk]
            edits = [
                Edit(shared, 0, base.pk if base else None, Typed(word), "said"),
                Edit(of, 0, known[of.pk].pk if of.pk in known else None, read(of, [mine]), "said"),
            ]
            with scoped(actor):
                saved = records.save(customer, actor, timezone.now(), edits)
            assert all(clash.edit.field == shared for clash in saved.clashes)
            if not saved.clashes:
                return
            clashes[actor.pk] += 1

    threads = [threading.Thread(target=edit_all, args=[actor]) for actor in (bank.wang, bank.he)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    rows = ArchiveValue.objects.using("batch").filter(customer=customer)
    words = list(rows.filter(field=shared).order_by("pk").values_list("text", flat=True))
    assert sorted(words) == sorted(f"{actor.pk}.{number}" for actor in (bank.wang, bank.he) for number in range(ROUNDS))
    for actor in (bank.wang, bank.he):  # in the order in which each of them wrote
        assert [word for word in words if word.startswith(f"{actor.pk}.")] == [f"{actor.pk}.{n}" for n in range(ROUNDS)]
        assert rows.filter(field=own[actor.pk]).exclude(recorder=actor).count() == 0
    assert rows.filter(replaced_at=None).count() == 3
    assert sum(clashes.values()) > 0  # they did meet


def test_a_past_day_shows_what_stood_then(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    now = timezone.now()
    old = say(bank.wang, customer, "business_note", "开面馆", at=now - timedelta(days=10)).written[0]
    say(bank.wang, customer, "business_note", "改做茶叶", base=old.pk, at=now)
    day = (timezone.localdate() - timedelta(days=5)).isoformat()
    client = client_of(bank.wang)
    page = client.get(f"/customers/{customer.pk}/archive/?as_of={day}").content.decode()
    assert "开面馆" in page and "改做茶叶" not in page and 'class="sepia"' in page
    page = client.get(f"/customers/{customer.pk}/archive/?as_of={day}&today=1").content.decode()
    assert "开面馆" in page and "改做茶叶" in page and 'class="changed"' in page
    before = (timezone.localdate() - timedelta(days=11)).isoformat()
    assert "开面馆" not in client.get(f"/customers/{customer.pk}/archive/?as_of={before}").content.decode()
    today = timezone.localdate().isoformat()
    page = client.get(f"/customers/{customer.pk}/archive/history/?from={day}&to={today}").content.decode()
    assert "<td>开面馆</td>" in page and ">改做茶叶</b>" in page


def test_any_two_versions_of_one_day_can_be_compared(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    now, base, made = timezone.now(), None, []
    for minutes, text in enumerate(("开面馆", "改做茶叶", "卖水果")):
        saved = say(bank.wang, customer, "business_note", text, base=base, at=now + timedelta(microseconds=minutes))
        base = saved.written[0].pk
        made.append(base)
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/archive/history/"
    page = client.get(f"{address}?from={made[0]}&to={made[1]}").content.decode()
    assert "<td>开面馆</td>" in page and ">改做茶叶</b>" in page and ">卖水果</b>" not in page
    page = client.get(f"{address}?from={made[2]}&to={made[0]}").content.decode()
    assert "<td>卖水果</td>" in page and ">开面馆</b>" in page
    other = say(bank.li, bank.customer("A2", owner=bank.li), "business_note", "修车").written[0].pk
    assert client.get(f"{address}?from={other}&to={made[0]}").context["first"] is None


def test_versions_are_paged(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    base = None
    for number in range(60):
        base = say(bank.wang, customer, "business_note", f"第{number}次", base=base).written[0].pk
    client = client_of(bank.wang)
    page = client.get(f"/customers/{customer.pk}/archive/history/").content.decode()
    assert "第59次" in page and "第9次" not in page
    older = re.search(r'href="\?before=(\d+)"', page)
    assert older is not None
    page = client.get(f"/customers/{customer.pk}/archive/history/?before={older[1]}").content.decode()
    assert "第9次" in page and "第0次" in page and 'href="?before=' not in page


def test_a_c2_value_is_stored_sealed_and_shown_masked_until_a_reason_is_given(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    client = client_of(bank.wang)
    assert sent(client, customer, "work", {}, income_band="to_500k").status_code == 302
    row = ArchiveValue.objects.using("batch").get(customer=customer)
    assert row.text == "" and row.keys is None and row.cipher and row.is_filled
    address = f"/customers/{customer.pk}/archive/{row.pk}/reveal/"
    label = dict(a_field("income_band").choices)["to_500k"]
    page = client.get(f"/customers/{customer.pk}/archive/").content.decode()
    assert address in page and f">{label}</b>" not in page and "****" in page
    answer = client.post(address, {"reason": "contact"}, headers={"accept-language": "zh-hans"})
    assert label in answer.content.decode()
    entry = AuditEntry.objects.using("batch").filter(action="customer.reveal").get()
    assert entry.detail["field"] == "archive income_band" and "to_500k" not in str(entry.detail)


def test_an_empty_box_leaves_a_c2_value_and_a_dash_takes_it_out(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    client = client_of(bank.wang)
    sent(client, customer, "work", {}, income_band="to_500k")
    base = ArchiveValue.objects.using("batch").get(customer=customer).pk
    sent(client, customer, "work", {"income_band": base}, income_band="")
    assert current(bank.wang, customer) == {"income_band": "****"}
    sent(client, customer, "work", {"income_band": base}, income_band="-")
    assert current(bank.wang, customer) == {}


def test_the_trail_tells_which_fields_were_written_but_no_value(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    sent(client_of(bank.wang), customer, "work", {}, income_band="to_500k", pay_day="15")
    entry = AuditEntry.objects.using("batch").filter(action="archive.write").get()
    assert entry.detail == {"fields": ["income_band", "pay_day"], "version": 1}


def test_another_branch_has_no_archive_here(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    say(bank.wang, customer, "pay_day", "15")
    for actor in (bank.li, bank.qian, bank.feng):
        client = client_of(actor)
        assert client.get(f"/customers/{customer.pk}/archive/").status_code == 404
        assert sent(client, customer, "work", {}, pay_day="1").status_code == 404
    with scoped(bank.qian):  # the floor, with the first layer gone
        assert not ArchiveValue.objects.filter(customer=customer).exists()
    assert client_of(bank.zhao).get(f"/customers/{customer.pk}/archive/").status_code == 403


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("pay_day", "15", "15"), ("other_rate", "1.95", "1.95"), ("other_maturity", "2026-11-26", "2026-11-26"),
        ("date_lunar", "08-15", "8-15"), ("hobbies", "tea,sports", "sports,tea"), ("position", "owner", "owner"),
        ("business_note", "  面馆 ", "面馆"),
    ],
)  # fmt: skip
def test_what_is_typed_is_stored_in_one_writing(database: None, key: str, typed: str, stored: str) -> None:
    assert read(a_field(key), [typed]).text == stored


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("pay_day", "x"), ("pay_day", "NaN"), ("pay_day", "1e30"), ("pay_day", "1e999999999"),
        ("pay_day", "-1e999999999"), ("pay_day", "1e-999999999"), ("other_maturity", "2026-02-30"),
        ("other_maturity", "0001-01-01"), ("date_lunar", "13-1"), ("date_lunar", "8-31"), ("position", "king"),
        ("position", "owner,staff"), ("business_note", "字" * 501), ("business_note", "面\x00馆"),
        ("business_note", "面\x1b[31m馆"),
    ],
)  # fmt: skip
def test_what_does_not_suit_the_field_is_refused(database: None, key: str, typed: str) -> None:
    with pytest.raises(BadValue):
        read(a_field(key), [typed])


def test_a_fault_brings_everything_back_that_was_typed(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    answer = sent(client_of(bank.wang), customer, "work", {}, pay_day="15日", business_note="开面馆")
    page = answer.content.decode()
    assert answer.status_code == 422 and 'value="15日"' in page and 'value="开面馆"' in page and 'role="alert"' in page
    assert not ArchiveValue.objects.using("batch").exists()


@pytest.mark.parametrize(
    "query",
    ["archive/?as_of=0001-01-01", "archive/history/?from=0001-01-01&to=9999-12-31", "archive/history/?before=²"],
)
def test_a_day_beyond_all_records_breaks_nothing(bank: Bank, client_of: ClientOf, query: str) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assert client_of(bank.wang).get(f"/customers/{customer.pk}/{query}").status_code == 200
