"""`manage.py first_admin`: the head office and the first administrator of an empty bank."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization import branches
from crm.organization.choices import BranchLevel, Reach, Role
from crm.organization.models import Branch, User
from crm.organization.passwords import new_password


class Command(BaseCommand):
    help = (
        "Make the head office and the first administrator of a bank that has no staff yet, and print a password once. "
        "Everything else is done in the settings pages. Exit codes: 0 made, 1 refused (the message says why)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bank", required=True, help="name of the head office")
        parser.add_argument("--code", default="000", help="branch code of the head office (000)")
        parser.add_argument("--staff-no", required=True, help="staff number to sign in with")
        parser.add_argument("--name", required=True, help="the administrator's name")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if User.objects.exists():
                raise CommandError(_("There is staff already; an administrator adds more in the settings pages."))
            head = Branch.objects.filter(level=BranchLevel.HEAD_OFFICE).first()
            if head is None:
                head = Branch(code=options["code"], name=options["bank"], level=BranchLevel.HEAD_OFFICE)
                branches.place(head)
            password = new_password()
            user = User.objects.create_user(
                options["staff_no"], password, name=options["name"], role=Role.ADMIN, branch=head, reach=Reach.SUBTREE
            )
            trail.record(None, "staff.first_admin", target=user)
        self.stdout.write(f"{user.staff_no}  {password}")
