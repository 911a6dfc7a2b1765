"""Important dates: when the one that is being typed comes next, and noting a retirement that the law suggests."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archives import care, lunar, records
from archives.care_models import RetirementRule
from archives.choices import Section
from archives.record_forms import SectionForm
from archives.record_views import customer_of, tell
from crm.organization.access import BALANCE_ROLES, for_roles


@require_safe
@for_roles(BALANCE_ROLES)
def care_next(request: HttpRequest, pk: int) -> HttpResponse:
    """A part of the form of dates: the next day of the row that was sent, or what is wrong with it."""
    customer_of(request, pk)
    day = timezone.localdate()
    fields = [one for one in records.active_fields() if one.section == Section.DATES]
    form = SectionForm(Section.DATES, fields, [], request.GET)
    form.is_valid()
    fault = next((box.fault for box in form.boxes if box.fault), "")
    found = {box.field.key: box.value for box in form.boxes if box.value and box.value.text}
    if fault or "date_kind" not in found:
        return render(request, "archives/_care_next.html", {"fault": fault})
    solar, chosen, year = (found.get(f"date_{name}") for name in ("solar", "lunar", "year"))
    number = int(chosen.number) if chosen and chosen.number is not None else None
    coming = care.next_day(
        found["date_kind"].text, solar.day if solar else None, number, int(year.text) if year else None, day
    )
    context = {"coming": coming, "lunar_words": lunar.words(number) if number else "", "is_asked": True, "day": day}
    return render(request, "archives/_care_next.html", context)


@require_POST
@for_roles(BALANCE_ROLES)
def retirement(request: HttpRequest, pk: int, rule_pk: int) -> HttpResponse:
    """Confirm what the law suggests: from then on it is a date of the archive like any other."""
    user, customer = customer_of(request, pk)
    rule = get_object_or_404(RetirementRule, pk=rule_pk)
    saved = care.confirm_retirement(customer, user, rule, timezone.now())
    if saved.clashes:
        messages.warning(request, _("Somebody noted another day in the meantime; look at the row."))
    else:
        tell(request, saved)
    return redirect("archives:record", pk)
