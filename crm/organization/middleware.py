"""Every request runs inside its user's scope, in one transaction."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from crm.organization import access

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ScopeMiddleware:
    """A request that reads does so in one snapshot, so that no page mixes two nights, and can write nothing.

    Its statements are stopped after PAGE_STATEMENT_SECONDS.

    Sessions, sign-in attempts and the audit trail are written outside this transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reads = request.method in READING
        with access.scoped(request.user, snapshot=reads, seconds=settings.PAGE_STATEMENT_SECONDS):
            response = self.get_response(request)
            if response.status_code >= 400:
                # Errors are already responses here; without this a half-done view would be committed.
                transaction.set_rollback(True)
        return response
