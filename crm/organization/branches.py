"""The branch tree: putting a branch in its place keeps `path` of it and of everything below it right."""

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from crm import db
from crm.organization.choices import BranchLevel
from crm.organization.models import Branch


class BadPlace(ValueError):
    """A branch cannot stand under itself, nor without a parent unless it is the head office."""


LOCK = "branch tree"


def check_place(branch: Branch, level: str, parent: Branch | None) -> None:
    """Raises BadPlace when the parent is the branch itself or stands below it, or does not fit the level.

    The tree stands still from here to the end of the transaction: two moves at once would each look at the tree before
    the other, and could put two branches under each other.
    """
    db.hold_lock(LOCK, using="default")
    if (level == BranchLevel.HEAD_OFFICE) != (parent is None):
        raise BadPlace(_("The head office, and only the head office, stands under no other branch."))
    if branch.pk and parent is not None and f".{branch.pk}." in path_of(parent):
        raise BadPlace(_("A branch cannot stand under itself or under a branch below it."))


@transaction.atomic
def place(branch: Branch) -> None:
    """Save a new, renamed or moved branch; the paths of all branches below it move along."""
    check_place(branch, branch.level, branch.parent)
    old = path_of(branch)
    branch.path = old
    branch.save()
    branch.path = f"{path_of(branch.parent) if branch.parent else '.'}{branch.pk}."
    branch.save(update_fields=["path"])
    if old and old != branch.path:
        below = Branch.objects.filter(path__startswith=old).exclude(pk=branch.pk)
        below.update(path=Concat(Value(branch.path), Substr(F("path"), len(old) + 1)))


def path_of(branch: Branch) -> str:
    """As the database has it now, not as it was when the branch was read; empty for a new one."""
    return Branch.objects.filter(pk=branch.pk).values_list("path", flat=True).first() or ""
