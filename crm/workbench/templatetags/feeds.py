"""How pages speak of files: the half of a stored text that the reader's language reads, states, kinds of files."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.workbench.templatetags.jobs import status
from customers.choices import UploadState
from customers.feeds import messages
from customers.feeds.messages import FileStopped, Reason
from customers.feeds.preview import label_of
from customers.feeds.spec import spec_named
from customers.models import FeedUpload

register = template.Library()

UPLOAD_LOOKS = {
    UploadState.PREVIEW: ("warn", "eye"),
    UploadState.QUEUED: ("info", "clock"),
    UploadState.LOADING: ("info", "loader-2"),
    UploadState.OVER: ("ok", "circle-check"),
    UploadState.REFUSED: ("crit", "alert-octagon"),
    UploadState.DISCARDED: ("", "trash"),
}
PHASES = {
    "": _("Waits for a worker"),
    "reading": _("Reading the file"),
    "checking": _("Checking each row"),
    "comparing": _("Comparing with what is known"),
    "accepted": _("Accepted"),
}


def language() -> str:
    return get_language() or ""


@register.filter
def spoken(message: str) -> str:
    """A stored message in the reader's language."""
    return messages.spoken(message, language())


@register.filter
def reason(one: Reason) -> str:
    """Why a row is refused, in the reader's language."""
    return one.spoken(language())


@register.filter
def rule_text(code: str) -> str:
    """The reason behind a code of a reject file; the code itself where it is none of ours."""
    known = messages.REASONS.get(code)
    return known.spoken(language()) if known else code


@register.filter
def kind_of_file(spec: str) -> str:
    """What a specification is called; its name where it is no longer there."""
    try:
        return spoken(spec_named(spec).title)
    except FileStopped:
        return spec


@register.filter
def column_of(name: str, spec: str) -> str:
    """What a person calls a column of a specification."""
    try:
        columns = spec_named(spec).columns
    except FileStopped:
        return name
    return next((label_of(column, language()) for column in columns if column.name == name), name)


@register.simple_tag
def upload_state(upload: FeedUpload) -> SafeString:
    """The state of an upload as word and icon."""
    return status(*UPLOAD_LOOKS[UploadState(upload.state)], upload.get_state_display())


@register.filter
def phase(name: str) -> str:
    """What a worker is doing."""
    return str(PHASES.get(name, name))
