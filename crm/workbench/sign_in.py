"""Sign-in, sign-out and the password, each with its entry in the audit trail.

Wrong passwords are counted by django-axes per staff number and address; it calls `locked` once the limit is reached.
"""

from typing import Any

from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.audit import trail

SIGNED_IN = "sign_in.success"
REFUSED = "sign_in.failure"
LOCKED = "sign_in.locked"
SIGNED_OUT = "sign_out.success"
STAFF_NO_LENGTH = 20
PASSWORD_CHANGED = "password.change"  # noqa: S105


class SignInForm(auth_forms.AuthenticationForm):
    """Django reads the longest staff number from the model without checking it; a longer one breaks the count of
    wrong passwords."""

    username = auth_forms.UsernameField(label=_("Staff number"), max_length=STAFF_NO_LENGTH)


class SignIn(auth_views.LoginView):
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: auth_forms.AuthenticationForm) -> HttpResponse:
        trail.record(form.get_user(), SIGNED_IN, address=trail.address_of(self.request))
        return super().form_valid(form)

    def form_invalid(self, form: auth_forms.AuthenticationForm) -> HttpResponse:
        if not getattr(self.request, "axes_locked_out", False):
            note_refusal(self.request, REFUSED)
        return super().form_invalid(form)


class SignOut(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            trail.record(request.user, SIGNED_OUT, address=trail.address_of(request))
        return super().post(request, *args, **kwargs)


class PasswordChange(auth_views.PasswordChangeView):
    success_url = reverse_lazy("workbench:today")

    def form_valid(self, form: Any) -> HttpResponse:
        trail.record(form.user, PASSWORD_CHANGED, address=trail.address_of(self.request))
        return super().form_valid(form)


def locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """What django-axes answers in place of the sign-in page when a staff number is locked (AXES_LOCKOUT_CALLABLE)."""
    note_refusal(request, LOCKED)
    return render(request, "registration/locked.html", status=429)


def note_refusal(request: HttpRequest, action: str) -> None:
    """The staff number as it was typed; a person may type anything there, a megabyte or a NUL byte too."""
    typed = request.POST.get("username", "")[:STAFF_NO_LENGTH].replace("\0", "")
    trail.record(None, action, detail={"staff_no": typed}, address=trail.address_of(request))
