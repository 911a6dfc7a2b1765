"""How long a session lasts: so long without a request, and never longer than a working day."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

STARTED = "started_at"
SEEN = "seen_at"
RENEW_SECONDS = 60


class SessionLimitMiddleware:
    """Ends a session that was idle for SESSION_COOKIE_AGE or is older than SESSION_LONGEST_SECONDS.

    The time of the last request is saved once a minute, not at every request: that also moves the cookie's and the
    row's expiry. A part of a page that renews itself (htmx polling) sends `X-Poll: 1` and does not count as use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if SESSION_KEY in session:
            now = int(time.time())
            seen = session.get(SEEN, now)
            if (
                now - session.get(STARTED, now) > settings.SESSION_LONGEST_SECONDS
                or now - seen > settings.SESSION_COOKIE_AGE
            ):
                session.flush()
            elif SEEN not in session:
                session.update({STARTED: now, SEEN: now})
            elif now - seen >= RENEW_SECONDS and "X-Poll" not in request.headers:
                session[SEEN] = now
        return self.get_response(request)
