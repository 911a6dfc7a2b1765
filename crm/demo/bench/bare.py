"""The bare page: the same bytes through the same middleware, with no work of ours (an URL configuration of its own)."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

content = b""


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(content)


urlpatterns = [path("bare/", page)]
