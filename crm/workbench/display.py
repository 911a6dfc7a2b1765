"""How pages look in this browser: theme and density, in two cookies that are read before a page is drawn.

Cookies and not fields of the user: the same person works at a bright counter and with a tablet in the lobby.
"""

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import pgettext_lazy
from django.views import View

from crm.organization.way_back import address_after

YEAR_SECONDS = 365 * 24 * 3600


class Theme(TextChoices):
    SYSTEM = "system", pgettext_lazy("theme", "System")
    LIGHT = "light", pgettext_lazy("theme", "Light")
    DARK = "dark", pgettext_lazy("theme", "Dark")


class Density(TextChoices):
    COMFORTABLE = "comfortable", pgettext_lazy("density", "Comfortable")
    COMPACT = "compact", pgettext_lazy("density", "Compact")


@dataclass(frozen=True)
class Display:
    """What this browser has chosen, and what it may choose."""

    theme: Theme = Theme.SYSTEM
    density: Density = Density.COMFORTABLE
    themes = Theme
    densities = Density

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The choice in the cookies; what is not a choice counts as none."""
        theme, density = request.COOKIES.get("theme"), request.COOKIES.get("density")
        return cls(
            Theme(theme) if theme in Theme.values else Theme.SYSTEM,
            Density(density) if density in Density.values else Density.COMFORTABLE,
        )


class Choose(View):
    """POST theme or density, or both; back to the page where the choice was made."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponseRedirect(address_after(request, resolve_url("workbench:today")))
        for name, choices in (("theme", Theme), ("density", Density)):
            value = request.POST.get(name, "")
            if value in choices.values:
                response.set_cookie(
                    name, value, YEAR_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
                )
        return response
