"""Every request runs inside its user's scope, in one transaction."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from crm.organization import access


class ScopeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with access.scoped(request.user):
            response = self.get_response(request)
            if response.status_code >= 400:
                # Errors are already responses here; without this a half-done view would be committed.
                transaction.set_rollback(True)
        return response
