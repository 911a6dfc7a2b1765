"""Pages that mix apps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """今日: whom to call today, and why."""
    return render(request, "workbench/today.html", {})
