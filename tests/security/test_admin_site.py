"""The Django admin site: administrators change reference data and leave a trail; nobody finds a customer there."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm import nightly
from crm.audit.configuration import CappedPaginator
from crm.audit.models import AuditEntry
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.models import Alert, AlertRule, Customer, Product
from segments import schemes
from segments.models import Tier, TierScheme
from tests.segments.test_at_once import Beside
from tests.world import PASSWORD, Bank, make_user

pytestmark = pytest.mark.security
Signed = Callable[[User], Client]


def trail() -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").order_by("at"))


def form_of(response: Any) -> dict[str, Any]:
    """What a browser would send back of an admin form: its fields and those of its formsets."""
    content = response.context["adminform"].form
    forms = [content, *(row for formset in response.context["inline_admin_formsets"] for row in formset.formset.forms)]
    forms += [formset.formset.management_form for formset in response.context["inline_admin_formsets"]]
    values: dict[str, Any] = {}
    for form in forms:
        for name, field in form.fields.items():
            value = form.get_initial_for_field(field, name)
            value = field.prepare_value(value) if hasattr(field, "prepare_value") else value
            if value is not None and value is not False:
                values[form.add_prefix(name)] = value
    return values


def test_no_table_of_customers_has_a_page() -> None:
    of_customers = {
        model
        for model in apps.get_models()
        if model is Customer or any(field.related_model is Customer for field in model._meta.concrete_fields)
    }
    assert {Customer, Alert} < of_customers
    assert of_customers.isdisjoint(admin.site._registry)


def test_the_settings_name_who_is_signed_in_and_lead_back_to_the_product(bank: Bank, client_of: Signed) -> None:
    for user in (bank.lu, bank.wu):
        page = client_of(user).get(reverse("admin:index")).content.decode()
        header = page.split('<header id="header">')[1].split("</header>")[0]
        assert user.name in header and user.staff_no not in header
        assert 'href="/jobs/"' in header and 'action="/logout/"' in header
        assert page.index("css/tokens.css") < page.index("css/admin.css")
        assert "theme.js" not in page  # one set of colours, as on the other pages


def test_a_change_of_a_product_is_recorded_with_old_and_new_value(bank: Bank, client_of: Signed) -> None:
    product = bank.products["WEALTH"]
    client, page = client_of(bank.lu), reverse("admin:customers_product_change", args=[product.pk])
    answer = client.post(page, {**form_of(client.get(page)), "name": "新名", "risk": "3"})
    assert answer.status_code == 302
    product.refresh_from_db()
    assert (product.name, product.risk) == ("新名", 3)
    (entry,) = trail()
    assert (entry.actor_no, entry.action, entry.object_id, entry.chain) == (
        "0002",
        "product.change",
        str(product.pk),
        0,
    )
    assert entry.detail["changes"][-1] == {"values": {"name": ["稳享理财", "新名"], "risk": ["1", "3"]}}


def test_what_cannot_be_recorded_is_not_changed(bank: Bank, client_of: Signed, monkeypatch: Any) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("the trail cannot be reached")

    client, page = client_of(bank.lu), reverse("admin:customers_product_change", args=[bank.products["WEALTH"].pk])
    form = form_of(client.get(page))
    monkeypatch.setattr("crm.audit.trail.append", fail)
    client.raise_request_exception = False
    assert client.post(page, {**form, "name": "新名"}).status_code == 500
    assert not Product.objects.filter(name="新名").exists()


def test_staff_are_added_with_a_password_that_no_entry_holds(bank: Bank, client_of: Signed) -> None:
    client, page = client_of(bank.lu), reverse("admin:organization_user_add")
    form = {
        "staff_no": "3001", "name": "新人", "role": Role.RELATIONSHIP_MANAGER, "branch": bank.south.pk, "reach": "own",
        "is_active": "on", "usable_password": "true",
        "password1": "first-password-77", "password2": "first-password-77",
    }  # fmt: skip
    answer = client.post(page, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert User.objects.get(staff_no="3001").check_password("first-password-77")
    (entry,) = trail()
    assert entry.action == "user.add" and "first-password-77" not in str(entry.detail)
    answer = Client().post("/login/", {"username": "3001", "password": "first-password-77"})
    assert answer.status_code == 302


def test_a_password_set_by_an_administrator_is_recorded(bank: Bank, client_of: Signed) -> None:
    page = reverse("admin:auth_user_password_change", args=[bank.wang.pk])
    new = "second-password-77"
    form = {"password1": new, "password2": new, "usable_password": "true", "set-password": "1"}
    answer = client_of(bank.lu).post(page, form)
    assert answer.status_code == 302
    assert User.objects.get(pk=bank.wang.pk).check_password(new)
    assert [entry.action for entry in trail()] == ["user.change"] and new not in str(trail()[0].detail)


def test_nobody_widens_the_own_rights(bank: Bank, client_of: Signed) -> None:
    client, page = client_of(bank.lu), reverse("admin:organization_user_change", args=[bank.lu.pk])
    form = {**form_of(client.get(page)), "role": Role.BRANCH_MANAGER, "branch": bank.far.pk, "name": "陆敏敏"}
    assert client.post(page, form).status_code == 302
    lu = User.objects.get(pk=bank.lu.pk)
    assert (lu.role, lu.branch_id, lu.name) == (Role.ADMIN, bank.head.pk, "陆敏敏")


def test_a_moved_branch_takes_its_subtree_along(bank: Bank, client_of: Signed) -> None:
    other = Branch.objects.get(code="200")
    client, page = client_of(bank.lu), reverse("admin:organization_branch_change", args=[bank.sub.pk])
    assert client.post(page, {**form_of(client.get(page)), "parent": other.pk}).status_code == 302
    paths = {branch.code: branch.path for branch in Branch.objects.all()}
    assert paths["110"] == f"{other.path}{bank.sub.pk}."
    assert paths["111"] == f"{other.path}{bank.sub.pk}.{bank.south.pk}."
    assert paths["112"] == f"{other.path}{bank.sub.pk}.{bank.north.pk}."
    assert client_of(bank.sun).get("/").status_code == 200


@pytest.mark.parametrize("under", ["sub", "south"])
def test_a_branch_cannot_stand_under_itself(bank: Bank, client_of: Signed, under: str) -> None:
    client, page = client_of(bank.lu), reverse("admin:organization_branch_change", args=[bank.sub.pk])
    answer = client.post(page, {**form_of(client.get(page)), "parent": getattr(bank, under).pk})
    assert answer.status_code == 200 and "parent" in answer.context["adminform"].form.errors


@pytest.mark.parametrize(
    ("branch", "change"),
    [
        ("south", {"parent": ""}),  # an outlet without a parent used to show its manager the whole bank
        ("south", {"parent": "", "level": "head_office"}),
        ("region", {"level": "head_office"}),
        ("head", {"level": "regional"}),
        ("head", {"parent": "sub"}),
    ],
)
def test_there_is_one_head_office_and_it_alone_has_no_parent(
    bank: Bank, client_of: Signed, branch: str, change: dict[str, str]
) -> None:
    place: Branch = getattr(bank, branch)
    client, page = client_of(bank.lu), reverse("admin:organization_branch_change", args=[place.pk])
    sent = {name: getattr(bank, value).pk if value == "sub" else value for name, value in change.items()}
    answer = client.post(page, {**form_of(client.get(page)), **sent})
    assert answer.status_code == 200 and answer.context["adminform"].form.errors
    again = Branch.objects.get(pk=place.pk)
    assert (again.level, again.parent_id, again.path) == (place.level, place.parent_id, place.path)


def test_a_new_branch_has_a_path(bank: Bank, client_of: Signed) -> None:
    form = {"code": "113", "name": "城东网点", "level": "outlet", "parent": bank.sub.pk, "is_active": "on"}
    assert client_of(bank.lu).post(reverse("admin:organization_branch_add"), form).status_code == 302
    branch = Branch.objects.get(code="113")
    assert branch.path == f"{bank.sub.path}{branch.pk}."


def test_an_administrator_unlocks_a_staff_number(bank: Bank, client_of: Signed) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": "1001", "password": "wrong password"})
    assert Client().post("/login/", {"username": "1001", "password": PASSWORD}).status_code == 429
    client = client_of(bank.lu)
    rows = client.get(reverse("admin:axes_accessattempt_changelist")).context["cl"].result_list
    for row in rows:
        client.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"})
    assert Client().post("/login/", {"username": "1001", "password": PASSWORD}).status_code == 302
    assert "accessattempt.delete" in [entry.action for entry in trail()]


def act(client: Client, model: str, action: str, *ids: int) -> Any:
    return client.post(reverse(f"admin:{model}_changelist"), {"action": action, "_selected_action": ids}, follow=True)


def test_a_rule_in_force_is_not_edited_but_gets_a_new_version(bank: Bank, client_of: Signed) -> None:
    client = client_of(bank.lu)
    rule = AlertRule.objects.get(kind="upgrade_critical")
    page = reverse("admin:customers_alertrule_change", args=[rule.pk])
    assert client.post(page, {"parameters": "{}"}).status_code == 403
    act(client, "customers_alertrule", "new_version", rule.pk)
    copy = AlertRule.objects.get(kind="upgrade_critical", version=2)
    assert (copy.effective_from, copy.parameters) == (timezone.localdate() + timedelta(days=1), rule.parameters)
    page = reverse("admin:customers_alertrule_change", args=[copy.pk])
    form = form_of(client.get(page))
    for bad in (
        '{"from_share": 0.8}',
        '{"from_share": 0.8, "hot_share": -1}',
        "[]",
        '{"from_share": 1, "hot_share": true}',
    ):
        answer = client.post(page, {**form, "parameters": bad})
        assert answer.status_code == 200 and "parameters" in answer.context["adminform"].form.errors
    early = client.post(page, {**form, "effective_from": timezone.localdate()})
    assert "effective_from" in early.context["adminform"].form.errors
    assert client.post(page, {**form, "parameters": '{"from_share": 0.7, "hot_share": 0.9}'}).status_code == 302
    copy.refresh_from_db()
    assert copy.parameters["from_share"] == 0.7
    assert [entry.action for entry in trail()] == ["alertrule.add", "alertrule.change"]


def test_a_scheme_in_force_gets_a_new_version_that_takes_its_place(bank: Bank, client_of: Signed) -> None:
    client = client_of(bank.lu)
    scheme = TierScheme.objects.get(is_primary=True)
    page = reverse("admin:segments_tierscheme_change", args=[scheme.pk])
    form = form_of(client.get(page))
    assert "metric" not in form
    lowest = scheme.tiers.order_by("rank")[0]
    answer = client.post(page, {**form, "metric": "quarter_average", "tiers-0-id": lowest.pk, "tiers-0-lower": "5"})
    assert answer.status_code == 302
    scheme.refresh_from_db()
    assert scheme.metric != "quarter_average" and Tier.objects.get(pk=lowest.pk).lower == 0
    act(client, "segments_tierscheme", "new_version", scheme.pk)
    copy = TierScheme.objects.get(code=scheme.code, version=scheme.version + 1)
    assert not copy.is_active and copy.tiers.count() == scheme.tiers.count()
    page = reverse("admin:segments_tierscheme_change", args=[copy.pk])
    for share in ("150", "100", "-1"):  # told when it is written, not when somebody has it simulated
        refused = client.post(page, {**form_of(client.get(page)), "keep_percent": share})
        assert "keep_percent" in refused.context["adminform"].form.errors
    assert client.post(page, {**form_of(client.get(page)), "metric": "month_average"}).status_code == 302
    # Nobody releases alone: the action is none of this page's, and a second person decides after a simulation.
    act(client, "segments_tierscheme", "activate", copy.pk)
    copy.refresh_from_db()
    assert (copy.metric, copy.is_released) == ("month_average", False)
    schemes.activate(copy)
    scheme.refresh_from_db()
    copy.refresh_from_db()
    # It waits for the night of its first day, and is fixed from now on.
    assert (copy.is_released, copy.is_active, scheme.is_active, scheme.is_primary) == (True, False, True, True)
    assert "metric" not in form_of(client.get(page))


def test_a_scheme_ends_by_a_version_that_a_second_person_releases(bank: Bank, client_of: Signed) -> None:
    client = client_of(bank.lu)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for code, day, is_taken in (("five", tomorrow, False), ("five_point", timezone.localdate(), False),
                                ("five_point", tomorrow, True)):  # fmt: skip
        scheme = TierScheme.objects.get(code=code, version=1)
        page = reverse("admin:segments_tierscheme_change", args=[scheme.pk])
        client.post(page, {**form_of(client.get(page)), "effective_to": day.isoformat()})
        scheme.refresh_from_db()
        assert scheme.effective_to is None  # what is released is nobody's to end alone
        copy = schemes.new_version(scheme, timezone.localdate())
        page = reverse("admin:segments_tierscheme_change", args=[copy.pk])
        answer = client.post(page, {**form_of(client.get(page)), "effective_to": day.isoformat()})
        assert (answer.status_code == 302) == is_taken


def test_the_scheme_that_pages_show_gets_no_last_day(bank: Bank) -> None:
    copy = schemes.new_version(TierScheme.objects.get(is_primary=True), timezone.localdate())
    copy.effective_to = copy.effective_from + timedelta(days=30)
    copy.save()
    with pytest.raises(schemes.BadVersion):
        schemes.activate(copy)


@pytest.mark.parametrize("damage", [{"rank": 2, "lower": 1}, {"rank": 1, "lower": 1}, {"rank": 3, "upper": None}])
def test_a_version_with_gaps_does_not_run(bank: Bank, damage: dict[str, Any]) -> None:
    copy = schemes.new_version(TierScheme.objects.get(is_primary=True), date(2026, 3, 10))
    assert copy.tiers.count() >= 4
    copy.tiers.filter(rank=damage.pop("rank")).update(**damage)
    with pytest.raises(schemes.BadBands):
        schemes.activate(copy)
    assert TierScheme.objects.get(is_primary=True).pk != copy.pk


@pytest.mark.parametrize("damage", [{"rank": 0}, {"rank": 9}])
def test_a_version_whose_tiers_are_not_numbered_from_one_does_not_run(bank: Bank, damage: dict[str, int]) -> None:
    """0 is who has no tier: nobody of the lowest band would have one."""
    copy = schemes.new_version(TierScheme.objects.get(code="five_point"), date(2026, 3, 10))
    copy.tiers.filter(rank=1 if not damage["rank"] else 5).update(**damage)
    with pytest.raises(schemes.BadBands):
        schemes.activate(copy)


def test_months_below_nothing_do_not_run(bank: Bank) -> None:
    copy = schemes.new_version(TierScheme.objects.get(is_primary=True), date(2026, 3, 10))
    copy.tiers.filter(rank=2).update(downgrade_after_months=-1)
    with pytest.raises(schemes.BadRules):
        schemes.activate(copy)


def test_pages_do_not_show_a_scheme_whose_period_their_gaps_do_not_know(bank: Bank) -> None:
    copy = schemes.new_version(TierScheme.objects.get(is_primary=True), date(2026, 3, 10))
    TierScheme.objects.filter(pk=copy.pk).update(metric="quarter_average")
    copy.refresh_from_db()
    with pytest.raises(schemes.BadBands):
        schemes.activate(copy)


def test_a_code_that_is_taken_gets_a_message(bank: Bank, client_of: Signed) -> None:
    client, page = client_of(bank.lu), reverse("admin:segments_tierscheme_add")
    answer = client.post(page, {**form_of(client.get(page)), "code": "five", "name_zh_hans": "x", "metric": "point",
                                "promotion": "immediate", "effective_from": "2026-03-10"})  # fmt: skip
    assert answer.status_code == 200 and "code" in answer.context["adminform"].form.errors
    other = TierScheme.objects.get(code="cmb")
    page = reverse("admin:segments_tierscheme_change", args=[other.pk])
    answer = client.post(page, {**form_of(client.get(page)), "code": "five"})
    assert answer.status_code == 200 and "code" in answer.context["adminform"].form.errors


def test_an_edit_waits_for_a_release_and_does_not_take_it_back(bank: Bank, client_of: Signed) -> None:
    copy = schemes.new_version(TierScheme.objects.get(code="five_point"), timezone.localdate())
    client, page = client_of(bank.lu), reverse("admin:segments_tierscheme_change", args=[copy.pk])
    form = form_of(client.get(page))
    with transaction.atomic():
        schemes.activate(TierScheme.objects.get(pk=copy.pk))
        edit = Beside(lambda: client.post(page, {**form, "note": "while it is released", "metric": "quarter_average"}))
        assert edit.waits()
    edit.end()
    copy.refresh_from_db()
    assert (copy.is_released, copy.metric) == (True, "point")


def test_two_new_versions_at_once_get_two_numbers(bank: Bank) -> None:
    scheme = TierScheme.objects.get(code="five_point")
    with transaction.atomic():
        first = schemes.new_version(scheme, timezone.localdate())
        other = Beside(lambda: schemes.new_version(scheme, timezone.localdate()))
        assert other.waits()
    other.end()
    versions = TierScheme.objects.filter(code="five_point").order_by("version").values_list("version", flat=True)
    assert list(versions) == [scheme.version, first.version, first.version + 1]


def test_an_administrator_chooses_what_the_next_night_shows(bank: Bank, client_of: Signed) -> None:
    point = TierScheme.objects.get(code="five_point")
    second = make_user("0009", "陆青", Role.ADMIN, bank.head, Reach.SUBTREE)
    for user, level, is_decided in (
        (bank.lu, "success", False), (bank.lu, "error", False), (second, "success", True)
    ):  # fmt: skip
        told = act(client_of(user), "segments_tierscheme", "make_primary", point.pk)
        assert [str(one.level_tag) for one in told.context["messages"]] == [level]
        point.refresh_from_db()
        assert (point.becomes_primary, point.is_primary) == (is_decided, False)
    bank.customer("A")
    nightly.open_night(timezone.localdate())
    told = act(client_of(bank.lu), "segments_tierscheme", "make_primary", point.pk)
    assert [str(one.level_tag) for one in told.context["messages"]] == ["error"]


def test_only_a_running_scheme_is_shown(bank: Bank) -> None:
    copy = schemes.new_version(TierScheme.objects.get(is_primary=True), date(2026, 3, 10))
    with pytest.raises(schemes.NotInForce):
        schemes.make_primary(copy)


def test_the_auditor_reads_the_trail_and_nothing_else(bank: Bank, client_of: Signed) -> None:
    client = client_of(bank.wu)
    client_of(bank.lu).post(reverse("admin:organization_branch_add"), {})
    page = client.get(reverse("admin:audit_auditentry_changelist"))
    assert page.status_code == 200
    assert client.get(reverse("admin:organization_user_changelist")).status_code == 403
    assert client_of(bank.lu).get(reverse("admin:audit_auditentry_changelist")).status_code == 403


def test_lists_count_no_further_than_ten_thousand(bank: Bank) -> None:
    staff = User.objects.order_by("staff_no")
    assert CappedPaginator(staff, 50).count == 10
    with CaptureQueriesContext(connection) as asked:
        assert CappedPaginator(staff, 50).num_pages == 1
    assert "LIMIT 10000" in asked[0]["sql"]


@pytest.mark.parametrize(
    "address",
    [
        "/admin/organization/user/?role__exact=%00",
        "/admin/organization/user/?q=%00",
        "/admin/customers/feedload/?spec__exact=%00",
        "/admin/customers/feedload/?state__exact=x%00",
        "/admin/jobs/jobrun/?state__exact=%00",
    ],
)
def test_a_nul_in_a_filter_is_a_bad_request(bank: Bank, client_of: Signed, address: str) -> None:
    client = client_of(bank.lu)
    client.raise_request_exception = False
    assert client.get(address).status_code == 400
    assert client.get(address.replace("%00", "")).status_code in (200, 302)


@pytest.mark.parametrize("ticked", ["x", "\0", "1\0", "", "1" * 5000])
@pytest.mark.parametrize(
    ("page", "action"),
    [
        ("admin:segments_tierscheme_changelist", "new_version"),
        ("admin:segments_tierscheme_changelist", "make_primary"),
        ("admin:customers_alertrule_changelist", "new_version"),
        ("admin:axes_accessattempt_changelist", "delete_selected"),
    ],
)
def test_a_ticked_row_that_is_no_id_is_a_bad_request(
    bank: Bank, client_of: Signed, page: str, action: str, ticked: str
) -> None:
    client = client_of(bank.lu)
    client.raise_request_exception = False
    answer = client.post(reverse(page), {"action": action, "index": "0", "_selected_action": ticked})
    assert answer.status_code == 400
    assert trail() == []
