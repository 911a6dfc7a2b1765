"""The pages of segments: the list, one segment, its builder, playbook and history, and the overlap of several."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer
from segments import dry_run, gradings, membership, pages, proposals, tasks
from segments.choices import SegmentKind
from segments.forms import AboutForm, NoteForm, PlaybookForm, SegmentForm
from segments.membership import SegmentRefused
from segments.models import Playbook, Segment, SegmentMember, SegmentVersion
from segments.rules import builder, words
from segments.rules.fields import segments_seen_by
from segments.rules.parse import BadRule, parse
from segments.rules.registry import grouped
from segments.rules.tree import Rule

READERS = BALANCE_ROLES | {Role.ADMIN}
LEADERS = frozenset({Role.BRANCH_MANAGER})
DECIDERS = LEADERS | {Role.ADMIN}
ON_A_PAGE = 50
MOST_VERSIONS = 20


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def segment_of(request: HttpRequest, pk: int, **columns: Any) -> Segment:
    """404 for one that the user may not see; with further columns of the same statement."""
    rows = Segment.objects.visible_to(signed_in(request)).select_related("owner_branch").annotate(**columns)
    return get_object_or_404(rows, pk=pk)


def data_date() -> Any:
    return ledger.published_date() or timezone.localdate()


@require_safe
@for_roles(READERS)
def segment_list(request: HttpRequest) -> HttpResponse:
    """Every segment that the reader may use, with its figures in their scope, and the proposals to decide upon."""
    user, day = signed_in(request), data_date()
    after = request.GET.get("after", "")
    rows = Segment.objects.visible_to(user).select_related("owner_branch").order_by("-is_active", "pk")
    if after.isascii() and after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    rows = rows if request.GET.get("withdrawn") == "1" else rows.filter(is_active=True)
    found = list(rows[: ON_A_PAGE + 1])
    figures = pages.figures_of(user, found, day)
    lines = [(one, figures.get(one.pk, pages.NOTHING), words_of(one, words.told)) for one in found[:ON_A_PAGE]]
    context = {
        "lines": lines,
        "next_place": found[ON_A_PAGE - 1].pk if len(found) > ON_A_PAGE else None,
        "to_decide": proposals.to_decide(user),
        "day": day,
        "sees_customers": user.role in BALANCE_ROLES,
    }
    return render(request, "segments/segment_list.html", context)


def words_of(segment: Segment, how: Callable[[Rule], str] = words.sentence) -> str:
    """The rule in force in words; empty where there is none."""
    if segment.kind == SegmentKind.STATIC or not segment.version:
        return ""
    return rule_words(segment.rule, how)


def rule_words(data: Any, how: Callable[[Rule], str] = words.sentence) -> str:
    try:
        return how(parse(data))
    except BadRule as fault:
        return str(fault)


@require_safe
@for_roles(READERS)
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """One segment: its rule in words, figures, drift with reasons, playbook, history."""
    user, day = signed_in(request), data_date()
    inside = Exists(SegmentMember.objects.visible_to(user).filter(segment=OuterRef("pk")))
    found = segment_of(request, pk, has_members=inside)
    sees = user.role in BALANCE_ROLES
    recent = pages.arrivals(user, found) if sees else []
    if recent:
        trail.listed(request, f"segment {found.code}"[:40], [row.customer_id for row in recent])
    versions = list(found.versions.select_related("proposed_by", "decided_by").order_by("-number")[:MOST_VERSIONS])
    for one in versions:
        one.segment = found
    figures = pages.figures_of(user, [found], day).get(pk, pages.NOTHING) if sees else pages.NOTHING
    days = pages.drift(user, found, day, figures.members) if sees else []
    context = {
        "segment": found,
        "rule": words_of(found),
        "figures": figures,
        "days": days,
        "told": [one for one in reversed(days) if one.came or one.went],
        "recent": recent,
        "playbook": playbook_of(found),
        "versions": [(one, rule_words(one.rule, words.told), proposals.may_decide(user, one)) for one in versions],
        "may_propose": proposals.may_propose(user, found),
        "may_lead": proposals.leads(user, found),
        "may_write": user.role == Role.ADMIN or proposals.leads(user, found),
        "sees_customers": sees,
        "day": day,
    }
    return render(request, "segments/segment.html", context)


def playbook_of(found: Segment) -> Playbook | None:
    """In the reader's language, else the Simplified Chinese one."""
    books = {one.language: one for one in found.playbooks.all()}
    return books.get(get_language() or "zh-hans") or books.get("zh-hans")


@require_safe
@for_roles(BALANCE_ROLES)
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """The segment beside everybody in the reader's scope: a part of its page, or a page of its own."""
    user, found = signed_in(request), segment_of(request, pk)
    members = pages.figures_of(user, [found], data_date()).get(pk, pages.NOTHING).members
    own, lines = pages.compared(user, found, members)
    template = "segments/_compare.html" if request.headers.get("HX-Request") else "segments/compare.html"
    return render(request, template, {"segment": found, "own": own, "lines": lines})


@require_safe
@for_roles(BALANCE_ROLES)
def overlap(request: HttpRequest) -> HttpResponse:
    """Who is in which of up to three segments, with their AUM."""
    user = signed_in(request)
    choices = list(Segment.objects.visible_to(user).filter(is_active=True).order_by("pk")[:200])
    by_code = {one.code: one for one in choices}
    asked = list(dict.fromkeys(code for code in request.GET.getlist("s") if code in by_code))[: pages.MOST_COMPARED]
    chosen = [by_code[code] for code in asked]
    parts = pages.overlap(user, chosen) if len(chosen) > 1 else []
    slots = [(number, asked[number] if number < len(asked) else "") for number in range(pages.MOST_COMPARED)]
    context = {"choices": choices, "slots": slots, "chosen": chosen, "parts": parts}
    return render(request, "segments/overlap.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def segment_new(request: HttpRequest) -> HttpResponse:
    """A new segment of the user's place: static for everybody, by rule for who leads a branch."""
    user = signed_in(request)
    kinds = [SegmentKind.STATIC, *([SegmentKind.RULE] if user.role in LEADERS else [])]
    form = SegmentForm(request.POST if request.method == "POST" else None, kinds=[str(kind) for kind in kinds])
    if request.method == "POST" and form.is_valid():
        made = created(user, form.cleaned_data)
        return redirect("segments:rule" if made.kind == SegmentKind.RULE else "segments:segment", made.pk)
    return render(request, "segments/segment_new.html", {"form": form})


def created(user: User, data: dict[str, Any]) -> Segment:
    """The segment of this submission; made once, by whomever sent it first."""
    submission = data.pop("submission", None) or uuid4()
    place = None if user.branch.is_head_office and user.reach == Reach.SUBTREE else user.branch
    code = f"s{user.pk}-{submission.hex[:20]}"
    with transaction.atomic():
        made, is_new = Segment.objects.get_or_create(
            code=code, defaults={**data, "owner_branch": place, "created_by": user}
        )
        if is_new:
            trail.record(user, "segment.create", target=made, detail={"kind": made.kind})
    return made


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """The builder. GET, and POST of a form too long for an address: a rule with whom it finds. Any other POST: leave it
    for a second person."""
    user, found = signed_in(request), segment_of(request, pk)
    if not proposals.may_propose(user, found):
        raise Http404
    with segments_seen_by(user):
        form = builder_form(request, found)
        note = NoteForm(request.POST if is_proposal(request) else None)
        if note.is_valid() and form.rule is not None and not form.fault:
            try:
                ran = dry_run.figures(user, found, form.rule, data_date())
                proposals.propose(user, found, form.rule, note.cleaned_data["note"], ran)
            except SegmentRefused as refusal:
                messages.warning(request, str(refusal))
            else:
                messages.success(request, _("Proposed. It takes effect once a second person has approved it."))
                return redirect("segments:segment", pk)
        return shown_builder(request, found, form, note)


def is_proposal(request: HttpRequest) -> bool:
    return request.method == "POST" and "count" not in request.POST


def shown_builder(request: HttpRequest, found: Segment, form: builder.Form, note: NoteForm) -> HttpResponse:
    """The page of the builder, with whom the rule finds."""
    preview = dry_run.preview(signed_in(request), found, form.rule, data_date()) if form.rule is not None else None
    if preview is not None and preview.sample:
        trail.listed(request, f"segment rule {found.code}"[:40], [one.pk for one in preview.sample])
    context = {
        "segment": found,
        "form": form,
        "rule": words.sentence(form.rule) if form.rule else "",
        "preview": preview,
        "groups": grouped(),
        "note_form": note,
    }
    return render(request, "segments/builder.html", context)


def builder_form(request: HttpRequest, found: Segment) -> builder.Form:
    """What the address or the form says; at first the rule in force, or the version that is to come back."""
    if request.method == "POST":
        sent = builder.read(request.POST)
        if not is_proposal(request):
            return sent
        return builder.shown(sent.rule) if sent.rule is not None else sent
    if "join" in request.GET or "rule" in request.GET:
        return builder.read(request.GET)
    number = request.GET.get("version", "")
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else found.version
    version = SegmentVersion.objects.filter(segment=found, number=wanted).first()
    try:
        return builder.shown(parse(version.rule)) if version else builder.read(request.GET)
    except BadRule:
        return builder.read(request.GET)


@require_POST
@for_roles(DECIDERS)
def decide(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Approve or refuse a proposal, or take one's own back."""
    user, found = signed_in(request), segment_of(request, pk)
    version = get_object_or_404(
        SegmentVersion.objects.select_related("segment__owner_branch"), segment=found, number=number
    )
    try:
        match request.POST.get("do"):
            case "approve":
                proposals.approve(user, version)
                transaction.on_commit(lambda: tasks.wake(found.pk))
                messages.success(request, _("Approved. Its members are being found."))
            case "refuse":
                proposals.refuse(user, version)
                messages.success(request, _("Refused. The rule stays as it is."))
            case "withdraw":
                proposals.withdraw(user, version)
                messages.success(request, _("Taken back."))
            case _other:
                messages.warning(request, _("Choose approve or refuse."))
    except SegmentRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("segments:segment", pk)


@require_http_methods(["GET", "POST"])
@for_roles(DECIDERS)
def playbook(request: HttpRequest, pk: int) -> HttpResponse:
    """How the segment is called and what it suggests; how it is looked after, in one language at a time."""
    user, found = signed_in(request), segment_of(request, pk)
    if not (user.role == Role.ADMIN or proposals.leads(user, found)):
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    language = asked.get("language") or get_language() or "zh-hans"
    language = language if language in ("zh-hans", "zh-hant", "en") else "zh-hans"
    held = Playbook.objects.filter(segment=found, language=language).first()
    instance = held or Playbook(segment=found, language=language)
    sent = request.POST if request.method == "POST" else None
    form, about = PlaybookForm(sent, instance=instance), AboutForm(sent, instance=segment_of(request, pk))
    if form.is_valid() and about.is_valid():
        with transaction.atomic():
            trail.record(user, "segment.playbook", target=found, detail={"language": language, **form.cleaned_data})
            form.save()
            if about.has_changed():
                products = about.instance.products
                detail = {"before": {"name": found.name_zh_hans, "products": found.products}, "products": products}
                about.instance.save(update_fields=[*about.Meta.fields, "products"])
                names = {name: about.cleaned_data[name] for name in about.Meta.fields}
                trail.record(user, "segment.edit", target=found, detail={**detail, **names})
        messages.success(request, _("Saved."))
        return redirect("segments:segment", pk)
    context = {"segment": found, "form": form, "about": about, "language": language}
    return render(request, "segments/playbook_form.html", context)


@require_POST
@for_roles(BALANCE_ROLES)
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a static segment over its members now."""
    user, found = signed_in(request), segment_of(request, pk)
    try:
        if not (found.created_by_id == user.pk or proposals.leads(user, found)):
            raise SegmentRefused(_("Only its author, or who leads its branches, freezes a segment."))
        membership.freeze(found, user)
        messages.success(request, _("Frozen: nobody joins or leaves it by hand."))
    except SegmentRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("segments:segment", pk)


@require_POST
@for_roles(LEADERS)
def active(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a segment, or bring it back."""
    user, found = signed_in(request), segment_of(request, pk)
    try:
        proposals.set_active(user, found, active=request.POST.get("active") == "1")
        transaction.on_commit(lambda: tasks.wake(found.pk))
        messages.success(request, _("Saved."))
    except SegmentRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("segments:segment", pk)


@require_POST
@for_roles(BALANCE_ROLES)
def profiling(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a customer refuses profiling, or allows it again."""
    user = signed_in(request)
    customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    refuses = request.POST.get("refuses") == "1"
    membership.set_opt_out(customer, user, refuses=refuses)
    said = (
        _("Noted: in no segment and no suggestion from now on.") if refuses else _("Noted: the next night looks again.")
    )
    messages.success(request, said)
    return redirect("workbench:customer", pk)


@require_POST
@for_roles(BALANCE_ROLES)
def grade(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Confirm the grade that a grading suggests of a customer, choose another, or reject it."""
    user = signed_in(request)
    customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    try:
        gradings.decide(user, customer, code, request.POST.get("grade", ""), data_date())
        messages.success(request, _("Saved."))
    except gradings.GradeRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("workbench:customer", pk)
