"""What the lobby and the managers do with calls: make one, take it, pass it on, say what came of it; who is on duty."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives.views import saved
from campaigns.prospects import desk, figures, lists, presence, referrals, shift
from campaigns.prospects.choices import Need, Result
from campaigns.prospects.forms import AcrossForm, CallForm, HandOverForm, ResultForm
from campaigns.prospects.models import LobbyShift, Prospect, Referral
from campaigns.prospects.referrals import Call, ReferralRefused
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.organization.way_back import address_after
from customers.models import Customer
from customers.models.customer import hidden

LOBBY = [Role.LOBBY_MANAGER]
NOTES = 20


def back(request: HttpRequest, default: str) -> HttpResponse:
    """To the page where the form stood."""
    return HttpResponse(status=303, headers={"Location": address_after(request, default)})


def warn(request: HttpRequest, form: CallForm | ResultForm) -> None:
    messages.warning(request, " ".join(str(text) for errors in form.errors.values() for text in errors))


@require_POST
@for_roles(LOBBY)
def call_for_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer stands in the lobby: the own manager is called, then whoever else is there."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    page = reverse("workbench:customer", args=[pk])
    return called(request, page, partial(referrals.refer_customer, customer))


@require_POST
@for_roles(LOBBY)
def call_for_prospect(request: HttpRequest, pk: int) -> HttpResponse:
    """A prospect stands in the lobby: a manager is called."""
    assert isinstance(request.user, User)
    prospect = get_object_or_404(Prospect.objects.visible_to(request.user), pk=pk, forgotten_on=None)
    page = reverse("campaigns:prospect", args=[pk])
    return called(request, page, partial(referrals.refer_prospect, prospect))


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def refer_across(request: HttpRequest, pk: int) -> HttpResponse:
    """公私联动: a colleague is asked to serve the company of a person, or the people of a company."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user).defer(*hidden()), pk=pk)
    data = request.POST if request.method == "POST" else None
    initial = {"submission": uuid4(), "need": Need.ACCOUNT}
    form = AcrossForm(data, user=request.user, branch_id=customer.branch_id, initial=initial)
    if form.is_valid():
        said = form.cleaned_data
        call = Call(said["need"], said["note"])
        try:
            referrals.refer_across(customer, request.user, timezone.now(), said["to"], call, said["submission"])
        except ReferralRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is asked.") % {"name": said["to"].name})
            return HttpResponse(status=303, headers={"Location": reverse("workbench:customer", args=[pk])})
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/refer_across.html", {"customer": customer, "form": form}, status=status)


def called(request: HttpRequest, page: str, make: Callable[..., Referral]) -> HttpResponse:
    """Make the call of a form; where that cannot be, the page says why."""
    form = CallForm(request.POST)
    if not form.is_valid():
        warn(request, form)
        return HttpResponse(status=303, headers={"Location": page})
    data = form.cleaned_data
    try:
        call = Call(data["need"], data["summary"])
        referral = make(request.user, timezone.now(), call, data["submission"])
    except ReferralRefused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponse(status=303, headers={"Location": page})
    tell_who_is_called(request, referral)
    answer = HttpResponse(status=303, headers={"Location": reverse("workbench:today")})
    return saved(answer, referral.submission)


def tell_who_is_called(request: HttpRequest, referral: Referral) -> None:
    """Say who is called first; with nobody there the branch manager sees it on the board."""
    first = User.objects.filter(pk=referral.queue[0]).first() if referral.queue else None
    if first is None:
        messages.warning(request, _("No manager is on duty. The branch manager sees it on the board now."))
    else:
        messages.success(request, _("%(name)s is called.") % {"name": first.name})


@require_POST
@for_roles(CUSTOMER_ROLES)
def referral_act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Take a call, pass it on, withdraw it, or say what came of it."""
    assert isinstance(request.user, User)
    if verb not in TOLD:
        raise Http404
    referral = get_object_or_404(Referral.objects.visible_to(request.user), pk=pk)
    form = ResultForm(request.POST)
    if verb == "report" and not form.is_valid():
        warn(request, form)
        return back(request, reverse("campaigns:referrals"))
    try:
        do(referral, request.user, verb, form)
        messages.success(request, str(TOLD[verb]))
    except ReferralRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, reverse("campaigns:referrals"))


TOLD: Mapping[str, str | Promise] = {
    "accept": gettext_lazy("It is yours, the lobby sees that you come."),
    "pass": gettext_lazy("Passed on to the next one."),
    "withdraw": gettext_lazy("Withdrawn."),
    "report": gettext_lazy("Noted what came of it."),
}


def do(referral: Referral, user: User, verb: str, form: ResultForm) -> None:
    """The act of an address. Raises ReferralRefused."""
    now = timezone.now()
    if verb == "report":
        referrals.report(referral, user, now, form.cleaned_data["result"], form.cleaned_data["note"])
    else:
        {"accept": referrals.accept, "pass": referrals.pass_on, "withdraw": referrals.withdraw}[verb](
            referral, user, now
        )


@require_safe
@for_roles(CUSTOMER_ROLES)
def waiting(request: HttpRequest) -> HttpResponse:
    """The calls that wait now, a part of 今日 and of the lobby's page that renews itself."""
    assert isinstance(request.user, User)
    now = timezone.now()
    context = {
        "desk": desk.desk(request.user, now),
        "now": now,
        "here": reverse("workbench:today"),
    }
    return render(request, "campaigns/_desk.html", context)


@require_safe
@for_roles(CUSTOMER_ROLES)
def referral_list(request: HttpRequest) -> HttpResponse:
    """Referrals in the user's scope, newest first, and how many came to something."""
    assert isinstance(request.user, User)
    now = timezone.now()
    filters = lists.ReferralFilter(request.GET, user=request.user, day=timezone.localdate())
    page = lists.referrals(filters, request.GET.get("after", ""), request.GET.get("before", ""))
    trail.listed(request, "referrals", [row.customer_id for row in page.rows if row.customer_id])
    context = {
        "filters": filters,
        "page": page,
        "now": now,
        "day": timezone.localdate(),
        "success": figures.success(request.user, now),
        "results": Result.choices,
    }
    return render(request, "campaigns/referral_list.html", context)


@require_POST
@for_roles(CUSTOMER_ROLES)
def presence_say(request: HttpRequest) -> HttpResponse:
    """One tap: I am on duty, or I am not."""
    assert isinstance(request.user, User)
    is_there = request.POST.get("there") == "1"
    presence.say(request.user, is_there, timezone.now())
    messages.success(request, _("You are on duty.") if is_there else _("You are off duty, nobody calls you."))
    return back(request, reverse("workbench:today"))


@require_http_methods(["GET", "POST"])
@for_roles(LOBBY)
def hand_over(request: HttpRequest) -> HttpResponse:
    """The day of the lobby on one page, and one sentence to whoever comes next."""
    assert isinstance(request.user, User)
    day, now = timezone.localdate(), timezone.now()
    form = HandOverForm(request.POST if request.method == "POST" else None, initial={"submission": uuid4()})
    if form.is_valid():
        data = form.cleaned_data
        made = shift.hand_over(request.user, now, day, data["sentence"], data["submission"])
        messages.success(request, _("Handed over; the next one reads it first."))
        answer = HttpResponse(status=303, headers={"Location": reverse("workbench:today")})
        return saved(answer, made.submission)
    notes, waiting_now = shift.notes_of(request.user, day, NOTES), desk.desk(request.user, now)
    shown = {*(one.customer_id for one in notes), *waiting_now.customer_ids}
    trail.listed(request, "lobby handover", sorted(shown))
    context = {
        "form": form,
        "tally": shift.branch_tally(request.user, day),
        "notes": notes,
        "desk": waiting_now,
        "now": now,
    }
    return render(request, "campaigns/hand_over.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@for_roles(LOBBY)
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """The next lobby manager has read what the one before left."""
    assert isinstance(request.user, User)
    left = get_object_or_404(LobbyShift.objects.visible_to(request.user), pk=pk)
    try:
        shift.take_over(left, request.user, timezone.now())
        messages.success(request, _("Taken over."))
    except shift.HandoverRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, reverse("workbench:today"))
