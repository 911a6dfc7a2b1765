"""The versions of the template: an upload is checked and tried, and a second administrator puts it in force."""

import hashlib
import posixpath
from datetime import datetime

from django.utils.translation import gettext as _

from archives import records
from archives.models import ArchiveTemplate
from archives.word import grammar, package, paper, placeholders, rendering
from archives.word.package import TemplateRefused, printable
from archives.word.shipped import shipped
from crm.audit import trail
from crm.organization.models import User


def checked(content: bytes) -> int:
    """How many placeholders a template has; raises TemplateRefused. It is filled in with a made-up archive and printed
    too."""
    parts = package.parts_of(content)
    archive = placeholders.made_up(records.active_fields())
    number = grammar.check(parts, archive)
    if not number:
        raise TemplateRefused(_("There is no placeholder in it."))
    paper.on_paper(rendering.rendered(content, archive, "0000"))
    return number


def upload(user: User, name: str, content: bytes, note: str, now: datetime, address: str | None) -> ArchiveTemplate:
    """Keep a new version, not yet in force. Raises TemplateRefused."""
    number = checked(content)
    kept = ArchiveTemplate.objects.create(
        name=printable(posixpath.basename(name.replace("\\", "/"))), content=content,
        sha256=hashlib.sha256(content).hexdigest(), placeholders=number, note=note, uploaded_by=user, uploaded_at=now,
    )  # fmt: skip
    trail.record(user, "template.upload", target=kept, detail={"sha256": kept.sha256, "note": note}, address=address)
    return kept


def activate(user: User, template: ArchiveTemplate, now: datetime, address: str | None) -> None:
    """Put a version in force that somebody else uploaded. Raises TemplateRefused.

    It is checked once more: fields may have been retired since, and checks may have become stricter.
    """
    if template.uploaded_by_id == user.pk:
        raise TemplateRefused(_("Another administrator puts it in force, not whoever uploaded it."))
    checked(bytes(template.content))
    waiting = ArchiveTemplate.objects.filter(pk=template.pk, activated_at__isnull=True).exclude(uploaded_by=user)
    if not waiting.update(activated_by=user, activated_at=now):
        raise TemplateRefused(_("It has been put in force already."))
    trail.record(user, "template.activate", target=template, detail={"sha256": template.sha256}, address=address)


def in_force() -> ArchiveTemplate | None:
    """The version from which documents are made; None while it is the one that comes with the product."""
    activated = ArchiveTemplate.objects.filter(activated_at__isnull=False)
    return activated.select_related("activated_by").order_by("-activated_at", "-pk").first()


def current() -> tuple[int | None, bytes]:
    """Number and content of the template in force; no number for the one that comes with the product."""
    found = in_force()
    return (found.pk, bytes(found.content)) if found else (None, shipped())
