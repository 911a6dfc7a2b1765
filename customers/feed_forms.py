"""The upload of a core-bank file: what is asked for, and what is refused before anything is kept."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from customers.feeds import uploads
from customers.feeds.load import check_date, refuse_future
from customers.feeds.messages import FileStopped, spoken
from customers.feeds.preview import check_readable
from customers.feeds.spec import Spec, spec_named, spec_names
from customers.feeds.uploads import SealedFile
from customers.models import FeedUpload

SUFFIXES = (".csv", ".txt", ".dat", ".asc", ".xlsx", ".zip")
SALT = "feed upload"
MOST_ROWS = 10**12  # more than any bank has; the column that keeps the control figures is not endless


def specs_sent() -> list[Spec]:
    """The specifications whose file can be read without another file beside it."""
    return [spec for spec in map(spec_named, spec_names()) if spec.join is None]


def spec_choices() -> list[tuple[str, str]]:
    """Their names with their titles in the language of the page."""
    language = get_language() or ""
    return [(spec.name, spoken(spec.title, language)) for spec in specs_sent()]


class UploadForm(forms.Form):
    """A file that came with the form is sealed already (`customers.feeds.uploads`); `sealed` is it.

    When only something beside the file is wrong, `kept` carries it over, so that it need not be sent twice.
    """

    spec = forms.ChoiceField(
        label=_("What the file is"),
        choices=spec_choices,
        error_messages={"invalid_choice": _("There is no such kind of file; choose one from the list.")},
    )
    as_of = forms.DateField(
        label=_("Business date"),
        help_text=_("The day whose end-of-day data are in the file."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")},
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    control_rows = forms.IntegerField(
        label=_("Number of rows"),
        required=False,
        min_value=0,
        max_value=MOST_ROWS,
        error_messages={"invalid": _("Write a whole number."), "min_value": _("Write a whole number.")},
    )
    control_total = forms.DecimalField(
        label=_("Total amount"),
        required=False,
        max_digits=18,
        decimal_places=2,
        error_messages={"invalid": _("Write an amount with at most two decimals.")},
    )
    accept_shrink = forms.BooleanField(label=_("Fewer rows than last time are right"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.sealed: SealedFile | None = None
        self.fields["as_of"].initial = timezone.localdate() - timedelta(days=1)
        self.fields["file"].help_text = _("%(suffixes)s, at most %(size)s, or a zip with one text file.") % {
            "suffixes": " ".join(SUFFIXES[:-1]),
            "size": filesizeformat(settings.FEED_UPLOAD_MAX_BYTES),
        }

    def clean_as_of(self) -> Any:
        day = self.cleaned_data["as_of"]
        try:
            refuse_future(day)
            if self.cleaned_data.get("spec"):
                check_date(spec_named(self.cleaned_data["spec"]), day, using="default")
        except FileStopped as stop:
            raise forms.ValidationError(spoken(str(stop), get_language() or "")) from stop
        return day

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        self.sealed = values.get("file") or self.kept_file(values.get("kept", ""))
        problem = self.problem_of_file(self.sealed, values.get("spec", ""))
        if problem:
            self.sealed = None
            self.add_error("file", problem)
        total = values.get("control_total")
        if total is not None and values.get("spec") and not spec_named(values["spec"]).control_column:
            self.add_error("control_total", _("This kind of file has no amounts to add up; leave it empty."))
        parts = [("rows", values.get("control_rows"), "d"), ("sum", total, "f")]
        values["control"] = ",".join(f"{name}={value:{kind}}" for name, value, kind in parts if value is not None)
        return values

    def problem_of_file(self, sealed: SealedFile | None, spec: str) -> Any:
        """Why this file cannot be taken, in plain words; empty when it can."""
        if sealed is None:
            return _("Choose a file.")
        name = sealed.name or ""
        limit = filesizeformat(settings.FEED_UPLOAD_MAX_BYTES)
        if sealed.problem == "too_big":
            return _("The file is larger than %(limit)s. Split it, or have it loaded by command.") % {"limit": limit}
        if sealed.problem:
            return _("The server has no room for this file. Tell whoever looks after it.")
        if not sealed.size:
            return _("The file is empty, or it is a folder. Choose a file with rows.")
        if Path(name).suffix.lower() not in SUFFIXES:
            return _("This is no file of rows. Save it as CSV or Excel (.xlsx), or put the text file into a zip.")
        try:
            if spec:
                check_readable(spec, sealed.token, name)
        except FileStopped as stop:
            return spoken(str(stop), get_language() or "")
        return ""

    def keep_for_next_time(self) -> str:
        """A good file beside bad answers: signed for this user, so that the form can be sent again without it."""
        if self.sealed is None:
            return ""
        content = [self.user.pk, self.sealed.token, self.sealed.name, self.sealed.size]
        return signing.dumps(content, salt=SALT)

    def kept_file(self, signed: str) -> SealedFile | None:
        """The file of an earlier attempt of this user, unless it is an upload already or gone."""
        try:
            owner, token, name, size = signing.loads(signed, salt=SALT, max_age=uploads.KEEP_SECONDS)
        except signing.BadSignature:
            return None
        is_free = not FeedUpload.objects.filter(token=token).exists() and uploads.sealed_path(token).exists()
        return SealedFile(token, name, size) if owner == self.user.pk and is_free else None
