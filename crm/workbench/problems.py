"""When things go wrong: one designed page for each way, in plain words, with the way out; inside htmx a line that
pops up, so that the form stays as it was. What is our fault carries the incident number of its line in the log.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from psycopg_pool import PoolTimeout

from crm.logs import current_incident
from crm.organization.models import User
from crm.workbench.display import Display

READING = frozenset({"GET", "HEAD"})
# 08: the connection broke; 57P: the server goes down or comes up; 53300: it takes no more connections.
AWAY_STATES = ("08", "57P", "53300")


@dataclass(frozen=True)
class Problem:
    """`is_ours` gets the incident number, and a page that asks the database for nothing."""

    status: int
    icon: str
    title: str | Promise
    text: str | Promise
    is_ours: bool = False
    may_retry: bool = False


BAD_REQUEST = Problem(
    400, "circle-x", _("This request cannot be read"), _("The address or the form is damaged. Open the page again.")
)
DENIED = Problem(
    403,
    "lock",
    _("Your role does not open this page"),
    _("If you need it for your work, ask your branch manager or the administrator."),
)
STALE_FORM = Problem(
    403,
    "refresh",
    _("This page is older than your sign-in"),
    _("You signed in again in another tab, so nothing was saved. Load the page again; a contact you wrote comes back."),
)
MISSING = Problem(
    404,
    "user-question",
    _("This page does not exist"),
    _("The address is wrong, or the customer is not in your care. Look for the customer in the search box above."),
)
NOT_SO = Problem(
    405,
    "ban",
    _("This address cannot be opened like this"),
    _("It belongs to a button. Go back and press the button again."),
)
CONFLICT = Problem(
    409,
    "users",
    _("Somebody else was faster"),
    _("What you worked on has changed in the meantime, so nothing was saved. Look at it as it is now."),
)
TOO_LARGE = Problem(
    413, "file-text", _("That is too much to send"), _("Nothing was saved. Send less text, or fewer rows at once.")
)
TOO_OFTEN = Problem(
    429, "hourglass", _("Too many requests in a short time"), _("Nothing was saved. Wait a little and try again.")
)
FAILED = Problem(
    500,
    "alert-octagon",
    _("Something broke, and it has been recorded"),
    _("Nothing was saved. Try again; if it stays, give your administrator the incident number."),
    is_ours=True,
    may_retry=True,
)
SLOW = Problem(
    503,
    "hourglass",
    _("The query took too long"),
    _("It was stopped so that others need not wait; nothing was changed. Ask for less: a branch, a tier, a month."),
    is_ours=True,
    may_retry=True,
)
AWAY = Problem(
    503,
    "database",
    _("The database does not answer"),
    _("Nothing was saved. It usually comes back within a minute; then try again."),
    is_ours=True,
    may_retry=True,
)
BY_STATUS = {one.status: one for one in (BAD_REQUEST, DENIED, MISSING, NOT_SO, CONFLICT, TOO_LARGE, TOO_OFTEN, SLOW)}


def page(request: HttpRequest, problem: Problem, text: str = "") -> HttpResponse:
    """The answer to this request; `text` says more exactly what happened than the problem's own words."""
    context = {
        "problem": problem,
        "text": text or problem.text,
        "incident": current_incident() if problem.is_ours else "",
        "again": request.get_full_path() if problem.may_retry and request.method in READING else "",
        "before": page_before(request),
        "display": Display.of(request),
    }
    if request.headers.get("HX-Request"):
        return HttpResponse(render_to_string("components/problem_toast.html", context), status=problem.status)
    # Without the shell where its figures might fail for the same reason as the page.
    inside = not problem.is_ours and not connection.needs_rollback and is_signed_in(request)
    return HttpResponse(render_to_string("problem.html", context, request if inside else None), status=problem.status)


def is_signed_in(request: HttpRequest) -> bool:
    """Whether anybody is; a request that failed early has no user at all."""
    return isinstance(getattr(request, "user", None), User)


def page_before(request: HttpRequest) -> str:
    """Where the user came from, when it was one of our pages and not this one; a form that posts to itself counts."""
    before = request.headers.get("Referer", "")
    try:
        is_ours = url_has_allowed_host_and_scheme(before, {request.get_host()})
    except DisallowedHost:
        return ""
    is_this = request.method in READING and before.endswith(request.get_full_path())
    return before if is_ours and not is_this else ""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400"""
    is_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return page(request, TOO_LARGE if is_large else BAD_REQUEST)


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403"""
    return page(request, DENIED)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404"""
    return page(request, MISSING)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: nearly always a second tab in which somebody signed in again."""
    return page(request, STALE_FORM)


def failed(request: HttpRequest) -> HttpResponse:
    """handler500, called while the exception is being handled."""
    return page(request, cause(sys.exception()))


def cause(error: BaseException | None) -> Problem:
    """A query that was stopped, a database that is away, or anything else."""
    if isinstance(error, PoolTimeout):
        return AWAY
    if isinstance(error, OperationalError):
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            return SLOW
        state = getattr(error.__cause__, "sqlstate", None)
        if state is None or state.startswith(AWAY_STATES):
            return AWAY
    return FAILED


class ProblemMiddleware:
    """Gives a bare refusal of a view its page: `HttpResponse(status=409)`, or with a sentence as text/plain."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        problem = BY_STATUS.get(response.status_code)
        if problem is None or not isinstance(response, HttpResponse):
            return response
        is_sentence = response.headers.get("Content-Type", "").startswith("text/plain")
        if response.content and not is_sentence:
            return response
        designed = page(request, problem, response.content.decode())
        response.content, response.headers["Content-Type"] = designed.content, designed.headers["Content-Type"]
        return response
