"""What every page carries: the trust strip and the navigation (context processor)."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    return {}
