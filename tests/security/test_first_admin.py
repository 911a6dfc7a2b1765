"""An empty bank gets its head office and first administrator by one command, once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from crm.audit.models import AuditEntry
from crm.organization.choices import Role
from crm.organization.models import Branch, User

pytestmark = pytest.mark.usefixtures("database")


def first_admin() -> tuple[str, str]:
    out = StringIO()
    call_command("first_admin", "--bank", "滨海银行", "--staff-no", "A001", "--name", "陆敏", stdout=out)
    staff_no, password = out.getvalue().split()
    return staff_no, password


def test_the_first_administrator_signs_in_and_reaches_the_settings() -> None:
    staff_no, password = first_admin()
    head = Branch.objects.get()
    assert (head.name, head.is_head_office, head.path) == ("滨海银行", True, f".{head.pk}.")
    assert User.objects.get().role == Role.ADMIN
    client = Client()
    assert client.post("/login/", {"username": staff_no, "password": password}).status_code == 302
    assert client.get("/admin/organization/branch/add/").status_code == 200
    trail = AuditEntry.objects.using("batch").values_list("action", flat=True)
    assert "staff.first_admin" in trail


def test_a_bank_with_staff_gets_no_other_first_one() -> None:
    first_admin()
    with pytest.raises(CommandError):
        first_admin()
    assert User.objects.count() == 1
