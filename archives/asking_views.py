"""Ask the archive from the list of customers: choose a field, say what it should hold, and go back to the list."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from archives import asking
from archives.asking_forms import AskForm, askable, by_section
from archives.record_kinds import BadValue
from crm.organization.access import BALANCE_ROLES, for_roles

MOST_QUERY = 2_000
PLACES = ("after", "before")


@require_safe
@for_roles(BALANCE_ROLES)
def ask(request: HttpRequest) -> HttpResponse:
    """One more question of the archive for a list of customers, whose filters come as `list` and go back with it."""
    fields = askable()
    query = QueryDict(request.GET.get("list", "")[:MOST_QUERY], mutable=True)
    field = fields.get(request.GET.get("field", ""))
    # The boxes of another field than the one they were drawn for say nothing of this one.
    is_sent = field is not None and request.GET.get("of") == field.key
    form = AskForm(request.GET if is_sent else None, of=field) if field else None
    fault = ""
    if form is not None and form.is_valid():
        try:
            return redirect(list_address(query, form.text))
        except BadValue as refusal:
            fault = str(refusal)
    context = {
        "form": form, "field": field, "groups": by_section(fields), "list": query.urlencode(), "fault": fault,
        "facts": _("in the list of customers"),
    }  # fmt: skip
    return render(request, "archives/ask.html", context)


def list_address(query: QueryDict, text: str) -> str:
    """The list with this question beside those that it asks. Raises BadValue where that is too many."""
    asked = [one for one in query.get("archive", "").split(",") if one and one != text]
    together = ",".join([*asked, text])
    asking.parse(together)
    query["archive"] = together
    for name in PLACES:
        query.pop(name, None)
    return f"{reverse('customers:list')}?{query.urlencode()}"
