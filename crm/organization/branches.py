"""The branch tree: putting a branch in its place keeps `path` of it and of everything below it right."""

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from crm.organization.choices import BranchLevel
from crm.organization.models import Branch


class BadPlace(ValueError):
    """A branch cannot stand under itself, nor without a parent unless it is the head office."""


def check_place(branch: Branch, level: str, parent: Branch | None) -> None:
    """Raises BadPlace when the parent is the branch itself or stands below it, or does not fit the level."""
    if (level == BranchLevel.HEAD_OFFICE) != (parent is None):
        raise BadPlace(_("The head office, and only the head office, stands under no other branch."))
    if branch.pk and parent is not None and f".{branch.pk}." in parent.path:
        raise BadPlace(_("A branch cannot stand under itself or under a branch below it."))


@transaction.atomic
def place(branch: Branch) -> None:
    """Save a new, renamed or moved branch; the paths of all branches below it move along."""
    check_place(branch, branch.level, branch.parent)
    old = branch.path
    branch.save()
    branch.path = f"{branch.parent.path if branch.parent else '.'}{branch.pk}."
    branch.save(update_fields=["path"])
    if old and old != branch.path:
        below = Branch.objects.filter(path__startswith=old).exclude(pk=branch.pk)
        below.update(path=Concat(Value(branch.path), Substr(F("path"), len(old) + 1)))
