"""Headers of every response: no inline scripts or foreign hosts, and no copy of a customer page in any cache; and where
somebody without a session is led."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class SignInFirstMiddleware(LoginRequiredMiddleware):
    """After signing in, what a button of a page would have sent leads back to that page, not to the button's address,
    which answers nobody who comes without the form."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        page = urlsplit(request.headers.get("Referer", ""))
        is_ours = url_has_allowed_host_and_scheme(page.geturl(), allowed_hosts={request.get_host()})
        if request.method in ("GET", "HEAD") or not (is_ours and page.path):
            return super().handle_no_permission(request, view_func)
        address = urlunsplit(("", "", page.path, page.query, ""))
        return redirect_to_login(address, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
