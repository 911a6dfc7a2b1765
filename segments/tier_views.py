"""The pages of tier schemes and gradings: the list, and one scheme with its bands, rules, weights and source."""

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from segments import scheme_pages
from segments.models import Grade, Grading, Tier, TierScheme
from segments.rules.parse import BadRule, parse
from segments.rules.words import told
from segments.views import data_date, signed_in

READERS = BALANCE_ROLES | {Role.ADMIN, Role.AUDITOR}
MOST_SCHEMES = 200
MOST_GRADINGS = 50
MOST_VERSIONS = 20
MOST_PARTS = 100


@require_safe
@for_roles(READERS)
def schemes(request: HttpRequest) -> HttpResponse:
    """Every scheme by its newest version, and every grading, with whether they are in force."""
    day = data_date()
    found = list(scheme_pages.newest_versions()[: MOST_SCHEMES + 1])
    gradings = Grading.objects.prefetch_related(Prefetch("grades", Grade.objects.order_by("number")))
    context = {
        "lines": scheme_pages.lines(found[:MOST_SCHEMES], day),
        "has_more": len(found) > MOST_SCHEMES,
        "gradings": [(one, [(grade, rule_text(grade)) for grade in one.grades.all()])
                     for one in gradings.order_by("-is_active", "pk")[:MOST_GRADINGS]],
        "day": day,
        "may_change": signed_in(request).role == Role.ADMIN,
    }  # fmt: skip
    return render(request, "segments/scheme_list.html", context)


def rule_text(grade: Grade) -> str:
    """The rule in words; empty where only people choose the grade."""
    if not grade.rule:
        return ""
    try:
        return told(parse(grade.rule))
    except BadRule as fault:
        return str(fault)


@require_safe
@for_roles(READERS)
def scheme(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of a scheme, and the other versions of its code."""
    tiers = Prefetch("tiers", Tier.objects.order_by("rank"))
    found = get_object_or_404(TierScheme.objects.prefetch_related(tiers, "branches__branch"), pk=pk)
    context = {
        "scheme": found,
        "line": scheme_pages.line(found, data_date()),
        "bands": [(band, scheme_pages.range_text(found, band)) for band in found.tiers.all()],
        "rules": scheme_pages.rules_of(found),
        "weights": found.weights.select_related("product").order_by("pk")[:MOST_PARTS],
        "factors": found.factors.order_by("-weight", "measure")[:MOST_PARTS],
        "branches": found.branches.all()[:MOST_PARTS],
        "versions": TierScheme.objects.filter(code=found.code).order_by("-version")[:MOST_VERSIONS],
        "may_change": signed_in(request).role == Role.ADMIN,
    }
    return render(request, "segments/scheme.html", context)
