"""The product's addresses and a few that go wrong on purpose, for the tests of what users see then."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from archives.views import contact_new
from crm import db, urls


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the counter is on fire")


def contact_breaks(request: HttpRequest, pk: int) -> HttpResponse:
    """The contact form as it is, whose save breaks."""
    return contact_new(request, pk) if request.method == "GET" else breaks(request)


def is_slow(request: HttpRequest) -> HttpResponse:
    db.fetch_value("SELECT pg_sleep(30)", using="default")
    return HttpResponse("not stopped")


def conflicts(request: HttpRequest) -> HttpResponse:
    said = request.GET.get("said", "")
    return HttpResponse(said, status=409, content_type="text/plain")


def reads_form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.POST)} fields")


urlpatterns = [
    path("customers/<int:pk>/contacts/new/", contact_breaks),
    path("breaks/", breaks),
    path("is-slow/", is_slow),
    path("conflicts/", conflicts),
    path("reads-form/", reads_form),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
