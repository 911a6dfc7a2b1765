"""Every request runs inside its user's scope, in one transaction."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from crm.organization import access

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ScopeMiddleware:
    """A request that reads does so in one snapshot, so that no page mixes two nights, and can write nothing.

    Sessions, sign-in attempts and the audit trail are written outside this transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with access.scoped(request.user, snapshot=request.method in READING):
            response = self.get_response(request)
            if response.status_code >= 400:
                # Errors are already responses here; without this a half-done view would be committed.
                transaction.set_rollback(True)
        return response
