"""Where a form leads when it is done: the page that it was opened on, which the form names itself."""

from django.http import HttpRequest
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme


def came_from(request: HttpRequest) -> str:
    """The page where the form was opened, as the link or the form itself names it."""
    return request.POST.get("next") or request.GET.get("next", "")


def address_after(request: HttpRequest, default: str) -> str:
    """The address for the answer to a form, fit for a header: `next` when it is one of our pages, else the default."""
    target = request.POST.get("next", "")
    # No address has a line break in it; in a header it would be refused, and what the form saved lost with it.
    is_ours = target.isprintable() and url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return iri_to_uri(target if is_ours else default)
